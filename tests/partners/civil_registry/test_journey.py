"""A birth from the officer's desk to the personal id that came later, through the whole bus (domain notes 7b)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from adapters.civil_registry import simulator
from adapters.civil_registry.simulator import RegistrySimulator
from adapters.dossier_system.simulator import SECRET, DossierSimulator
from adapters.simulator import Simulator
from adapters.transport.http import REPLY_LIMIT_BYTES
from bus.maintenance import VIETNAM
from bus.seal import Keyring
from contracts.canonical.registration import MAX_FILE_BYTES
from ops.house import House
from ops.reconcile import reconcile, repair
from ops.settings import Settings
from ops.simulate import Served, bind
from tests.ledgers import all_settled, new_ledger
from tests.partners.civil_registry.conftest import asked_for

FAST = {"retry": {"base_s": 0.05, "cap_s": 0.2, "floor_s": 0.01}, "timeout_s": 2.0}


def settings(folder: Path, registry: str, home: str) -> Settings:
    keys = folder / "keys.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    return Settings.model_validate(
        {
            "ledger": {"url": new_ledger(folder)},
            "keys": {"file": str(keys)},
            "partners": {
                "civil_registry": {
                    "base_url": registry,
                    "asks_every_s": 0.1,
                    "credentials": {"consumer_key": "sim", "consumer_secret": "sim"},
                    **FAST,
                },
                "dossier_system": {
                    "base_url": home,
                    "path": "/events",
                    "credentials": {"webhook_secret": SECRET},
                    **FAST,
                },
            },
        }
    )


async def told(home: DossierSimulator, wanted: int) -> list[dict[str, Any]]:
    """What the dossier system was told, once there are so many notices."""
    for _ in range(400):
        if len(home.book.of("notice")) >= wanted:
            return home.book.of("notice")
        await asyncio.sleep(0.025)
    raise TimeoutError(f"{len(home.book.of('notice'))} notices of {wanted}")


@asynccontextmanager
async def province(folder: Path, *simulators: Simulator) -> AsyncIterator[House]:
    """The whole bus between the registry and the dossier system."""
    served = [Served(one.app(), bind("127.0.0.1", 0)) for one in simulators]
    for one in served:
        await one.started()
    house = House(settings(folder, served[0].url, served[1].url))
    await house.start()
    try:
        yield house
    finally:
        await house.stop()
        for one in served:
            await one.stop()


@pytest.mark.slow
async def test_certificates_too_large_for_one_answer_come_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four as large as may be are more than is read of an answer; questions about fewer bring them."""
    filling = bytes(MAX_FILE_BYTES - 100)
    assert 3 * len(filling) * 4 // 3 > REPLY_LIMIT_BYTES
    monkeypatch.setattr(simulator, "a_certificate", lambda number: b"%PDF-1.4\n%" + number.encode() + filling)
    registry, home = RegistrySimulator(), DossierSimulator()
    events = [asked_for(number) for number in range(1, 5)]
    async with province(tmp_path, registry, home) as house:
        await house.intake.accept(events, client="test")
        await told(home, 4)
        for event in events:
            registry.decide(event.subject, "4", soDinhDanh=registry.new_id())
        notices = await told(home, 8)
    registered = {notice["subject"] for notice in notices if notice["data"].get("state") == "registered"}
    assert registered == {event.subject for event in events}
    assert max(len(asked["codes"]) for asked in registry.book.of("question")) > 2


async def test_a_birth_is_registered_and_the_id_that_comes_later_completes_it(tmp_path: Path) -> None:
    registry, home = RegistrySimulator(busy_clerk=True), DossierSimulator()
    registry.weather.left["lost_500"] = 1
    async with province(tmp_path, registry, home) as house:
        (receipt,) = await house.intake.accept([asked_for()], client="test")
        assert receipt["owed"] == ["civil_registry.nhanDKHT"]
        notices = await told(home, 4)
    data = [notice["data"] for notice in notices]
    assert [each.get("state", "accepted") for each in data] == ["accepted", "processing", "registered", "registered"]
    assert [each["certificate"]["citizen_id"] is None for each in data[2:]] == [True, False]
    assert len(registry.book.of("taken")) == 1


async def test_a_registration_lost_there_behind_our_back_is_a_persons(tmp_path: Path) -> None:
    registry, home = RegistrySimulator(), DossierSimulator()
    events = [asked_for(1), asked_for(2)]
    first = datetime.now(VIETNAM).date()
    async with province(tmp_path, registry, home) as house:
        await house.intake.accept(events, client="test")
        await told(home, 2)
        at = (house, "civil_registry", first, datetime.now(VIETNAM).date())
        assert (await reconcile(*at))["agrees"]
        del registry.dossiers[events[1].subject]
        planned = await repair(*at, "hoa", "đối soát cuối ngày", dry_run=True)
    assert [(row["key"], row["says"], row["does"]) for row in planned["rows"]] == [
        (f"{events[1].subject}/LTKS/86", "only_ours", "person")
    ]


class SlowToSay(RegistrySimulator):
    """Answers no question while its gate is shut."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def _tell(self, request: Request) -> Response:
        await self.gate.wait()
        return await super()._tell(request)


@pytest.mark.parametrize("between", [[], ["2"]], ids=["at once", "after another supplement"])
async def test_a_refusal_is_told_once_where_the_watch_for_a_supplement_missed_that_it_came(
    tmp_path: Path, between: list[str]
) -> None:
    """The watch that came with the supplement tells it, or the one that waited for the last."""
    registry, home = SlowToSay(), DossierSimulator()
    first = asked_for()
    again = first.model_copy(update={"id": f"{first.id}-2", "sequence": 2})
    async with province(tmp_path, registry, home) as house:
        await house.intake.accept([first], client="test")
        await told(home, 1)
        registry.decide(first.subject, "2")
        await told(home, 2)
        registry.gate.clear()
        await house.intake.accept([again], client="test")
        await told(home, 3)
        for place, state in enumerate([*between, "6"], start=4):
            registry.decide(first.subject, state)
            registry.gate.set()
            await told(home, place)
        await all_settled(house.ledger)
        notices = [notice["data"].get("state", "accepted") for notice in home.book.of("notice")]
    assert notices == ["accepted", "supplement", "accepted", *("supplement" for _ in between), "refused"]
