"""Questions to the ledger: connections of their own in a few threads, bounded in time, read only."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import orjson
import psycopg

from bus.adapter import Kept
from bus.ledger import chain_reading, exchange, postgres, raw, sqlite
from bus.ledger.book import attempt_record, event_record, lane_record
from bus.ledger.database import Connection, Rows
from bus.ledger.ledger import LedgerBusy
from bus.ledger.proof import proof, totals
from bus.ledger.views import (
    AttemptView,
    CauseGroup,
    DeliveryView,
    EventView,
    GapGroup,
    Note,
    PartnerView,
    Proof,
    Story,
    Totals,
)
from bus.ledger.words import Filter, State
from bus.outcome import Cause
from bus.seal import Keyring
from contracts.envelope import Envelope

THREADS = 3
READ_LIMIT_S = 10.0
PROOF_LIMIT_S = 600.0
LOOK_STEPS = 1_000_000
"""Steps SQLite takes between two looks at the clock: some tens of milliseconds."""
TROUBLE = frozenset({State.WAITING, State.IN_DOUBT, State.DEAD})
"""States with a cause; only they have one, and a key that would free them."""
IN_TROUBLE = "(d.state = 'waiting' OR d.state = 'in_doubt' OR d.state = 'dead')"
"""The same in the words of its indices."""
UNDER_WAY = frozenset({State.PENDING, State.SENDING})
"""States that always hold a lane; what holds one has an index of its own."""
WALK = 200_000
"""Ids a page looks through where no index leads to what is asked for: some tens of milliseconds, however much is on the books."""
Answer = TypeVar("Answer")
Noted = TypeVar("Noted")
NOTHING = b'{"data": {}}'
"""The body of an event whose contents were removed."""
_EVENT_FIELDS = ("id", "source", "event_id", "type", "sequence", "occurred_at", "accepted_at", "client", "erased_at")
_DELIVERY_FIELDS = (
    *("id", "partner", "operation", "dossier", "number", "code", "hold_key", "step", "due_at", "attempt", "tries"),
    *("accepted_at", "changed_at", "event_id", "event_type", "source"),
)
_VIEW = """SELECT d.id, d.partner, d.operation, d.dossier, d.number, d.state, d.cause, d.code, d.hold_key, d.step, d.due_at,
    d.attempt, d.tries, d.accepted_at, d.changed_at, e.event_id, e.type, e.source, e.flags,
    e.traceparent
    FROM delivery d JOIN event e ON e.id = d.event"""


class SqliteReading:
    """Read-only on the ledger's file, each statement bounded in time; WAL readers never block the writer."""

    file = sqlite.dialect("reading.sql")

    def __init__(self, path: Path) -> None:
        self._connection = sqlite.connect(path, read_only=True)
        self._limit_s, self._until = READ_LIMIT_S, 0.0
        self._connection.set_progress_handler(lambda: time.monotonic() > self._until, LOOK_STEPS)

    def rows(self, sql: str, params: Mapping[str, Any]) -> Rows:
        self._until = time.monotonic() + self._limit_s
        return self._connection.execute(self.file.get(sql, sql), sqlite.parameters(params)).fetchall()

    def snapshot(self, begin: bool) -> None:
        self._limit_s = PROOF_LIMIT_S if begin else READ_LIMIT_S
        self._until = time.monotonic() + self._limit_s
        self._connection.execute("BEGIN" if begin else "ROLLBACK")


class PostgresReading:
    """Read-only, each statement bounded in time."""

    file = postgres.dialect("reading.sql")

    def __init__(self, url: str) -> None:
        self._connection = postgres.connect(url, read_only=True, timeout_s=READ_LIMIT_S)

    def rows(self, sql: str, params: Mapping[str, Any]) -> Rows:
        text = self.file.get(sql) or postgres.translate(sql)
        return self._connection.execute(text.encode(), params).fetchall()

    def snapshot(self, begin: bool) -> None:
        if not begin:
            self._connection.execute("ROLLBACK")
            return
        self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        self._connection.execute(f"SET LOCAL statement_timeout = {int(PROOF_LIMIT_S * 1000)}")


