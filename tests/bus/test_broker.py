"""The bell: rings arrive at once, merge, are never given twice once acked, and outlive whatever happens to the broker.

The same suite runs on kombu's memory transport and on a private RabbitMQ; the outages need RabbitMQ alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from bus.broker import EXCHANGE, QUEUE_ARGUMENTS, AmqpBell, Bell, Ring, open_bell
from ops.topology import depths
from tests.servers import RabbitMQ, free_port

SOON_S = 15.0


class Ear:
    """Hears the rings of one bell."""

    def __init__(self) -> None:
        self.rings: asyncio.Queue[Ring] = asyncio.Queue()

    def hear(self, ring: Ring) -> None:
        self.rings.put_nowait(ring)

    async def next(self, within_s: float = SOON_S) -> Ring:
        return await asyncio.wait_for(self.rings.get(), within_s)

    async def quiet(self, for_s: float) -> bool:
        """Nothing was heard for so long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.rings.get(), for_s)
            return False
        return True

    async def settle(self) -> None:
        """Take and ack what a fresh connection rings for by itself."""
        with contextlib.suppress(TimeoutError):
            while True:
                (await self.next(0.3)).ack()


async def until(true: Callable[[], bool], within_s: float = SOON_S) -> None:
    """Return once the condition holds. Raises TimeoutError."""
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.to_thread(time.sleep, 0.01)


@contextlib.asynccontextmanager
async def ringing(url: str, declare: Sequence[str], listen: Sequence[str]) -> AsyncIterator[tuple[Bell, Ear]]:
    """A started bell and who hears it, stopped at the end."""
    bell, ear = open_bell(url, declare), Ear()
    await bell.start(listen, ear.hear)
    try:
        yield bell, ear
    finally:
        await bell.stop()


