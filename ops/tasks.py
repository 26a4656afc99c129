"""Whoever holds the duty turns the bulk actions, one process at a time; after a crash the next one goes on where it stopped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

import structlog

from bus.ledger.ledger import FenceLost, LedgerBusy
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.task import DUTY
from bus.ledger.words import Arrival
from contracts.envelope import Envelope

log = structlog.get_logger("ops.tasks")

PACE_S = 1.0
DUTY_S = 15.0
"""After a crash another process goes on within a quarter of a minute."""


class TaskRunner:
    """Looks every second whether there is something to turn, and turns it. `arrival` is the front door, for edited events."""

    def __init__(
        self, ledger: SqlLedger, ready: Callable[[Iterable[str]], None], arrival: Callable[[Envelope], Arrival]
    ) -> None:
        self._ledger = ledger
        self._book = ledger.tasks()
        self._ready = ready
        self._arrival = arrival
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        """Turn until stopped. A busy ledger or a lost right only means: later."""
        while not self._stopped.is_set():
            wait_s = PACE_S
            try:
                wait_s = await self._turn()
            except (LedgerBusy, FenceLost) as error:
                log.warning("tasks put off", error=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), wait_s)

    async def _turn(self) -> float:
        """One turn; how long to wait for the next, in seconds."""
        if not await self._book.at_work():
            return PACE_S
        fence = await self._ledger.take_duty(DUTY, self._ledger.process, DUTY_S)
        if fence is None:
            return PACE_S
        turned = await self._book.turn(fence)
        for number in turned.edits:
            if body := await self._book.body(number):
                arrival = self._arrival(Envelope.trusted(body))
                self._ready(await self._book.carry_out(fence, number, arrival))
        self._ready(turned.ready)
        if turned.next_at is None:
            return PACE_S
        return min(PACE_S, max(0.0, turned.next_at - self._ledger.clock.now()))
