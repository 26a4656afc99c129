"""The room of legal documents against its simulator over real HTTP, with a ledger on whose shelf the catalogue's procedures lie."""

from __future__ import annotations

import json
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.legal_documents.adapter import POST, LegalAdapter, LegalSettings
from adapters.legal_documents.simulator import LegalSimulator
from bus.adapter import Call, Job, Kept, Poll, Row, Wiring
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.outcome import Outcome
from bus.seal import Keyring
from contracts.canonical.procedure import PublishedProcedure
from contracts.envelope import Envelope, judge
from ops.events_doc.published import issued
from ops.simulate import Served, bind
from tests.builders import a_job
from tests.conftest import HandClock
from tests.ledgers import new_ledger
from tests.partners.polling import commit


def a_document(**fields: Any) -> Envelope:
    """A document the province issued; fields of it may be changed."""
    event = json.loads(issued().to_json())
    event["data"]["document"] |= fields
    return judge(event)


def a_procedure(code: str, *bases: str, **fields: Any) -> PublishedProcedure:
    """A public procedure that quotes documents, each `number` or `number: title`."""
    quoted = [dict(zip(("number", "title"), base.split(": "), strict=False)) for base in bases]
    told = {"code": code, "code_as_given": code, "name": f"Thủ tục {code}", "state": "public", "bases": quoted}
    return PublishedProcedure.model_validate(told | fields)


@dataclass
class Library:
    """Our adapter, the database's side, and the ledger the pollers write to."""

    adapter: LegalAdapter
    simulator: LegalSimulator
    ledger: SqlLedger
    clock: HandClock
    cursor: str = ""

    async def turn(self) -> Poll | Outcome | None:
        """One poll, committed as the poller commits it."""
        polled = await self.adapter.poll(self.cursor, Call("c", 5.0))
        if isinstance(polled, Poll):
            await commit(self.ledger, "legal_documents", polled)
            self.cursor = polled.cursor
        return polled

    async def read(self) -> list[Envelope]:
        """Turns to the end of the feed and one more, for what follows from it; the events they brought."""
        events: list[Envelope] = []
        more = True
        while more:
            polled = await self.turn()
            assert isinstance(polled, Poll), polled
            events += polled.events
            more = polled.more
        last = await self.turn()
        assert isinstance(last, Poll), last
        return [*events, *last.events]

    async def publish(self, *procedures: PublishedProcedure) -> None:
        """The catalogue's poller brings procedures."""
        keeps = tuple(Kept("procedure", f"{p.code}|v", p.model_dump_json(exclude_defaults=True)) for p in procedures)
        await commit(self.ledger, "procedure_catalogue", Poll((), "c", keeps=keeps))

    def job(self, event: Envelope, **changes: Any) -> Job:
        return a_job(partner="legal_documents", operation=POST, envelope=event, dossier=event.subject, **changes)

    async def send(self, event: Envelope, **changes: Any) -> Outcome:
        row = self.adapter.prepare(self.job(event, **changes))
        assert isinstance(row, Row), row
        (outcome,) = await self.adapter.deliver([row], Call("c", 5.0))
        return outcome

    async def ask(self, event: Envelope, **changes: Any) -> Outcome:
        row = self.adapter.prepare(self.job(event, step="ask", in_doubt=True, **changes))
        assert isinstance(row, Row), row
        (outcome,) = await self.adapter.ask([row], Call("c", 5.0))
        return outcome


@pytest.fixture
async def library(tmp_path: Path, keys: Keyring) -> AsyncIterator[Library]:
    clock = HandClock(time.time())
    simulator = LegalSimulator(tmp_path / "book.jsonl")
    served = Served(simulator.app(), bind("127.0.0.1", 0))
    await served.started()
    ledger = open_ledger(new_ledger(tmp_path), keys, clock=clock)
    settings = {"base_url": served.url, "credentials": {"username": "sim", "password": "sim"}}
    own = LegalSettings.model_validate(settings)
    wiring = Wiring(own, ledger.vault("legal_documents"), clock, random.Random(1), shelf=ledger)
    found = Library(LegalAdapter(wiring), simulator, ledger, clock)
    yield found
    await found.adapter.close()
    await ledger.close()
    await served.stop()
