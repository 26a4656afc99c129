"""The linked-services software's room at work: cases, our adapter against its simulator, or against answers as told."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.linked_services.adapter import TELL, LinkedAdapter
from adapters.linked_services.client import LinkedSettings
from adapters.linked_services.simulator import LinkedSimulator
from bus.adapter import Call, Poll, Row, Wiring
from bus.ledger.sql_ledger import open_ledger
from bus.outcome import Outcome
from bus.seal import Keyring
from contracts.envelope import Envelope, judge
from ops.simulate import Served, bind
from tests.builders import a_job
from tests.conftest import HandClock
from tests.ledgers import new_ledger

ROOM = Path(str(files("mappings.linked_services")))
CASES = sorted(ROOM.joinpath("cases").glob("*.json"))
LINKED_CODE = "G22.99.5-260703-000017"


def case(words: str) -> Envelope:
    """The event of the case whose name holds these words."""
    (path,) = (path for path in CASES if words in path.stem)
    return judge(json.loads(path.read_text(encoding="utf-8"))["given"])


@dataclass
class Desk:
    """Our adapter and the software behind it."""

    adapter: LinkedAdapter
    simulator: LinkedSimulator

    async def tell(self, event: Envelope, operation: str = TELL) -> Outcome:
        row = self.adapter.prepare(a_job(operation=operation, envelope=event, dossier=event.subject))
        assert isinstance(row, Row), row
        return (await self.adapter.deliver([row], Call("c", 5.0)))[0]

    async def poll(self, cursor: str = "") -> Poll:
        polled = await self.adapter.poll(cursor, Call("c", 5.0))
        assert isinstance(polled, Poll), polled
        return polled


async def desk_at(app: Starlette, folder: Path, keys: Keyring, password: str = "sim") -> AsyncIterator[LinkedAdapter]:
    served = Served(app, bind("127.0.0.1", 0))
    await served.started()
    ledger = open_ledger(new_ledger(folder), keys)
    settings = {"base_url": served.url, "credentials": {"username": "sim", "password": password}}
    wiring = Wiring(LinkedSettings.model_validate(settings), ledger.vault("linked"), HandClock(), random.Random(1))
    adapter = LinkedAdapter(wiring)
    yield adapter
    await adapter.close()
    await ledger.close()
    await served.stop()


@pytest.fixture
async def desk(tmp_path: Path, keys: Keyring) -> AsyncIterator[Desk]:
    simulator = LinkedSimulator(tmp_path / "book.jsonl")
    async for adapter in desk_at(simulator.app(), tmp_path, keys):
        yield Desk(adapter, simulator)


def scripted(
    answer: bytes, listed: bytes = b"", status: int = 200, content_type: str = "application/json"
) -> Starlette:
    """The software answering as told."""

    async def serve(request: Request) -> Response:
        if request.url.path == "/token":
            return Response(b'{"access_token": "t"}', media_type="application/json")
        if listed and request.url.path == "/hosolienthong":
            return Response(listed, media_type="application/json")
        return Response(answer, status, {"Content-Type": content_type})

    return Starlette(routes=[Route("/{path:path}", serve, methods=["GET", "POST", "PUT"])])