class Reader:
    """Asks on behalf of coroutines. Raises LedgerBusy when the database cannot answer."""

    def __init__(self, connect: Callable[[], Connection], keys: Keyring) -> None:
        self._connect = connect
        self._keys = keys
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="ledger-reader")

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def ask(self, question: Callable[[Connection], Answer]) -> Answer:
        """Run a question in a reading thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._answer, question)

    def _answer(self, question: Callable[[Connection], Answer]) -> Answer:
        try:
            connection: Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = self._connect()
            return question(connection)
        except (sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError, OSError) as error:
            self._local.connection = None
            raise LedgerBusy(f"the ledger cannot be read just now ({type(error).__name__})") from None

    async def totals(self) -> Totals:
        return await self.ask(lambda c: totals(c.rows("totals", {})))

    async def proof(self) -> Proof:
        return await self.ask(proof)

    async def story(self, dossier: str) -> Story | None:
        return await self.ask(lambda c: self._story(c, dossier))

    async def page(self, where: Filter, cursor: str, limit: int) -> tuple[list[DeliveryView], str]:
        return await self.ask(lambda c: _page(c, where, cursor, limit))

    async def events(
        self, types: Sequence[str], since: float, until: float, note: Callable[[Envelope], Noted]
    ) -> list[Noted]:
        """Noted one by one as they are opened, so that never more than a page of them is held."""
        return await self.ask(lambda c: [note(self._opened(row)) for row in _happened(c, types, since, until)])

    async def about(self, dossier: str, kind: str) -> list[Envelope]:
        return await self.ask(
            lambda c: [self._opened(row) for row in c.rows("about", {"dossier": dossier, "type": kind})]
        )

    async def memo(self, partner: str, dossier: str) -> dict[str, str]:
        rows = await self.ask(lambda c: c.rows("memo", {"partner": partner, "dossier": dossier}))
        if not rows or rows[0][0] is None:
            return {}
        known: dict[str, str] = orjson.loads(self._keys.open(bytes(rows[0][0]), lane_record(partner, dossier)))
        return known

    def _opened(self, row: tuple[Any, ...]) -> Envelope:
        source, event_id, body = row
        return Envelope.trusted(self._keys.open(bytes(body), event_record(source, event_id)))

    async def told(self, types: Sequence[str], since: float) -> list[tuple[str, float]]:
        return await self.ask(lambda c: list(_newest(c, frozenset(types), since)))

    async def causes(self) -> list[CauseGroup]:
        rows = await self.ask(lambda c: c.rows("causes", {}))
        return [CauseGroup(r[0], r[1], State(r[2]), Cause(r[3]), *r[4:]) for r in rows]

    async def code_gaps(self) -> list[GapGroup]:
        return [GapGroup(*row) for row in await self.ask(lambda c: c.rows("code_gaps", {}))]

    async def partners(self) -> list[PartnerView]:
        return await self.ask(_partners)

    async def find(self, digest: bytes) -> list[str]:
        return [row[0] for row in await self.ask(lambda c: c.rows("find", {"digest": digest}))]

    async def stocks(self) -> dict[str, tuple[int, int]]:
        rows = await self.ask(lambda c: c.rows("stocks", {}))
        return {partner: (int(left), int(all_)) for partner, left, all_ in rows}

    async def raw_rows(self, duty: str, limit: int, dealt: bool) -> list[raw.RawRow]:
        asked = {"duty": duty, "limit": limit, "dealt": int(dealt)}
        return raw.opened(await self.ask(lambda c: c.rows("raw_rows", asked)), self._keys)

    async def raw_counts(self) -> dict[str, int]:
        rows = await self.ask(lambda c: c.rows("raw_counts", {}))
        return {duty.partition(":")[2]: int(n) for duty, n in rows}

    async def position(self, duty: str) -> str:
        rows = await self.ask(lambda c: c.rows("position", {"name": duty}))
        return str(rows[0][0]) if rows else ""

    async def kept(self, duty: str, after: int) -> list[Kept]:
        rows = await self.ask(lambda c: c.rows("kept", {"duty": duty, "after": after}))
        return [Kept(*row) for row in rows]

    async def chain(self) -> tuple[int, str]:
        return await self.ask(lambda c: chain_reading.whole(self._keys, c.rows))

    def _story(self, connection: Connection, dossier: str) -> Story | None:
        events = [self._event(row) for row in connection.rows("story_events", {"dossier": dossier})]
        if not events:
            return None
        deliveries = [
            _delivery(row)
            for row in connection.rows(
                f"{_VIEW} WHERE d.dossier = :dossier ORDER BY d.accepted_at, d.id LIMIT 5000", {"dossier": dossier}
            )
        ]
        attempts = [self._attempt(row) for row in connection.rows("story_attempts", {"dossier": dossier})]
        notes = [Note(*row) for row in connection.rows("story_notes", {"dossier": dossier})]
        names = ("partner", "held", "has_full", "head", "ready_at", "holding")
        lanes = [dict(zip(names, row, strict=True)) for row in connection.rows("story_lanes", {"dossier": dossier})]
        return Story(dossier, events, deliveries, attempts, notes, lanes)

    def _event(self, row: tuple[Any, ...]) -> EventView:
        *plain, entered, flags, correlation, causation, traceparent, body = row
        before = dict(zip(_EVENT_FIELDS, plain, strict=True))
        erased = before["erased_at"] is not None
        opened = NOTHING if erased else self._keys.open(bytes(body), event_record(row[1], row[2]))
        return EventView(
            **before,
            entered=bool(entered),
            flags=tuple(flags.split()),
            correlation_id=correlation,
            causation_id=causation,
            traceparent=traceparent,
            body=opened,
        )

    def _attempt(self, row: tuple[Any, ...]) -> AttemptView:
        *plain, late, sealed = row
        secret, facts = _told(self._keys.open(bytes(sealed), attempt_record(row[0], row[1]))) if sealed else ({}, {})
        delivery, number, step, opened, started, closed, outcome, cause, code, call_id, worker = plain
        return AttemptView(
            delivery,
            number,
            step,
            opened,
            started,
            closed,
            outcome,
            Cause(cause),
            code,
            call_id,
            worker,
            bool(late),
            secret,
            facts,
        )


def _told(packed: bytes) -> tuple[dict[str, str], Mapping[str, str]]:
    """What an attempt exchanged, as text for people, parts that were empty absent; and the facts beside it."""
    request, reply, words, facts = exchange.unpack(packed)
    parts = {"request": request.decode("utf-8", "replace"), "reply": reply.decode("utf-8", "replace"), "words": words}
    return {name: text for name, text in parts.items() if text}, facts


def _happened(connection: Connection, types: Sequence[str], since: float, until: float) -> Iterator[tuple[Any, ...]]:
    """Source, id and sealed body of events that came from partners, by type, then by time."""
    for kind in types:
        at, number = since, 0
        while rows := connection.rows("happened", {"type": kind, "at": at, "number": number, "until": until}):
            yield from (row[2:] for row in rows)
            at, number = rows[-1][:2]


def _newest(connection: Connection, types: frozenset[str], since: float) -> Iterator[tuple[str, float]]:
    """Id and time of events of these types, the last accepted first, back to those accepted before `since`."""
    before = 2**62
    while rows := connection.rows("newest", {"before": before}):
        for _number, event_id, kind, occurred_at, accepted_at in rows:
            if accepted_at < since:
                return
            if kind in types:
                yield event_id, occurred_at
        before = rows[-1][0]


def _partners(connection: Connection) -> list[PartnerView]:
    counted = totals(connection.rows("totals", {}))
    backlog: dict[str, int] = {}
    for (partner, state, _), n in counted.counts.items():
        if state in (State.PENDING, State.SENDING, State.WAITING, State.IN_DOUBT):
            backlog[partner] = backlog.get(partner, 0) + n
    return [
        PartnerView(
            name,
            bool(paused),
            cause,
            by,
            reason,
            open_until is not None,
            open_until,
            not_before,
            backlog.get(name, 0),
            last,
        )
        for name, paused, cause, by, reason, open_until, not_before, last in connection.rows("partners", {})
    ]


def _delivery(row: tuple[Any, ...]) -> DeliveryView:
    number, partner, operation, dossier, place, state, cause, *rest, flags, traceparent = row
    fields = dict(zip(_DELIVERY_FIELDS, (number, partner, operation, dossier, place, *rest), strict=True))
    return DeliveryView(
        **fields, state=State(state), cause=Cause(cause), flags=tuple(flags.split()), trace_id=traceparent[3:35]
    )


def _page(connection: Connection, where: Filter, cursor: str, limit: int) -> tuple[list[DeliveryView], str]:
    """Newest first by id; the cursor is the id the page before ended at.

    Where no index leads to what is asked for, the page ends after `WALK` ids even if it is not full; the cursor leads on from there.
    """
    before = int(cursor) if cursor else None
    until = 0 if _led(where) else max(0, (before or _newest_id(connection) + 1) - WALK)
    rows = _listed(connection, where, before, until, limit)
    if until and len(rows) <= limit and where.states and UNDER_WAY.issuperset(where.states):
        until = 0  # few are under way, and what holds a lane has an index
        rows = _listed(connection, where, before, until, limit)
    found = [_delivery(row) for row in rows[:limit]]
    if len(rows) > limit:
        return found, str(found[-1].id)
    return found, str(until) if until else ""


def _newest_id(connection: Connection) -> int:
    return int(connection.rows("SELECT COALESCE(MAX(id), 0) FROM delivery", {})[0][0])


def _led(where: Filter) -> bool:
    """Whether an index leads to what the filter asks for: by number, by dossier, or among what is in trouble."""
    troubled = bool(where.states) and TROUBLE.issuperset(where.states)
    return bool(where.ids or where.dossier or troubled or ((where.cause or where.hold_key) and not where.states))


def _listed(connection: Connection, where: Filter, before: int | None, until: int, limit: int) -> Rows:
    """One row more than `limit` of those before an id and from another on, if there are so many."""
    clauses, params = conditions(where)
    for name, comparison, bound in (("before_id", "<", before), ("from_id", ">=", until or None)):
        if bound is not None:
            clauses.append(f"d.id {comparison} :{name}")
            params[name] = bound
    chosen = f"SELECT d.* FROM delivery d {_where(clauses)} ORDER BY d.id DESC LIMIT :limit"
    sql = f"{_VIEW.replace('FROM delivery d', f'FROM ({chosen}) AS d')} ORDER BY d.id DESC"
    return connection.rows(sql, {**params, "limit": limit + 1})


def _where(clauses: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(clauses)}" if clauses else ""


def conditions(where: Filter) -> tuple[list[str], dict[str, Any]]:
    """A filter as SQL conditions on `d` with their parameters."""
    clauses: list[str] = []
    params: dict[str, Any] = {}
    for column, value in (
        ("partner", where.partner),
        ("operation", where.operation),
        ("cause", where.cause),
        ("code", where.code),
        ("hold_key", where.hold_key),
        ("dossier", where.dossier),
    ):
        if value is not None:
            clauses.append(f"d.{column} = :{column}")
            params[column] = value
    for column, values in (("id", where.ids), ("state", where.states)):
        if values:
            names = [f"{column}_{index}" for index in range(len(values))]
            clauses.append(f"d.{column} IN ({', '.join(':' + name for name in names)})")
            params |= dict(zip(names, values, strict=True))
    if where.states and TROUBLE.issuperset(where.states):
        clauses.append(f"/*lite*/{IN_TROUBLE}")
    elif (where.cause or where.hold_key) and not where.states:
        clauses.append(IN_TROUBLE)
    elif where.states and UNDER_WAY.issuperset(where.states):
        clauses.append("d.holds = 1")
    if where.since is not None:
        clauses.append("d.accepted_at >= :since")
        params["since"] = where.since
    if where.until is not None:
        clauses.append("d.accepted_at < :until")
        params["until"] = where.until
    return clauses, params


def chosen_ids(connection: Connection, where: Filter, limit: int) -> Sequence[int]:
    """The ids a filter finds, oldest first."""
    clauses, params = conditions(where)
    sql = f"SELECT d.id FROM delivery d {_where(clauses)} ORDER BY d.id LIMIT :limit"
    return [row[0] for row in connection.rows(sql, {**params, "limit": limit})]
