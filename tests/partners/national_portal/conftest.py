"""The portal's room against its simulator, over real HTTP, with a ledger behind the vault."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.dossier_system.simulator import DEMO as HOME
from adapters.dossier_system.simulator import DossierSimulator
from adapters.national_portal.adapter import PortalAdapter
from adapters.national_portal.client import PortalSettings
from adapters.national_portal.simulator import DEMO, PortalSimulator, application
from bus.adapter import Call, Job, Row, Wiring
from bus.clock import SteadyClock
from bus.ledger.sql_ledger import open_ledger
from bus.outcome import Outcome
from bus.seal import Keyring
from contracts.envelope import Envelope
from ops import gateway, simulate
from ops.house import House
from ops.sample import generate
from ops.settings import Settings
from ops.up import receivers
from tests.builders import a_job
from tests.ledgers import new_ledger

STATE, PROGRESS = "DongBoHoSoMC", "CapNhatTienDoHoSoMC"


@dataclass
class Portal:
    """The adapter, the simulator behind it, and events to send."""

    adapter: PortalAdapter
    simulator: PortalSimulator
    extra_calls: list[int]
    url: str

    async def send(self, *jobs: Job, deadline_s: float = 2.0) -> list[Outcome]:
        """Prepare and deliver as one call."""
        rows = [self.adapter.prepare(job) for job in jobs]
        ready = [row for row in rows if isinstance(row, Row)]
        assert len(ready) == len(rows), rows
        call = Call("c", deadline_s, on_extra_call=lambda: self.extra_calls.append(1))
        return list(await self.adapter.deliver(ready, call))

    async def ask(self, job: Job) -> Outcome:
        row = self.adapter.prepare(job)
        assert isinstance(row, Row)
        return (await self.adapter.ask([row], Call("c", 2.0)))[0]


def received(number: int = 0) -> Envelope:
    """A dossier the desk has received; each number is another dossier."""
    found = [e for e in generate(400, 60, 5, date(2026, 1, 5)) if e.type.endswith("dossier.received.v1")]
    return found[number]


def a_state(number: int = 0, *, has_full: bool = False, **changes: Any) -> Job:
    envelope = received(number)
    return a_job(
        envelope=envelope, dossier=envelope.subject, operation=STATE, has_full=has_full, key=f"k{number}", **changes
    )


def a_progress(number: int = 0, **changes: Any) -> Job:
    envelope = received(number)
    return a_job(envelope=envelope, dossier=envelope.subject, operation=PROGRESS, key=f"p{number}", **changes)


def body_of(job: Job, portal: Portal) -> dict[str, Any]:
    row = portal.adapter.prepare(job)
    assert isinstance(row, Row)
    told: dict[str, Any] = json.loads(row.body)
    return told


@pytest.fixture
async def portal(tmp_path: Path, keys: Keyring) -> AsyncIterator[Portal]:
    async with opened(tmp_path, keys) as found:
        yield found


@asynccontextmanager
async def opened(folder: Path, keys: Keyring, **own: Any) -> AsyncIterator[Portal]:
    """The adapter, with settings of its own, and the simulator; the ledger is the vault's."""
    served = simulate.Served(application(folder / "book.jsonl"), simulate.bind("127.0.0.1", 0))
    await served.started()
    ledger = open_ledger(new_ledger(folder), keys)
    common = {"unit": "000.00.00.H59", "credentials": {"username": "sim", "password": "sim"}}
    settings = PortalSettings.model_validate(common | {"base_url": served.url} | own)
    adapter = PortalAdapter(Wiring(settings, ledger.vault("national_portal"), SteadyClock(), random.Random(1)))
    yield Portal(adapter, served.app.state.simulator, [], served.url)
    await adapter.close()
    await ledger.close()
    await served.stop()


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
    served = [simulate.Served(simulator.app(), simulate.bind("127.0.0.1", 0)) for simulator in (portal, home)]
    keys = tmp_path / "keys.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    settings = {
        "ledger": {"url": new_ledger(tmp_path)},
        "keys": {"file": str(keys)},
        "partners": {
            "national_portal": {**DEMO, "base_url": served[0].url, "polls_every_s": 0.2},
            "dossier_system": {**HOME, "base_url": served[1].url},
        },
    }
    house = House(Settings.model_validate(settings), receivers=receivers(["national_portal"]))
    door = simulate.Served(gateway.application(house, anonymous=False), simulate.bind("127.0.0.1", 0))
    for one in (*served, door):
        await one.started()
    await house.start()
    portal.meet_bus(door.url)
    yield Province(house, portal, home)
    await house.stop()
    for one in (door, *served):
        await one.stop()