@pytest.fixture(params=["memory", pytest.param("amqp", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return "memory://"
    server: RabbitMQ = request.getfixturevalue("rabbitmq")
    return server.url


@pytest.fixture
def partner() -> str:
    """A partner of this test alone, so that its queue is its own."""
    return f"partner_{secrets.token_hex(4)}"


async def test_a_ring_wakes_the_worker_within_fifty_milliseconds(url: str, partner: str) -> None:
    async with ringing(url, [partner], [partner]) as (bell, ear):
        await until(lambda: bell.connected)
        await ear.settle()
        took_s = []
        for _ in range(20):
            began = time.perf_counter()
            bell.ring(partner)
            ring = await ear.next()
            took_s.append(time.perf_counter() - began)
            assert ring.partner == partner
            ring.ack()
        assert sorted(took_s)[len(took_s) // 2] < 0.05


async def test_rings_not_yet_heard_merge(url: str, partner: str) -> None:
    async with ringing(url, [partner], [partner]) as (bell, ear):
        await until(lambda: bell.connected)
        await ear.settle()
        for _ in range(1000):
            bell.ring(partner)
        (await ear.next()).ack()
        await ear.settle()
        assert ear.rings.empty()
        bell.ring(partner)
        assert (await ear.next()).partner == partner


async def test_merging_leaves_far_fewer_rings_than_calls(url: str, partner: str) -> None:
    async with ringing(url, [partner], [partner]) as (bell, ear):
        await until(lambda: bell.connected)
        await ear.settle()
        for _ in range(1000):
            bell.ring(partner)
        await ear.next()
        assert await ear.quiet(0.2) or ear.rings.qsize() < 20


async def test_an_ack_is_harmless_twice_and_after_the_bell_has_stopped(url: str, partner: str) -> None:
    async with ringing(url, [partner], [partner]) as (bell, ear):
        await until(lambda: bell.connected)
        bell.ring(partner)
        ring = await ear.next()
        ring.ack()
        ring.ack()
        await ear.settle()
        bell.ring(partner)
        late = await ear.next()
        assert bell.connected
    late.ack()
    bell.ring(partner)


async def test_a_partner_nobody_declared_is_not_rung_and_breaks_nothing(url: str, partner: str) -> None:
    async with ringing(url, [partner], [partner]) as (bell, ear):
        await until(lambda: bell.connected)
        await ear.settle()
        for number in range(100):
            bell.ring(f"{partner}_{number}")
        bell.ring(partner)
        assert (await ear.next()).partner == partner
        assert bell.connected


async def test_without_a_broker_nothing_raises_and_nothing_piles_up(partner: str) -> None:
    async with ringing(f"amqp://guest:guest@127.0.0.1:{free_port()}//", [partner], [partner]) as (bell, ear):
        began = time.perf_counter()
        for _ in range(10_000):
            bell.ring(partner)
        assert time.perf_counter() - began < 1
        assert await ear.quiet(0.1)
        assert not bell.connected


@pytest.mark.slow
async def test_a_bell_that_nobody_hears_out_holds_nobody_up() -> None:
    many = [f"p{number}" for number in range(2000)]
    bell = AmqpBell("amqp://127.0.0.1:1", many)  # not started: what wakes its thread is read by nobody
    for partner in many:
        bell.ring(partner)
    await bell.stop()


async def test_a_ring_acked_is_never_given_again_and_one_not_acked_is(rabbitmq: RabbitMQ, partner: str) -> None:
    async with ringing(rabbitmq.url, [partner], []) as (feeder, _):
        async with ringing(rabbitmq.url, [], [partner]) as (worker, ear):
            await until(lambda: feeder.connected and worker.connected)
            await ear.settle()
            feeder.ring(partner)
            await ear.next()
        async with ringing(rabbitmq.url, [], [partner]) as (_, ear):
            (await ear.next()).ack()
        async with ringing(rabbitmq.url, [], [partner]) as (worker, ear):
            await until(lambda: worker.connected)
            assert await ear.quiet(0.5)


@pytest.mark.slow
async def test_a_ring_reaches_a_worker_in_another_bell(rabbitmq: RabbitMQ, partner: str) -> None:
    other = f"{partner}_other"
    async with (
        ringing(rabbitmq.url, [partner, other], [partner]) as (one, one_ear),
        ringing(rabbitmq.url, [partner, other], [other]) as (two, two_ear),
    ):
        await until(lambda: one.connected and two.connected)
        await one_ear.settle()
        await two_ear.settle()
        one.ring(other)
        assert (await two_ear.next()).partner == other
        two.ring(partner)
        assert (await one_ear.next()).partner == partner


@pytest.mark.slow
async def test_a_bell_without_listeners_never_fills_the_disk(
    rabbitmq: RabbitMQ, partner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(QUEUE_ARGUMENTS, "x-max-length", 5)
    async with ringing(rabbitmq.url, [partner], []) as (bell, _):
        await until(lambda: bell.connected)
        for _ in range(30):
            bell.ring(partner)
            await asyncio.sleep(0.03)
        assert bell.connected
        assert (depths(rabbitmq.url, [partner])[f"{EXCHANGE}.{partner}"] or 0) <= 5


@pytest.mark.slow
async def test_a_deleted_queue_is_declared_again(rabbitmq: RabbitMQ, partner: str) -> None:
    async with ringing(rabbitmq.url, [partner], [partner]) as (bell, ear):
        await until(lambda: bell.connected)
        await ear.settle()
        await asyncio.to_thread(rabbitmq.control, "delete_queue", f"{EXCHANGE}.{partner}")
        assert (await ear.next()).partner == partner
        await ear.settle()
        bell.ring(partner)
        assert (await ear.next()).partner == partner


@pytest.mark.slow
async def test_a_feeder_declares_again_the_queue_its_ring_did_not_find(rabbitmq: RabbitMQ, partner: str) -> None:
    async with ringing(rabbitmq.url, [partner], []) as (bell, _):
        await until(lambda: bell.connected)
        await asyncio.to_thread(rabbitmq.control, "delete_queue", f"{EXCHANGE}.{partner}")
        bell.ring(partner)
        await until(lambda: depths(rabbitmq.url, [partner])[f"{EXCHANGE}.{partner}"] == 1)


@pytest.mark.slow
async def test_after_a_purge_the_next_ring_is_heard(rabbitmq: RabbitMQ, partner: str) -> None:
    async with ringing(rabbitmq.url, [partner], [partner]) as (bell, ear):
        await until(lambda: bell.connected)
        await ear.settle()
        await asyncio.to_thread(rabbitmq.control, "purge_queue", f"{EXCHANGE}.{partner}")
        bell.ring(partner)
        assert (await ear.next()).partner == partner


@pytest.mark.slow
async def test_a_closed_connection_is_opened_again_and_old_acks_are_let_go(rabbitmq: RabbitMQ, partner: str) -> None:
    async with ringing(rabbitmq.url, [partner], [partner]) as (bell, ear):
        await until(lambda: bell.connected)
        await ear.settle()
        bell.ring(partner)
        old = await ear.next()
        await asyncio.to_thread(rabbitmq.control, "close_all_connections", "a test")
        new = await ear.next()
        old.ack()
        new.ack()
        await ear.settle()
        bell.ring(partner)
        assert (await ear.next()).partner == partner
        assert bell.connected


@pytest.mark.slow
async def test_a_frozen_broker_blocks_nobody_and_is_noticed_by_the_next_ring(rabbitmq: RabbitMQ, partner: str) -> None:
    async with ringing(rabbitmq.url, [partner], [partner]) as (bell, ear):
        await until(lambda: bell.connected)
        await ear.settle()
        rabbitmq.freeze()
        try:
            began = time.perf_counter()
            bell.ring(partner)
            assert time.perf_counter() - began < 0.1
            await until(lambda: not bell.connected, 25)
        finally:
            rabbitmq.thaw()
        await until(lambda: bell.connected, 40)
        assert (await ear.next(30)).partner == partner


@pytest.mark.slow
async def test_a_stop_is_quick_while_the_broker_is_frozen(rabbitmq: RabbitMQ, partner: str) -> None:
    bell = AmqpBell(rabbitmq.url, [partner])
    await bell.start([partner], lambda _ring: None)
    await until(lambda: bell.connected)
    rabbitmq.freeze()
    try:
        began = time.perf_counter()
        await bell.stop()
        assert time.perf_counter() - began < 12
    finally:
        rabbitmq.thaw()


@pytest.mark.slow
async def test_depths_name_a_queue_that_is_not_there_and_a_broker_that_is_not_there(
    rabbitmq: RabbitMQ, partner: str
) -> None:
    assert (await asyncio.to_thread(depths, rabbitmq.url, [partner]))[f"{EXCHANGE}.{partner}"] is None
    with pytest.raises(ConnectionError):
        await asyncio.to_thread(depths, f"amqp://guest:guest@127.0.0.1:{free_port()}//", [partner])


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.3, 1.5])
async def test_after_the_broker_was_killed_rings_are_heard_again(partner: str, after_s: float) -> None:
    """Right after the first declaration, too, when a quorum queue comes back that never answers."""
    with RabbitMQ() as server:
        assert isinstance(server, RabbitMQ)
        async with ringing(server.url, [partner], [partner]) as (bell, ear):
            await until(lambda: bell.connected)
            await asyncio.sleep(after_s)
            server.kill()
            await until(lambda: not bell.connected, 25)
            await asyncio.to_thread(server.start)
            await until(lambda: bell.connected, 40)
            bell.ring(partner)
            (await ear.next(30)).ack()
            await ear.settle()
            bell.ring(partner)
            assert (await ear.next()).partner == partner
