"""A child's card through the whole bus: registered without an id, held, freed by the id, watched, issued (domain notes 7b)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.dossier_system.simulator import SECRET, DossierSimulator
from adapters.social_insurance.simulator import InsuranceSimulator
from bus.ledger.words import Filter, State
from bus.seal import Keyring
from ops.house import House
from ops.settings import Settings
from ops.simulate import Served, bind
from tests.ledgers import new_ledger
from tests.partners.social_insurance.conftest import LINKED, registered

FAST = {"retry": {"base_s": 0.05, "cap_s": 0.2, "floor_s": 0.01}, "timeout_s": 2.0}


def settings(folder: Path, insurance: str, home: str) -> Settings:
    keys = folder / "keys.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    credentials = {"consumer_key": "sim", "consumer_secret": "sim"}
    return Settings.model_validate(
        {
            "ledger": {"url": new_ledger(folder)},
            "keys": {"file": str(keys)},
            "partners": {
                "social_insurance": {"base_url": insurance, "asks_every_s": 0.1, "credentials": credentials, **FAST},
                "dossier_system": {
                    "base_url": home,
                    "path": "/events",
                    "credentials": {"webhook_secret": SECRET},
                    **FAST,
                },
            },
        }
    )


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(400):
        if await true():
            return
        await asyncio.sleep(0.025)
    raise TimeoutError


@asynccontextmanager
async def at_work(folder: Path) -> AsyncIterator[tuple[House, InsuranceSimulator, DossierSimulator]]:
    """The bus between the insurance and the dossier system, for as long as its ledger holds."""
    insurance, home = InsuranceSimulator(busy_clerk=True), DossierSimulator()
    served = [Served(simulator.app(), bind("127.0.0.1", 0)) for simulator in (insurance, home)]
    for one in served:
        await one.started()
    house = House(settings(folder, served[0].url, served[1].url))
    await house.start()
    try:
        yield house, insurance, home
        assert (await house.ledger.verify()).holds
    finally:
        await house.stop()
        for one in served:
            await one.stop()


def told(home: DossierSimulator) -> list[str]:
    """How registration and card moved, as the dossier system was told."""
    return [notice["data"].get("state") for notice in home.book.of("notice")]


OPEN = (State.PENDING, State.SENDING, State.WAITING, State.IN_DOUBT, State.DEAD)


async def test_the_id_that_comes_later_frees_the_card_that_waited_for_it(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (house, insurance, home):
        insurance.weather.left["lost_500"] = 1
        owed = Filter(partner="social_insurance", states=OPEN)

        async def held() -> bool:
            views, _ = await house.ledger.deliveries(owed)
            return [view.hold_key for view in views] == ["personal-id:000.07.31.H59-260703-0003"]

        async def issued() -> bool:
            return told(home).count("issued") == 1

        await house.intake.accept([registered(citizen_id="", key="c1")], client="test")
        await until(held)
        assert insurance.book.of("card") == []
        await house.intake.accept([registered(key="c2")], client="test")
        await until(issued)
        assert (await house.ledger.deliveries(owed))[0] == []
    assert len(insurance.book.of("card")) == 1
    assert told(home) == ["registered", "registered", "received", "issued"]


@pytest.mark.parametrize("when", ["received", "issued"])
async def test_a_certificates_file_that_comes_later_tells_nothing_of_the_card_again(tmp_path: Path, when: str) -> None:
    async with at_work(tmp_path) as (house, insurance, home):
        insurance.busy_clerk = when == "issued"

        async def told_of_the_card() -> bool:
            return when in told(home)

        async def told_of_the_file() -> bool:
            return told(home).count("registered") == 2

        async def settled() -> bool:
            views, _ = await house.ledger.deliveries(Filter(states=OPEN))
            return views == [] and "issued" in told(home)

        await house.intake.accept([registered(key="c1")], client="test")
        await until(told_of_the_card)
        await house.intake.accept([registered(key="c2", file="JVBERi0xLjQK")], client="test")
        await until(told_of_the_file)
        insurance.busy_clerk = True
        await until(settled)
    assert len(insurance.book.of("card")) == 1
    assert insurance.book.of("repeat") == []
    assert sorted(told(home)) == ["issued", "received", "registered", "registered"]


async def test_of_a_supplement_that_was_sent_each_state_is_told_once(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (house, insurance, home):
        insurance.busy_clerk = False
        seen: list[str] = []

        async def next_told() -> bool:
            return told(home)[: len(seen)] == seen

        async def settled() -> bool:
            views, _ = await house.ledger.deliveries(Filter(states=OPEN))
            return views == []

        await house.intake.accept([registered(key="c1")], client="test")
        seen = ["registered", "received"]
        await until(next_told)
        insurance.decide(LINKED[:-1] + "3", "2")
        seen.append("supplement")
        await until(next_told)
        await house.intake.accept([registered(key="c2", clinic="86001")], client="test")
        seen += ["registered", "received"]
        await until(next_told)
        insurance.decide(LINKED[:-1] + "3", "4")
        await until(settled)
    assert told(home) == [*seen, "issued"]
