"""A household business from reception to the register, where callers then find it (domain notes 7c)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.business_registry import ADAPTER
from adapters.business_registry.simulator import DEMO, RegisterSimulator
from bus.ledger.words import Filter, State
from bus.lookup import Ask, NoAnswer
from bus.outcome import Cause
from bus.seal import Keyring
from contracts.canonical.enterprise import HouseholdQuestion
from contracts.envelope import Envelope
from ops.house import House
from ops.sample import generate
from ops.settings import Settings
from ops.simulate import Served, bind
from tests.ledgers import all_settled, new_ledger


@dataclass
class Province:
    """The bus with the register alone, and the registry's side."""

    house: House
    register: RegisterSimulator

    async def look_up(self, owner: str) -> list[Any]:
        question = Ask(question=HouseholdQuestion(owner_id=owner), who="test", purpose="prefill")
        found = await self.house.lookups["business_registry"].ask(ADAPTER.lookup("household"), question)
        return [match.model_dump() for match in found.found.matches]

    async def settled(self) -> dict[State, int]:
        """What the registry was to be told, by state, once nothing of it can go on by itself."""
        for _ in range(400):
            every, _ = await self.house.ledger.deliveries(Filter(partner="business_registry"), limit=1000)
            views = [view for view in every if view.operation == "dongBoHoSoHKD"]
            counts = {state: sum(view.state is state for view in views) for state in {view.state for view in views}}
            if views and not counts.keys() & {State.PENDING, State.SENDING, State.WAITING, State.IN_DOUBT}:
                return counts
            await asyncio.sleep(0.025)
        raise TimeoutError(f"not settled: {counts}")


@pytest.fixture
async def province(tmp_path: Path) -> AsyncIterator[Province]:
    register = RegisterSimulator(tmp_path / "book.jsonl")
    served = Served(register.app(), bind("127.0.0.1", 0))
    await served.started()
    keys = tmp_path / "keys.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    retry = {"base_s": 0.05, "cap_s": 0.2, "floor_s": 0.01}
    own = {**DEMO, "asks_every_s": 0.2, "base_url": served.url, "retry": retry, "timeout_s": 2.0}
    settings = {
        "ledger": {"url": new_ledger(tmp_path)},
        "keys": {"file": str(keys)},
        "partners": {"business_registry": own},
    }
    house = House(Settings.model_validate(settings))
    await house.start()
    yield Province(house, register)
    await house.stop()
    await served.stop()


def one_household() -> list[Envelope]:
    """All events of one sample dossier that registers a household business."""
    events = [event for event in generate(300, 30, 5, date(2026, 7, 1)) if event.data["dossier"].get("business")]
    return [event for event in events if event.subject == events[0].subject]


async def test_a_household_that_was_registered_is_found_by_its_owner(province: Province) -> None:
    events = one_household()
    owner = events[0].data["dossier"]["business"]["owner_id"]
    assert await province.look_up(owner) == []
    province.register.weather.left["lost_500"] = 1
    for event in events:
        (receipt,) = await province.house.intake.accept([event], client="test")
        if receipt["owed"] != "owed to nobody":
            await province.settled()
    told = [entry["data"]["trangThai"] for entry in province.register.book.of("household")]
    assert told == ["2", "4", "5", "4", "9", "10"]
    (found,) = await province.look_up(owner)
    assert (found["unit"], found["owner_id"], found["code"]) == ("household", owner, "")
    assert (await province.house.ledger.verify()).holds


async def test_a_quota_that_is_used_up_stops_look_ups_and_deliveries_until_the_registry_says(
    province: Province,
) -> None:
    province.register.quota = 0
    province.register.weather.retry_after = "1"
    with pytest.raises(NoAnswer) as none:
        await province.look_up("084080000123")
    assert (none.value.outcome.cause, none.value.retry_after_s) == (Cause.BUSY, 1.0)
    await province.house.intake.accept(one_household()[:2], client="test")
    await asyncio.sleep(0.3)
    assert province.register.book.of("household") == []
    province.register.quota = None
    assert (await province.settled())[State.DELIVERED] == 1
    assert [match["unit"] for match in await province.look_up("084080000123")] == ["household"]


async def test_a_dossier_received_anew_before_its_first_watch_ended_is_decided_once(province: Province) -> None:
    """Two watches see the decision; the later one tells it."""
    events = one_household()
    received = next(event for event in events if event.type.endswith("dossier.received.v1"))
    first = received.model_copy(update={"sequence": 1})
    anew = received.model_copy(update={"id": f"{received.id}-anew", "sequence": 2})
    await province.house.intake.accept([first, anew], client="test")
    await province.settled()
    province.register.decide(received.subject, "4")
    await all_settled(province.house.ledger)
    told = await province.house.ledger.about(received.subject, "vn.lienthong.household.registration_changed.v1")
    states = [event.data["state"] for event in told]
    assert states in (["registered"], ["waiting", "registered"])
