"""How fast the console's pages are on a full ledger: `python -m tests.bench.pages --ledger URL --keys FILE [--rounds 100] [--write]`.

The ledger is one that `tests.bench.seed` filled. The console is served by a process of its own, with somebody signed in; on PostgreSQL
another process takes events in and delivers them at full speed meanwhile. Each page is asked so often, each time about another dossier;
p50 and p95 are of the whole answer, in milliseconds. `--write` puts the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sqlite3
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg
import uvloop

from adapters import discover
from bus.adapter import Job
from bus.ledger import schema
from bus.outcome import Outcome
from contracts.envelope import Envelope
from ops import simulate
from ops.bench import speed
from ops.gateway import application
from ops.house import House
from ops.sample import generate
from ops.settings import HttpSettings, KeySettings, LedgerSettings
from tests.bench.report import loopback
from tests.bench.seed import templates
from tests.ops.conftest import settings_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- pages -->", "<!-- end of pages -->"
LIMIT_MS = 200.0
DOSSIERS = 200
UNDER_WAY = 3000
"""Deliveries the worker has before it at most: it is never idle, and never far behind."""
PASSWORD = "mưa rào trên mái ngói"
LISTS = (
    "",
    "?state=dead",
    "?state=in_doubt",
    "?state=waiting",
    "?cause=code_gap",
    "?partner=national_portal",
    "?partner=national_portal&operation=CapNhatTienDoHoSoMC&state=dead&cause=refused&code=E1032",
    "?partner=electronic_iso&state=waiting",
)


class Known(NamedTuple):
    """A dossier of the ledger and numbers it is known by."""

    dossier: str
    delivery: int
    event: str
    trace: str
    keys: tuple[str, ...]
    citizen: str


def known(url: str, rng: random.Random) -> list[Known]:
    """Some dossiers, drawn from all over the ledger."""
    citizens = [template.citizen[:3] for template in templates(discover())]
    with rows_of(url) as rows:
        ((last,),) = rows("SELECT MAX(delivery) FROM attempt WHERE worker = 'seed'")
        ids = ",".join(str(rng.randint(1, last)) for _ in range(DOSSIERS))
        found = rows(
            "SELECT d.dossier, d.id, e.event_id, substr(e.traceparent, 4, 32) FROM delivery d JOIN event e ON e.id = d.event"
            f" WHERE d.id IN ({ids})"
        )
        told = []
        for dossier, delivery, event, trace in found:
            number = int(dossier.rpartition("-")[2])
            wanted = f"'tt{number:09}', 'r{delivery}'"
            values = tuple(row[0] for row in rows(f"SELECT value FROM search_key WHERE value IN ({wanted})"))
            citizen = citizens[(number - 1) % len(citizens)]
            told.append(Known(dossier, delivery, event, trace, values, f"{citizen}{number:09}" if citizen else ""))
    return told


@contextmanager
def rows_of(url: str) -> Iterator[Callable[[str], list[Any]]]:
    """Plain questions to a database beside the bus."""
    if url.startswith(schema.SQLITE):
        lite = sqlite3.connect(f"file:{url.removeprefix(schema.SQLITE)}?mode=ro", uri=True)
        yield lambda sql: lite.execute(sql).fetchall()
        lite.close()
    else:
        with psycopg.connect(url) as connection:
            yield lambda sql: connection.execute(sql.encode()).fetchall()


def serve(url: str, keys: Path, told: Connection) -> None:
    """The console of a house that delivers nothing, in a process of its own; tells its address and a new operator's password."""

    async def serving() -> None:
        with tempfile.TemporaryDirectory() as folder:
            urls = dict.fromkeys(("dossier_system", "national_portal", "electronic_iso"), "http://127.0.0.1:9")
            settings = settings_of(Path(folder), urls, {}).model_copy(
                update={
                    "ledger": LedgerSettings(url=url),
                    "keys": KeySettings(file=str(keys)),
                    "http": HttpSettings(requests_per_s=10_000.0),
                }
            )
            house = House(settings, work=())
            await house.start()
            gateway = simulate.Served(application(house, anonymous=False), simulate.bind("127.0.0.1", 0))
            await gateway.started()
            name = f"bench{time.time_ns()}"
            word = await house.people.add(name, ["operator"], "", "bench", "to measure")
            told.send((gateway.url, name, word))
            await asyncio.Event().wait()

    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(serving())


def deliver(url: str, keys: Path, partner: str, told: Connection) -> None:
    """A bus at work on the same ledger: realistic events in, each delivered to three partners as fast as it goes. Tells how many."""

    async def delivering() -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "keys.json").touch(0o600)
            (Path(folder) / "keys.json").write_text(keys.read_text())
            bus = speed.house(Path(folder), partner, url, "memory://")
            left, room = 0, asyncio.Event()

            def done(_job: Job, _outcome: Outcome, _seconds: float) -> None:
                nonlocal left
                left -= 1
                if left <= UNDER_WAY:
                    room.set()

            bus.on_outcome.append(done)
            await bus.start()
            delivered, began = 0, time.monotonic()
            for group in _groups():
                left += len(group) * len(speed.PARTNERS)
                delivered += len(group) * len(speed.PARTNERS)
                await bus.intake.accept(group, client="bench")
                if left > UNDER_WAY:
                    room.clear()
                    await room.wait()
                if told.poll():
                    told.send((delivered - left) / (time.monotonic() - began))
                    told.recv()

    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(delivering())


