"""AMQP both ways on a real RabbitMQ: notices to `lienthong.events`, events from `lienthong.intake`."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters.transport.amqp import INTAKE_QUEUE, REFUSED_QUEUE, AmqpIntake
from bus.ledger.ledger import LedgerBusy
from bus.ledger.words import Filter
from bus.outcome import Cause, Delivered, Transient, Unknown
from ops import simulate, topology, up
from ops.events_doc.example import examples
from ops.house import House
from ops.sample import generate
from tests.conftest import HandClock
from tests.ops.conftest import settings_of
from tests.partners.dossier_system.conftest import SLIP_OPENED, TRACE, Broker, Desk, a_call, a_notice, adapter_to
from tests.servers import free_port

pytestmark = pytest.mark.slow

EVENTS = [json.loads(envelope.to_json()) for envelope in generate(20, 2, 1, date(2026, 1, 5))]


@pytest.fixture
async def out(broker: Broker, clock: HandClock) -> AsyncIterator[Desk]:
    adapter = adapter_to(broker.url, clock, channel="amqp")
    yield Desk(adapter)
    await adapter.close()


async def test_a_notice_reaches_the_queue_bound_for_its_type_persistent_and_with_its_trace(
    out: Desk, broker: Broker
) -> None:
    wanted, other = broker.bound("vn.lienthong.iso.#"), broker.bound("vn.lienthong.portal.#")
    outcome = await out.deliver(a_notice(), a_call(traceparent=TRACE))
    assert isinstance(outcome, Delivered)
    ((properties, body),) = broker.taken(wanted)
    assert json.loads(body) == examples()[SLIP_OPENED]
    assert (properties.delivery_mode, properties.content_type) == (2, "application/cloudevents+json")
    assert properties.message_id == examples()[SLIP_OPENED]["id"]
    assert properties.headers == {"traceparent": TRACE}
    assert broker.depth(other) == 0


async def test_a_notice_no_queue_is_bound_for_waits_until_one_is(out: Desk, broker: Broker) -> None:
    waits = await out.deliver(a_notice())
    assert isinstance(waits, Transient)
    assert (waits.cause, waits.code) == (Cause.LATER, "unroutable")
    queue = broker.bound("#")
    assert isinstance(await out.deliver(a_notice()), Delivered)
    assert len(broker.taken(queue)) == 1


async def test_a_broker_that_is_not_there_has_taken_nothing(clock: HandClock) -> None:
    adapter = adapter_to(f"amqp://guest:guest@127.0.0.1:{free_port()}//", clock, channel="amqp")
    outcome = await Desk(adapter).deliver(a_notice())
    await adapter.close()
    assert isinstance(outcome, Transient)
    assert outcome.cause is Cause.NOT_SENT


async def test_a_confirm_that_does_not_come_leaves_the_notice_in_doubt_and_the_same_is_sent_again(
    out: Desk, broker: Broker
) -> None:
    queue = broker.bound("#")
    doubt = await out.deliver(a_notice(), a_call(deadline_s=0.0))
    assert isinstance(doubt, Unknown)
    settled = await out.deliver(a_notice(step="ask", in_doubt=True, request=doubt.request))
    assert isinstance(settled, Delivered)
    bodies = {body for _, body in broker.taken(queue)}
    assert bodies == {doubt.request}


async def test_a_worker_past_its_lease_publishes_nothing(out: Desk, broker: Broker) -> None:
    queue = broker.bound("#")
    outcome = await out.deliver(a_notice(), a_call(may_send=lambda: False))
    assert isinstance(outcome, Transient)
    assert broker.depth(queue) == 0


@dataclass
class Bus:
    """A house that takes events from the broker and answers to its exchange."""

    house: House
    intake: AmqpIntake


@pytest.fixture
async def bus(tmp_path: Path, broker: Broker) -> AsyncIterator[Bus]:
    """Its queues are empty when it starts."""
    simulators = await simulate.serve(["national_portal", "electronic_iso"], tmp_path)
    urls = {name: one.url for name, one in simulators.items()} | {"dossier_system": broker.url}
    settings = settings_of(tmp_path, urls, {})
    settings.partners["dossier_system"]["channel"] = "amqp"
    house = House(settings)
    intake = AmqpIntake(broker.url, partial(up.take_from_queue, house))
    for queue in (INTAKE_QUEUE, REFUSED_QUEUE):
        broker.channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
        broker.channel.queue_purge(queue)
    await house.start()
    intake.start()
    yield Bus(house, intake)
    await intake.stop()
    await house.stop()
    for one in simulators.values():
        await one.stop()


async def count(bus: Bus, wanted: int) -> int:
    """Wait until the ledger holds that many events from the queue."""
    for _ in range(400):
        held = (await bus.house.ledger.totals()).events
        if held >= wanted:
            return held
        await asyncio.sleep(0.02)
    return held


async def test_a_dossier_comes_by_the_queue_and_its_replies_leave_by_the_exchange(bus: Bus, broker: Broker) -> None:
    queue = broker.bound("vn.lienthong.#")
    (received,) = [e for e in EVENTS if e["type"] == "vn.lienthong.dossier.received.v1"][:1]
    broker.publish(INTAKE_QUEUE, json.dumps(received | {"sequence": 1}).encode())
    replies = [json.loads(body) for _, body in await asyncio.to_thread(broker.taken, queue, 2)]
    assert {reply["type"] for reply in replies} == {SLIP_OPENED, "vn.lienthong.portal.dossier_synced.v1"}
    assert {reply["subject"] for reply in replies} == {received["subject"]}


async def test_a_repeat_is_taken_from_the_queue_without_a_second_effect(bus: Bus, broker: Broker) -> None:
    for event in (EVENTS[0], EVENTS[0], EVENTS[1]):
        broker.publish(INTAKE_QUEUE, json.dumps(event).encode())
    assert await count(bus, 2) >= 2  # replies may have come by now
    views, _ = await bus.house.ledger.deliveries(Filter(), limit=100)
    owed = Counter((view.event_id, view.partner, view.operation) for view in views)
    assert {event_id for event_id, _, _ in owed} >= {EVENTS[0]["id"], EVENTS[1]["id"]}
    assert set(owed.values()) == {1}
    assert broker.depth(REFUSED_QUEUE) == 0


async def test_what_is_refused_goes_aside_with_its_reasons_and_names_nobody(bus: Bus, broker: Broker) -> None:
    citizen = next(e for e in EVENTS if e["data"]["dossier"]["applicant"].get("citizen_id"))
    bad: dict[str, Any] = json.loads(json.dumps(citizen))
    bad["data"]["dossier"]["applicant"]["citizen_id"] = "08408000012X"
    conflict = EVENTS[0] | {"time": "2026-01-01T00:00:00Z"}
    for body in (b"{", json.dumps(bad).encode(), json.dumps(EVENTS[0]).encode(), json.dumps(conflict).encode()):
        broker.publish(INTAKE_QUEUE, body)
    aside = await asyncio.to_thread(broker.taken, REFUSED_QUEUE, 3)
    verdicts = [json.loads(properties.headers["verdict"]) for properties, _ in aside]
    assert [verdict["status"] for verdict in verdicts] == ["refused", "refused", "conflict"]
    assert [body for _, body in aside] == [b"{", json.dumps(bad).encode(), json.dumps(conflict).encode()]
    assert verdicts[1]["faults"][0]["path"] == "$.data.dossier.applicant.citizen_id"
    assert "08408000012X" not in json.dumps([properties.headers for properties, _ in aside])
    assert all(properties.delivery_mode == 2 for properties, _ in aside)


async def test_nothing_is_acknowledged_while_the_ledger_says_no(broker: Broker) -> None:
    for queue in (INTAKE_QUEUE, REFUSED_QUEUE):
        broker.channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
        broker.channel.queue_purge(queue)
    refusals, seen = [LedgerBusy("full")], asyncio.Event()
    got: list[bytes] = []

    async def accept(bodies: list[bytes]) -> list[dict[str, Any]]:
        if refusals:
            raise refusals.pop()
        got.extend(bodies)
        seen.set()
        return [{"status": "accepted"} for _ in bodies]

    broker.publish(INTAKE_QUEUE, b"first")
    intake = AmqpIntake(broker.url, accept)
    intake.start()
    await asyncio.wait_for(seen.wait(), 15)
    await intake.stop()
    assert got == [b"first"]
    assert broker.depth(INTAKE_QUEUE) == 0


async def test_depths_names_what_stands_in_each_queue_and_what_is_not_there(broker: Broker) -> None:
    for queue in (INTAKE_QUEUE, REFUSED_QUEUE):
        broker.channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
        broker.channel.queue_purge(queue)
    broker.publish(REFUSED_QUEUE, b"{}")
    found = topology.depths(broker.url, ["nobody", "else"])
    broker.channel.queue_purge(REFUSED_QUEUE)
    assert found == {INTAKE_QUEUE: 0, REFUSED_QUEUE: 1, "lienthong.ring.nobody": None, "lienthong.ring.else": None}


async def test_depths_of_a_broker_that_is_not_there_is_an_error_in_one_sentence() -> None:
    with pytest.raises(ConnectionError, match="broker cannot be reached"):
        topology.depths(f"amqp://guest:guest@127.0.0.1:{free_port()}//", [])
    with pytest.raises(ConnectionError, match="no AMQP address"):
        topology.depths("memory://", [])
