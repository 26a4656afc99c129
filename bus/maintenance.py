"""The partner's closed times, as the settings tell them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

from bus.policy import MaintenanceWindow

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""UTC+7, no daylight saving since 1975 (IANA tz database)."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def closed_until(windows: Sequence[MaintenanceWindow], now: float) -> float:
    """When the window that holds at `now` ends (seconds since the epoch), or 0.0 when the partner is open."""
    if not windows:
        return 0.0
    local = datetime.fromtimestamp(now, UTC).astimezone(VIETNAM)
    ends = [end for window in windows for end in _ends(window, local)]
    return max(ends, default=0.0)


def _ends(window: MaintenanceWindow, local: datetime) -> list[float]:
    """The end of the window's run that began today or yesterday and is still going on."""
    found = []
    for back in (0, 1):
        day = (local - timedelta(days=back)).date()
        if _DAYS[day.weekday()] not in window.days:
            continue
        begin = datetime.combine(day, window.since, VIETNAM)
        end = datetime.combine(day, window.until, VIETNAM)
        if end <= begin:
            end += timedelta(days=1)
        if begin <= local < end:
            found.append(end.timestamp())
    return found
