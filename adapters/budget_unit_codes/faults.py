"""What the ministry's maLoi means. Proposed, as the whole contract is (domain notes 3.6)."""

from __future__ import annotations

from adapters.transport.faults import Fault, find
from bus.outcome import Cause, Outcome, Permanent, Transient, Unknown
from contracts.budget_unit_codes.messages import TraLoi

PROPOSED = "Assumed: maLoi other than 00 are proposed; the ministry's document would confirm them"
NOTHING = "01"

FAULTS = (
    Fault(codes=("00",), means="done", source="domain notes 3.6"),
    Fault(
        codes=(NOTHING,),
        means="refused",
        advice_vi="Bộ Tài chính không có hồ sơ hoặc đơn vị này; kiểm tra lại mã.",
        advice_en="The ministry has no such dossier or unit; look at the code again.",
        source=PROPOSED,
    ),
    Fault(
        codes=("02",),
        means="refused",
        advice_vi="Bộ Tài chính không nhận yêu cầu; báo bộ phận kỹ thuật.",
        advice_en="The ministry does not take the request; tell the developers.",
        source=PROPOSED,
    ),
    Fault(
        codes=("99",),
        means="later",
        advice_vi="Hệ thống của Bộ Tài chính đang bận; trục tự gửi lại.",
        advice_en="The ministry's system is busy; the bus tries again by itself.",
        source=PROPOSED,
    ),
)


def refused(reply: TraLoi) -> Outcome | None:
    """What follows from anything but success; None for success."""
    line = find(FAULTS, reply.maLoi, reply.moTa)
    match line.means if line else "unknown":
        case "done":
            return None
        case "refused":
            return Permanent(code=reply.maLoi, words=reply.moTa)
        case "later":
            return Transient(cause=Cause.LATER, code=reply.maLoi, words=reply.moTa)
        case _:
            return Unknown(code=reply.maLoi, words=reply.moTa)
