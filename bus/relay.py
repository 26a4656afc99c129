"""The relay: keeps the bus awake. Says who lives, sweeps stale attempts, rings for work that nobody rang for.

A lost ring costs at most one sweep (reliability G2: within 30 s). One process holds the sweep's duty at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

import structlog

from bus.adapter import Partner
from bus.delivery import crashed
from bus.ledger.ledger import FenceLost, Ledger, LedgerBusy
from bus.ledger.words import Move, Stale, State
from bus.outcome import Cause
from bus.policy import PartnerSettings

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
    ) -> None:
        self._worker = worker
        self._ledger = ledger
        self._partners = partners
        self._settings = settings
        self._serves = tuple(serves)
        self._ready = ready
        self._on_live = on_live
        self._rng = rng
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        """Beat and sweep at once, then at their paces; a busy ledger only delays."""
        await asyncio.gather(
            self._every(BEAT_S, self._beat), self._every(SWEEP_S, self._sweep), self._every(BEAT_S, self._seal)
        )
        with contextlib.suppress(LedgerBusy):
            await self._ledger.leave(self._worker)

    async def _every(self, pace_s: float, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while not self._stopped.is_set():
            try:
                await act()
            except (LedgerBusy, FenceLost) as error:
                log.warning("ledger not ready", task=act.__name__, error=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), pace_s)

    async def _beat(self) -> None:
        if self._serves:
            self._on_live(await self._ledger.beat(self._worker, self._serves))

    async def _sweep(self) -> None:
        """Sweep where this process holds the duty; ring for all that is due."""
        if await self._ledger.take_duty("sweep", self._worker, DUTY_S) is None:
            return
        swept = await self._ledger.sweep(self._decide, dead_after_s=DEAD_AFTER_S)
        if swept.crashed or swept.gaps_closed:
            log.info("swept", crashed=swept.crashed, gaps_closed=swept.gaps_closed)
        self._ready(swept.ready)

    async def _seal(self) -> None:
        """Chain the journal behind the commits, where this process holds the duty (reliability G14: within 10 s)."""
        fence = await self._ledger.take_duty("sealer", self._worker, DUTY_S)
        if fence is not None:
            await self._ledger.seal_journal(fence)

    def _decide(self, stale: Stale) -> Move:
        """Unknown, as the partner's operation says; of a partner we no longer have, a person decides."""
        partner, settings = self._partners.get(stale.partner), self._settings.get(stale.partner)
        if partner is None or settings is None:
            return Move(State.IN_DOUBT, Cause.CRASHED, "ask", None, doubt=stale.attempt)
        operation = partner.operation(stale.operation)
        return crashed(stale, operation, settings.retry, self._ledger.clock.now(), self._rng)
