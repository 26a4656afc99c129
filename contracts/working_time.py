"""Office hours, holidays and due times (domain notes, 4: clocks). Pure: no clock is read, everything follows from what is given.

Instants are aware; days and hours are Vietnamese (UTC+7, no daylight saving). Public holidays are data by year: a calculation that
runs into a year without data raises `YearMissing` instead of taking every weekday for a working day.

>>> moment = datetime(2026, 4, 29, 16, 0, tzinfo=VIETNAM)
>>> VIETNAMESE.due(moment, Limit(1, "WORKING_DAY")).isoformat()
'2026-05-04T16:00:00+07:00'
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import cached_property
from typing import Literal

from contracts.codes.lists import table

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
Unit = Literal["HOUR", "DAY", "WORKING_DAY", "MONTH"]
"""As the catalogue of procedures spells them (code list tthc.time_unit); its OTHER is prose and has no due time."""
Hours = tuple[tuple[time, time], ...]
OFFICE_HOURS: Hours = ((time(7, 0), time(11, 30)), (time(13, 30), time(17, 0)))
"""The provinces' default (S2); a working day is the sum of its hours, eight here."""
BIRTH_UNTIL = time(15, 0)
ONE_DAY = timedelta(days=1)
NOTHING = timedelta()


class YearMissing(LookupError):
    """There are no holidays for a year: add them to contracts/codes/holidays.csv before due times are counted into it."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"the public holidays of {year} are not known; without them no due time is counted into that year"
        )
        self.year = year


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a procedure may take."""

    amount: int
    unit: Unit


ANSWER_ONLINE = Limit(8, "HOUR")
"""A dossier filed online is answered within eight working hours (general knowledge, domain notes 4)."""


