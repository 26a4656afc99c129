"""Partners we must ask: one process holds the right, cursor and results enter in one commit, overlap is absorbed by source id.

A row that cannot be read is kept raw and passed by. A lost right stops the old holder at its next commit (fencing).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Iterable

import structlog

from bus.adapter import Adapter, Call, Poll
from bus.bulkhead import Health
from bus.clock import Clock
from bus.ledger.ledger import FenceLost, Ledger, LedgerBusy
from bus.ledger.words import Arrival
from bus.outcome import Delivered, Outcome, Unknown
from bus.policy import PartnerSettings
from contracts.envelope import Envelope

log = structlog.get_logger("ops.poller")


class Poller:
    """Polls one partner at its pace while this process holds the duty."""

    def __init__(
        self,
        *,
        partner: str,
        every_s: float,
        holder: str,
        adapter: Adapter,
        settings: PartnerSettings,
        ledger: Ledger,
        clock: Clock,
        arrival: Callable[[Envelope], Arrival],
        ready: Callable[[Iterable[str]], None],
        rested: Callable[[], Awaitable[None]],
    ) -> None:
        """`rested` is told of a turn at which there was nothing to ask."""
        self.partner = partner
        self._duty = f"poll:{partner}"
        self._every_s = every_s
        self._holder = holder
        self._adapter = adapter
        self._settings = settings
        self._health = Health(partner, settings.breaker, settings.retry)
        self._ledger = ledger
        self._clock = clock
        self._arrival = arrival
        self._ready = ready
        self._rested = rested
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        """Poll until stopped. A busy ledger, a lost right or a silent partner only means: later."""
        while not self._stopped.is_set():
            more = False
            try:
                more = await self._turn()
            except (LedgerBusy, FenceLost) as error:
                log.warning("poll put off", partner=self.partner, error=str(error))
            if not more:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopped.wait(), self._every_s)

    async def _turn(self) -> bool:
        """One poll; True when the partner said that there is more."""
        fence = await self._ledger.take_duty(self._duty, self._holder, self._every_s + 2 * self._settings.timeout_s)
        if fence is None or await self._barred():
            return False
        cursor = await self._ledger.cursor(self._duty)
        polled = await self._ask(cursor)
        if polled is None:
            await self._rested()
        if not isinstance(polled, Poll):
            return False
        arrivals = [self._arrival(envelope) for envelope in polled.events]
        verdicts = await self._ledger.accept_polled(
            self._duty, fence, polled.cursor, arrivals, polled.bad_rows, polled.keeps
        )
        self._ready({partner for verdict in verdicts for partner in verdict.ready})
        if polled.bad_rows:
            log.warning("rows kept raw", partner=self.partner, rows=len(polled.bad_rows))
        return polled.more and polled.cursor != cursor

    async def _barred(self) -> bool:
        """True while the partner is paused, its breaker is open or it told us to wait: a poll is a call like any other."""
        now = self._clock.now()
        if self._health.shut(now):
            return True
        views = [view for view in await self._ledger.partners() if view.partner == self.partner]
        return any(view.paused or view.breaker_open or (view.not_before or 0.0) > now for view in views)

    async def _ask(self, cursor: str) -> Poll | Outcome | None:
        """What the partner has for us, how asking failed, or None when there was nothing to ask."""
        call = Call(id=secrets.token_hex(8), deadline_s=self._settings.timeout_s)
        answer: Poll | Outcome | None
        try:
            async with asyncio.timeout(self._settings.timeout_s + 1.0):
                answer = await self._adapter.poll(cursor, call)
        except Exception as error:
            log.warning("poll failed", partner=self.partner, error=type(error).__name__)
            answer = Unknown()
        if answer is None:
            return None
        now = self._clock.now()
        outcome = answer if isinstance(answer, Outcome) else Delivered()
        change = self._health.judge([outcome], now, probe=False)
        if change is not None:
            await self._ledger.record([], [change])
        return answer
