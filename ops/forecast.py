"""When a partner's backlog will be gone, and who will be late by then. Pure: everything follows from what is given.

The pace is what was settled lately, or the best of the last hours where nothing goes just now, never above what the settings allow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal

from bus.ledger.incidents import Reading
from bus.maintenance import VIETNAM
from contracts.envelope import DEADLINE

LATELY_S = 900.0
FAR_S = 7 * 86_400.0
"""No forecast reaches further: by then everything is different."""
Answer = Literal["clear", "at", "held", "stuck", "unknown"]
"""clear: nothing waits. at: it will be gone at a time. held: it goes on when somebody resumes the partner. stuck: what is left needs a
person or a code. unknown: nothing has gone lately to tell a pace from."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """`clears_at` where the answer is `at`; `late`: how many dossiers will have missed their date by then."""

    answer: Answer
    clears_at: float | None = None
    late: int = 0


def pace(settled: Sequence[Reading], now: float) -> float:
    """Deliveries a second: lately, or at the best time where lately nothing went. `settled` are sums by time, oldest first.

    >>> sums = [Reading("p", slot, value, at) for slot, value, at in ((1, 0, 0.0), (2, 300, 300.0), (3, 300, 600.0))]
    >>> pace(sums, 600.0), pace(sums, 9000.0), pace(sums[:1], 600.0)
    (0.5, 1.0, 0.0)
    """
    recent = [one for one in settled if one.at >= now - LATELY_S]
    lately = _between(recent[0], recent[-1]) if len(recent) > 1 else 0.0
    return lately or max((_between(a, b) for a, b in pairwise(settled)), default=0.0)


def _between(first: Reading, last: Reading) -> float:
    return (last.value - first.value) / (last.at - first.at) if last.at > first.at else 0.0


def forecast(
    moving: int,
    stuck: int,
    per_s: float,
    allowed_per_s: float | None,
    begins_at: float | None,
    now: float,
    dates: Mapping[str, float],
) -> Forecast:
    """The forecast for `moving` deliveries that go by themselves and `stuck` ones that do not.

    `begins_at`: when the partner may be called again, None while it is on hold. `dates`: by when each waiting dossier must be there.
    """
    if not moving:
        return Forecast("stuck" if stuck else "clear")
    if begins_at is None:
        return Forecast("held", late=sum(at < now for at in dates.values()))
    rate = min(per_s, allowed_per_s) if allowed_per_s and per_s else per_s or (allowed_per_s or 0.0)
    if not rate or moving / rate > FAR_S:
        return Forecast("unknown", late=sum(at < now for at in dates.values()))
    clears_at = max(now, begins_at) + moving / rate
    return Forecast("at", clears_at, sum(at < clears_at for at in dates.values()))


def deadline(flags: Sequence[str]) -> float | None:
    """When the day of an event's deadline is over, in Vietnam; None where it has none.

    >>> deadline(["deadline:2026-07-07"]) == datetime(2026, 7, 8, tzinfo=VIETNAM).timestamp()
    True
    """
    days = [flag.removeprefix(DEADLINE) for flag in flags if flag.startswith(DEADLINE)]
    if not days:
        return None
    return datetime.combine(date.fromisoformat(min(days)) + timedelta(days=1), time(), VIETNAM).timestamp()
