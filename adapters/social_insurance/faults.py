"""What the insurance's `errorCode` means. Assumed: S5 shows the field and none of its values; a live gateway would confirm them."""

from __future__ import annotations

from datetime import datetime, timedelta

from adapters.transport.faults import Fault, find
from bus.maintenance import VIETNAM
from bus.outcome import Cause, Outcome, Permanent, Transient, Unknown

DONE = frozenset({"", "0", "00"})
NOT_FOUND = "BHXH-02"
"""No such person, no such card: for a look-up an answer, for a card a refusal."""
PROPOSED = "Assumed: values of errorCode, domain notes 3.9"
FAULTS = (
    Fault(
        codes=("BHXH-01",),
        means="refused",
        advice_vi="Dữ liệu chưa đúng; sửa hồ sơ rồi gửi lại.",
        advice_en="The data are not right; mend the dossier, then resend.",
        source=PROPOSED,
    ),
    Fault(
        codes=(NOT_FOUND,),
        means="refused",
        advice_vi="Cơ quan bảo hiểm không có hồ sơ này; kiểm tra mã hồ sơ liên thông.",
        advice_en="The insurance knows no such dossier; check the linked code.",
        source=PROPOSED,
    ),
    Fault(
        codes=("BHXH-03",),
        means="later",
        advice_vi="Số định danh của trẻ chưa có tại cơ quan bảo hiểm; trục tự gửi lại.",
        advice_en="The child's personal id has not reached the insurance; the bus tries again by itself.",
        source=PROPOSED,
    ),
    Fault(
        codes=("BHXH-04",),
        means="busy",
        advice_vi="Đã hết hạn mức trong ngày; trục chờ sang ngày mới.",
        advice_en="The day's quota is used up; the bus waits for the next day.",
        source=PROPOSED,
    ),
    Fault(
        codes=("BHXH-99",),
        means="later",
        advice_vi="Hệ thống bảo hiểm đang bận; trục tự gửi lại.",
        advice_en="The insurance is busy; the bus tries again by itself.",
        source=PROPOSED,
    ),
)


def outcome_of(code: str, words: str, now: datetime) -> Outcome:
    """The outcome of an error code; one that no line knows is in doubt."""
    line = find(FAULTS, code=code, words=words)
    match line.means if line else "unknown":
        case "refused":
            return Permanent(code=code, words=words)
        case "later":
            return Transient(cause=Cause.LATER, code=code, words=words)
        case "busy":
            return Transient(cause=Cause.BUSY, code=code, words=words, retry_after_s=until_tomorrow_s(now))
        case _:
            return Unknown(code=code, words=words)


def until_tomorrow_s(now: datetime) -> float:
    """Seconds until the next day begins in Vietnam, where a quota counts by the day."""
    local = now.astimezone(VIETNAM)
    tomorrow = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - local).total_seconds()
