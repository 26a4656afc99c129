"""What EMC's statuses mean. Success is any 2xx (S2); there is no body to confirm it, so what stands in its way is looked for."""

from __future__ import annotations

from typing import NamedTuple

from adapters.transport.classify import JSON_TYPES, Unreadable, excerpt, from_status, read_json, unreadable
from adapters.transport.http import Reply
from bus.outcome import Cause, Delivered, Held, Outcome

PAGES = frozenset({"text/html", "application/xhtml+xml"})


class Line(NamedTuple):
    """A reply seen so means this."""

    seen: str
    meaning: str
    advice_vi: str
    advice_en: str


FAULTS: tuple[Line, ...] = (
    Line("2xx", "delivered", "", ""),
    Line(
        "2xx with a page",
        "unknown",
        "Trang báo lỗi hoặc bảo trì của thiết bị trung gian; trục gửi lại.",
        "An error or maintenance page of something in between; the bus sends again.",
    ),
    Line(
        "2xx that calls itself JSON and is none",
        "unknown",
        "Câu trả lời bị hỏng trên đường; trục gửi lại.",
        "The answer broke on its way; the bus sends again.",
    ),
    Line(
        "401, 403",
        "held",
        "EMC không nhận máy này; kiểm tra kết nối với đơn vị vận hành EMC rồi mở lại đối tác.",
        "EMC does not admit this machine; settle it with EMC's operator, then resume the partner.",
    ),
    Line(
        "400, 422",
        "refused",
        "EMC không nhận sự kiện này; báo bộ phận kỹ thuật.",
        "EMC does not take this event; tell the developers.",
    ),
)


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
