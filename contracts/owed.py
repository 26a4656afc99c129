"""What an event owes: which operation of which partner, as the routes table answers it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Owed:
    """One operation of one partner, owed for one event. `priority` 0 is served first, 2 last."""

    partner: str
    operation: str
    priority: int = 1
