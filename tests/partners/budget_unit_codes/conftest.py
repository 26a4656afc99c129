"""The ministry's room against its simulator, over real HTTP, with a ledger behind vault, cursor and shelf."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.budget_unit_codes.adapter import CONFIRM, NAME, BudgetAdapter
from adapters.budget_unit_codes.client import BudgetSettings
from adapters.budget_unit_codes.simulator import DEMO, BudgetSimulator
from bus.adapter import Call, Job, Poll, Row, Wiring
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.outcome import Outcome
from bus.seal import Keyring
from contracts.envelope import Envelope
from ops.events_doc.budget import budget_events
from ops.simulate import Served, bind
from tests.builders import a_job
from tests.conftest import HandClock
from tests.ledgers import new_ledger

DUTY = f"poll:{NAME}"


def a_confirmation(event: Envelope | None = None) -> Job:
    event = event or budget_events()[0]
    return a_job(partner=NAME, operation=CONFIRM, envelope=event, dossier=event.subject, key=event.id)


@dataclass
class Ministry:
    """Our adapter, the clerks' side, and the ledger that keeps what was read."""

    adapter: BudgetAdapter
    simulator: BudgetSimulator
    ledger: SqlLedger
    clock: HandClock
    cursor: str = ""
    bad: list[bytes] = field(default_factory=list)

    async def confirm(self, task: Job | None = None, deadline_s: float = 5.0) -> Outcome:
        row = self.adapter.prepare(task or a_confirmation())
        assert isinstance(row, Row), row
        (outcome,) = await self.adapter.deliver([row], Call("c", deadline_s))
        return outcome

    async def page(self, *, commits: bool = True) -> Poll:
        """One poll; what it brought is kept as the poller does, unless the process dies before."""
        polled = await self.adapter.poll(self.cursor, Call("c", 5.0))
        assert isinstance(polled, Poll), polled
        if commits:
            fence = await self.ledger.take_duty(DUTY, "test", 60)
            assert fence is not None
            await self.ledger.accept_polled(DUTY, fence, polled.cursor, [], polled.bad_rows, polled.keeps)
            self.cursor = polled.cursor
            self.bad += polled.bad_rows
        return polled

    async def look(self) -> list[Envelope]:
        """A whole window, a second later."""
        self.clock.advance(1)
        events: list[Envelope] = []
        while True:
            polled = await self.page()
            events += polled.events
            if not polled.more:
                return events


Open = Callable[..., Ministry]


@pytest.fixture
async def open_ministry(tmp_path: Path, keys: Keyring, clock: HandClock) -> AsyncIterator[Open]:
    """Makes adapters for an address, with settings of their own; all share one ledger."""
    ledger = open_ledger(new_ledger(tmp_path), keys, clock=clock)
    made: list[BudgetAdapter] = []

    def make(url: str, simulator: BudgetSimulator, **settings: Any) -> Ministry:
        own = BudgetSettings.model_validate({**DEMO, "base_url": url, **settings})
        made.append(BudgetAdapter(Wiring(own, ledger.vault(NAME), clock, random.Random(1), shelf=ledger)))
        return Ministry(made[-1], simulator, ledger, clock)

    yield make
    for adapter in made:
        await adapter.close()
    await ledger.close()


@pytest.fixture
async def finance(tmp_path: Path, clock: HandClock) -> AsyncIterator[tuple[BudgetSimulator, str]]:
    simulator = BudgetSimulator(tmp_path / "book.jsonl", now=clock.now)
    served = Served(simulator.app(), bind("127.0.0.1", 0))
    await served.started()
    yield simulator, served.url
    await served.stop()


@pytest.fixture
def ministry(open_ministry: Open, finance: tuple[BudgetSimulator, str]) -> Ministry:
    return open_ministry(finance[1], finance[0])


@dataclass
class Told:
    """A ministry that answers as told, page by page."""

    url: str = ""
    status: int = 200
    content_type: str = "application/json"
    body: bytes = b""
    pages: list[Any] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)

    async def token(self, _request: Request) -> Response:
        return Response(b'{"access_token": "t", "expires_in": 3600}', media_type="application/json")

    async def answer(self, request: Request) -> Response:
        self.heard.append(json.loads(await request.body()))
        if self.pages and request.url.path.endswith("danhSachHoSo"):
            body = json.dumps({"maLoi": "00", "moTa": "", "duLieu": self.pages.pop(0)}).encode()
            return Response(body, media_type="application/json")
        return Response(self.body, self.status, {"Content-Type": self.content_type})


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    partner = Told()
    routes = [Route("/token", partner.token, methods=["POST"])]
    routes += [
        Route(f"/msdvqhns/v1/{n}", partner.answer, methods=["POST"]) for n in ("traCuu", "danhSachHoSo", "xacNhan")
    ]
    served = Served(Starlette(routes=routes), bind("127.0.0.1", 0))
    await served.started()
    partner.url = served.url
    yield partner
    await served.stop()
