"""Fill an empty ledger with a province's past, fast: `python -m tests.bench.seed --deliveries 10000000 --ledger URL --keys FILE`.

Ten sample dossiers, each of another life, are told again and again as other people's: own codes, events, keys and seals, the operations
the routes owe, lanes that end as real ones do. Story, search, counters and `lienthong status --verify` work on every row. One dossier in
nine has a delivery in trouble; the older ones' contents are gone, as when their term is over. The keyring of `--keys` is made when it is
not there.
"""

from __future__ import annotations

import argparse
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from itertools import accumulate, count
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import psycopg

from adapters import discover
from bus.adapter import Partner
from bus.intake import Intake
from bus.ledger import exchange, keys, schema
from bus.ledger.book import attempt_record, event_record, idempotency_key
from bus.ledger.words import Arrival, Debt
from bus.seal import Keyring
from mappings import routes
from ops.sample import generate

DOSSIERS_A_PAGE, PAGES = 1000, 10
"""Rows of so many dossiers are written at once, so many times by one process."""
TROUBLED = 9
"""One dossier in so many has a delivery in trouble, the last of its lane."""
PAST_S = 300 * 86_400
KEPT = 10
"""One dossier in so many, the newest, still has its contents, and so have those in trouble; of the others their term is over."""
ANSWERED = frozenset({"electronic_iso", "postal", "online_payment"})
"""Partners that answer with a number of their own."""
NO_DIGEST = b"\0" * 32


class Trouble(NamedTuple):
    """How a lane's last delivery stands."""

    state: str
    cause: str
    code: str
    hold_key: str
    outcome: str


GOOD = Trouble("delivered", "", "", "", "Delivered")
TROUBLES = (
    Trouble("dead", "refused", "E1032", "", "Permanent"),
    Trouble("dead", "refused", "E2001", "", "Permanent"),
    Trouble("in_doubt", "unknown", "", "", "Unknown"),
    Trouble("waiting", "code_gap", "", "code:ward:29461:2026-01-06", "Held"),
    Trouble("waiting", "not_sent", "", "", "Transient"),
)


class Member(NamedTuple):
    """A delivery of a lane: its number, its event's, what is owed, under which key, since when."""

    delivery: int
    event: int
    debt: Debt
    key: str
    at: float


COLUMNS = {
    "event": "id source event_id type dossier sequence entered occurred_at accepted_at client flags correlation_id causation_id"
    " traceparent digest erased_at body",
    "thread": "source dossier next early early_at",
    "lane": "id partner dossier last_number head priority ready_at has_full",
    "delivery": "id lane number event partner dossier operation full_state priority key state cause code hold_key step due_at"
    " holds attempt tries doubt mapped receipt accepted_at changed_at",
    "attempt": "delivery number step worker opened_at started_at closed_at outcome cause code secret",
    "search_key": "value dossier kind",
    "finder": "digest dossier",
    "tally": "partner state cause process n",
    "partner": "name tokens refilled_at last_success_at",
}
Rows = dict[str, list[tuple[Any, ...]]]


class Template(NamedTuple):
    """A sample dossier: what came for it, its code's day and number, the applicant's own number."""

    arrivals: Sequence[Arrival]
    code: str
    number: str
    citizen: str


class SqliteStore:
    """Nothing else has the file open, and a power cut would only cost the seeding."""

    processes = 1
    binary = staticmethod(bytes)

    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(url.removeprefix(schema.SQLITE))
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA cache_size = -200000")

    def write(self, rows: Rows) -> None:
        for table, page in rows.items():
            columns = COLUMNS[table].split()
            marks = ",".join("?" * len(columns))
            self._connection.executemany(f"INSERT OR IGNORE INTO {table} ({','.join(columns)}) VALUES ({marks})", page)
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()

    def finish(self) -> None:
        self._connection.execute("ANALYZE")
        self.close()


class PostgresStore:
    """COPY; the indices that prove nothing are made when all rows are there."""

    processes = 3

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        run = self._connection.execute
        run("SET synchronous_commit = off")
        run("SET maintenance_work_mem = '512MB'")
        names = [table for table in COLUMNS if table not in ("search_key", "finder")]
        found = run(
            "SELECT indexname, indexdef FROM pg_indexes i WHERE tablename = ANY(%s)"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)",
            (names,),
        ).fetchall()
        self._indices = [str(definition) for _, definition in found]
        for name, _ in found:
            run(f"DROP INDEX {name}".encode())

    def write(self, rows: Rows) -> None:
        with self._connection.transaction():
            for table, page in rows.items():
                columns = COLUMNS[table].split()
                line = "\t".join(["%s"] * len(columns)) + "\n"
                into = f"COPY {table} ({','.join(columns)}) FROM STDIN WITH (NULL 'None')"
                with self._connection.cursor().copy(into.encode()) as copy:
                    copy.write("".join([line % row for row in page]))

    @staticmethod
    def binary(value: bytes) -> str:
        """As COPY reads it."""
        return "\\\\x" + value.hex()

    def close(self) -> None:
        self._connection.close()

    def finish(self) -> None:
        run = self._connection.execute
        for definition in self._indices:
            run(definition.encode())
        for table in ("event", "lane", "delivery"):
            run(f"SELECT setval('{table}_ids', (SELECT MAX(id) FROM {table}))".encode())
        run("VACUUM (ANALYZE)")
        self.close()


