"""A child's card through the whole bus: registered without an id, held, freed by the id, watched, issued (domain notes 7b)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from adapters.dossier_system.simulator import SECRET, DossierSimulator
from adapters.social_insurance.simulator import InsuranceSimulator
from bus.ledger.words import Filter, State
from bus.seal import Keyring
from ops.house import House
from ops.settings import Settings
from ops.simulate import Served, bind
from tests.ledgers import new_ledger
from tests.partners.social_insurance.conftest import registered

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


async def test_the_id_that_comes_later_frees_the_card_that_waited_for_it(tmp_path: Path) -> None:
    insurance, home = InsuranceSimulator(busy_clerk=True), DossierSimulator()
    insurance.weather.left["lost_500"] = 1
    served = [Served(simulator.app(), bind("127.0.0.1", 0)) for simulator in (insurance, home)]
    for one in served:
        await one.started()
    house = House(settings(tmp_path, served[0].url, served[1].url))
    await house.start()
    without_card = Filter(partner="social_insurance", states=(State.WAITING, State.IN_DOUBT, State.DEAD))

    async def held() -> bool:
        views, _ = await house.ledger.deliveries(without_card)
        return [view.hold_key for view in views] == ["personal-id:000.07.31.H59-260703-0003"]

    async def issued() -> bool:
        return [n["data"].get("state") for n in home.book.of("notice")].count("issued") == 1

    try:
        await house.intake.accept([registered(citizen_id="", key="c1")], client="test")
        await until(held)
        assert insurance.book.of("card") == []
        await house.intake.accept([registered(key="c2")], client="test")
        await until(issued)
        assert (await house.ledger.deliveries(without_card))[0] == []
        assert (await house.ledger.verify()).holds
    finally:
        await house.stop()
        for one in served:
            await one.stop()
    assert len(insurance.book.of("card")) == 1
    states = [n["data"].get("state") for n in home.book.of("notice")]
    assert states == ["registered", "registered", "received", "issued"]
