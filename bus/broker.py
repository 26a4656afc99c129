"""The bell on kombu: rings that say "this partner has due work", nothing else. The only file that knows the broker.

A ring may be lost, doubled or late; the sweep rings again. So nothing here ever raises to the caller or blocks it: a ring that cannot
be published is dropped. One thread does all broker I/O (publish, drain, heartbeat, ack); py-amqp connections are not thread-safe.

Rings lie in quorum queues of bounded length; what is dropped at a limit is only a hint, so there is no dead-letter exchange. A broker
killed right after a queue's first declaration may come back with a queue that is there and never answers: one that let a wait run out or
refused a ring is deleted and declared anew, which costs nothing but hints.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import kombu
import structlog
from amqp.exceptions import MessageNacked
from kombu.exceptions import OperationalError

log = structlog.get_logger("bus.bell")

EXCHANGE = "lienthong.ring"
HEARTBEAT_S = 30
IDLE_S = 1.0
"""The longest wait on a silent connection before its heartbeat is looked after."""
IO_LIMIT_S = 10.0
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
QUEUE_LENGTH = 1000
QUEUE_ARGUMENTS = {"x-queue-type": "quorum", "x-max-length": QUEUE_LENGTH, "x-overflow": "drop-head"}


class Ring:
    """One ring taken from the bell. `ack` once the claim it caused is committed; harmless twice and after a reconnect."""

    __slots__ = ("_ack", "partner")

    def __init__(self, partner: str, ack: Callable[[], None] | None = None) -> None:
        self.partner = partner
        self._ack = ack

    def ack(self) -> None:
        ack, self._ack = self._ack, None
        if ack is not None:
            ack()


OnRing = Callable[[Ring], None]


class Bell(Protocol):
    """Rings go in from anywhere; rings for the partners listened to come out in the event loop."""

    @property
    def connected(self) -> bool: ...
    async def start(self, listen: Sequence[str], on_ring: OnRing) -> None: ...
    def ring(self, partner: str) -> None: ...
    async def stop(self) -> None: ...


def open_bell(url: str, declare: Sequence[str]) -> Bell:
    """A bell on `memory://` (one process, wakes directly) or `amqp://` (RabbitMQ). `declare` names every partner that may be rung."""
    return MemoryBell() if url.startswith("memory://") else AmqpBell(url, declare)


class MemoryBell:
    """The bell of a single process: kombu's memory transport holds the rings, and the worker is woken directly.

    kombu polls an idle memory queue once a second, so each ring is taken out in the same turn of the loop it was put in.
    """

    connected = True

    def __init__(self) -> None:
        self._connection = kombu.Connection("memory://", transport_options={"polling_interval": 0.01})
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_ring: OnRing = lambda _ring: None
        self._listen: frozenset[str] = frozenset()
        self._pending: set[str] = set()
        self._lock = threading.Lock()
        self._queues: dict[str, Any] = {}

    async def start(self, listen: Sequence[str], on_ring: OnRing) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_ring = on_ring
        self._listen = frozenset(listen)
        self._queues = {name: self._connection.SimpleBuffer(f"{EXCHANGE}.{id(self)}.{name}") for name in listen}

    def ring(self, partner: str) -> None:
        """Wake the worker; rings that were not yet heard merge."""
        if self._loop is None or partner not in self._listen:
            return
        with self._lock:
            if partner in self._pending:
                return
            self._pending.add(partner)
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody is left to wake
            self._loop.call_soon_threadsafe(self._pass_on, partner)

    def _pass_on(self, partner: str) -> None:
        with self._lock:
            self._pending.discard(partner)
        buffer = self._queues.get(partner)
        if buffer is None:
            return
        buffer.put({"partner": partner})
        message = buffer.get_nowait()
        self._on_ring(Ring(message.payload["partner"], lambda: self._acknowledge(message)))

    def _acknowledge(self, message: Any) -> None:
        if self._loop is not None:  # else the bell has stopped and its queues are gone
            message.ack()

    async def stop(self) -> None:
        self._loop = None
        for buffer in self._queues.values():
            buffer.close()
        self._queues.clear()
        self._connection.release()


class AmqpBell:
    """The bell over RabbitMQ, in a thread of its own that reconnects for ever."""

    def __init__(self, url: str, declare: Sequence[str]) -> None:
        self._url = url
        self._declare = tuple(declare)
        self._listen: tuple[str, ...] = ()
        self._on_ring: OnRing = lambda _ring: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wanted: set[str] = set()
        self._acks: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._generation = 0
        self._broken = False
        self._suspect = False
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)  # full of what its thread has not read yet, it wakes it all the same
        self.connected = False

    async def start(self, listen: Sequence[str], on_ring: OnRing) -> None:
        """Begin; an absent broker is no error, the thread goes on trying."""
        self._loop = asyncio.get_running_loop()
        self._listen, self._on_ring = tuple(listen), on_ring
        self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
        self._thread.start()

    def ring(self, partner: str) -> None:
        """Publish soon; rings not yet published merge. A partner never declared has no queue and is not rung."""
        if partner not in self._declare:
            return
        with self._lock:
            if partner in self._wanted:
                return
            self._wanted.add(partner)
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._wake_write.send(b"x")

    async def stop(self) -> None:
        self._stopping.set()
        self._wake()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, IO_LIMIT_S)
            if not self._thread.is_alive():
                self._wake_read.close()
                self._wake_write.close()

    def _run(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            try:
                self._serve()
                tries = 0
            except Exception as error:
                self._suspect = isinstance(error, TimeoutError) or self._suspect
                if self.connected:
                    tries = 0
                self.connected = False
                log.warning("broker lost", error=type(error).__name__)
                self._stopping.wait(BACKOFF_S[min(tries, len(BACKOFF_S) - 1)])
                tries += 1
        self.connected = False

    def _serve(self) -> None:
        """One connection's life, from its opening until it breaks or we stop."""
        options = {
            "confirm_publish": True,
            "read_timeout": IO_LIMIT_S,
            "write_timeout": IO_LIMIT_S,
            "socket_settings": {socket.TCP_USER_TIMEOUT: int(IO_LIMIT_S * 1000)},
            "client_properties": {"connection_name": "lienthong"},
        }
        self._generation += 1
        generation = self._generation
        with kombu.Connection(
            self._url, heartbeat=HEARTBEAT_S, connect_timeout=5, transport_options=options
        ) as connection:
            line = connection.connect()
            try:
                self._live(connection, generation)
            except Exception:
                line.collect()  # cut it: a polite close would wait for an answer that may never come
                raise

    def _live(self, connection: Any, generation: int) -> None:
        """Declare, consume and publish on one open connection."""
        channel = connection.channel()
        exchange = kombu.Exchange(EXCHANGE, "direct", durable=True)
        if self._suspect:
            for partner in self._declare:
                self._queue(partner, exchange)(channel).delete()
            self._suspect = False
        for partner in self._declare:
            self._queue(partner, exchange)(channel).declare()
        producer = kombu.Producer(channel, exchange, serializer="json", auto_declare=False, on_return=self._returned)
        consumer = kombu.Consumer(
            connection.channel(),
            [self._queue(partner, exchange) for partner in self._listen],
            callbacks=[lambda body, message: self._heard(generation, body, message)],
            accept=["json"],
            prefetch_count=50,
            auto_declare=False,
            tag_prefix="ring.",
        )
        if self._listen:
            consumer.consume()
        self.connected, self._broken = True, False
        with self._lock:
            self._wanted |= set(self._declare)  # whoever rang meanwhile was not heard
        self._loop_io(connection, producer, generation)
        if self._broken:
            raise ConnectionError("a ring was refused")
        self._send_acks(generation)  # else an orderly stop would ring again for what was claimed

    def _queue(self, partner: str, exchange: Any) -> Any:
        return kombu.Queue(
            f"{EXCHANGE}.{partner}", exchange, routing_key=partner, durable=True, queue_arguments=QUEUE_ARGUMENTS
        )

    def _loop_io(self, connection: Any, producer: Any, generation: int) -> None:
        line = connection.connection.sock
        next_beat = time.monotonic()
        while not self._stopping.is_set() and not self._broken:
            with contextlib.suppress(BlockingIOError):
                while self._wake_read.recv(4096):
                    pass
            self._send_acks(generation)
            self._publish(producer)
            buffered = isinstance(line, ssl.SSLSocket) and line.pending() > 0
            if buffered or line in select.select([line, self._wake_read], [], [], IDLE_S)[0]:
                connection.drain_events(timeout=IO_LIMIT_S)
            if time.monotonic() >= next_beat:
                connection.heartbeat_check()
                next_beat = time.monotonic() + HEARTBEAT_S / 4

    def _send_acks(self, generation: int) -> None:
        """Acks for this connection only: older delivery tags are void."""
        with contextlib.suppress(queue.Empty):
            while True:
                of, message = self._acks.get_nowait()
                if of == generation and not message.acknowledged:
                    message.ack()

    def _publish(self, producer: Any) -> None:
        with self._lock:
            wanted, self._wanted = self._wanted, set()
        for partner in sorted(wanted):
            try:
                producer.publish(
                    {"partner": partner},
                    routing_key=partner,
                    mandatory=True,
                    delivery_mode=1,
                    timeout=IO_LIMIT_S,
                    confirm_timeout=IO_LIMIT_S,
                    retry=False,
                )
            except MessageNacked:
                self._suspect = self._broken = True
                return
            except OperationalError:
                self._broken = True
                return

    def _returned(self, *_details: Any) -> None:
        """An unroutable ring: its queue is gone; declare anew."""
        self._broken = True

    def _heard(self, generation: int, body: Any, message: Any) -> None:
        partner = body.get("partner") if isinstance(body, dict) else None
        if not isinstance(partner, str) or self._loop is None:
            message.reject()
            return
        ring = Ring(partner, lambda: self._hand_back(generation, message))
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._on_ring, ring)

    def _hand_back(self, generation: int, message: Any) -> None:
        self._acks.put((generation, message))
        self._wake()