def templates(partners: dict[str, Partner]) -> list[Template]:
    """Ten dossiers, one of each life, as intake would hand them to the ledger."""
    owed = partial(routes.owed, partners=frozenset(partners))
    intake = Intake(None, lambda _partners: None, owed, partners)  # type: ignore[arg-type]  # nothing is accepted by it
    found: dict[str, list[Arrival]] = defaultdict(list)
    for envelope in generate(60, 10, 1, date(2026, 1, 5)):
        found[envelope.subject].append(intake.arrival(envelope, client="dossier-system"))
    return [
        Template(
            arrivals,
            code,
            code.rpartition("-")[2],
            next((value for kind, value in arrivals[0].finders if kind == "citizen"), ""),
        )
        for code, arrivals in found.items()
    ]


Sizes = tuple[int, int, int]
"""Events, lanes, deliveries."""


def _sizes(template: Template) -> Sizes:
    debts = [debt for arrival in template.arrivals for debt in arrival.debts]
    aside = sum(debt.aside for debt in debts)
    lanes = len({debt.partner for debt in debts if not debt.aside}) + aside
    return len(template.arrivals), lanes, len(debts)


def _plus(one: Sizes, other: Sizes) -> Sizes:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


class Past:
    """Makes rows. `binary` writes bytes as the store wants them."""

    def __init__(self, keyring: Keyring, binary: Callable[[bytes], Any], now: float, deliveries: int) -> None:
        self._keyring = keyring
        self._binary = binary
        self._templates = templates(discover())
        self._now = now
        sizes = [_sizes(template) for template in self._templates]
        self._before = list(accumulate(sizes, _plus, initial=(0, 0, 0)))
        self.dossiers = max(1, deliveries * len(self._templates) // self._before[-1][2])
        self.tally: Counter[tuple[str, str, str]] = Counter()

    def page(self, start: int) -> Rows:
        """The rows of so many dossiers from the `start`-th on; the tally grows by them."""
        rows: Rows = {table: [] for table in COLUMNS if table not in ("tally", "partner")}
        for number in range(start, min(start + DOSSIERS_A_PAGE, self.dossiers)):
            self._dossier(number, rows)
        return rows

    def _dossier(self, number: int, rows: Rows) -> None:
        round_, place_ = divmod(number, len(self._templates))
        template, full_round = self._templates[place_], self._before[-1]
        self._events, self._lanes, self._deliveries = (
            count(round_ * whole + before + 1) for whole, before in zip(full_round, self._before[place_], strict=True)
        )
        began = self._now - PAST_S * (self.dossiers - number) / self.dossiers - 86_400
        agency = template.code.partition("-")[0]
        mine = f"{number + 1:09}"
        code = f"{agency}-{datetime.fromtimestamp(began, UTC):%y%m%d}-{mine}"
        citizen = f"{template.citizen[:3]}{number + 1:09}"
        swaps = [(template.code.encode(), code.encode()), (template.number.encode(), mine.encode())]
        if template.citizen:
            swaps.append((template.citizen.encode(), citizen.encode()))
        kept = number % TROUBLED == 0 or number >= self.dossiers - self.dossiers // KEPT
        erased_at = None if kept else self._now
        lanes: dict[str, list[Member]] = defaultdict(list)
        told: set[keys.Key] = set(keys.of_code(code))
        source = template.arrivals[0].source
        for place, arrival in enumerate(template.arrivals):
            at = began + place * 7200.0
            event_id = f"{number + 1:08x}-{place:04x}-5000-8000-000000000000"
            event = next(self._events)
            trace = f"00-{number + 1:026x}{place:06x}-{number + 1:016x}-01"
            digest, sealed = NO_DIGEST, b""
            if kept:
                body = arrival.body.replace(arrival.id.encode(), event_id.encode())
                for old, new in swaps:
                    body = body.replace(old, new)
                digest = self._keyring.content_digest(body)
                sealed = self._keyring.seal(body, event_record(source, event_id))
            rows["event"].append(
                (
                    *(event, source, event_id, arrival.type, code, arrival.sequence, 1, at, at, arrival.client, ""),
                    *(f"{number + 1:032x}", "", trace, self._binary(digest), erased_at, self._binary(sealed)),
                )
            )
            references = [(kind, value.replace(template.number, mine)) for kind, value in arrival.references]
            told.update(keys.of_references([(k, v if mine in v else f"{v}{mine}") for k, v in references], code))
            for debt in arrival.debts:
                delivery = next(self._deliveries)
                name = f"{code}#{delivery}" if debt.aside else code
                key = idempotency_key(source, event_id, debt.partner, debt.operation)
                lanes[f"{debt.partner}\t{name}"].append(Member(delivery, event, debt, key, at))
        self.tally["", "event", ""] += len(template.arrivals)
        rows["thread"].append((source, code, len(template.arrivals) + 1, 0, None))
        rows["search_key"].extend(sorted(told))
        if template.citizen:
            rows["finder"].append((self._binary(self._keyring.digest("citizen", citizen)), code))
        troubled = list(lanes)[number // TROUBLED % len(lanes)] if lanes and number % TROUBLED == 0 else ""
        for name, members in lanes.items():
            self._lane(rows, code, name, members, TROUBLES[number % len(TROUBLES)] if name == troubled else GOOD, kept)

    def _lane(self, rows: Rows, code: str, name: str, members: Sequence[Member], ends: Trouble, kept: bool) -> None:
        """One lane whose last delivery ends so; those before it were delivered."""
        lane = next(self._lanes)
        partner, _, called = name.partition("\t")
        for place, (delivery, event, debt, key, at) in enumerate(members, start=1):
            state, cause, code_, hold, outcome = ends if place == len(members) else GOOD
            good, doubt = state == "delivered", int(state == "in_doubt")
            receipt = f"R{delivery}" if good and partner in ANSWERED else ""
            done = at + 1.5
            rows["delivery"].append(
                (
                    *(delivery, lane, place, event, partner, code, debt.operation, int(debt.full_state), debt.priority),
                    *(key, state, cause, code_, hold, "ask" if doubt else "send", self._due(cause), int(not good)),
                    *(1, 1, doubt, 1, receipt, at, done),
                )
            )
            self.tally[partner, state, cause] += 1
            secret = None
            if kept:
                request = orjson.dumps({"maHoSo": code, "key": key, "operation": debt.operation})
                packed = exchange.pack(request, b'{"status":"ok"}', "")
                secret = self._binary(self._keyring.seal(packed, attempt_record(delivery, 1)))
            rows["attempt"].append((delivery, 1, "send", "seed", at + 1, at + 1.1, done, outcome, cause, code_, secret))
            if receipt:
                rows["search_key"].append((f"r{delivery}", code, keys.RECEIPT))
        self.tally[partner, "owed", ""] += len(members)
        head, priority = (None if ends is GOOD else members[-1].delivery), members[-1].debt.priority
        full = int(any(member.debt.full_state for member in (members if ends is GOOD else members[:-1])))
        rows["lane"].append((lane, partner, called, len(members), head, priority, self._due(ends.cause), full))

    def _due(self, cause: str) -> float | None:
        """Only what will be tried again has a time, tomorrow: it is the past that is measured, not a storm."""
        return self._now + 86_400.0 if cause == "not_sent" else None


def keyring(path: Path) -> Keyring:
    """The keys of a file of mode 0600, made when it is not there."""
    if not path.exists():
        path.touch(0o600)
        path.write_text(Keyring.generate())
    return Keyring.parse(path.read_text())


def seed(url: str, keys_of: Keyring, deliveries: int, say: Callable[[str], None] = lambda _words: None) -> int:
    """Fill the empty ledger at `url` with about so many deliveries; how many dossiers it then has."""
    schema.upgrade(url)
    began, now = time.monotonic(), time.time()
    store = _store(url)
    past = Past(keys_of, store.binary, now, deliveries)
    starts = range(0, past.dossiers, DOSSIERS_A_PAGE)
    tally: Counter[tuple[str, str, str]] = Counter()
    done = 0
    forked = get_context("fork")
    with ProcessPoolExecutor(store.processes, forked, _begin, (url, past)) as processes:
        for part in processes.map(_share, [starts[at : at + PAGES] for at in range(0, len(starts), PAGES)]):
            tally += part
            done += PAGES * DOSSIERS_A_PAGE
            say(f"{min(done, past.dossiers):,} of {past.dossiers:,} dossiers, {time.monotonic() - began:.0f} s")
    names = sorted({partner for partner, _, _ in tally if partner})
    totals = [(*place, "seed", n) for place, n in tally.items()]
    store.write({"tally": totals, "partner": [(name, 1.0, now, now) for name in names]})
    store.finish()
    say(f"{past.dossiers:,} dossiers, {time.monotonic() - began:.0f} s")
    return past.dossiers


def _store(url: str) -> SqliteStore | PostgresStore:
    return SqliteStore(url) if url.startswith(schema.SQLITE) else PostgresStore(url)


_AT_WORK: list[tuple[SqliteStore | PostgresStore, Past]] = []
"""What a seeding process has: its own connection, and what it makes."""


def _begin(url: str, past: Past) -> None:
    _AT_WORK.append((_store(url), past))


def _share(starts: Sequence[int]) -> Counter[tuple[str, str, str]]:
    """Some pages, made and written; their tally."""
    store, past = _AT_WORK[0]
    past.tally = Counter()
    for start in starts:
        store.write(past.page(start))
    return past.tally


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--deliveries", type=int, required=True)
    asked.add_argument("--ledger", required=True)
    asked.add_argument("--keys", type=Path, default=Path("keys.json"))
    given = asked.parse_args()
    seed(given.ledger, keyring(given.keys), given.deliveries, print)


if __name__ == "__main__":
    main()
