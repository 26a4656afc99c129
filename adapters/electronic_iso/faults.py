"""What the ISO system's faults mean. A fault that stands here is its own answer; any other may be a gateway's, so unknown.

Assumed: the codes are our proposal; the province's system would confirm them.
"""

from __future__ import annotations

from typing import NamedTuple

from adapters.transport.soap import SoapFault
from bus.outcome import Cause, Held, Outcome, Permanent, Transient, Unknown


class Line(NamedTuple):
    """One fault code."""

    outcome: str
    advice_vi: str
    advice_en: str


_FORBIDDEN = Line(
    "forbidden",
    "Sai tài khoản kết nối; sửa cấu hình rồi mở lại đối tác.",
    "Wrong credentials; correct the settings, then resume.",
)

FAULTS: dict[str, Line] = {
    "ISO-001": Line(
        "refused",
        "Không có phiếu này; kiểm tra phiếu trên hệ thống ISO.",
        "There is no such slip; look for it in the ISO system.",
    ),
    "ISO-002": Line(
        "refused", "Dữ liệu không hợp lệ; sửa bước xử lý rồi gửi lại.", "The data is not valid; correct the step."
    ),
    "ISO-003": Line(
        "refused",
        "Phiếu đã kết thúc; mở lại phiếu trên hệ thống ISO nếu cần.",
        "The slip is closed; reopen it in the ISO system if needed.",
    ),
    "ISO-101": Line(
        "later", "Hệ thống ISO bận; trục tự gửi lại.", "The ISO system is busy; the bus tries again by itself."
    ),
    "FailedAuthentication": _FORBIDDEN,
    "InvalidSecurity": _FORBIDDEN,
    "InvalidSecurityToken": _FORBIDDEN,
    "MessageExpired": Line(
        "forbidden",
        "Lệch giờ với hệ thống ISO; chỉnh đồng hồ máy chủ rồi mở lại đối tác.",
        "The clocks differ; set the server's clock right, then resume.",
    ),
}
"""The last four are WS-Security's own (SOAP Message Security 1.0, chapter 12)."""


def outcome_of(fault: SoapFault) -> Outcome:
    """What follows from a fault."""
    line = FAULTS.get(fault.code)
    if line is None:
        return Unknown(code=fault.code, words=fault.text[:500], reply=fault.raw)
    match line.outcome:
        case "refused":
            return Permanent(code=fault.code, words=fault.text[:500], reply=fault.raw)
        case "later":
            return Transient(cause=Cause.LATER, code=fault.code, words=fault.text[:500], reply=fault.raw)
        case _:
            return Held(cause=Cause.FORBIDDEN, code=fault.code, words=fault.text[:500], reply=fault.raw)
