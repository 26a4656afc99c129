"""What the ISO system's faults mean. A fault that stands here is its own answer; any other may be a gateway's, so unknown."""

from __future__ import annotations

from adapters.transport.faults import Fault, find
from adapters.transport.soap import SoapFault
from bus.outcome import Cause, Held, Outcome, Permanent, Transient, Unknown

PROPOSED = "Assumed: the codes are our proposal; the province's system would confirm them"
WSSE = "SOAP Message Security 1.0, chapter 12"

FAULTS = (
    Fault(
        codes=("ISO-001",),
        means="refused",
        advice_vi="Không có phiếu này; kiểm tra phiếu trên hệ thống ISO.",
        advice_en="There is no such slip; look for it in the ISO system.",
        source=PROPOSED,
    ),
    Fault(
        codes=("ISO-002",),
        means="refused",
        advice_vi="Dữ liệu không hợp lệ; sửa bước xử lý rồi gửi lại.",
        advice_en="The data is not valid; correct the step.",
        source=PROPOSED,
    ),
    Fault(
        codes=("ISO-003",),
        means="refused",
        advice_vi="Phiếu đã kết thúc; mở lại phiếu trên hệ thống ISO nếu cần.",
        advice_en="The slip is closed; reopen it in the ISO system if needed.",
        source=PROPOSED,
    ),
    Fault(
        codes=("ISO-101",),
        means="later",
        advice_vi="Hệ thống ISO bận; trục tự gửi lại.",
        advice_en="The ISO system is busy; the bus tries again by itself.",
        source=PROPOSED,
    ),
    Fault(
        codes=("FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken"),
        means="forbidden",
        advice_vi="Sai tài khoản kết nối; sửa cấu hình rồi mở lại đối tác.",
        advice_en="Wrong credentials; correct the settings, then resume.",
        source=WSSE,
    ),
    Fault(
        codes=("MessageExpired",),
        means="forbidden",
        advice_vi="Lệch giờ với hệ thống ISO; chỉnh đồng hồ máy chủ rồi mở lại đối tác.",
        advice_en="The clocks differ; set the server's clock right, then resume.",
        source=WSSE,
    ),
)


def outcome_of(fault: SoapFault) -> Outcome:
    """What follows from a fault."""
    line, words = find(FAULTS, fault.code), fault.text[:500]
    if line is None:
        return Unknown(code=fault.code, words=words, reply=fault.raw)
    match line.means:
        case "refused":
            return Permanent(code=fault.code, words=words, reply=fault.raw)
        case "later":
            return Transient(cause=Cause.LATER, code=fault.code, words=words, reply=fault.raw)
        case _:
            return Held(cause=Cause.FORBIDDEN, code=fault.code, words=words, reply=fault.raw)
