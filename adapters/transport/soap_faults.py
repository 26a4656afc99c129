"""What follows from an answer that is not what the WSDL promised: WS-Security's own faults, and a partner's table of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adapters.transport.classify import from_failure, from_status
from adapters.transport.faults import Fault, find
from adapters.transport.http import Failure, Reply
from adapters.transport.soap import SoapFault, Unparsable
from bus.outcome import Cause, Held, Outcome, Permanent, Taken, Transient, Unknown

WSSE = "SOAP Message Security 1.0, chapter 12"

SECURITY = (
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
        advice_vi="Lệch giờ với đối tác; chỉnh đồng hồ máy chủ rồi mở lại đối tác.",
        advice_en="The clocks differ; set the server's clock right, then resume.",
        source=WSSE,
    ),
)


def refused(answer: Any, faults: Iterable[Fault]) -> Outcome | None:
    """The outcome of anything but an answer by the WSDL; None for that."""
    match answer:
        case Failure():
            return from_failure(answer)
        case SoapFault():
            return outcome_of(answer, faults)
        case Unparsable():
            return Unknown(code=str(answer.status), words=answer.words)
        case Reply():
            outcome = from_status(answer)
            if outcome is None or isinstance(outcome, Taken):  # SOAP knows no 201 and no 202
                return Unknown(code=str(answer.status), words="not a SOAP answer")
            return outcome
        case _:
            return None


def outcome_of(fault: SoapFault, faults: Iterable[Fault]) -> Outcome:
    """What follows from a fault. One that stands in no table may be a gateway's, so it is in doubt."""
    line, words = find(faults, fault.code), fault.text[:500]
    if line is None:
        return Unknown(code=fault.code, words=words, reply=fault.raw)
    match line.means:
        case "refused":
            return Permanent(code=fault.code, words=words, reply=fault.raw)
        case "later":
            return Transient(cause=Cause.LATER, code=fault.code, words=words, reply=fault.raw)
        case _:
            return Held(cause=Cause.FORBIDDEN, code=fault.code, words=words, reply=fault.raw)
