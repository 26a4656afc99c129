"""Why a sign-in did not come about: one table, from what a provider or a token says to a cause a monitoring officer understands."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

Whose = Literal["person", "provider", "ours", "attack"]


class Cause(StrEnum):
    """How a sign-in ended; bounded, so that it can label metrics."""

    SIGNED_IN = "signed_in"
    DENIED = "denied"
    STATE_EXPIRED = "state_expired"
    REPLAYED = "replayed"
    CODE = "code"
    CREDENTIALS = "credentials"
    PROVIDER = "provider"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"
    WRAPPED = "wrapped"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    NONCE = "nonce"
    CLOCK = "clock"
    SUBJECT = "subject"
    INACTIVE = "inactive"
    CLAIMS = "claims"


class Refused(Exception):
    """No sign-in, for this cause. `words` are ours, for the log: no claim's value, no token."""

    def __init__(self, cause: Cause, words: str) -> None:
        super().__init__(f"{cause}: {words}")
        self.cause = cause
        self.words = words


class Line(NamedTuple):
    """A cause in both languages, on whose side it lies, and what to do."""

    title_vi: str
    title_en: str
    whose: Whose
    advice_vi: str
    advice_en: str


_REPORT = ("Báo đơn vị vận hành hệ thống đăng nhập", "Tell the provider's operator")
CAUSES: dict[Cause, Line] = {
    Cause.SIGNED_IN: Line("Đăng nhập thành công", "signed in", "person", "", ""),
    Cause.DENIED: Line("Người dùng hủy đăng nhập", "the person declined", "person", "", ""),
    Cause.STATE_EXPIRED: Line(
        "Đăng nhập quá lâu", "took too long to sign in", "person", "Đăng nhập lại", "Sign in again"
    ),
    Cause.REPLAYED: Line(
        "Liên kết đăng nhập dùng lại",
        "a callback was used a second time",
        "attack",
        "Xem có lặp lại nhiều không",
        "See if it recurs",
    ),
    Cause.CODE: Line(
        "Mã hết hạn hoặc đã dùng", "the code was refused: expired or used", "person", "Đăng nhập lại", "Sign in again"
    ),
    Cause.CREDENTIALS: Line(
        "Sai mã hoặc mật khẩu kết nối",
        "our client credentials were refused",
        "ours",
        "Kiểm tra client_id, client_secret, redirect_uri đã đăng ký",
        "Check client_id, client_secret and the registered redirect_uri",
    ),
    Cause.PROVIDER: Line("Hệ thống đăng nhập báo lỗi", "the provider answered with an error", "provider", *_REPORT),
    Cause.UNREACHABLE: Line(
        "Không kết nối được", "the provider cannot be reached", "provider", "Kiểm tra đường truyền", "Check the line"
    ),
    Cause.UNREADABLE: Line("Trả lời sai định dạng", "an answer outside the contract", "provider", *_REPORT),
    Cause.WRAPPED: Line(
        "Không giải mã được trả lời",
        "a wrapped reply or code could not be opened",
        "ours",
        "Kiểm tra khóa riêng khớp với khóa công khai đã đăng ký",
        "Check that private_key matches the registered public key",
    ),
    Cause.SIGNATURE: Line(
        "Chữ ký không hợp lệ", "the id_token's signature or algorithm is not good", "attack", *_REPORT
    ),
    Cause.ISSUER: Line(
        "Sai nơi cấp", "the id_token names another issuer", "ours", "Kiểm tra issuer", "Check issuer in the settings"
    ),
    Cause.AUDIENCE: Line("Sai nơi nhận", "the id_token is for another client", "attack", *_REPORT),
    Cause.NONCE: Line("Sai nonce", "the id_token answers another sign-in", "attack", *_REPORT),
    Cause.CLOCK: Line(
        "Đồng hồ lệch",
        "expired, or issued in the future, by more than the leeway",
        "ours",
        "Kiểm tra NTP hai phía",
        "Check both clocks (NTP)",
    ),
    Cause.SUBJECT: Line(
        "Thông tin của người khác", "userinfo speaks of another person than the id_token", "attack", *_REPORT
    ),
    Cause.INACTIVE: Line(
        "Phiên không còn hiệu lực", "introspection calls the token inactive or another's", "provider", *_REPORT
    ),
    Cause.CLAIMS: Line(
        "Thiếu hoặc sai thông tin định danh",
        "the claims lack an account, a name or a readable id",
        "provider",
        *_REPORT,
    ),
}

OAUTH: dict[str, Cause] = {
    "access_denied": Cause.DENIED,  # RFC 6749, 4.1.2.1
    "server_error": Cause.PROVIDER,
    "temporarily_unavailable": Cause.PROVIDER,
    "invalid_scope": Cause.CREDENTIALS,
    "invalid_request": Cause.CREDENTIALS,
    "unsupported_response_type": Cause.CREDENTIALS,
    "unauthorized_client": Cause.CREDENTIALS,
    "invalid_client": Cause.CREDENTIALS,  # RFC 6749, 5.2
    "invalid_grant": Cause.CODE,
    "unsupported_grant_type": Cause.CREDENTIALS,
    "invalid_token": Cause.INACTIVE,  # RFC 6750, 3.1
}
SILENT = frozenset({"login_required", "interaction_required", "consent_required", "account_selection_required"})
"""Answers to `prompt=none`: nobody is signed in there after all (OpenID Connect Core, 3.1.2.6)."""


def of_error(code: str) -> Cause:
    """The cause a provider's error code stands for."""
    return OAUTH.get(code, Cause.PROVIDER)
