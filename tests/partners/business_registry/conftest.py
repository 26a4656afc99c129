"""The register's room against its simulator, over real HTTP, with a ledger behind the vault."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.business_registry.adapter import RegisterAdapter
from adapters.business_registry.client import RegisterSettings
from adapters.business_registry.simulator import DEMO, RegisterSimulator
from bus.adapter import Call, Found, Wiring
from bus.ledger.sql_ledger import open_ledger
from bus.outcome import Outcome
from bus.seal import Keyring
from contracts.canonical.enterprise import Enterprise
from ops.simulate import Served, bind
from tests.conftest import HandClock
from tests.ledgers import new_ledger

TODAY = datetime(2026, 7, 6, 3, 0, tzinfo=UTC)


@dataclass
class Register:
    """Our adapter and the registry's side."""

    adapter: RegisterAdapter
    simulator: RegisterSimulator

    async def ask(self, code: str) -> Found | Outcome:
        return await self.adapter.look_up(code, Call("c", 5.0))

    async def one(self, code: str) -> Enterprise:
        """The one record of a code."""
        found = await self.ask(code)
        assert isinstance(found, Found), found
        (record,) = found.matches
        assert isinstance(record, Enterprise)
        return record


@pytest.fixture(params=["rest", "soap"])
def face(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def register(tmp_path: Path, keys: Keyring, face: str) -> AsyncIterator[Register]:
    simulator = RegisterSimulator(tmp_path / "book.jsonl")
    served = Served(simulator.app(), bind("127.0.0.1", 0))
    await served.started()
    ledger = open_ledger(new_ledger(tmp_path), keys)
    settings = RegisterSettings.model_validate({**DEMO, "base_url": served.url, "face": face})
    clock = HandClock(TODAY.timestamp())
    adapter = RegisterAdapter(Wiring(settings, ledger.vault("business_registry"), clock, random.Random(1)))
    yield Register(adapter, simulator)
    await adapter.close()
    await ledger.close()
    await served.stop()
