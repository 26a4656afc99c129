"""What the platform's codes mean. Verified is 00 alone (S2); the others are our proposal.

What no line knows is in doubt for an order, which is then asked for, and no answer to a question.
"""

from __future__ import annotations

from adapters.transport.faults import Fault, find
from bus.outcome import Cause, Held, Outcome, Permanent, Transient, Unknown

ASSUMED = "Assumed: the code; a live refusal would confirm it"
EXISTS, ABSENT = "04", "05"

FAULTS = (
    Fault(
        codes=("01",),
        means="forbidden",
        advice_vi="Sai mã đối tác; sửa partner_code rồi mở lại đối tác.",
        advice_en="Wrong partner code; correct partner_code, then resume.",
        source=ASSUMED,
    ),
    Fault(
        codes=("02",),
        means="forbidden",
        advice_vi="Sai mã xác thực; sửa mã bí mật rồi mở lại đối tác.",
        advice_en="Wrong checksum; correct the secret, then resume.",
        source=ASSUMED,
    ),
    Fault(
        codes=("03",),
        means="refused",
        advice_vi="Dữ liệu không hợp lệ; sửa khoản thu trên hồ sơ rồi yêu cầu lại.",
        advice_en="The data is not valid; correct the dossier's fees and ask again.",
        source=ASSUMED,
    ),
    Fault(
        codes=(EXISTS,),
        means="exists",
        advice_vi="Đã có yêu cầu này; trục hỏi lại liên kết.",
        advice_en="The order is there already; the bus asks for its link.",
        source=ASSUMED,
    ),
    Fault(
        codes=(ABSENT,),
        means="refused",
        advice_vi="Nền tảng không có giao dịch này; kiểm tra với đơn vị vận hành.",
        advice_en="The platform knows no such order; settle it with its operator.",
        source=ASSUMED,
    ),
    Fault(
        codes=("06",),
        means="later",
        advice_vi="Chưa có biên lai; trục tự hỏi lại.",
        advice_en="There is no receipt yet; the bus asks again by itself.",
        source=ASSUMED,
    ),
    Fault(
        codes=("07",),
        means="refused",
        advice_vi="Tài khoản thụ hưởng chưa đăng ký; đề nghị đăng ký rồi gửi lại.",
        advice_en="The recipient account is not registered; have it registered, then resend.",
        source=ASSUMED,
    ),
    Fault(
        codes=("99",),
        means="later",
        advice_vi="Nền tảng thanh toán bận; trục tự hỏi lại.",
        advice_en="The platform is busy; the bus asks again by itself.",
        source=ASSUMED,
    ),
)


def outcome_of(code: str, words: str, *, asked: bool) -> Outcome:
    """What follows from a code; `asked`: nothing was to be created, so what comes later may simply be asked again."""
    said = words[:500]
    line = find(FAULTS, code)
    match line.means if line else "unknown":
        case "forbidden":
            return Held(cause=Cause.FORBIDDEN, code=code, words=said)
        case "refused" | "exists":
            return Permanent(code=code, words=said)
        case "later" if asked:
            return Transient(cause=Cause.LATER, code=code, words=said)
        case _:
            return Unknown(code=code, words=said)
