"""How fast this machine is with these settings' own database: the same client bare and through the bus, and what the bus adds.

The ledger is a scratch one beside the real one, the broker is in memory, the partner answers on loopback: nothing that is in use is
touched. docs/performance.md has the figures to compare with, and the bench that makes them.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import uvloop

from bus.ledger.scratch import scratch
from ops import simulate
from ops.bench import speed

CALM_PER_S = 20.0
CALM_EVENTS = 40
START_S = 10.0
Answer = TypeVar("Answer")


class Figure(NamedTuple):
    """One measurement: its key for programs, its name for people, its value and unit."""

    key: str
    what: str
    value: float
    unit: str


def measure(ledger_url: str, events: int) -> list[Figure]:
    """Measure with `events` realistic events of about 2 KB, each owed to three partners. Raises LedgerUnfit."""
    raw = speed.bodies(events)
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as name, _loopback() as partner:
        folder = Path(name)
        speed.start_telemetry(folder / "bench.log")
        with scratch(ledger_url) as url:
            bare = _run(speed.bare(partner, raw))
            bus = _run(speed.through_the_bus(speed.house(folder, partner, url, "memory://"), raw))
        with scratch(ledger_url) as url:
            calm = speed.house(folder, partner, url, "memory://")
            p50, p99 = _run(speed.added_latency_ms(calm, raw[:CALM_EVENTS], CALM_PER_S))
    return [
        Figure("bare_per_s", "calls of the bare HTTP client", bare.per_s, "/s"),
        Figure("bus_per_s", "deliveries through the bus", bus.per_s, "/s"),
        Figure("ratio", "the bus beside the bare client", bus.per_s / bare.per_s, "x"),
        Figure("cpu_s_per_1000", "processor for 1,000 deliveries", bus.cpu_s_per_1000, "s"),
        Figure("added_p50_ms", f"added at {CALM_PER_S:g} events a second, p50", p50, "ms"),
        Figure("added_p99_ms", f"added at {CALM_PER_S:g} events a second, p99", p99, "ms"),
    ]


def _run(work: Coroutine[Any, Any, Answer]) -> Answer:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@contextlib.contextmanager
def _loopback() -> Iterator[str]:
    """The partner in a process of its own; its address. Raises TimeoutError when it does not begin."""
    with simulate.bind("127.0.0.1", 0) as free:
        port = int(free.getsockname()[1])
    with subprocess.Popen([sys.executable, "-m", "ops.bench.loopback", str(port), "0"]) as process:
        try:
            _wait(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _wait(port: int) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the loopback partner did not begin within {START_S:g} s") from None
            time.sleep(0.02)
