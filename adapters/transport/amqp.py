"""Partners that speak AMQP, over pika: publishing with confirms and mandatory returns, intake acked after the ledger's commit.

pika's blocking connection lives in one thread of its own each; coroutines hand work over and wait for the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pika
import structlog
from pika.exceptions import AMQPError, NackError, UnroutableError

from bus.adapter import Call
from bus.outcome import Cause, Delivered, Outcome, Transient, Unknown

log = structlog.get_logger("adapters.amqp")

INTAKE_QUEUE = "lienthong.intake"
REFUSED_QUEUE = "lienthong.intake.refused"
PREFETCH = 200
BATCH = 100
HEARTBEAT_S = 30
BLOCKED_S = 20
RECONNECT_S = 1.0
QUORUM = {"x-queue-type": "quorum"}


def parameters(url: str) -> Any:
    """Connection parameters with heartbeat and limits of our own. The default virtual host may be written `//`, as kombu does."""
    found = pika.URLParameters(url)
    found.virtual_host = found.virtual_host or "/"
    found.heartbeat = HEARTBEAT_S
    found.blocked_connection_timeout = BLOCKED_S
    found.socket_timeout = 5
    found.connection_attempts = 1
    return found


@dataclass(slots=True)
class _Job:
    """One message to publish and where its outcome goes."""

    key: str
    body: bytes
    message_id: str
    call: Call
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Outcome]


class Publisher:
    """Publishes to one durable topic exchange; each message is confirmed by the broker or said not to be."""

    def __init__(self, url: str, exchange: str) -> None:
        self._url = url
        self._exchange = exchange
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def publish(self, key: str, body: bytes, message_id: str, call: Call) -> Outcome:
        """Delivered once confirmed; a message no queue is bound for is kept and tried again, never dropped silently."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="amqp-publisher", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        job = _Job(key, body, message_id, call, loop, loop.create_future())
        self._jobs.put(job)
        try:
            async with asyncio.timeout(call.deadline_s):
                return await job.future
        except TimeoutError:
            return Unknown(words="no confirm in time", request=body)

    async def close(self) -> None:
        self._jobs.put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 5)

    def _run(self) -> None:
        connection: Any = None
        channel: Any = None
        while (job := self._next(connection)) is not None:
            outcome: Outcome
            try:
                if connection is None or not connection.is_open:
                    connection, channel = self._connect()
            except (AMQPError, OSError) as error:
                connection = None
                outcome = Transient(cause=Cause.NOT_SENT, words=f"no broker ({type(error).__name__})")
            else:
                outcome = self._send(channel, job)
            with contextlib.suppress(RuntimeError):
                job.loop.call_soon_threadsafe(_settle, job.future, outcome)
        if connection is not None and connection.is_open:
            connection.close()

    def _next(self, connection: Any) -> _Job | None:
        """The next job; heartbeats are kept up while there is none."""
        while True:
            try:
                return self._jobs.get(timeout=HEARTBEAT_S / 4)
            except queue.Empty:
                if connection is not None and connection.is_open:
                    with contextlib.suppress(AMQPError):
                        connection.process_data_events(0)

    def _connect(self) -> tuple[Any, Any]:
        connection = pika.BlockingConnection(parameters(self._url))
        channel = connection.channel()
        channel.exchange_declare(self._exchange, "topic", durable=True)
        channel.confirm_delivery()
        return connection, channel

    def _send(self, channel: Any, job: _Job) -> Outcome:
        properties = pika.BasicProperties(
            content_type="application/cloudevents+json",
            delivery_mode=2,
            message_id=job.message_id,
            headers={"traceparent": job.call.traceparent} if job.call.traceparent else None,
        )
        if job.future.done() or not job.call.may_send():
            return Transient(cause=Cause.NOT_SENT, words="the lease ran out before the message was written")
        try:
            channel.basic_publish(self._exchange, job.key, job.body, properties, mandatory=True)
        except UnroutableError:
            return Transient(
                cause=Cause.LATER, code="unroutable", words=f"no queue is bound to {self._exchange} for this event"
            )
        except NackError:
            return Transient(cause=Cause.LATER, words="the broker said no")
        except (AMQPError, OSError) as error:
            return Unknown(words=f"broker lost ({type(error).__name__})", request=job.body)
        return Delivered(request=job.body)


def _settle(future: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not future.done():
        future.set_result(outcome)


Accept = Callable[[list[bytes]], Awaitable[list[dict[str, Any]]]]
"""Takes raw events in; a verdict each, after the commit."""


class AmqpIntake:
    """Takes CloudEvents from the queue `lienthong.intake`; refused ones go to `lienthong.intake.refused` with the reasons."""

    def __init__(self, url: str, accept: Accept) -> None:
        self._url = url
        self._accept = accept
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; an absent broker is no error, the thread goes on trying."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="amqp-intake", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._serve()
            except (AMQPError, OSError) as error:
                log.warning("intake lost the broker", error=type(error).__name__)
                self._stopping.wait(RECONNECT_S)
            except Exception as error:
                # the ledger said no (or we are stopping): nothing was acked, everything comes again
                log.warning("intake put off", error=type(error).__name__)
                self._stopping.wait(RECONNECT_S)

    def _serve(self) -> None:
        """One connection's life: batches in, commit, ack."""
        connection = pika.BlockingConnection(parameters(self._url))
        try:
            channel = connection.channel()
            for name in (INTAKE_QUEUE, REFUSED_QUEUE):
                channel.queue_declare(name, durable=True, arguments=QUORUM)
            channel.basic_qos(prefetch_count=PREFETCH)
            channel.confirm_delivery()
            waiting: list[tuple[int, bytes]] = []
            channel.basic_consume(
                INTAKE_QUEUE, lambda _c, method, _p, body: waiting.append((method.delivery_tag, body))
            )
            while not self._stopping.is_set():
                connection.process_data_events(0.05 if not waiting else 0)
                if waiting:
                    batch, waiting[:] = waiting[:BATCH], waiting[BATCH:]
                    self._take(connection, channel, batch)
        finally:
            with contextlib.suppress(AMQPError, OSError):
                connection.close()

    def _take(self, connection: Any, channel: Any, batch: list[tuple[int, bytes]]) -> None:
        """Commit a batch, put the refused aside, ack all. Heartbeats go on while the ledger works."""
        assert self._loop is not None
        answer = asyncio.run_coroutine_threadsafe(self._accept_all([body for _, body in batch]), self._loop)
        while True:
            try:
                verdicts = answer.result(timeout=0.05)
                break
            except TimeoutError:
                connection.process_data_events(0)
                if self._stopping.is_set() and not answer.done():
                    time.sleep(0.05)
        for (tag, body), verdict in zip(batch, verdicts, strict=True):
            if verdict["status"] in ("refused", "conflict"):
                reasons = json.dumps(verdict, ensure_ascii=False)
                properties = pika.BasicProperties(
                    content_type="application/cloudevents+json", delivery_mode=2, headers={"verdict": reasons}
                )
                channel.basic_publish("", REFUSED_QUEUE, body, properties, mandatory=True)
            channel.basic_ack(tag)

    async def _accept_all(self, bodies: list[bytes]) -> list[dict[str, Any]]:
        return await self._accept(bodies)
