"""Run every measurement, print the table, write docs/performance.md. `python -m tests.bench [--quick]`"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import uvloop

from bus.ledger import schema
from bus.ledger.postgres import PostgresDatabase
from bus.ledger.sql_ledger import open_ledger
from bus.ledger.sqlite import SqliteDatabase
from bus.ledger.words import Claim
from bus.seal import Keyring
from ops.bench import seed, speed
from ops.sample import generate
from tests.bench import celery_peer
from tests.servers import Postgres, RabbitMQ, free_port, wait_for_port

QUICK = "--quick" in sys.argv
EVENTS = 700 if QUICK else 4000
ROUNDS = 1 if QUICK else 3
BACKLOG = 20_000 if QUICK else 1_000_000
DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
Answer = TypeVar("Answer")
Round = Callable[[], speed.Speed]
BARE, CELERY = "bare loop, 0 ms", "Celery + RabbitMQ (no order, no ledger)"
SINGLE, SERVERS = "SQLite + memory, single, 0 ms", "PostgreSQL + RabbitMQ, single, 0 ms"
BATCHED = "SQLite + memory, 20 a call"


class Line(NamedTuple):
    """One figure: what, its value, the least (or most) it must reach, and the goal."""

    what: str
    value: str
    must: str
    goal: str
    holds: bool | None


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.Runner(loop_factory=uvloop.new_event_loop).run(work)


@contextlib.contextmanager
def loopback(delay_s: float = 0.0) -> Iterator[str]:
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "ops.bench.loopback", str(port), str(delay_s)]) as process:
        try:
            wait_for_port(port, 10)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def fresh(postgres: Postgres | None) -> tuple[Path, str]:
    folder = Path(tempfile.mkdtemp(prefix="lienthong-bench-"))
    return folder, postgres.new_database() if postgres else f"sqlite:///{folder}/ledger.db"


def measure_speed(postgres: Postgres, rabbit: RabbitMQ) -> list[Line]:
    """Everything in rounds, one after the other, and the middle of each: what disturbs the machine disturbs all alike."""
    raw = speed.bodies(EVENTS)

    def through(store: Postgres | None, url: str, *, batch: int = 1, concurrency: int = 16) -> Round:
        def measure() -> speed.Speed:
            folder, ledger = fresh(store)
            broker = rabbit.url if store else "memory://"
            bus = speed.house(folder, url, ledger, broker, batch=batch, concurrency=concurrency)
            return run(speed.through_the_bus(bus, raw))

        return measure

    with loopback() as url, loopback(0.05) as slow:
        run(speed.bare(url, raw[:500]))
        rounds: dict[str, Round] = {
            BARE: lambda: run(speed.bare(url, raw)),
            SINGLE: through(None, url),
            SERVERS: through(postgres, url),
            BATCHED: through(None, url, batch=20),
            "PostgreSQL + RabbitMQ, 20 a call": through(postgres, url, batch=20),
            CELERY: lambda: speed.Speed(celery_peer.measure(rabbit.url, url, raw), 0.0),
            "bare loop, 50 ms, 64 at once": lambda: run(speed.bare(slow, raw, concurrency=64)),
            "SQLite + memory, single, 50 ms, 64 at once": through(None, slow, concurrency=64),
            "PostgreSQL + RabbitMQ, single, 50 ms, 64 at once": through(postgres, slow, concurrency=64),
        }
        taken: dict[str, list[speed.Speed]] = {name: [] for name in rounds}
        for _ in range(ROUNDS):
            for name, measure in rounds.items():
                taken[name].append(measure())
        folder, ledger = fresh(None)
        calm = speed.house(folder, url, ledger, "memory://")
        p50, p99 = run(speed.added_latency_ms(calm, raw[: 40 if QUICK else 400], 20.0))
    shown = {name: sorted(speeds)[ROUNDS // 2] for name, speeds in taken.items()}
    lines = []
    for name, figure in shown.items():
        cpu = f", {figure.cpu_s_per_1000:.2f} s CPU per 1,000" if figure.cpu_s_per_1000 else ""
        lines.append(Line(name, f"{figure.per_s:,.0f}/s{cpu}", "", "", None))

    def share(one: str, other: str) -> float:
        return shown[one].per_s / shown[other].per_s

    return [
        *lines,
        ratio("SQLite single / bare loop", share(SINGLE, BARE), 0.4, 0.6),
        ratio("batched (20 a call) / bare single loop", share(BATCHED, BARE), 1.5, 3.0),
        ratio("SQLite single / Celery", share(SINGLE, CELERY), 3.0, 5.0),
        ratio("PostgreSQL + RabbitMQ / SQLite + memory, single", share(SERVERS, SINGLE), 0.5, 0.8),
        Line("added latency at 20 events/s, p50", f"{p50:.1f} ms", "", "", None),
        most("added latency at 20 events/s, p99", p99, 25.0, 10.0, "ms"),
    ]


def ratio(what: str, value: float, must: float, goal: float) -> Line:
    return Line(what, f"{value:.2f}", f"≥ {must:g}", f"{goal:g}", value >= must)


def most(what: str, value: float, must: float, goal: float, unit: str) -> Line:
    return Line(what, f"{value:.1f} {unit}", f"≤ {must:g} {unit}", f"{goal:g} {unit}", value <= must)


SHAPES = {
    "a million lanes due": seed.Shape(BACKLOG, 1),
    "2,000 lanes of 500": seed.Shape(max(1, BACKLOG // 500), 500),
    "the same, heads wait for tomorrow": seed.Shape(max(1, BACKLOG // 500), 500, 86_400.0),
}


def measure_claims(postgres: Postgres) -> list[Line]:
    """The claim with a thousand and with a million waiting, in four shapes, and the memory of a process beside them."""
    lines: list[Line] = []
    for store in (None, postgres):
        name = "PostgreSQL" if store else "SQLite"
        small = claim_ms(store, seed.Shape(1000, 1))
        for shape_name, shape in SHAPES.items():
            big = claim_ms(store, shape, paused=shape_name.startswith("2,000"))
            for part, figure in big.items():
                base = small["claim query" if part == "claim query, partner paused" else part]
                if part.startswith("claim query"):
                    holds, bound = figure <= max(1.2 * base, base + 0.2), f"≤ {max(1.2 * base, base + 0.2):.2f} ms"
                elif part == "claim of 50 and commit":
                    holds, bound = figure <= 2 * base, f"≤ {2 * base:.2f} ms"
                else:
                    holds, bound = figure < 300, "< 300 MB"
                unit = "MB" if part.startswith("resident") else "ms"
                lines.append(
                    Line(f"{name}, {shape_name}: {part}", f"{figure:.2f} {unit} (1,000: {base:.2f})", bound, "", holds)
                )
    return lines


def claim_ms(store: Postgres | None, shape: seed.Shape, *, paused: bool = False) -> dict[str, float]:
    """Medians of many claims, in milliseconds, and the resident memory afterwards, in MB."""
    folder, url = fresh(store)
    keys = Keyring.parse(Keyring.generate())
    schema.upgrade(url)
    template = next(iter(generate(1, 1, 1, date(2026, 1, 5))))
    database = PostgresDatabase(url) if store else SqliteDatabase(folder / "ledger.db")
    database.connect()
    seed.fill(database, keys, shape, time.time(), template)
    database.close()
    database.release()
    if store:
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    async def measured() -> dict[str, float]:
        ledger = open_ledger(url, keys)
        found = {"claim query": await timed(ledger, 0 if shape.due_in_s > 0 else 1)}
        if shape.due_in_s <= 0:
            found["claim of 50 and commit"] = await timed(ledger, 50)
        if paused:
            await ledger.pause("plain", "bench", "to see what a pause costs")
            found["claim query, partner paused"] = await timed(ledger, 1)
        found["resident memory"] = resident_mb()
        await ledger.close()
        return found

    return run(measured())


async def timed(ledger: Any, rows: int, times: int = 15) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        claimed = await ledger.claim(Claim("plain", "bench", max(1, rows), max(1, rows), 45.0, {}))
        taken.append(1000 * (time.perf_counter() - began))
        if claimed.jobs:
            await ledger.release(claimed.jobs)
    return statistics.median(taken)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def machine() -> str:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "?",
    )
    memory = (
        int(
            next(
                line.split()[1]
                for line in Path("/proc/meminfo").read_text().splitlines()
                if line.startswith("MemTotal")
            )
        )
        // 2**20
    )
    return f"{os.cpu_count()} cores ({model}), {memory} GiB, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    speed.start_telemetry(Path(tempfile.mkdtemp()) / "bench.log")
    with Postgres() as postgres, RabbitMQ() as rabbit:
        assert isinstance(postgres, Postgres)
        assert isinstance(rabbit, RabbitMQ)
        lines = measure_speed(postgres, rabbit) + measure_claims(postgres)
    table = ["| figure | measured | must | goal | |", "|---|---|---|---|---|"]
    table += [
        f"| {x.what} | {x.value} | {x.must} | {x.goal} | {'' if x.holds is None else '✓' if x.holds else '✗'} |"
        for x in lines
    ]
    print("\n".join(table))
    if not QUICK:
        before = DOCUMENT.read_text(encoding="utf-8").split("<!-- figures -->")[0]
        text = f"{before}<!-- figures -->\n\n{machine()}; {date.today():%Y-%m-%d}; {EVENTS:,} events of about 2 KB.\n\n"
        DOCUMENT.write_text(text + "\n".join(table) + "\n", encoding="utf-8")
    if any(line.holds is False for line in lines):
        sys.exit(1)


if __name__ == "__main__":
    main()
