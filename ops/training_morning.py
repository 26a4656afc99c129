"""The morning of a training: what came in before ten o'clock, and what went wrong, one thing after another, for real."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from bus.clock import instant
from bus.ledger.words import State
from contracts.envelope import Envelope, judge
from contracts.working_time import VIETNAM, VIETNAMESE
from ops.house import House
from ops.sample import SOURCE
from ops.sample.journey import VERBS, Journey, Life
from ops.sample.offer import BUILDING_PERMIT, LAND_RENEWAL, MARITAL_STATUS, REGISTER_COPY, Offer
from ops.training import BEGINS, ISO, NEW_WARD, PAYMENT, PORTAL, Training

CLIENT = "training"
REST_S, PATIENCE_S = 0.8, 90.0
"""The bus is at rest when nothing has moved for so long; it comes to rest within so long."""


class Filed:
    """One dossier of the training: a sample's, whose events happen when the story says."""

    def __init__(self, offer: Offer, number: int, day: datetime, *, by_post: bool = False) -> None:
        self.life = Life(f"training/{number}", Journey(offer, "counter", ("receive",), by_post), 1, f"{number:04}", day)
        self.code = f"{self.life.office.id}-{day:%y%m%d}-{number:04}"
        state = {"code": self.code, "filed_at": day.isoformat()}
        self.life.dossier = {**self.life.dossier, **state}
        self._applicant = self.life.dossier["applicant"]
        if "address" in self._applicant:
            self._applicant["address"]["as_of"] = day.date().isoformat()

    def moves_to(self, ward: str, on: date) -> None:
        """The applicant's commune is another from that day on."""
        self._applicant["address"] |= {"ward": ward, "as_of": on.isoformat()}

    def has_no_address(self) -> None:
        """Somebody forgot to write it down."""
        self._applicant.pop("address", None)

    def told(self, verb: str, at: float) -> Envelope:
        """What happens to it at an instant, as the dossier system tells it."""
        self.life.at = instant(at).astimezone(VIETNAM)
        event_type, what = VERBS[verb].act(self.life)
        self.life.sequence += 1
        return judge(
            {
                "specversion": "1.0",
                "id": str(uuid5(NAMESPACE_URL, f"{SOURCE}/training/{self.code}/{self.life.sequence}")),
                "source": SOURCE,
                "type": f"vn.lienthong.{event_type}",
                "subject": self.code,
                "time": self.life.at.isoformat(),
                "sequence": self.life.sequence,
                "data": {"dossier": self.life.dossier, **what},
            }
        )


class Morning:
    """The bus lives through it: told events, then a trouble, then rest, then the clock goes on."""

    def __init__(self, house: House, training: Training) -> None:
        self._house = house
        self._training = training
        self._opens = training.opens_at
        today = instant(self._opens).astimezone(VIETNAM).replace(hour=7)
        before = VIETNAMESE.back(today, timedelta(hours=6))
        offers = (REGISTER_COPY, LAND_RENEWAL, BUILDING_PERMIT, LAND_RENEWAL, BUILDING_PERMIT)
        self.old = [Filed(offer, 100 + place, before) for place, offer in enumerate(offers)]
        self.fee = Filed(REGISTER_COPY, 201, before)
        self.ward = Filed(LAND_RENEWAL, 202, before, by_post=True)
        self.ward.moves_to(NEW_WARD, today.date())
        self.poison = Filed(BUILDING_PERMIT, 203, before, by_post=True)
        self.poison.has_no_address()
        self.new = [Filed(MARITAL_STATUS, 300 + place, today) for place in range(7)]

    async def live(self) -> None:
        """From half past six to ten o'clock."""
        training = self._training
        training.paid = self.fee.code
        known = (*self.old, self.fee, self.ward, self.poison)
        received = [one.told("receive", one.life.at.timestamp()) for one in known]
        await self._accept(received)
        await self._accept([one.told("assign", self._at(6, 50)) for one in known])
        await self._until(7, 30)
        await training.break_down(PORTAL)
        await self._accept([one.told("receive", self._at(7, 34)) for one in self.new[:4]])
        await self._until(7, 50)
        await self._accept([self.fee.told("ask_fee", self._at(7, 50))])
        await self._pay(self.fee.code)
        await self._until(8, 10)
        await training.expire(ISO)
        await self._accept([one.told("receive", self._at(8, 10)) for one in self.new[4:]])
        await self._until(8, 40)
        await self._accept([self.ward.told("issue", self._at(8, 40))])
        await self._until(9, 20)
        await self._accept([self.poison.told("issue", self._at(9, 20))])
        await self._until(BEGINS.hour, 0)
        training.ready = True

    def _at(self, hour: int, minute: int) -> float:
        return self._opens + 3600.0 * (hour - BEGINS.hour) + 60.0 * minute

    async def _accept(self, events: list[Envelope]) -> None:
        told = await self._house.intake.accept(events, client=CLIENT)
        if wrong := [one for one in told if one["status"] != "accepted"]:
            raise RuntimeError(f"the training's own events were not accepted: {wrong}")

    async def _until(self, hour: int, minute: int) -> None:
        """Let the bus come to rest and look for incidents, then set the clock forward."""
        await self._rest()
        await self._house.lookout.turn()
        self._training.clock.forward(self._at(hour, minute))

    async def _rest(self) -> None:
        before: Any = None
        async with asyncio.timeout(PATIENCE_S):
            while True:
                totals = await self._house.ledger.totals()
                moving = any(n for (_partner, state, _cause), n in totals.counts.items() if state is State.SENDING)
                if totals == before and not moving:
                    return
                before = totals
                await asyncio.sleep(REST_S)

    async def _pay(self, dossier: str) -> None:
        """The citizen pays, and the platform's notice is lost on its way."""
        platform = self._training.partners[PAYMENT].app.state.simulator
        await self._rest()
        (order,) = [order for order in platform.orders.values() if order["MaHoSo"] == dossier]
        platform.weather.left["lose_callback"] = 1
        await platform.end(order["MaThamChieu"])
