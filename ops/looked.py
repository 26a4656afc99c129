"""Who looked at people's data in a week: searches, fields revealed, look-ups at partners, by person, with their purposes.

Vietnam's personal data law (91/2025/QH15) wants such access on record and looked over; the week is Monday to Sunday in Vietnam.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from bus.clock import instant
from bus.ledger.sql_ledger import SqlLedger
from bus.maintenance import VIETNAM
from ops.sheet import csv_of
from ops.words import Language

SEARCH, REVEAL, LOOKUP = "search", "reveal", "lookup"
WEEK = re.compile(r"\d{4}-W\d\d")
PAGE = 1000


class NoWeek(Exception):
    """There is no such week; one sentence."""


class Line(NamedTuple):
    """One person and one way of looking: how often, at how many dossiers, and for which purposes, the most frequent first."""

    who: str
    how: str
    times: int
    dossiers: int
    purposes: tuple[tuple[str, int], ...]


class Looked(NamedTuple):
    """A week (`2026-W47`), its first and last day, the weeks beside it, and who looked, the busiest first."""

    week: str
    first: date
    last: date
    before: str
    after: str
    lines: tuple[Line, ...]


async def looked(ledger: SqlLedger, week: str = "") -> Looked:
    """The report of a week, by default of the last one that is over. Raises NoWeek, LedgerBusy."""
    first = _monday(week) if week else _this_monday(ledger.clock.now()) - timedelta(days=7)
    since, until = (_midnight(day).timestamp() for day in (first, first + timedelta(days=7)))
    found = [
        (note.who, note.verb, note.dossier, note.reason)
        for note in await ledger.people().remarks_between(since, until, (SEARCH, REVEAL))
    ]
    found += await _lookups(ledger, since, until)
    return Looked(
        week=_week(first),
        first=first,
        last=first + timedelta(days=6),
        before=_week(first - timedelta(days=7)),
        after=_week(first + timedelta(days=7)),
        lines=_lines(found),
    )


def as_dict(told: Looked) -> dict[str, Any]:
    """The report as JSON."""
    lines = [
        {
            "who": line.who,
            "how": line.how,
            "times": line.times,
            "dossiers": line.dossiers,
            "purposes": [{"purpose": purpose, "times": times} for purpose, times in line.purposes],
        }
        for line in told.lines
    ]
    return {"week": told.week, "from": told.first.isoformat(), "to": told.last.isoformat(), "items": lines}


def sheet(told: Looked, language: Language) -> bytes:
    """The report for a spreadsheet."""
    return csv_of(
        _HEADS[language],
        [
            (
                told.week,
                line.who,
                line.how,
                line.times,
                line.dossiers,
                "; ".join(f"{p} ({n})" for p, n in line.purposes),
            )
            for line in told.lines
        ],
    )


_HEADS: dict[Language, tuple[str, ...]] = {
    "vi": ("Tuần", "Ai", "Cách xem", "Số lần", "Số hồ sơ", "Mục đích"),
    "en": ("Week", "Who", "How", "Times", "Dossiers", "Purposes"),
}


async def _lookups(ledger: SqlLedger, since: float, until: float) -> list[tuple[str, str, str, str]]:
    """Look-ups of that time: by the officer a client names, else by the client."""
    found: list[tuple[str, str, str, str]] = []
    cursor = ""
    while True:
        views, cursor = await ledger.lookups().page(cursor=cursor, limit=PAGE)
        for view in views:
            if since <= view.at < until:
                who = f"{view.officer} ({view.who})" if view.officer else view.who
                found.append((who, f"{LOOKUP} {view.partner}", view.dossier, view.purpose))
        if not cursor or views[-1].at < since:
            return found


def _lines(found: list[tuple[str, str, str, str]]) -> tuple[Line, ...]:
    grouped: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for who, how, dossier, purpose in found:
        grouped.setdefault((who, how), []).append((dossier, purpose))
    lines = [
        Line(who, how, len(acts), len({d for d, _ in acts if d}), tuple(Counter(p for _, p in acts).most_common()))
        for (who, how), acts in grouped.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.times, line.who, line.how)))


def _monday(week: str) -> date:
    """
    >>> _monday("2026-W48")
    datetime.date(2026, 11, 23)
    """
    try:
        if not WEEK.fullmatch(week):
            raise ValueError
        return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    except ValueError:
        raise NoWeek("a week is written yyyy-Wnn, such as 2026-W48") from None


def _this_monday(now: float) -> date:
    today = instant(now).astimezone(VIETNAM).date()
    return today - timedelta(days=today.weekday())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)


def _week(day: date) -> str:
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02}"
