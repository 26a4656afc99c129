"""The ledger in SQL: joins the writer thread, the reading threads and the pure operations into `bus.ledger.ledger.Ledger`."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from bus.adapter import Job, Kept
from bus.clock import Clock, SteadyClock
from bus.ledger import chain, duty, groups, postgres, raw, schema, sqlite
from bus.ledger.accept import accept, close_gap
from bus.ledger.act import act
from bus.ledger.backfill import KeyBook
from bus.ledger.book import Book, Opened
from bus.ledger.cause_notes import Groups
from bus.ledger.database import Database
from bus.ledger.edition import EditionBook
from bus.ledger.exchanges import Exchanges
from bus.ledger.expected import Expectations
from bus.ledger.figures import Figures
from bus.ledger.incidents import IncidentBook
from bus.ledger.ledger import LedgerUnfit
from bus.ledger.lookup import Lookups
from bus.ledger.matter import Matters
from bus.ledger.people import PeopleBook
from bus.ledger.postgres import PostgresDatabase
from bus.ledger.reading import Noted, PostgresReading, Reader, SqliteReading, chosen_ids
from bus.ledger.record import release, sealed
from bus.ledger.retention import Retention, Terms
from bus.ledger.saved import SavedViews
from bus.ledger.sign_in import SignIns
from bus.ledger.sqlite import SqliteDatabase
from bus.ledger.stock import SqlStock
from bus.ledger.sweep import set_back_s, sweep, take_over, turn_back
from bus.ledger.tasks import TaskBook
from bus.ledger.vault import SqlVault
from bus.ledger.views import CauseGroup, DeliveryView, GapGroup, PartnerView, Proof, Story, Totals
from bus.ledger.words import (
    Action,
    ActionRow,
    Arrival,
    Claim,
    Claimed,
    Filter,
    Move,
    PartnerChange,
    Recorded,
    Result,
    SourceRule,
    Stale,
    Swept,
    Verdict,
)
from bus.ledger.writer import Kind, Writer
from bus.seal import Keyring
from contracts.envelope import Envelope

WORKER_SEEN_S = 20.0
CURSOR_ROWS = 500


def this_process() -> str:
    """A name for this process that no other has: host, pid and a bit of chance (a pid comes again)."""
    return f"{socket.gethostname()[:20]}-{os.getpid()}-{secrets.token_hex(2)}"


def open_ledger(
    url: str,
    keys: Keyring,
    *,
    clock: Clock | None = None,
    rules: Mapping[str, SourceRule] | None = None,
    process: str = "",
    queue_limit: int = 20_000,
    unsafe: bool = False,
) -> SqlLedger:
    """Open the ledger at `sqlite:///path` or `postgresql://...`, making its tables when it is new. Raises LedgerUnfit."""
    rules = rules or {}
    if url.startswith(schema.SQLITE):
        path = Path(url.removeprefix(schema.SQLITE))
        steady: Clock = clock or SteadyClock()
        if str(path) == ".":
            raise LedgerUnfit("a SQLite ledger needs a file: sqlite:///var/ledger.db")
        database: SqliteDatabase | PostgresDatabase = SqliteDatabase(path)
        try:
            sqlite.check(path)
            if schema.check(url) is None:
                schema.upgrade(url)
            database.connect()
            turn_back(database, steady.now())
            take_over(database)
        except LedgerUnfit:
            database.release()
            raise
        return SqlLedger(
            database,
            lambda: SqliteReading(path),
            keys,
            steady,
            rules,
            process or this_process(),
            queue_limit,
            sole=True,
        )
    if url.startswith(("postgresql://", "postgres://")):
        postgres.check(url, unsafe=unsafe)
        if schema.check(url) is None:
            schema.upgrade(url)
        database = PostgresDatabase(url)
        database.connect()
        started_at = _timed(database, clock.now() if clock else postgres.server_time(url))
        return SqlLedger(
            database,
            lambda: PostgresReading(url),
            keys,
            clock or SteadyClock(started_at),
            rules,
            process or this_process(),
            queue_limit,
            sole=False,
        )
    raise LedgerUnfit("a ledger is named sqlite:///path/to/file or postgresql://user@host/database")


def _timed(database: PostgresDatabase, now: float) -> float:
    """The instant to start from at `now` of the server's clock. Was that set back, times are turned back with it while nobody else
    is at work; among others their time is followed until the last of them has stopped.
    """
    with database.alone() as alone:
        if alone:
            turn_back(database, now)
            return now
    return now + set_back_s(database, now)


class SqlLedger:
    """See `bus.ledger.ledger.Ledger` for what each operation promises."""

    def __init__(
        self,
        database: Database,
        connect: Callable[[], Any],
        keys: Keyring,
        clock: Clock,
        rules: Mapping[str, SourceRule],
        process: str,
        queue_limit: int,
        *,
        sole: bool,
    ) -> None:
        self.clock = clock
        self.process = process
        self._database = database
        self._keys = keys
        self._rules = rules
        self._sole = sole
        self._opened = Opened()
        self._reader = Reader(connect, keys)
        self._writer = Writer(database, self._book, queue_limit=queue_limit)

    def _book(self) -> Book:
        return Book(self._database, self._keys, self.process, self.clock.now(), self._rule, self._opened)

    def _rule(self, source: str) -> SourceRule:
        return self._rules.get(source) or SourceRule()

    @property
    def waiting(self) -> int:
        """Rows queued for the writer."""
        return self._writer.waiting

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Verdict]:
        verdicts: list[Verdict] = await self._writer.ask(Kind.ACCEPT, groups.accept_all, arrivals, len(arrivals))
        return verdicts

    async def claim(self, claim: Claim) -> Claimed:
        claimed: Claimed = await self._writer.ask(Kind.CLAIM, groups.claim_all, claim)
        return claimed

    async def record(self, results: Sequence[Result], changes: Sequence[PartnerChange] = ()) -> Recorded:
        if not results and not changes:
            return Recorded((), ())
        recorded: Recorded = await self._writer.ask(
            Kind.RECORD, groups.record_all, (sealed(self._keys, results), changes), max(1, len(results))
        )
        return recorded

    async def release(self, jobs: Sequence[Job]) -> None:
        await self._other(lambda book: release(book, jobs))

    async def _other(self, work: Callable[[Book], Any], kind: Kind = Kind.OTHER) -> Any:
        """One operation by itself, in the writer's turn."""
        return await self._writer.ask(kind, groups.each, work)

    async def sweep(self, decide: Callable[[Stale], Move], *, dead_after_s: float) -> Swept:
        gap_waits = {source: rule.gap_wait_s for source, rule in self._rules.items() if rule.gap_wait_s is not None}
        swept: Swept = await self._other(
            lambda book: sweep(book, decide, dead_after_s=dead_after_s, gap_waits=gap_waits), Kind.CLAIM
        )
        return swept

    async def beat(self, worker: str, partners: Sequence[str]) -> int:
        live: int = await self._other(
            lambda book: duty.beat(book, worker, " ".join(partners), WORKER_SEEN_S), Kind.CLAIM
        )
        return live

    async def leave(self, worker: str) -> None:
        await self._other(lambda book: book.db.run("leave", {"name": worker}))

    async def take_duty(self, name: str, holder: str, ttl_s: float) -> int | None:
        fence: int | None = await self._other(lambda book: duty.take(book, name, holder, ttl_s), Kind.CLAIM)
        return fence

    async def accept_polled(
        self,
        name: str,
        fence: int,
        cursor: str,
        arrivals: Sequence[Arrival],
        bad_rows: Sequence[bytes],
        keeps: Sequence[Kept] = (),
    ) -> list[Verdict]:
        def polled(book: Book) -> list[Verdict]:
            verdicts = accept(book, arrivals)
            raw.keep(book, name, bad_rows)
            duty.keep(book, name, keeps)
            book.polled(name.removeprefix("poll:"), answered=True)
            book.db.run("set_position", {"name": name, "fence": fence, "position": cursor})
            return verdicts

        verdicts: list[Verdict] = await self._other(duty.under(name, fence, polled))
        return verdicts

    async def cursor(self, name: str) -> str:
        return await self._reader.position(name)

    async def kept(self, partner: str, after: int = 0) -> list[Kept]:
        return await self._reader.kept(f"poll:{partner}", after)

    async def keep_raw(self, partner: str, row: bytes) -> None:
        await self._other(lambda book: raw.keep(book, f"poll:{partner}", [row]))

    async def raw_rows(self, partner: str = "", limit: int = 100, *, dealt: bool = False) -> list[raw.RawRow]:
        return await self._reader.raw_rows(f"poll:{partner or '%'}", limit, dealt)

    async def deal_with_raw(self, ids: Sequence[int], who: str, reason: str) -> list[int]:
        dealt: list[int] = await self._other(lambda book: raw.deal_with(book, ids, who, reason))
        return dealt

    async def raw_counts(self) -> dict[str, int]:
        return await self._reader.raw_counts()

    async def act(self, action: Action) -> list[ActionRow]:
        ids = await self._reader.ask(lambda c: chosen_ids(c, action.where, action.limit))
        rows: list[ActionRow] = []
        pages = iter(ids)
        while page := list(islice(pages, CURSOR_ROWS)):
            rows += await self._other(partial(act, action=action, ids=page))
        return rows

    async def pause(self, partner: str, who: str, reason: str) -> None:
        await self._other(lambda book: _switch(book, "pause_partner", "pause", partner, who, reason))

    async def resume(self, partner: str, who: str, reason: str) -> None:
        await self._other(lambda book: _switch(book, "resume_partner", "resume", partner, who, reason))

    async def close_gap(self, source: str, subject: str, who: str, reason: str) -> int:
        def close(book: Book) -> int:
            entered = close_gap(book, source, subject)
            book.note(who, "close gap", reason, subject, after=f"{entered} entered")
            return entered

        return int(await self._other(close))

    async def remark(self, who: str, verb: str, reason: str, dossier: str = "") -> None:
        """Keep that somebody did something that moved nothing, such as searching for a person."""
        await self._other(lambda book: book.note(who, verb, reason, dossier))

    async def seal_journal(self, fence: int) -> int:
        sealed: int = await self._other(duty.under("sealer", fence, chain.seal))
        return sealed

    async def story(self, dossier: str) -> Story | None:
        return await self._reader.story(dossier)

    async def deliveries(self, where: Filter, *, cursor: str = "", limit: int = 100) -> tuple[list[DeliveryView], str]:
        return await self._reader.page(where, cursor, limit)

    async def totals(self) -> Totals:
        return await self._reader.totals()

    async def verify(self) -> Proof:
        return await self._reader.proof()

    async def causes(self) -> list[CauseGroup]:
        return await self._reader.causes()

    async def code_gaps(self) -> list[GapGroup]:
        return await self._reader.code_gaps()

    async def partners(self) -> list[PartnerView]:
        return await self._reader.partners()

    async def find(self, kind: str, value: str) -> list[str]:
        return await self._reader.find(self._keys.digest(kind, value))

    async def events(
        self, types: Sequence[str], since: float, until: float, note: Callable[[Envelope], Noted]
    ) -> list[Noted]:
        return await self._reader.events(types, since, until, note)

    async def told(self, types: Sequence[str], since: float) -> list[tuple[str, float]]:
        return await self._reader.told(types, since)

    async def about(self, dossier: str, kind: str) -> list[Envelope]:
        return await self._reader.about(dossier, kind)

    async def owed_since(self, job: Job, operation: str) -> bool:
        after = {"accepted_at": job.accepted_at, "delivery": job.delivery}
        asked = {"partner": job.partner, "dossier": job.dossier, "operation": operation, **after}
        return bool(await self._reader.ask(lambda c: c.rows("owed_since", asked)))

    async def memo(self, partner: str, dossier: str) -> dict[str, str]:
        return await self._reader.memo(partner, dossier)

    async def verify_chain(self) -> tuple[int, str]:
        return await self._reader.chain()

    def lookups(self) -> Lookups:
        claim, record = (partial(self._other, kind=kind) for kind in (Kind.CLAIM, Kind.RECORD))
        return Lookups(self._keys, claim, record, self._reader.ask)

    def search_keys(self) -> KeyBook:
        return KeyBook(self._keys, self._reader.ask, self._other)

    def vault(self, partner: str) -> SqlVault:
        return SqlVault(partner, partial(self._other, kind=Kind.CLAIM), self.clock)

    def stock(self, partner: str) -> SqlStock:
        return SqlStock(partner, self._other, self.stocks)

    async def stocks(self) -> dict[str, tuple[int, int]]:
        return await self._reader.stocks()

    def sign_ins(self) -> SignIns:
        return SignIns(self._keys, self.clock, partial(self._other, kind=Kind.ACCEPT), self._reader.ask)

    def expectations(self) -> Expectations:
        return Expectations(self._keys, self.clock, self._other, self._reader.ask)

    def figures(self) -> Figures:
        return Figures(self._keys, self._other, self._reader.ask)

    def groups(self) -> Groups:
        return Groups(self._other, self._reader.ask)

    def people(self) -> PeopleBook:
        return PeopleBook(self._keys, self.clock, partial(self._other, kind=Kind.ACCEPT), self._reader.ask)

    def matters(self) -> Matters:
        return Matters(self.process, self._other, self._reader.ask)

    def retention(self, terms: Terms) -> Retention:
        return Retention(terms, self.clock, self._other, self._reader.ask)

    def editions(self) -> EditionBook:
        return EditionBook(self._other, self._reader.ask)

    def exchanges(self) -> Exchanges:
        return Exchanges(self._keys, self._reader.ask)

    def views(self) -> SavedViews:
        return SavedViews(partial(self._other, kind=Kind.ACCEPT), self._reader.ask)

    def tasks(self) -> TaskBook:
        return TaskBook(self._keys, self._other, self._reader.ask)

    def incidents(self) -> IncidentBook:
        return IncidentBook(self._keys, self.clock, partial(self._other, kind=Kind.CLAIM), self._reader.ask)

    async def ping(self) -> None:
        await self._other(lambda _book: None, Kind.CLAIM)

    async def close(self) -> None:
        await asyncio.to_thread(self._writer.stop)
        self._reader.close()
        self._database.release()


def _switch(book: Book, query: str, verb: str, partner: str, who: str, reason: str) -> None:
    book.db.run("touch_partner", {"name": partner, "tokens": 1.0, "now": book.now})
    book.db.run(query, {"name": partner, "who": who, "reason": reason})
    book.note(who, verb, reason, after=partner)
