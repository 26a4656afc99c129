"""A loop that deliveries wait for and that fails each time it begins is seen, until it runs well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bus import upkeep
from ops import simulate
from ops.gateway import application
from ops.house import House
from ops.incidents import kinds
from ops.incidents_duty import LOOKOUT
from ops.incidents_signs import Signs
from ops.poller import Poller
from tests.conftest import HandClock
from tests.ops.conftest import settings_of

PARTNERS = ("dossier_system", "national_portal", "electronic_iso")
LOOPS = {
    *(f"worker {name}" for name in PARTNERS),
    *(f"poller {name}" for name in ("national_portal", "electronic_iso")),
    *("sweep", "seal", "tasks"),
}
OPEN_S, CLOSE_S = kinds()["failing"].patience


async def fails(*_args: Any, **_named: Any) -> Any:
    raise ValueError("Nguyễn Văn An")


@pytest.fixture
async def house(tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A bus whose workers, polls, sweep, seal and tasks all meet a fault of the program."""
    monkeypatch.setattr(upkeep, "PAUSE_S", 0.05)
    house = House(settings_of(tmp_path, dict.fromkeys(PARTNERS, "http://127.0.0.1:9"), {}), clock=clock)
    for name in ("claim", "sweep", "seal_journal"):
        monkeypatch.setattr(house.ledger, name, fails)
    monkeypatch.setattr(Poller, "_barred", fails)
    monkeypatch.setattr(type(house.ledger.tasks()), "at_work", fails)
    await house.start()
    yield house
    await house.stop()


@pytest.fixture
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    gateway = simulate.Served(application(house, anonymous=True), simulate.bind("127.0.0.1", 0))
    await gateway.started()
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False) as client:
        yield client
    await gateway.stop()


async def failing(house: House) -> set[tuple[str, str]]:
    """(part, partner) of the open incidents, after one more look."""
    await house.lookout.turn()
    return {(one.about, one.partner) for one in await house.ledger.incidents().open() if one.kind == "failing"}


async def test_loops_that_keep_failing_are_incidents_until_they_run_well(
    house: House, http: httpx.AsyncClient, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(200):
        if house.upkeep.failing().keys() == LOOPS:
            break
        await asyncio.sleep(0.05)
    assert house.upkeep.failing().keys() == LOOPS
    ready = await http.get("/readyz")
    assert (ready.status_code, ready.json()["failing"]) == (200, True), "intake goes on"
    assert await failing(house) == set(), "it may pass by itself"
    clock.advance(OPEN_S)
    assert await failing(house) == {(part, partner) for part, _, partner in (loop.partition(" ") for loop in LOOPS)}
    home, english = (await http.get("/console/?lang=vi")).text, (await http.get("/console/?lang=en")).text
    for words in ("gửi cho Cổng Dịch vụ công quốc gia", "hỏi Cổng Dịch vụ công quốc gia", "dọn sổ cái"):
        assert f"Trục lỗi liên tục khi {words}" in home
    for words in ("the sweep of the ledger", "sealing the record", "the bulk actions"):
        assert f"The bus keeps failing at {words}" in english
    assert "Nguyễn" not in home, "what an exception says may name somebody"
    assert 'lienthong_incidents_open{kind="failing",partner="national_portal"} 2.0' in (await http.get("/metrics")).text

    monkeypatch.undo()
    monkeypatch.setattr(upkeep, "CALM_S", 0.0)
    assert (await http.get("/readyz")).json()["failing"] is False
    clock.advance(60)
    assert await failing(house), "it has only just ended"
    clock.advance(CLOSE_S)
    assert await failing(house) == set()


@pytest.fixture
def broken_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Signs, "found", fails)


async def test_a_lookout_that_fails_is_seen_while_it_can_open_nothing_and_is_an_incident_after(
    broken_signs: None, house: House, http: httpx.AsyncClient, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(200):
        if LOOKOUT in house.upkeep.failing():
            break
        await asyncio.sleep(0.05)
    assert (await http.get("/readyz")).json()["failing"] is True
    assert f'lienthong_failing_seconds{{part="{LOOKOUT}"}} ' in (await http.get("/metrics")).text
    assert await house.ledger.incidents().open() == []

    monkeypatch.undo()
    for _ in range(3):  # a look of the house's own that the clock is set forward under begins to count anew
        if (LOOKOUT, "") in await failing(house):
            break
        clock.advance(OPEN_S)
    assert (LOOKOUT, "") in await failing(house), "it is on record, though nobody could see it at the time"
    assert "Trục lỗi liên tục khi tìm sự cố" in (await http.get("/console/?lang=vi")).text


async def test_failures_that_follow_each_other_are_one_trouble_and_one_after_a_calm_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upkeep, "PAUSE_S", 0.05)
    kept = upkeep.Upkeep()
    running = asyncio.create_task(kept.keep("sweep", fails))
    await asyncio.sleep(0.3)
    assert kept.failing()["sweep"] >= 0.2
    monkeypatch.setattr(upkeep, "CALM_S", 0.02)
    await asyncio.sleep(0.1)
    monkeypatch.setattr(upkeep, "CALM_S", 60.0)
    assert kept.failing()["sweep"] < 0.1
    running.cancel()
