"""A call's way there and back: when it left us, when its answer began to come, and how long the partner says it worked on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_DURATION = re.compile(r"(?:^|,)\s*total\s*;[^,]*?\bdur=(\d{1,9}(?:\.\d+)?)")


@dataclass(slots=True)
class Trip:
    """Times of the last request of one call, by `now` (seconds since the epoch); None where there was none.

    `worked_s` is what the partner says in `Server-Timing` (W3C Server Timing, the metric `total`): with it the request arrived there
    that long before the answer came. Most say nothing.
    """

    now: Callable[[], float]
    left_at: float | None = None
    answered_at: float | None = None
    worked_s: float | None = None

    def leave(self) -> float:
        """The request is about to be written; the moment."""
        self.left_at, self.answered_at, self.worked_s = self.now(), None, None
        return self.left_at

    def answered(self, headers: Mapping[str, str]) -> None:
        """The head of an answer is there."""
        self.answered_at = self.now()
        if said := _DURATION.search(headers.get("server-timing", "")):
            self.worked_s = float(said[1]) / 1000.0

    def facts(self, read_at: float) -> dict[str, str]:
        """What is kept with each attempt of the call: instants in seconds since the epoch, to the tenth of a millisecond."""
        known = {"left": self.left_at, "answered": self.answered_at, "worked": self.worked_s, "read": read_at}
        return {name: f"{value:.4f}" for name, value in known.items() if value is not None}
