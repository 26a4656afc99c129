"""The payment room against its platform over real HTTP, alone and in a whole bus."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.dossier_system.simulator import SECRET as WEBHOOK_SECRET
from adapters.dossier_system.simulator import DossierSimulator
from adapters.online_payment.adapter import PaymentAdapter
from adapters.online_payment.client import PaymentSettings
from adapters.online_payment.simulator import ACCOUNTS, PARTNER, SECRET, PaymentSimulator
from bus.adapter import Call, Row, Token, Wiring
from bus.ledger.words import Filter, State
from bus.outcome import Delivered, Outcome
from bus.seal import Keyring
from contracts.canonical.order import Order
from contracts.envelope import Envelope, judge
from ops.events_doc.example import smallest
from ops.gateway import application
from ops.house import House
from ops.settings import Settings
from ops.simulate import Served, bind
from ops.up import receivers
from tests.builders import a_job
from tests.conftest import HandClock
from tests.ledgers import new_ledger

APPRAISAL = {"title": "Phí thẩm định hồ sơ", "kind": "fee", "amount_vnd": 500_000}
TAX = {"title": "Lệ phí trước bạ", "amount_vnd": 3_250_000, "payee": "000.00.86.H59"}


def dossier_event(kind: str, number: int, sequence: int, status: int, *fees: Mapping[str, Any]) -> Envelope:
    """An event of the dossier system about one land dossier; `fees` are what it costs."""
    event = smallest(number)
    event |= {"id": f"{event['subject']}-{sequence}", "sequence": sequence, "type": f"vn.lienthong.dossier.{kind}.v1"}
    event["data"]["dossier"] |= {"status": status, "fees": [dict(fee) for fee in fees]}
    event["data"]["change"] |= {"to_status": status}
    return judge(event)


def fees_asked(number: int = 7001, *fees: Mapping[str, Any], sequence: int = 1) -> Envelope:
    """The desk asks for fees (by default the land office's alone)."""
    return dossier_event("fee_requested", number, sequence, 6, *(fees or (APPRAISAL,)))


class NoVault:
    """The platform wants no token."""

    async def token(self, name: str, fetch: Any, *, stale: int = 0) -> Token:
        raise AssertionError(name)


@dataclass
class Desk:
    """Our adapter, the platform's side, and the clock."""

    adapter: PaymentAdapter
    simulator: PaymentSimulator
    clock: HandClock

    def prepared(self, operation: str, event: Envelope, **changes: Any) -> Row | Outcome:
        job = a_job(partner="online_payment", operation=operation, envelope=event, dossier=event.subject, **changes)
        return self.adapter.prepare(job)

    async def call(self, operation: str, event: Envelope, *, deadline_s: float = 5.0, **changes: Any) -> Outcome:
        row = self.prepared(operation, event, **changes)
        assert isinstance(row, Row), row
        send = self.adapter.ask if row.job.step == "ask" else self.adapter.deliver
        return (await send([row], Call("c", deadline_s)))[0]

    def order(self, number: int = 7001, *fees: Mapping[str, Any]) -> Envelope:
        """The order a desk's fees make: the event that owes an INIT."""
        decided = self.prepared("YEU_CAU", fees_asked(number, *fees))
        assert isinstance(decided, Delivered), decided
        return decided.replies[0]

    async def linked(self, number: int = 7001) -> Envelope:
        """An order the platform has: the event that owes a watch."""
        outcome = await self.call("INIT", self.order(number))
        assert isinstance(outcome, Delivered), outcome
        return outcome.replies[0]

    def confirmed(self, report: Envelope) -> Envelope:
        """What a report that fits comes to in the dossier's lane."""
        asked = self.prepared("YEU_CAU", fees_asked())
        assert isinstance(asked, Delivered), asked
        decided = self.prepared("GHI_NHAN", report, memo=asked.memo)
        assert isinstance(decided, Delivered), decided
        return decided.replies[0]

    async def asked(self, event: Envelope, **changes: Any) -> Outcome:
        return await self.call("QUERY", event, step="ask", **changes)


def order_in(event: Envelope) -> Order:
    """The order an event speaks of."""
    message: Any = event.message
    order: Order = message.order
    return order


def opened(url: str, clock: HandClock, **settings: Any) -> PaymentAdapter:
    own = {
        "base_url": url,
        "partner_code": PARTNER,
        "credentials": {"secret": SECRET},
        "accounts": ACCOUNTS,
        **settings,
    }
    return PaymentAdapter(Wiring(PaymentSettings.model_validate(own), NoVault(), clock, random.Random(1)))


@pytest.fixture
async def desk(clock: HandClock) -> AsyncIterator[Desk]:
    simulator = PaymentSimulator()
    served = Served(simulator.app(), bind("127.0.0.1", 0))
    await served.started()
    adapter = opened(served.url, clock)
    yield Desk(adapter, simulator, clock)
    await adapter.close()
    await served.stop()


@dataclass
class Told:
    """A platform that answers as told."""

    url: str = ""
    status: int = 200
    content_type: str = "application/json"
    body: bytes = b""
    heard: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        self.heard.append(json.loads(await request.body()))
        return Response(self.body, self.status, {"Content-Type": self.content_type})

    def says(self, **fields: Any) -> None:
        self.body = json.dumps(fields).encode()


@pytest.fixture
async def told(clock: HandClock) -> AsyncIterator[tuple[Desk, Told]]:
    partner = Told()
    routes = [Route(path, partner.answer, methods=["POST"]) for path in ("/init", "/query", "/bill")]
    served = Served(Starlette(routes=routes), bind("127.0.0.1", 0))
    await served.started()
    partner.url = served.url
    adapter = opened(served.url, clock)
    yield Desk(adapter, PaymentSimulator(), clock), partner
    await adapter.close()
    await served.stop()


FAST = {"retry": {"base_s": 0.05, "cap_s": 0.2, "floor_s": 0.01}, "timeout_s": 2.0}
CODE = "000.00.17.H59-260703-7001"


@dataclass
class Province:
    """A bus with a payment platform and a dossier system, all over real HTTP."""

    house: House
    http: httpx.AsyncClient
    platform: PaymentSimulator
    home: DossierSimulator

    async def post(self, *events: Envelope) -> None:
        for verdict in await self.house.intake.accept(events, client="test"):
            assert verdict["status"] == "accepted", verdict

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What the dossier system was told, of one kind."""
        wanted = f"vn.lienthong.payment.{kind}.v1"
        return [entry for entry in self.home.book.of("notice") if entry["type"] == wanted]

    async def until(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        await soon(lambda: len(self.told(kind)) >= count, kind)
        return self.told(kind)

    def references(self) -> list[str]:
        return list(self.platform.orders)

    async def tasks(self, prefix: str) -> list[Any]:
        """What waits for a person, by the beginning of its key."""
        return [group for group in await self.house.ledger.causes() if group.hold_key.startswith(prefix)]

    async def settled(self) -> None:
        """Nothing goes on any more but watches and people's tasks."""

        async def quiet() -> bool:
            views, _ = await self.house.ledger.deliveries(Filter(states=(State.PENDING, State.SENDING)))
            return not views

        for _ in range(400):
            if await quiet():
                return
            await asyncio.sleep(0.02)
        raise TimeoutError


async def soon(holds: Callable[[], bool], what: str) -> None:
    for _ in range(400):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError(what)


@asynccontextmanager
async def a_province(folder: Path, **own: Any) -> AsyncIterator[Province]:
    platform, home = PaymentSimulator(), DossierSimulator(folder / "home.jsonl")
    served = [Served(simulator.app(), bind("127.0.0.1", 0)) for simulator in (platform, home)]
    keys = folder / "keys.json"
    if not keys.exists():
        keys.touch(0o600)
        keys.write_text(Keyring.generate())
    payment = {"partner_code": PARTNER, "credentials": {"secret": SECRET}, "accounts": ACCOUNTS, **FAST, **own}
    webhook = {"path": "/events", "credentials": {"webhook_secret": WEBHOOK_SECRET}, **FAST}
    values = {
        "ledger": {"url": new_ledger(folder)},
        "keys": {"file": str(keys)},
        "partners": {
            "online_payment": {"base_url": served[0].url, **payment},
            "dossier_system": {"base_url": served[1].url, **webhook},
        },
    }
    house = House(Settings.model_validate(values), receivers=receivers(["online_payment"]))
    await house.start()
    gateway = Served(application(house, anonymous=False), bind("127.0.0.1", 0))
    for one in (*served, gateway):
        await one.started()
    platform.meet_bus(gateway.url)
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False) as http:
        yield Province(house, http, platform, home)
    await house.stop()
    for one in (gateway, *served):
        await one.stop()


@pytest.fixture
async def province(tmp_path: Path) -> AsyncIterator[Province]:
    async with a_province(tmp_path) as found:
        yield found