@dataclass(frozen=True)
class Calendar:
    """Days off and days worked instead (a Saturday for a Monday), over the years that are known, and the office's hours."""

    years: frozenset[int]
    off: frozenset[date]
    worked: frozenset[date]
    hours: Hours = OFFICE_HOURS

    @cached_property
    def day_length(self) -> timedelta:
        """One working day."""
        return sum((_length(span) for span in self.hours), NOTHING)

    def is_working(self, day: date) -> bool:
        """Whether the office works on that day. Raises YearMissing."""
        if day.year not in self.years:
            raise YearMissing(day.year)
        return day in self.worked or (day.weekday() < 5 and day not in self.off)

    def next_open(self, at: datetime) -> datetime:
        """The instant itself while the office is open, else the next opening: after hours the next morning, at noon 13:30."""
        for start, end in self._spans(at):
            if at < end:
                return max(start, _local(at))
        raise AssertionError("spans never end")

    def add(self, at: datetime, amount: timedelta) -> datetime:
        """The moment at which `amount` of working time has passed since `at`; never negative. Raises YearMissing, ValueError."""
        if amount < NOTHING:
            raise ValueError("working time is added, not taken away")
        left, reached = amount, self.next_open(at)
        for start, end in self._spans(reached):
            begun = max(start, reached)
            if left <= end - begun:
                return begun + left
            left -= max(NOTHING, end - begun)
        raise AssertionError("spans never end")

    def back(self, at: datetime, amount: timedelta) -> datetime:
        """The moment from which `amount` of working time passes until `at`; never negative. Raises YearMissing, ValueError."""
        if amount < NOTHING:
            raise ValueError("working time is taken away as a length, not a negative one")
        until, left = _local(at), amount
        day = until.date()
        while left:
            for start, end in reversed(self._of(day)):
                passed = min(end, until) - start
                if passed >= left:
                    return min(end, until) - left
                left -= max(NOTHING, passed)
            day -= ONE_DAY
        return until

    def between(self, since: datetime, until: datetime) -> timedelta:
        """The working time from one instant to a later one; nothing when it is not later. Raises YearMissing."""
        passed = NOTHING
        for start, end in self._spans(since):
            if start >= until:
                return passed
            passed += max(NOTHING, min(end, _local(until)) - max(start, _local(since)))
        raise AssertionError("spans never end")

    def due(self, received_at: datetime, limit: Limit) -> datetime:
        """When a dossier received then is due. Raises YearMissing; ValueError for a limit below one.

        Hours and working days run in office hours. Calendar days and months count weekends, but the due moment is moved off
        weekends and holidays, to the same time of the next working day.
        """
        if limit.amount < 1:
            raise ValueError("a limit is one or more")
        start = self.next_open(received_at)
        match limit.unit:
            case "HOUR":
                return self.add(start, timedelta(hours=limit.amount))
            case "WORKING_DAY":
                return self.add(start, limit.amount * self.day_length)
            case "DAY":
                return self._moved_off(start + limit.amount * ONE_DAY)
            case "MONTH":
                return self._moved_off(_months_on(start, limit.amount))

    def due_after_pause(self, due_at: datetime, paused_at: datetime, resumed_at: datetime) -> datetime:
        """The due time moved by a pause (status 5 or 6): old due time and pause, both in working time.

        A pause outside office hours costs nothing; S2 adds calendar days less one, which is disputed, and is not imitated.
        """
        pause = self.between(paused_at, resumed_at)
        return self.add(due_at, pause) if pause else _local(due_at)

    def birth_due(self, received_at: datetime) -> datetime:
        """A birth is registered on the day: received before 15:00 by its close, else by that of the next working day."""
        at = _local(received_at)
        day = at.date()
        if not self.is_working(day) or at.time() >= BIRTH_UNTIL:
            day = self._next_working(day + ONE_DAY)
        return datetime.combine(day, self.hours[-1][1], VIETNAM)

    def days_after(self, day: date, count: int) -> date:
        """The `count`-th working day after a day, as limits counted from a date of signing run. Raises YearMissing."""
        for _ in range(count):
            day = self._next_working(day + ONE_DAY)
        return day

    def _moved_off(self, at: datetime) -> datetime:
        return datetime.combine(self._next_working(at.date()), at.time(), VIETNAM)

    def _next_working(self, day: date) -> date:
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def _spans(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The office's open spans from the day of `since` on, without end."""
        day = _local(since).date()
        while True:
            yield from self._of(day)
            day += ONE_DAY

    def _of(self, day: date) -> list[tuple[datetime, datetime]]:
        """The office's open spans of one day."""
        if not self.is_working(day):
            return []
        return [(datetime.combine(day, a, VIETNAM), datetime.combine(day, b, VIETNAM)) for a, b in self.hours]


def read_calendar(rows: Iterable[dict[str, str]], hours: Hours = OFFICE_HOURS) -> Calendar:
    """A calendar from rows with `day` and `kind` (`off`, `work`). Raises ValueError for a day named twice or another kind."""
    kinds: dict[date, str] = {}
    for row in rows:
        day = date.fromisoformat(row["day"])
        if day in kinds or row["kind"] not in ("off", "work"):
            raise ValueError(f"holidays: {day} stands twice, or is neither off nor work")
        kinds[day] = row["kind"]
    off = frozenset(day for day, kind in kinds.items() if kind == "off")
    return Calendar(frozenset(day.year for day in off), off, frozenset(kinds) - off, hours)


def _local(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time has its offset")
    return at.astimezone(VIETNAM)


def _length(span: tuple[time, time]) -> timedelta:
    return datetime.combine(date.min, span[1]) - datetime.combine(date.min, span[0])


def _months_on(at: datetime, months: int) -> datetime:
    """The same day so many months on, or the last one of a shorter month."""
    years, month = divmod(at.month - 1 + months, 12)
    year = at.year + years
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


VIETNAMESE = read_calendar(table("holidays.csv"))
"""Public holidays of Vietnam as far as contracts/codes/holidays.csv knows them, with the default hours."""
