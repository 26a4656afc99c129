"""What becomes of the province's documents, as the system that issued them hears it through the whole bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.dossier_system.simulator import SECRET, DossierSimulator
from adapters.legal_documents.simulator import LegalSimulator
from bus.seal import Keyring
from ops.house import House
from ops.settings import Settings
from ops.simulate import Served, bind
from tests.partners.legal_documents.conftest import a_document


@dataclass
class Province:
    """A bus between the system that issues documents and the national database."""

    house: House
    library: LegalSimulator
    home: DossierSimulator

    async def told(self, kind: str) -> dict[str, Any]:
        """The first notice of a kind."""
        for _ in range(400):
            for notice in self.home.book.of("notice"):
                if notice["type"] == f"vn.lienthong.{kind}.v1":
                    return notice
            await asyncio.sleep(0.02)
        raise TimeoutError(kind)


@pytest.fixture
async def province(tmp_path: Path) -> AsyncIterator[Province]:
    library, home = LegalSimulator(tmp_path / "library.jsonl"), DossierSimulator(tmp_path / "home.jsonl")
    served = [Served(simulator.app(), bind("127.0.0.1", 0)) for simulator in (library, home)]
    keys = tmp_path / "keys.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    fast = {"timeout_s": 2.0, "retry": {"base_s": 0.05, "cap_s": 0.2, "floor_s": 0.01}}
    sim = {"username": "sim", "password": "sim"}
    values = {
        "ledger": {"url": f"sqlite:///{tmp_path}/ledger.db"},
        "keys": {"file": str(keys)},
        "partners": {
            "legal_documents": {"base_url": served[0].url, "credentials": sim, **fast},
            "dossier_system": {
                "base_url": served[1].url,
                "path": "/events",
                "credentials": {"webhook_secret": SECRET},
                **fast,
            },
        },
    }
    house = House(Settings.model_validate(values))
    for one in served:
        await one.started()
    await house.start()
    yield Province(house, library, home)
    await house.stop()
    for one in served:
        await one.stop()


async def test_a_refused_document_is_told_to_whoever_issued_it(province: Province) -> None:
    province.library.weather.row = "15/2026/NQ-HĐND"
    province.library.weather.left["refuse_row"] = 1
    event = a_document()
    await province.house.intake.accept([event], client="test")
    notice = await province.told("exchange.refused")
    assert notice["subject"] == event.subject
    assert (notice["data"]["operation"], notice["data"]["code"]) == ("guiVanBan", "VBPL-002")
    assert notice["data"]["words"]


async def test_a_posted_document_is_told_with_its_receipt(province: Province) -> None:
    event = a_document()
    await province.house.intake.accept([event], client="test")
    notice = await province.told("legal.document_posted")
    assert notice["data"]["item_id"] in province.library.items
