"""VNPost's room against its simulator, over real HTTP, with a ledger behind vault and stock."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.postal.adapter import ORDER, PostalAdapter
from adapters.postal.client import PostalSettings
from adapters.postal.simulator import DEMO, PostalSimulator
from bus.adapter import Call, Job, Poll, Row, Wiring
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.outcome import Outcome
from bus.seal import Keyring
from contracts.envelope import Envelope, judge
from ops.simulate import Served, bind
from tests.builders import a_job
from tests.conftest import HandClock
from tests.ledgers import new_ledger
from tests.weather import DEADLINE_S

CASES = sorted(Path(str(files("mappings.postal"))).joinpath("cases").glob("*.json"))
CODE = "000.00.17.H59-260703-0001"


def case(words: str) -> dict[str, Any]:
    """The case whose name holds these words."""
    (path,) = (path for path in CASES if words in path.stem)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def an_event(words: str = "a result goes", code: str = CODE, **dossier: Any) -> Envelope:
    """The event of a case, about another dossier, its fields changed."""
    given = case(words)["given"]
    given["subject"] = given["data"]["dossier"]["code"] = code
    given["data"]["dossier"] |= dossier
    return judge(given)


def job(event: Envelope | None = None, operation: str = ORDER, **changes: Any) -> Job:
    event = event or an_event()
    facts = {"envelope": event, "dossier": event.subject, "key": f"{operation}-{event.subject}", **changes}
    return a_job(partner="postal", operation=operation, **facts)


@dataclass
class Post:
    """Our adapter and the postmen behind it."""

    adapter: PostalAdapter
    simulator: PostalSimulator
    ledger: SqlLedger
    clock: HandClock

    async def send(self, task: Job | None = None, deadline_s: float = 5.0) -> Outcome:
        row = self.adapter.prepare(task or job())
        if not isinstance(row, Row):
            return row
        (outcome,) = await self.adapter.deliver([row], Call("c", deadline_s))
        return outcome

    async def poll(self, cursor: str = "") -> Poll:
        polled = await self.adapter.poll(cursor, Call("c", DEADLINE_S * 10))
        assert isinstance(polled, Poll), polled
        return polled

    async def walk(self, cursor: str = "0" * 24) -> tuple[list[Envelope], list[bytes], str]:
        """Page by page to the end of the cursor."""
        events: list[Envelope] = []
        bad: list[bytes] = []
        while True:
            polled = await self.poll(cursor)
            events += polled.events
            bad += polled.bad_rows
            cursor = polled.cursor
            if not polled.more:
                return events, bad, cursor


Open = Callable[..., Post]


@pytest.fixture
async def open_post(tmp_path: Path, keys: Keyring, clock: HandClock) -> AsyncIterator[Open]:
    """Makes posts for an address and a simulator, with settings of their own; all share one ledger."""
    ledger = open_ledger(new_ledger(tmp_path), keys)
    made: list[Post] = []

    def make(url: str, simulator: PostalSimulator, **settings: Any) -> Post:
        own = PostalSettings.model_validate({**DEMO, "base_url": url, **settings})
        wiring = Wiring(own, ledger.vault("postal"), clock, random.Random(1), stock=ledger.stock("postal"))
        made.append(Post(PostalAdapter(wiring), simulator, ledger, clock))
        return made[-1]

    yield make
    for post in made:
        await post.adapter.close()
    await ledger.close()


@pytest.fixture
async def vnpost(tmp_path: Path) -> AsyncIterator[tuple[PostalSimulator, str]]:
    simulator = PostalSimulator(tmp_path / "book.jsonl")
    served = Served(simulator.app(), bind("127.0.0.1", 0))
    await served.started()
    yield simulator, served.url
    await served.stop()


@pytest.fixture
def post(open_post: Open, vnpost: tuple[PostalSimulator, str]) -> Post:
    return open_post(vnpost[1], vnpost[0])


@dataclass
class Told:
    """A VNPost that answers as told."""

    url: str = ""
    status: int = 200
    content_type: str = "application/json"
    body: bytes = b""
    heard: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def token(self, _request: Request) -> Response:
        return Response(b'{"access_token": "t", "expires_in": 3600}', media_type="application/json")

    async def answer(self, request: Request) -> Response:
        self.heard.append((str(request.url.query), dict(request.headers)))
        return Response(self.body, self.status, {"Content-Type": self.content_type})


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    partner = Told()
    routes = [Route("/token", partner.token, methods=["POST"])]
    routes += [Route(path, partner.answer, methods=["GET", "POST"]) for path in ("/order", "/cancel", "/tracking")]
    served = Served(Starlette(routes=routes), bind("127.0.0.1", 0))
    await served.started()
    partner.url = served.url
    yield partner
    await served.stop()
