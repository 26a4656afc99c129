"""The ISO system's simulator on loopback, a partner that answers as told, and our adapter towards either."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.electronic_iso import ADAPTER
from adapters.electronic_iso.adapter import IsoAdapter, IsoSettings
from adapters.electronic_iso.simulator import IsoSimulator
from bus.adapter import Call, Job, Row, Token, Wiring
from bus.outcome import Outcome
from contracts.canonical.events import PREFIX
from contracts.envelope import Envelope
from ops.sample import generate
from ops.simulate import Served, bind
from tests.builders import a_job
from tests.conftest import HandClock

SAMPLE = tuple(generate(60, 10, 1, date(2026, 7, 1)))
CREDENTIALS = {
    "username": "sim",
    "password": "sim",
    "callback_username": "iso",
    "callback_password": "mật khẩu",
}


def an_event(name: str) -> Envelope:
    """A realistic event of that type."""
    return next(event for event in SAMPLE if event.type == PREFIX + name)


def a_delivery(operation: str, event: Envelope, **changes: Any) -> Job:
    """A claimed delivery of the event to the ISO system."""
    return a_job(partner=ADAPTER.name, operation=operation, envelope=event, dossier=event.subject, **changes)


def a_call(deadline_s: float = 5.0, traceparent: str = "") -> Call:
    return Call("call-1", deadline_s, traceparent)


class NoVault:
    """The ISO system has no sessions."""

    async def token(
        self, name: str, fetch: Callable[[], Awaitable[tuple[str, float | None]]], *, stale: int = 0
    ) -> Token:
        raise AssertionError(f"nobody should ask for {name}")


def settings(url: str = "http://127.0.0.1:9", **credentials: str) -> IsoSettings:
    return IsoSettings.model_validate({"base_url": url, "credentials": CREDENTIALS | credentials})


def adapter_to(url: str, clock: HandClock, **credentials: str) -> IsoAdapter:
    return IsoAdapter(Wiring(settings(url, **credentials), NoVault(), clock, random.Random(1)))


@dataclass
class Desk:
    """Our adapter, used as the worker uses it."""

    adapter: IsoAdapter

    async def deliver(self, job: Job, call: Call | None = None) -> Outcome:
        """Map and send one delivery."""
        prepared = self.adapter.prepare(job)
        if not isinstance(prepared, Row):
            return prepared
        (outcome,) = await self.adapter.deliver([prepared], call or a_call())
        return outcome


@dataclass
class Told:
    """What the partner that answers as told will say, and what it was sent."""

    url: str = ""
    status: int = 200
    content_type: str = "text/xml; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        self.heard.append((dict(request.headers), await request.body()))
        return Response(self.body, self.status, {"Content-Type": self.content_type, **self.headers})


@dataclass
class Running:
    """The simulator and where it is served."""

    simulator: IsoSimulator
    url: str


@pytest.fixture
def clock() -> HandClock:
    """The machine's time, standing: a UsernameToken is made by the machine's clock."""
    return HandClock(time.time())


@pytest.fixture
async def iso() -> AsyncIterator[Running]:
    simulator = IsoSimulator()
    served = Served(simulator.app(), bind("127.0.0.1", 0))
    await served.started()
    yield Running(simulator, served.url)
    await served.stop()


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    partner = Told()
    served = Served(Starlette(routes=[Route("/soap", partner.answer, methods=["POST"])]), bind("127.0.0.1", 0))
    await served.started()
    partner.url = served.url
    yield partner
    await served.stop()


@pytest.fixture
async def desk(iso: Running, clock: HandClock) -> AsyncIterator[Desk]:
    adapter = adapter_to(iso.url, clock)
    yield Desk(adapter)
    await adapter.close()


@pytest.fixture
async def desk_to_told(told: Told, clock: HandClock) -> AsyncIterator[Desk]:
    adapter = adapter_to(told.url, clock)
    yield Desk(adapter)
    await adapter.close()
