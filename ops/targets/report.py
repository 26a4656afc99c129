"""The indicators of a month, told once for console, command line, API and paper: values, twelve months, a line per agency or field."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bus.clock import instant, when
from bus.ledger.sql_ledger import SqlLedger
from ops.sheet import Cell, csv_of
from ops.targets import rules
from ops.targets.rules import Indicator
from ops.words import Language

MONTH = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])")
SERIES = 12
"""Months a line is drawn over, the one asked for last."""
EDGE = 5.0
"""Percentage points a chart shows beyond its line."""
By = Literal["agency", "field"]


class Unasked(Exception):
    """The question cannot be answered as it stands; one sentence."""


@dataclass(frozen=True, slots=True)
class Value:
    """An indicator in a month: its share in percent (None: nothing to count), of how many, before, and its twelve months."""

    indicator: Indicator
    share: float | None
    counted: int
    among: int
    before: float | None
    series: tuple[tuple[str, float | None], ...]

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without a goal or a value."""
        goal = self.indicator.goal
        return None if goal is None or self.share is None else self.share >= goal

    @property
    def change(self) -> float | None:
        """Percentage points since the month before."""
        return None if self.share is None or self.before is None else self.share - self.before

    def heights(self) -> list[tuple[int, float]]:
        """Where the line runs: the place of each month that has a share, and its height from 0 to 1."""
        return [(place, self.height(share)) for place, (_, share) in enumerate(self.series) if share is not None]

    def height(self, share: float) -> float:
        """How high a share stands in a chart that shows all of the line and its goal."""
        shown = [share for _, share in self.series if share is not None]
        shown += [self.indicator.goal] if self.indicator.goal is not None else []
        low, high = max(0.0, min(shown) - EDGE), min(100.0, max(shown) + EDGE)
        return (share - low) / (high - low)


@dataclass(frozen=True, slots=True)
class Line:
    """One agency or field in the month: how many dossiers it received, and each indicator's share in their order."""

    code: str
    name: str
    received: int
    shares: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a month. `at`: the instant of asking, seconds since the epoch."""

    month: str
    agency: str
    field: str
    by: By
    at: float
    received: int
    values: tuple[Value, ...]
    lines: tuple[Line, ...]
    months: tuple[str, ...]
    names: Mapping[tuple[str, str], str]

    def named(self, kind: By) -> dict[str, str]:
        """The agencies or fields there are, by code, in the order of their names."""
        found = {code: name for (of, code), name in self.names.items() if of == kind}
        return dict(sorted(found.items(), key=lambda pair: pair[1]))


async def report(ledger: SqlLedger, month: str = "", agency: str = "", field: str = "", by: By = "agency") -> Report:
    """The month's report; without a `month` the newest in which a dossier was received. Raises Unasked, LedgerBusy."""
    book, now = ledger.figures(), ledger.clock.now()
    this_month, names = rules.month_of(instant(now)), await book.names()
    first, last = await book.months() or (this_month, this_month)
    month = month or last
    if not MONTH.fullmatch(month):
        raise Unasked("a month is written yyyy-mm")
    for kind, code in (("agency", agency), ("field", field)):
        if code and (kind, code) not in names:
            raise Unasked(f"no dossier has the {kind} {code}")
    over = [_earlier(month, back) for back in reversed(range(SERIES))]
    counted = await book.by_month(over[0], month, agency, field)
    parts = await (book.by_agency(month, field) if by == "agency" else book.by_field(month, agency))
    only = agency if by == "agency" else field
    lines = [_line(by, code, c, names) for code, c in parts.items() if c["received"] and only in ("", code)]
    return Report(
        month=month,
        agency=agency,
        field=field,
        by=by,
        at=now,
        received=counted.get(month, Counter())["received"],
        values=tuple(_value(one, over, counted) for one in rules.indicators()),
        lines=tuple(sorted(lines, key=lambda line: (-line.received, line.name))),
        months=tuple(_back(last, first)),
        names=names,
    )


def as_dict(told: Report) -> dict[str, Any]:
    """The report as JSON; shares are percent with two digits."""
    return {
        "month": told.month,
        "agency": told.agency,
        "field": told.field,
        "at": when(told.at),
        "received": told.received,
        "indicators": [
            {
                "key": value.indicator.key,
                **{f"{what}_{language}": value.indicator.says(what, language) for what, language in _WORDS},
                "percent": _round(value.share),
                "counted": value.counted,
                "among": value.among,
                "before": _round(value.before),
                "goal": value.indicator.goal,
                "reached": value.reached,
                "months": {month: _round(share) for month, share in value.series},
            }
            for value in told.values
        ],
        "by": told.by,
        "lines": [
            {
                "code": line.code,
                "name": line.name,
                "received": line.received,
                **{value.indicator.key: _round(s) for value, s in zip(told.values, line.shares, strict=True)},
            }
            for line in told.lines
        ],
        "published": [
            {"key": one.key, "year": one.year, "value": one.value, "unit": one.unit, "indicator": one.indicator}
            | {f"{what}_{language}": one.says(what, language) for what, language in _SAID}
            for one in rules.published()
        ],
    }


def sheet(told: Report, language: Language) -> bytes:
    """The month for a spreadsheet: the whole first, then a line per agency or field; shares in percent."""
    titles = [one.says("title", language) + " (%)" for one in rules.indicators()]
    first, received, whole = _HEADS[language]
    lines = [Line("", whole, told.received, tuple(value.share for value in told.values)), *told.lines]
    goals = [value.indicator.goal for value in told.values]
    rows: list[list[Cell]] = [
        [told.month, line.code, line.name, line.received, *map(_round, line.shares)] for line in lines
    ]
    rows.append([told.month, "", _GOAL[language], None, *goals])
    return csv_of([*first, received, *titles], rows)


_HEADS: dict[Language, tuple[tuple[str, str, str], str, str]] = {
    "vi": (("Tháng", "Mã", "Tên"), "Hồ sơ tiếp nhận", "Toàn bộ"),
    "en": (("Month", "Code", "Name"), "Dossiers received", "All"),
}
_GOAL: dict[Language, str] = {"vi": "Mục tiêu", "en": "Goal"}
_SAID: tuple[tuple[str, Language], ...] = (("title", "vi"), ("title", "en"), ("source", "vi"), ("source", "en"))
_WORDS: tuple[tuple[str, Language], ...] = (*_SAID, ("says", "vi"), ("says", "en"))


def _value(one: Indicator, over: list[str], counted: Mapping[str, Counter[str]]) -> Value:
    series = tuple((month, one.share(counted.get(month, Counter()))) for month in over)
    here = counted.get(over[-1], Counter())
    return Value(one, series[-1][1], here[one.counted], here[one.among], series[-2][1], series)


def _line(by: By, code: str, counters: Counter[str], names: Mapping[tuple[str, str], str]) -> Line:
    shares = tuple(one.share(counters) for one in rules.indicators())
    return Line(code, names.get((by, code), code), counters["received"], shares)


def _back(last: str, first: str) -> Iterator[str]:
    """Every month from the last back to the first."""
    while last >= first:
        yield last
        last = _earlier(last, 1)


def _earlier(month: str, back: int) -> str:
    """The month so many months before.

    >>> _earlier("2026-02", 3)
    '2025-11'
    """
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 - back, 12)
    return f"{year}-{number + 1:02}"


def _round(share: float | None) -> float | None:
    return None if share is None else round(share, 2)
