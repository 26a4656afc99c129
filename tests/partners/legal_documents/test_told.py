"""What becomes of the province's documents, as the system that issued them hears it through the whole bus."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.dossier_system.simulator import SECRET, DossierSimulator
from adapters.legal_documents.simulator import LegalSimulator
from bus.seal import Keyring
from contracts.envelope import judge
from ops.house import House
from ops.settings import Settings
from ops.simulate import Served, bind
from ops.unposted import DUES, counted, due
from tests.ledgers import new_ledger
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
        "ledger": {"url": new_ledger(tmp_path)},
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


async def test_a_document_that_is_not_posted_stands_on_the_list_until_it_is(province: Province) -> None:
    today = date(2026, 7, 14)
    province.library.weather.row = "15/2026/NQ-HĐND"
    province.library.weather.left["refuse_row"] = 1
    event = a_document(promulgated_on="2026-07-01")
    await province.house.intake.accept([event], client="test")
    await province.told("exchange.refused")
    (line,) = await province.house.shelved.listed("unposted", "", 50, today)
    assert (line["document"], line["deadline_on"], line["days_left"]) == (event.subject, "2026-07-16", 2)
    assert (line["state"], line["due"], line["answer"]) == ("dead", "near", "VBPL-002")
    assert await counted(province.house.ledger, today) == {"near": 1}
    assert await counted(province.house.ledger, date(2026, 7, 17)) == {"past": 1}
    await province.house.metrics.refresh(province.house.ledger, province.house.bell, province.house.settings.ledger.url)
    figures = province.house.metrics.registry
    told = {due: figures.get_sample_value("lienthong_documents_unposted", {"due": due}) for due in DUES}
    assert sum(value or 0 for value in told.values()) == 1

    mended = a_document(promulgated_on="2026-07-01", title="Ban hành quy chế (sửa)")
    again = judge(json.loads(mended.to_json()) | {"id": "mended", "sequence": (event.sequence or 0) + 1})
    await province.house.intake.accept([again], client="test")
    await province.told("legal.document_posted")
    assert await province.house.shelved.listed("unposted", "", 50, today) == []


@pytest.mark.parametrize(("days", "expected"), [(-1, "past"), (0, "near"), (5, "near"), (6, "later")])
def test_a_deadline_is_past_after_its_day_and_near_in_the_last_five(days: int, expected: str) -> None:
    today = date(2026, 7, 14)
    assert due(today + timedelta(days=days), today) == expected


async def test_a_posted_document_is_told_with_its_receipt(province: Province) -> None:
    event = a_document()
    await province.house.intake.accept([event], client="test")
    notice = await province.told("legal.document_posted")
    assert notice["data"]["item_id"] in province.library.items
