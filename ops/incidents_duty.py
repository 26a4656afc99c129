"""The duty that finds incidents: one process looks, writes down what has changed, and tells those who are to be told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from bus.ledger.incidents import DUTY, Condition
from bus.ledger.ledger import FenceLost, LedgerBusy
from bus.ledger.sql_ledger import SqlLedger
from ops.channels import Teller
from ops.channels_way import ways
from ops.incidents import patience
from ops.incidents_own import OwnFaults
from ops.incidents_signs import Concern, Signs

if TYPE_CHECKING:
    from ops.house import House

log = structlog.get_logger("ops.incidents")

PACE_S = 15.0
DUTY_S = 90.0
"""Longer than a look and one message take; a process that vanished is replaced after so long."""
LOOKOUT = "lookout"
"""What this part of the bus is called among those that may fail."""
TROUBLE_S = 120.0
"""For so long the ledger may be busy, or each look fail, before that is told by itself."""


class Lookout:
    """Looks at its pace while this process holds the duty; tells without the ledger when the ledger itself is in trouble."""

    def __init__(self, ledger: SqlLedger, signs: Signs, teller: Teller, faults: OwnFaults) -> None:
        self._ledger = ledger
        self._book = ledger.incidents()
        self.signs = signs
        self._teller = teller
        self._faults = faults
        self._troubles: dict[str, float] = {}
        self._told: set[str] = set()
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(PACE_S)

    async def turn(self) -> None:
        """One look at a time. Raises what is a fault of ours, after it was told to those who must know of it."""
        async with self._turn:
            try:
                await self._look()
            except (LedgerBusy, FenceLost) as error:
                log.warning("look put off", error=str(error))
                if isinstance(error, LedgerBusy):
                    await self._trouble("ledger")
            except Exception:
                await self._trouble("failing", part=LOOKOUT)
                raise

    async def _look(self) -> None:
        await self._faults.tell()
        fence = await self._hold()
        if fence is None:
            self._over()
            return
        found = [*await self.signs.found(), *self._past_trouble()]
        changed = await self._book.look(fence, found, patience(), self._teller.tellings())
        self._over()
        for event, number in changed:
            log.info("incident", event_=event, number=number)
        await self._teller.tell(self._hold)

    async def _hold(self) -> int | None:
        return await self._ledger.take_duty(DUTY, self._ledger.process, DUTY_S)

    async def _trouble(self, kind: str, part: str = "") -> None:
        """No incident can be written down: after a while those who are told first are told of that, by each process once."""
        now = self._ledger.clock.now()
        since = self._troubles.setdefault(kind, now)
        if now - since >= TROUBLE_S and kind not in self._told:
            self._told.add(kind)
            await self._teller.tell_directly(kind, since, part)

    def _past_trouble(self) -> list[Condition]:
        """A trouble of the ledger that was told and is over now: written down, so that it stands in the record."""
        return [Condition("ledger", since=self._troubles["ledger"])] if "ledger" in self._told else []

    def _over(self) -> None:
        self._troubles.clear()
        self._told.clear()


def lookout(house: House) -> Lookout:
    """The lookout of one process of the bus."""
    own = house.settings.incidents
    concern = Concern(
        partners=house.partners,
        settings=house.partner_settings,
        enabled=house.enabled,
        incidents=own,
        ledger_url=house.settings.ledger.url,
        tls_certificate=house.settings.http.tls_certificate,
        calendar=house.calendar,
        steady=house.training is None,
    )
    ledger, link = house.ledger, (own.link or house.public_url).rstrip("/")
    teller = Teller(own, ledger.incidents(), ledger.clock, ways(own), house.title, link)
    return Lookout(ledger, Signs(ledger, concern), teller, OwnFaults(ledger, house.sides, house.upkeep))
