"""How a process of the bus stops among others: it says that it lives until its last call has ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bus.worker import PartnerWorker
from ops.house import House
from tests.ops.conftest import settings_of


async def test_a_house_lives_until_what_was_under_way_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    run = PartnerWorker.run

    async def lingers(worker: PartnerWorker) -> None:
        await run(worker)
        await asyncio.sleep(0.2)  # a call that takes its time
        told.append("drained")

    monkeypatch.setattr(PartnerWorker, "run", lingers)
    nobody = dict.fromkeys(("dossier_system", "national_portal", "electronic_iso"), "http://127.0.0.1:9")
    house = House(settings_of(tmp_path, nobody, {}))
    leave = house.ledger.leave

    async def leaves(worker: str) -> None:
        told.append("left")
        await leave(worker)

    monkeypatch.setattr(house.ledger, "leave", leaves)
    await house.start()
    await house.stop()
    assert told == ["drained"] * len(house.workers) + ["left"]
    assert house.workers
