"""The relay: keeps the bus awake. Says who lives, sweeps stale attempts, rings for work that nobody rang for.

A lost ring costs at most one sweep (reliability G2: within 30 s). One process holds the sweep's duty at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import Any

import structlog

from bus.adapter import Partner
from bus.delivery import crashed
from bus.ledger import chain
from bus.ledger.ledger import FenceLost, Ledger, LedgerBusy
from bus.ledger.words import Move, Stale, State
from bus.outcome import Cause
from bus.policy import PartnerSettings
from bus.upkeep import Upkeep

log = structlog.get_logger("bus.relay")

BEAT_S = 5.0
SWEEP_S = 10.0
DUTY_S = SWEEP_S + 5.0
"""A duty outlives one missed round, no more: after a crash another process sweeps within half a minute."""
DEAD_AFTER_S = 20.0
"""A worker not seen for this long is gone (design.md, "Claim what can start now")."""


class Relay:
    """Beats, sweeps and seals until stopped."""

    def __init__(
        self,
        *,
        worker: str,
        ledger: Ledger,
        partners: Mapping[str, Partner],
        settings: Mapping[str, PartnerSettings],
        serves: Iterable[str],
        ready: Callable[[Iterable[str]], None],
        on_live: Callable[[int], None],
        rng: random.Random,
        upkeep: Upkeep,
    ) -> None:
        self._worker = worker
        self._ledger = ledger
        self._partners = partners
        self._settings = settings
        self._serves = tuple(serves)
        self._ready = ready
        self._on_live = on_live
        self._rng = rng
        self._upkeep = upkeep
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        """Beat and sweep at once, then at their paces; a busy ledger only delays."""
        acts = {"beat": (BEAT_S, self.beat), "sweep": (SWEEP_S, self._sweep), "seal": (BEAT_S, self._seal)}
        await asyncio.gather(*(self._upkeep.keep(part, partial(self._every, part, *act)) for part, act in acts.items()))
        with contextlib.suppress(LedgerBusy):
            await self._ledger.leave(self._worker)

    async def _every(self, part: str, pace_s: float, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while not self._stopped.is_set():
            try:
                await act()
            except (LedgerBusy, FenceLost) as error:
                log.warning("ledger not ready", task=part, error=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), pace_s)

    async def beat(self) -> None:
        """Say that this process lives, if it serves anybody. Raises LedgerBusy."""
        if self._serves:
            self._on_live(await self._ledger.beat(self._worker, self._serves))

    async def _sweep(self) -> None:
        """Sweep where this process holds the duty, until nothing is left to do; ring for all that is due."""
        more = True
        while more and await self._ledger.take_duty("sweep", self._worker, DUTY_S) is not None:
            swept = await self._ledger.sweep(self._decide, dead_after_s=DEAD_AFTER_S)
            if swept.crashed or swept.gaps_closed:
                log.info("swept", crashed=swept.crashed, gaps_closed=swept.gaps_closed)
            self._ready(swept.ready)
            more = swept.more and not self._stopped.is_set()

    async def _seal(self) -> None:
        """Chain the journal behind the commits, where this process holds the duty (reliability G14: within 10 s)."""
        more = True
        while more and (fence := await self._ledger.take_duty("sealer", self._worker, DUTY_S)) is not None:
            more = await self._ledger.seal_journal(fence) == chain.PAGE and not self._stopped.is_set()

    def _decide(self, stale: Stale) -> Move:
        """Unknown, as the partner's operation says; where we no longer have that partner or operation, a person decides."""
        try:
            operation = self._partners[stale.partner].operation(stale.operation)
            retry = self._settings[stale.partner].retry
        except KeyError:
            return Move(State.IN_DOUBT, Cause.CRASHED, "ask", None, doubt=stale.attempt)
        return crashed(stale, operation, retry, self._ledger.clock.now(), self._rng)
