"""The catalogue's room against its simulator over real HTTP, with the poller and a ledger behind it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.procedure_catalogue.adapter import CatalogueAdapter
from adapters.procedure_catalogue.client import CatalogueSettings
from adapters.procedure_catalogue.simulator import CatalogueSimulator
from bus.adapter import Call, Poll, Wiring
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.outcome import Outcome
from bus.seal import Keyring
from contracts.envelope import Envelope
from ops.simulate import Served, bind
from tests.conftest import HandClock
from tests.ledgers import new_ledger
from tests.partners.polling import commit

NIGHT = datetime.fromisoformat("2026-07-03T02:00:00+07:00").timestamp()
SETTINGS = {"unit": "000.00.00.H59", "page": 40, "credentials": {"username": "sim", "password": "sim"}}
FEW = ("1.001193", "1.004884", "1.012783", "1.0133611", "1.999998-Xoa")
"""A catalogue small enough to be pulled in every test."""


@dataclass
class Night:
    """Our adapter, the catalogue's people, and the ledger the poller writes to."""

    adapter: CatalogueAdapter
    simulator: CatalogueSimulator
    ledger: SqlLedger
    clock: HandClock
    cursor: str = ""

    async def turn(self) -> Poll | Outcome | None:
        """One poll; what it brought is committed as the poller commits it."""
        polled = await self.adapter.poll(self.cursor, Call("c", 5.0))
        if isinstance(polled, Poll):
            await commit(self.ledger, "procedure_catalogue", polled)
            self.cursor = polled.cursor
        return polled

    async def pull(self) -> list[Poll]:
        """Turns until the pull is done."""
        turns: list[Poll] = []
        while not turns or turns[-1].more:
            polled = await self.turn()
            assert isinstance(polled, Poll), polled
            turns.append(polled)
        return turns

    async def events(self) -> list[Envelope]:
        return [event for turn in await self.pull() for event in turn.events]

    def next_night(self) -> None:
        self.clock.advance(86_400)

    def restart(self, **settings: Any) -> None:
        """The adapter of a process that starts now: it remembers nothing but what was kept."""
        self.adapter = adapter_to(self.adapter._settings.base_url, self.ledger, self.clock, **settings)


def adapter_to(url: str, ledger: SqlLedger, clock: HandClock, **settings: Any) -> CatalogueAdapter:
    own = CatalogueSettings.model_validate({"base_url": url, **SETTINGS, **settings})
    wiring = Wiring(own, ledger.vault("procedure_catalogue"), clock, random.Random(1), shelf=ledger)
    return CatalogueAdapter(wiring)


@pytest.fixture
async def night(tmp_path: Path, keys: Keyring) -> AsyncIterator[Night]:
    """At two in the morning, a catalogue of a few procedures."""
    clock = HandClock(NIGHT)
    simulator = CatalogueSimulator(tmp_path / "book.jsonl")
    simulator.invented.codes = list(FEW)
    served = Served(simulator.app(), bind("127.0.0.1", 0))
    await served.started()
    ledger = open_ledger(new_ledger(tmp_path), keys, clock=clock)
    found = Night(adapter_to(served.url, ledger, clock), simulator, ledger, clock)
    yield found
    await found.adapter.close()
    await ledger.close()
    await served.stop()
