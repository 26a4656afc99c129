"""The dossier system's simulator on loopback, our adapter towards it by either channel, and queues on a private RabbitMQ."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pika
import pytest

from adapters.dossier_system import ADAPTER
from adapters.dossier_system.adapter import EXCHANGE, DossierSettings, ExchangeAdapter, WebhookAdapter, open_adapter
from adapters.dossier_system.simulator import SECRET, DossierSimulator
from adapters.transport.amqp import parameters
from bus.adapter import Call, Job, Row, Token, Wiring
from bus.outcome import Outcome
from contracts.envelope import Envelope
from ops.events_doc.example import examples
from ops.simulate import Served, bind
from tests.builders import a_job
from tests.conftest import HandClock
from tests.servers import RabbitMQ

SLIP_OPENED = "vn.lienthong.iso.slip_opened.v1"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def a_notice(type_name: str = SLIP_OPENED, **changes: Any) -> Job:
    """A claimed notice of that type."""
    envelope = Envelope.model_validate(examples()[type_name])
    fields: dict[str, Any] = {
        "partner": ADAPTER.name,
        "operation": "notify",
        "envelope": envelope,
        "dossier": envelope.subject,
    }
    return a_job(**(fields | changes))


def a_call(deadline_s: float = 5.0, traceparent: str = "", **more: Any) -> Call:
    return Call("call-1", deadline_s, traceparent, **more)


class NoVault:
    """The dossier system has no sessions."""

    async def token(
        self, name: str, fetch: Callable[[], Awaitable[tuple[str, float | None]]], *, stale: int = 0
    ) -> Token:
        raise AssertionError(f"nobody should ask for {name}")


def adapter_to(
    url: str, clock: HandClock, *, channel: str = "webhook", secret: str = SECRET
) -> WebhookAdapter | ExchangeAdapter:
    settings = DossierSettings.model_validate(
        {"base_url": url, "path": "/events", "channel": channel, "credentials": {"webhook_secret": secret}}
    )
    return open_adapter(Wiring(settings, NoVault(), clock, random.Random(1)))


@dataclass
class Desk:
    """Our adapter, used as the worker uses it."""

    adapter: WebhookAdapter | ExchangeAdapter

    async def deliver(self, job: Job, call: Call | None = None) -> Outcome:
        """Send one notice."""
        row = self.adapter.prepare(job)
        assert isinstance(row, Row)
        (outcome,) = await self.adapter.deliver([row], call or a_call())
        return outcome


@dataclass
class Running:
    """The simulator and where it is served."""

    simulator: DossierSimulator
    url: str


class Broker:
    """A connection to the private RabbitMQ; its queues go with it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection = pika.BlockingConnection(parameters(url))
        self.channel = self._connection.channel()
        self.channel.confirm_delivery()

    def bound(self, pattern: str) -> str:
        """A queue bound to the exchange of replies; its name."""
        self.channel.exchange_declare(EXCHANGE, "topic", durable=True)
        name = str(self.channel.queue_declare(f"test-{uuid4().hex}", exclusive=True).method.queue)
        self.channel.queue_bind(name, EXCHANGE, pattern)
        return name

    def publish(self, queue: str, body: bytes) -> None:
        """Put a body into a queue, confirmed."""
        self.channel.basic_publish("", queue, body, pika.BasicProperties(delivery_mode=2), mandatory=True)

    def taken(self, queue: str, wanted: int = 1) -> list[tuple[Any, bytes]]:
        """Wait for `wanted` messages: (properties, body) each."""
        found: list[tuple[Any, bytes]] = []
        for method, properties, body in self.channel.consume(queue, auto_ack=True, inactivity_timeout=10):
            if method is None:
                break
            found.append((properties, body))
            if len(found) == wanted:
                break
        self.channel.cancel()
        return found

    def depth(self, queue: str) -> int:
        return int(self.channel.queue_declare(queue, passive=True).method.message_count)

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def clock() -> HandClock:
    """The machine's time, standing: the simulator judges a time stamp by the machine's clock."""
    return HandClock(time.time())


@pytest.fixture
async def home() -> AsyncIterator[Running]:
    simulator = DossierSimulator()
    served = Served(simulator.app(), bind("127.0.0.1", 0))
    await served.started()
    yield Running(simulator, served.url)
    await served.stop()


@pytest.fixture
async def desk(home: Running, clock: HandClock) -> AsyncIterator[Desk]:
    adapter = adapter_to(home.url, clock)
    yield Desk(adapter)
    await adapter.close()


@pytest.fixture
def broker(rabbitmq: RabbitMQ) -> Iterator[Broker]:
    opened = Broker(rabbitmq.url)
    opened.channel.exchange_delete(EXCHANGE)  # with what other tests have bound to it
    yield opened
    opened.close()
