"""What EMC's statuses mean. Success is any 2xx (S2); there is no body to confirm it, so what stands in its way is looked for."""

from __future__ import annotations

from adapters.transport.classify import JSON_TYPES, Unreadable, excerpt, from_status, read_json, unreadable
from adapters.transport.faults import Fault
from adapters.transport.http import Reply
from bus.outcome import Cause, Delivered, Held, Outcome

PAGES = frozenset({"text/html", "application/xhtml+xml"})
S2 = "S2: success is any 2xx, the body is ignored"

FAULTS = (
    Fault(
        codes=("200",),
        words=("<html",),
        means="unknown",
        advice_vi="Trang báo lỗi hoặc bảo trì của thiết bị trung gian; trục gửi lại.",
        advice_en="An error or maintenance page of something in between; the bus sends again.",
        source=S2,
    ),
    Fault(
        codes=("200",),
        words=('{"',),
        means="unknown",
        advice_vi="Câu trả lời bị hỏng trên đường; trục gửi lại.",
        advice_en="The answer broke on its way; the bus sends again.",
        source=S2,
    ),
    Fault(codes=("200", "202", "204"), means="done", source=S2),
    Fault(
        codes=("401", "403"),
        means="forbidden",
        advice_vi="EMC không nhận máy này; kiểm tra kết nối với đơn vị vận hành EMC rồi mở lại đối tác.",
        advice_en="EMC does not admit this machine; settle it with EMC's operator, then resume the partner.",
        source="reliability, section 2",
    ),
    Fault(
        codes=("400", "422"),
        means="refused",
        advice_vi="EMC không nhận sự kiện này; báo bộ phận kỹ thuật.",
        advice_en="EMC does not take this event; tell the developers.",
        source="reliability, section 2",
    ),
)
"""By HTTP status. The second line is JSON that breaks off."""


def outcome_of(reply: Reply) -> Outcome:
    """One reply's outcome. Content type decides what a 2xx is worth: EMC has no page of its own to show a machine."""
    if 200 <= reply.status < 300:
        try:
            _own(reply)
        except Unreadable as why:
            return unreadable(reply, why)
        return Delivered(code=str(reply.status), words=excerpt(reply.body))
    if reply.status == 401:  # there is no token that could have ended
        return Held(cause=Cause.FORBIDDEN, code="401", words=excerpt(reply.body))
    outcome = from_status(reply)
    assert outcome is not None
    return outcome


def _own(reply: Reply) -> None:
    """Raises Unreadable where a 2xx cannot be EMC's own."""
    if reply.content_type in PAGES or reply.body.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise Unreadable("a page where EMC answers by status alone")
    if reply.content_type in JSON_TYPES:
        read_json(reply)
