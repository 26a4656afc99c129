"""Citizens file and ask on the portal, whose simulator tells the bus by itself; the bus tells the dossier system."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.dossier_system.simulator import DEMO as HOME
from adapters.dossier_system.simulator import DossierSimulator
from adapters.national_portal.simulator import DEMO as PORTAL
from adapters.national_portal.simulator import PortalSimulator
from bus.seal import Keyring
from ops.gateway import application
from ops.house import House
from ops.settings import Settings
from ops.simulate import Served, bind
from ops.up import receivers
from tests.ledgers import new_ledger


@dataclass
class Province:
    """The bus between the portal and the dossier system."""

    house: House
    portal: PortalSimulator
    home: DossierSimulator

    async def notices(self, kind: str, count: int) -> list[dict[str, Any]]:
        """What the dossier system was told of one kind, as soon as it is so much."""
        for _ in range(400):
            found = [e["data"] for e in self.home.book.of("notice") if e["type"] == f"vn.lienthong.{kind}.v1"]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.025)
        raise TimeoutError(f"{len(found)} of {count} {kind}")


@pytest.fixture
async def province(tmp_path: Path) -> AsyncIterator[Province]:
    portal, home = PortalSimulator(), DossierSimulator()
    served = [Served(simulator.app(), bind("127.0.0.1", 0)) for simulator in (portal, home)]
    keys = tmp_path / "keys.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    settings = {
        "ledger": {"url": new_ledger(tmp_path)},
        "keys": {"file": str(keys)},
        "partners": {
            "national_portal": {**PORTAL, "base_url": served[0].url, "polls_every_s": 0.2},
            "dossier_system": {**HOME, "base_url": served[1].url},
        },
    }
    house = House(Settings.model_validate(settings), receivers=receivers(["national_portal"]))
    gateway = Served(application(house, anonymous=False), bind("127.0.0.1", 0))
    for one in (*served, gateway):
        await one.started()
    await house.start()
    portal.meet_bus(gateway.url)
    yield Province(house, portal, home)
    await house.stop()
    for one in (gateway, *served):
        await one.stop()


async def test_what_a_citizen_files_arrives_with_its_files_and_its_owners_account(province: Province) -> None:
    told = await province.portal.file(TechID="")
    (filed,) = [one["filing"] for one in await province.notices("portal.dossier_filed", 1)]
    assert (filed["portal_code"], filed["owner_name"]) == (told["MaHoSo"], told["TenChuHoSo"])
    whole, named = filed["files"]
    assert (whole["bytes"], whole["kind"], len(whole["sha256"])) == (15, "application/pdf", 64)
    assert named["path"] == f"tep/{told['MaHoSo']}/2"
    (owner,) = await province.notices("portal.owner_identified", 1)
    assert owner["portal_code"] == told["MaHoSo"]
    assert [entry["error_code"] for entry in province.portal.book.of("filed")] == [0]


async def test_a_push_repeated_is_known_again_and_told_once(province: Province) -> None:
    told = await province.portal.file(TechID="tech")
    await province.portal.file(**told)
    assert [entry["error_code"] for entry in province.portal.book.of("filed")] == [0, 1]
    assert len(await province.notices("portal.dossier_filed", 1)) == 1


async def test_a_question_asked_on_the_portal_is_fetched_at_the_provinces_pace(province: Province) -> None:
    province.portal.ask_something()
    (asked,) = await province.notices("question.asked", 1)
    assert asked["question"]["origin"] == "portal"
