"""Faults of our own program: each process tells of its own in the ledger, and whichever looks for incidents reads those of all."""

from __future__ import annotations

from collections.abc import Mapping

from bus.ledger.incidents import Condition, IncidentBook, Reading
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.views import PartnerView
from bus.upkeep import Upkeep
from ops.side import Sides

TOLD_S = 45.0
"""So long it counts what a process has told; it tells again at each of its turns, three times as often."""


class OwnFaults:
    """Those of this process: side tasks that have died, and loops that fail each time they begin."""

    def __init__(self, ledger: SqlLedger, sides: Sides, upkeep: Upkeep) -> None:
        self._ledger = ledger
        self._sides = sides
        self._upkeep = upkeep

    async def tell(self) -> None:
        """Keep them, with the time each began where that is known. Raises LedgerBusy."""
        now = self._ledger.clock.now()
        fallen = dict.fromkeys(self._sides.fallen, now)
        failing = {part: now - lasted_s for part, lasted_s in self._upkeep.failing().items()}
        for what, since in (("fallen", fallen), ("failing", failing)):
            if since:
                await self._ledger.incidents().keep(what, {(name, 0): at for name, at in since.items()})


async def fallen(book: IncidentBook, now: float) -> list[Condition]:
    """Work in the background that has died of an exception; it stays so until its process is started anew."""
    return [
        Condition("fallen", about=one.subject, facts={"task": one.subject}) for one in await _told(book, "fallen", now)
    ]


async def failing(
    book: IncidentBook, views: Mapping[str, PartnerView], waiting: Mapping[str, tuple[int, float]], now: float
) -> list[Condition]:
    """Loops that fail each time they begin; what waits for a partner whose worker does so waits because of that."""
    found = []
    for one in await _told(book, "failing", now):
        part, _, partner = one.subject.partition(" ")
        dossiers = waiting.get(partner, (0, 0.0))[0] if part == "worker" else 0
        deliveries = views[partner].backlog if dossiers and partner in views else dossiers
        found.append(Condition("failing", partner, part, {"part": part}, one.value, dossiers, deliveries))
    return found


async def _told(book: IncidentBook, what: str, now: float) -> list[Reading]:
    return [one for one in await book.readings(what) if abs(now - one.at) < TOLD_S]
