"""The registry's room against its simulator, over real HTTP, with a ledger behind the vault."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.civil_registry.adapter import SEND, WATCH, RegistryAdapter
from adapters.civil_registry.client import RegistrySettings
from adapters.civil_registry.simulator import RegistrySimulator
from bus.adapter import Call, Job, Row, Wiring
from bus.ledger.sql_ledger import open_ledger
from bus.outcome import Delivered, Outcome
from bus.seal import Keyring
from contracts.envelope import Envelope, judge
from ops.events_doc.registration import requested
from ops.simulate import Served, bind
from tests.builders import a_job
from tests.conftest import HandClock
from tests.ledgers import new_ledger


def asked_for(number: int = 3, **registration: Any) -> Envelope:
    """A birth to be registered; each number is another dossier. Fields of the registration may be changed."""
    event = json.loads(requested().to_json())
    code = f"000.07.31.H59-260703-{number:04}"
    event["id"] = event["subject"] = event["data"]["dossier"]["code"] = code
    event["sequence"] = 1
    event["data"]["registration"] |= registration
    return judge(event)


def a_sending(event: Envelope) -> Job:
    return a_job(
        partner="civil_registry", operation=SEND, envelope=event, dossier=event.subject, key=f"s-{event.subject}"
    )


def a_watch(event: Envelope, key: str = "w1") -> Job:
    """The watch that `registration.accepted` or a later change owes."""
    return a_job(partner="civil_registry", operation=WATCH, envelope=event, dossier=event.subject, key=key, step="ask")


@dataclass
class Registry:
    """Our adapter, the clerk's side, and the clock."""

    adapter: RegistryAdapter
    simulator: RegistrySimulator
    clock: HandClock

    async def deliver(self, *jobs: Job, deadline_s: float = 5.0) -> list[Outcome]:
        """Prepare and deliver as one call."""
        rows = [self.adapter.prepare(job) for job in jobs]
        ready = [row for row in rows if isinstance(row, Row)]
        assert len(ready) == len(rows), rows
        call = Call("c", deadline_s)
        asks = jobs[0].step == "ask"
        return list(await (self.adapter.ask if asks else self.adapter.deliver)(ready, call))

    async def send(self, event: Envelope) -> Outcome:
        return (await self.deliver(a_sending(event)))[0]

    async def taken(self, number: int = 3, **registration: Any) -> Envelope:
        """A registration the registry has; answers the event that owes its watch."""
        outcome = await self.send(asked_for(number, **registration))
        assert isinstance(outcome, Delivered), outcome
        return outcome.replies[0]


@dataclass
class Told:
    """A registry that answers as told."""

    url: str = ""
    status: int = 200
    content_type: str = "application/json"
    body: bytes = b""
    heard: list[dict[str, Any]] = field(default_factory=list)

    async def token(self, _request: Request) -> Response:
        return Response(b'{"access_token": "t", "expires_in": 3600}', media_type="application/json")

    async def answer(self, request: Request) -> Response:
        self.heard.append(json.loads(await request.body()))
        return Response(self.body, self.status, {"Content-Type": self.content_type})


async def _open(
    url: str, folder: Path, keys: Keyring, clock: HandClock, **settings: Any
) -> tuple[RegistryAdapter, Any]:
    ledger = open_ledger(new_ledger(folder), keys)
    own = {"base_url": url, "credentials": {"consumer_key": "sim", "consumer_secret": "sim"}, **settings}
    wiring = Wiring(RegistrySettings.model_validate(own), ledger.vault("civil_registry"), clock, random.Random(1))
    return RegistryAdapter(wiring), ledger


@pytest.fixture
async def registry(tmp_path: Path, keys: Keyring, clock: HandClock) -> AsyncIterator[Registry]:
    simulator = RegistrySimulator(tmp_path / "book.jsonl")
    served = Served(simulator.app(), bind("127.0.0.1", 0))
    await served.started()
    adapter, ledger = await _open(served.url, tmp_path, keys, clock)
    yield Registry(adapter, simulator, clock)
    await adapter.close()
    await ledger.close()
    await served.stop()


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    partner = Told()
    routes = [Route("/token", partner.token, methods=["POST"])]
    routes += [Route(path, partner.answer, methods=["POST"]) for path in ("/hotich/nhanDKHT", "/hotich/layKetQua")]
    served = Served(Starlette(routes=routes), bind("127.0.0.1", 0))
    await served.started()
    partner.url = served.url
    yield partner
    await served.stop()


@pytest.fixture
async def registry_told(told: Told, tmp_path: Path, keys: Keyring, clock: HandClock) -> AsyncIterator[Registry]:
    adapter, ledger = await _open(told.url, tmp_path, keys, clock)
    yield Registry(adapter, RegistrySimulator(), clock)
    await adapter.close()
    await ledger.close()
