"""The one source of time: steady, and near enough to the wall.

`now` is monotonic (boot) time plus an offset taken once at start. A jump of the wall clock is noticed, never followed, so a
clock set back a day neither repeats a day of retries nor freezes them (reliability G12).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the bus asks of time. All instants are seconds since the epoch, UTC."""

    def now(self) -> float:
        """Seconds since the epoch, never going back."""
        ...


class SteadyClock:
    """Monotonic time moved once onto the wall clock (or onto the database's clock, when `start_at` is given)."""

    def __init__(
        self,
        start_at: float | None = None,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset = (wall() if start_at is None else start_at) - monotonic()

    def now(self) -> float:
        return self._monotonic() + self._offset

    def drift_s(self) -> float:
        """How far the wall clock now stands from ours, in seconds (positive: the wall is ahead); a jump shows here."""
        return self._wall() - self.now()


class TrainingClock(SteadyClock):
    """A steady clock that may be set forward, for a ledger nothing real stands in."""

    def forward(self, to: float) -> None:
        """Set it to `to` (seconds since the epoch), never back."""
        self._offset += max(0.0, to - self.now())


def instant(at: float) -> datetime:
    """An aware UTC datetime for seconds since the epoch."""
    return datetime.fromtimestamp(at, UTC)


def when(at: float | None) -> str | None:
    """An instant as ISO 8601, UTC."""
    return None if at is None else instant(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
