"""The portal's room against its simulator, over real HTTP, with a ledger behind the vault."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.national_portal.adapter import PortalAdapter
from adapters.national_portal.client import PortalSettings
from adapters.national_portal.simulator import PortalSimulator, application
from bus.adapter import Call, Job, Row, Wiring
from bus.clock import SteadyClock
from bus.ledger.sql_ledger import open_ledger
from bus.outcome import Outcome
from bus.seal import Keyring
from contracts.envelope import Envelope
from ops import simulate
from ops.sample import generate
from tests.builders import a_job
from tests.ledgers import new_ledger

STATE, PROGRESS = "DongBoHoSoMC", "CapNhatTienDoHoSoMC"


@dataclass
class Portal:
    """The adapter, the simulator behind it, and events to send."""

    adapter: PortalAdapter
    simulator: PortalSimulator
    extra_calls: list[int]

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
    served = simulate.Served(application(tmp_path / "book.jsonl"), simulate.bind("127.0.0.1", 0))
    await served.started()
    ledger = open_ledger(new_ledger(tmp_path), keys)
    settings = PortalSettings.model_validate(
        {"base_url": served.url, "unit": "000.00.00.H59", "credentials": {"username": "sim", "password": "sim"}}
    )
    adapter = PortalAdapter(Wiring(settings, ledger.vault("national_portal"), SteadyClock(), random.Random(1)))
    yield Portal(adapter, served.app.state.simulator, [])
    await adapter.close()
    await ledger.close()
    await served.stop()
