"""Office hours and working days, so that sample dossiers move when offices are open. Vietnamese local time."""

from __future__ import annotations

from datetime import datetime, time, timedelta

MORNING, NOON, AFTERNOON, EVENING = time(7, 0), time(11, 30), time(13, 30), time(17, 0)
"""Default office hours of the provinces (domain notes, 4)."""


def in_office(at: datetime) -> datetime:
    """The same instant, or the next one at which the office is open. Holidays are not known here: the sample is invented."""
    if at.time() > EVENING or at.weekday() >= 5:
        at = datetime.combine(at.date() + timedelta(days=1), MORNING, at.tzinfo) + _offset(at)
        while at.weekday() >= 5:
            at += timedelta(days=1)
        return at
    if at.time() < MORNING:
        return datetime.combine(at.date(), MORNING, at.tzinfo) + _offset(at)
    if NOON < at.time() < AFTERNOON:
        return datetime.combine(at.date(), AFTERNOON, at.tzinfo) + _offset(at)
    return at


def _offset(at: datetime) -> timedelta:
    """Minutes and seconds into the hour are kept, so that not everything happens at the stroke of seven."""
    return timedelta(minutes=at.minute, seconds=at.second)


def due(received_at: datetime, days: int) -> datetime:
    """The close of the `days`-th working day after reception."""
    day = received_at.date()
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return datetime.combine(day, EVENING, received_at.tzinfo)
