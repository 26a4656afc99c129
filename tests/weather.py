"""Storms laid over a partner, and afterwards the partner's book beside the ledger: who believes what, book against book.

A storm breaks one call. What it means for that call is the same for every partner (reliability, section 2), so every room tests the
same table; what it means for a dossier is tested over the whole house (tests/ops/test_weather.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from adapters.simulator import Simulator
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.words import Filter, State
from bus.outcome import Cause, Outcome, Transient, Unknown

DEADLINE_S = 0.3
"""Of a call in a storm: `lost` and `hang` outlast it."""
SILENCE_S = 1.0


@dataclass(frozen=True)
class Storm:
    """One kind of trouble: the simulator's mode, what the call it breaks must come to, and whether the partner took it all the same."""

    mode: str
    outcome: type[Outcome]
    cause: Cause
    taken: bool = False


STORMS = {
    "lost after taken": Storm("lost", Unknown, Cause.UNKNOWN, taken=True),
    "500 after taken": Storm("lost_500", Unknown, Cause.UNKNOWN, taken=True),
    "silent": Storm("hang", Unknown, Cause.UNKNOWN),
    "500": Storm("500", Unknown, Cause.UNKNOWN),
    "502 page": Storm("502_page", Unknown, Cause.UNKNOWN),
    "page with status 200": Storm("html", Unknown, Cause.UNKNOWN),
    "nothing with status 200": Storm("empty", Unknown, Cause.UNKNOWN),
    "busy": Storm("busy", Transient, Cause.BUSY),
}
each_storm = pytest.mark.parametrize("storm", STORMS.values(), ids=list(STORMS))


def lay(simulator: Simulator, storm: Storm, times: int = 1) -> None:
    """Let the storm break the simulator's next calls."""
    simulator.weather.left[storm.mode] = times
    simulator.weather.seconds = SILENCE_S


Effect = tuple[str, str, str]
"""(partner, operation, dossier)."""


def effects(simulators: Mapping[str, Simulator]) -> Counter[Effect]:
    """What the partners say was done."""
    return Counter({(name, *deed): n for name, one in simulators.items() for deed, n in one.done().items()})


async def believed(ledger: SqlLedger) -> Counter[Effect]:
    """What the ledger says was delivered."""
    views, _ = await ledger.deliveries(Filter(states=(State.DELIVERED,)), limit=1000)
    return Counter((view.partner, view.operation, view.dossier) for view in views)
