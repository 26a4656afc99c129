"""The claim with a thousand and with a million deliveries waiting, in four shapes, and the memory of a bus at work before them."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import psycopg

from bus.ledger import schema
from bus.ledger.database import Database
from bus.ledger.postgres import PostgresDatabase
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.ledger.sqlite import SqliteDatabase
from bus.ledger.words import Claim
from bus.seal import Keyring
from ops.bench import seed, speed
from ops.sample import generate
from tests.bench.report import Line, fresh, loopback, most, run
from tests.servers import Postgres

MEMORY_MB = 300.0
TIMES = 51
WORKS_S = 3.0
TEMPLATE = next(iter(generate(1, 1, 1, date(2026, 1, 5))))


class Figures(NamedTuple):
    """Medians in milliseconds: the claim's questions alone, a claim of fifty with its commit, a claim of a paused partner."""

    query: float
    fifty: float
    paused: float


def measure(postgres: Postgres, backlog: int) -> list[Line]:
    """Every figure of the claim and of memory, on both databases."""
    shapes = {
        "a million lanes due": seed.Shape(backlog, 1),
        "2,000 lanes of 500": seed.Shape(max(1, backlog // 500), 500),
        "the same, every head waits for tomorrow": seed.Shape(max(1, backlog // 500), 500, 86_400.0),
    }
    lines: list[Line] = []
    for store in (None, postgres):
        name = "PostgreSQL" if store else "SQLite"
        thousand = filled(store, seed.Shape(1000, 1))
        for shape_name, shape in shapes.items():
            due = shape.due_in_s <= 0
            folder, url = filled(store, shape)
            small = figures(*thousand, due=True)  # beside each, for a machine is not the same from minute to minute
            big = figures(folder, url, due=due)
            what = f"{name}, {shape_name}: "
            lines.append(_bounded(what + "claim query", big.query, small.query, max(1.2, 1 + 0.2 / small.query)))
            if due:
                lines.append(_bounded(what + "claim of 50 and commit", big.fifty, small.fifty, 2.0))
            if shape.depth > 1 and due:
                factor = max(1.2, 1 + 0.2 / small.paused)
                lines.append(_bounded(what + "claim, partner paused", big.paused, small.paused, factor))
            if shape.depth == 1:
                lines.append(
                    most(f"{name}, {shape_name}: resident memory at work", working_mb(folder, url), MEMORY_MB, "MB")
                )
    return lines


def _bounded(what: str, value: float, base: float, factor: float) -> Line:
    line = most(what, value, factor * base, "ms")
    return line._replace(value=f"{line.value} (1,000 waiting: {base:.2f})")


def filled(store: Postgres | None, shape: seed.Shape) -> tuple[Path, str]:
    """A ledger of this shape: its folder (with the keys) and URL."""
    folder, url = fresh(store)
    (folder / "keys.json").touch(0o600)
    (folder / "keys.json").write_text(Keyring.generate())
    schema.upgrade(url)
    database = connected(url, folder)
    seed.fill(database, keyring(folder), shape, time.time(), TEMPLATE)
    database.close()
    database.release()
    if store:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
    return folder, url


def connected(url: str, folder: Path) -> Database:
    database = SqliteDatabase(folder / "ledger.db") if url.startswith("sqlite") else PostgresDatabase(url)
    database.connect()
    return database


def keyring(folder: Path) -> Keyring:
    return Keyring.parse((folder / "keys.json").read_text())


def figures(folder: Path, url: str, *, due: bool) -> Figures:
    """Time the claim on a filled ledger."""
    database = connected(url, folder)
    query = median_ms(lambda: ask(database))
    database.close()
    database.release()
    return run(claimed(open_ledger(url, keyring(folder)), query, due=due))


def ask(database: Database) -> None:
    """The questions of one claim for fifty, in a transaction that leaves nothing."""
    at = {"partner": "plain", "now": time.time(), "rows": 50}
    database.begin()
    database.rows("ready_lanes", at)
    database.rows("next_ready", {"partner": "plain", "now": time.time()})
    database.commit()


def median_ms(work: Callable[[], None]) -> float:
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


async def claimed(ledger: SqlLedger, query: float, *, due: bool) -> Figures:
    fifty = await _claims_ms(ledger) if due else 0.0
    await ledger.pause("plain", "bench", "to see what a pause costs")
    paused = await _claims_ms(ledger)
    await ledger.resume("plain", "bench", "seen")
    await ledger.close()
    return Figures(query, fifty, paused)


async def _claims_ms(ledger: SqlLedger) -> float:
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        found = await ledger.claim(Claim("plain", "bench", 50, 50, 45.0, {}))
        taken.append(1000 * (time.perf_counter() - began))
        if found.jobs:
            await ledger.release(found.jobs)
    return statistics.median(taken)


def working_mb(folder: Path, url: str) -> float:
    """Resident megabytes of a process of its own that serves and works on this ledger for a while."""
    with loopback() as partner, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, folder, url, partner).result()


def work(folder: Path, url: str, partner_url: str) -> float:
    """Deliver for some seconds; the resident megabytes then."""
    speed.start_telemetry(folder / "bench.log")
    bus = speed.house(folder, partner_url, url, "memory://")
    delivered = 0

    def count(*_: object) -> None:
        nonlocal delivered
        delivered += 1

    async def deliver() -> float:
        bus.on_outcome.append(count)
        await bus.start()
        await asyncio.sleep(WORKS_S)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        await bus.stop()
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    resident = run(deliver())
    assert delivered > 0, "nothing was delivered"
    return resident