def _groups() -> Iterator[list[Envelope]]:
    """Events without end, of dossiers nobody has heard of."""
    for seed in count(time.time_ns() % 10**9):
        events = list(generate(1000, 200, seed, date(2026, 11, 2)))
        for start in range(0, len(events), 200):
            yield list(events[start : start + 200])


class Clerk:
    """Somebody at the console."""

    def __init__(self, url: str, name: str, word: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=60)
        self._send("/console/sign-in", name=name, password=word, back="/console/")
        self._send("/console/password", old=word, new=PASSWORD, again=PASSWORD)
        self._token = self._token_of("/console/")

    def _token_of(self, path: str) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self._http.get(path).text)
        assert found, path
        return found[1]

    def _send(self, path: str, **fields: str) -> None:
        answer = self._http.post(path, data={"token": self._token_of(path), **fields})
        assert answer.status_code == 303, answer.text

    def look(self, path: str) -> float:
        """Milliseconds until a page is there."""
        began = time.perf_counter()
        answer = self._http.get(path)
        took = 1000 * (time.perf_counter() - began)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return took

    def search(self, text: str, dossier: str) -> float:
        """Milliseconds until the search box has answered; that it leads to the dossier is looked at as well."""
        began = time.perf_counter()
        answer = self._http.post("/console/search", data={"token": self._token, "q": text})
        took = 1000 * (time.perf_counter() - began)
        shown = answer.headers.get("location", "") + answer.text
        assert not dossier or dossier in shown, f"{text!r} does not find {dossier}: {answer.status_code} {shown[-600:]}"
        return took


def measure(clerk: Clerk, dossiers: list[Known], rounds: int) -> dict[str, list[float]]:
    """Every page so often."""
    took: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        one = dossiers[number % len(dossiers)]
        took["home"].append(clerk.look("/console/"))
        took["causes"].append(clerk.look("/console/causes"))
        took["dossier"].append(clerk.look(f"/console/dossiers/{one.dossier}"))
        took["deliveries"].append(clerk.look(f"/console/deliveries{LISTS[number % len(LISTS)]}"))
        texts = [
            one.dossier,
            one.dossier.partition("-")[2],
            one.event,
            one.trace,
            str(one.delivery),
            one.citizen,
            *one.keys,
        ]
        asked = [text for text in texts if text]
        took["search"].append(clerk.search(asked[number % len(asked)], one.dossier))
        took["search: half a code"].append(clerk.search(one.dossier.partition("-")[2][:10], ""))
    return took


def table(took: dict[str, list[float]], title: str) -> list[str]:
    """Lines of the document."""
    lines = [f"| {title} | p50 | p95 | slowest | |", "|---|---|---|---|---|"]
    for page, times in took.items():
        times = sorted(times)
        p50, p95 = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.95))]
        verdict = "✓" if p95 < LIMIT_MS else "✗"
        lines.append(f"| {page} | {p50:.0f} ms | {p95:.0f} ms | {times[-1]:.0f} ms | {verdict} |")
    return lines


def write(database: str, lines: list[str]) -> None:
    """Put a database's table into its place in the document, and leave the other's as it is."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    within, _, after = rest.partition(END)
    parts = dict(re.findall(r"<!-- (\w+) -->\n(.*?)(?=<!-- |\Z)", within, re.DOTALL))
    parts[database] = "\n" + "\n".join(lines) + "\n\n"
    kept = "".join(f"<!-- {name} -->\n{parts[name]}" for name in sorted(parts))
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{kept}{END}{after}", encoding="utf-8")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--ledger", required=True)
    asked.add_argument("--keys", type=Path, required=True)
    asked.add_argument("--rounds", type=int, default=100)
    asked.add_argument("--quiet", action="store_true", help="no worker beside")
    asked.add_argument("--write", action="store_true")
    given = asked.parse_args()
    lite = given.ledger.startswith(schema.SQLITE)
    forked = get_context("spawn")
    ours, theirs = forked.Pipe()
    processes = [forked.Process(target=serve, args=(given.ledger, given.keys, theirs), daemon=True)]
    processes[0].start()
    try:
        with loopback() as partner:
            clerk = Clerk(*ours.recv())
            work, worker = forked.Pipe()
            if not (lite or given.quiet):
                processes.append(
                    forked.Process(target=deliver, args=(given.ledger, given.keys, partner, worker), daemon=True)
                )
                processes[1].start()
                time.sleep(15)
            dossiers = known(given.ledger, random.Random(84))
            measure(clerk, dossiers, 5)
            took = measure(clerk, dossiers, given.rounds)
            beside = ""
            if len(processes) > 1:
                work.send("how many")
                beside = f", while a worker delivers {work.recv():,.0f} a second"
            with rows_of(given.ledger) as rows:
                ((deliveries,),) = rows("SELECT SUM(n) FROM tally WHERE state = 'owed'")
            title = f"{'SQLite' if lite else 'PostgreSQL'}, {int(deliveries):,} deliveries{beside}"
    finally:
        for process in processes:
            process.kill()
    lines = table(took, title)
    print("\n".join(lines))
    if given.write:
        write("sqlite" if lite else "postgresql", lines)


if __name__ == "__main__":
    main()
