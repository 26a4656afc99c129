"""The ledger on PostgreSQL 15 and later: any number of processes, row locks, SKIP LOCKED, durability checked at start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from typing import Any, NamedTuple

import psycopg
from psycopg import errors
from psycopg.types.numeric import Int8Dumper

from bus.ledger.database import (
    ANY_OF,
    CAST,
    LITE,
    PARAMETER,
    Answer,
    IdBlocks,
    Params,
    Row,
    Rows,
    RowSet,
    Trouble,
    queries,
)
from bus.ledger.ledger import LedgerUnfit

LEAST_VERSION = 150000
PRESENT = 0x4C545052
"""The advisory lock every process shares while it has the ledger open."""
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
SETTLED = "xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@cache
def dialect(file: str = "queries.sql") -> dict[str, str]:
    """The shared queries in psycopg's words."""
    return {name: translate(sql.replace("{{settled}}", SETTLED)) for name, sql in queries(file).items()}


def translate(sql: str) -> str:
    """One query with `:name` parameters and `any_of` lists in psycopg's words."""
    return PARAMETER.sub(r"%(\1)s", _server(sql.replace("%", "%%")))


def _server(sql: str) -> str:
    """One query in the server's words, its parameters still by name."""
    sql = LITE.sub("TRUE", CAST.sub(r"\1", ANY_OF.sub(r"= ANY(:\1)", sql)))
    return sql.replace("/*lock*/", "FOR UPDATE").replace("/*skip*/", "FOR UPDATE SKIP LOCKED")


class Statement(NamedTuple):
    """A query as it goes over the wire, and the names of its parameters in the order of their numbers."""

    text: bytes
    names: tuple[str, ...]


@cache
def _statement(query: str) -> Statement:
    sql = _server(queries()[query].replace("{{settled}}", SETTLED))
    names = tuple(dict.fromkeys(PARAMETER.findall(sql)))
    return Statement(PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", sql).encode(), names)


@cache
def _row_set(query: str) -> RowSet:
    return RowSet(_server(queries()[query]), "$")


def connect(
    url: str, *, read_only: bool = False, timeout_s: float | None = None
) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection in autocommit mode. Raises psycopg.OperationalError when there is no server."""
    connection = psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=10,
        application_name="lienthong",
        prepare_threshold=2,
        keepalives=1,
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=15000,
    )
    if read_only:
        connection.execute("SET default_transaction_read_only = on")
        connection.execute("SET plan_cache_mode = force_custom_plan")  # how rare a value is decides which index serves
        connection.execute("SET jit = off")  # compiling takes longer than any question of ours may
    if timeout_s is not None:
        connection.execute(f"SET statement_timeout = {int(timeout_s * 1000)}")
    return connection


def check(url: str, *, unsafe: bool) -> None:
    """Refuse a server that is too old or does not keep what it commits (reliability G1). Raises LedgerUnfit."""
    try:
        connection = connect(url)
    except psycopg.OperationalError as error:
        raise LedgerUnfit(f"PostgreSQL cannot be reached: {str(error).strip().splitlines()[0]}") from None
    with connection:
        if connection.info.server_version < LEAST_VERSION:
            raise LedgerUnfit(f"PostgreSQL 15 or later is needed; this is {connection.info.server_version // 10000}")
        for setting in DURABLE:
            row = connection.execute("SELECT current_setting(%s)", (setting,)).fetchone()
            if row is not None and row[0] == "off" and not unsafe:
                raise LedgerUnfit(
                    f"PostgreSQL runs with {setting} = off and may lose what it committed; turn it on, or say unsafe = true in [ledger]"
                )


class PostgresDatabase:
    """The writer's connection. The statements of a transaction go out in a pipeline: the writer waits where it needs an answer, and for
    the commit, not for each of them.
    """

    shared = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._ids = IdBlocks()
        self._connection: psycopg.Connection[Row] | None = None
        self._pipeline = ExitStack()

    def connect(self) -> None:
        self.close()
        self._connection = connection = connect(self._url, timeout_s=60)
        connection.cursor_factory = (
            psycopg.RawCursor
        )  # parameters by number: nothing is left to be parsed for each call
        connection.adapters.register_dumper(int, Int8Dumper)  # else each size of number is another prepared statement
        connection.execute("SET idle_in_transaction_session_timeout = '30s'")
        connection.execute("SELECT pg_advisory_lock_shared($1)", (PRESENT,))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        with suppress(psycopg.Error):
            self._pipeline.close()

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether no other process has this ledger open; while True, none can come."""
        row = self._open.execute("SELECT pg_try_advisory_lock($1)", (PRESENT,)).fetchone()
        alone = row is not None and bool(row[0])
        try:
            yield alone
        finally:
            if alone:
                self._open.execute("SELECT pg_advisory_unlock($1)", (PRESENT,))

    def release(self) -> None:
        """Nothing is held between processes."""

    @property
    def _open(self) -> psycopg.Connection[Row]:
        if self._connection is None or self._connection.closed:
            self.connect()
        assert self._connection is not None
        return self._connection

    def begin(self) -> None:
        connection = self._open
        self._pipeline.enter_context(connection.pipeline())
        connection.execute(b"BEGIN")

    def commit(self) -> None:
        """Everything has been done and is durable, or the first error of all that was sent is raised."""
        self._open.execute(b"COMMIT")
        self._pipeline.close()

    def rollback(self) -> None:
        """Hang up: what of the pipeline behind an error the server has prepared is not known, and with the line the transaction goes."""
        self.close()

    def _send(self, query: str, params: Params) -> psycopg.Cursor[Row]:
        text, names = _statement(query)
        return self._open.execute(text, [params[name] for name in names])

    def run(self, query: str, params: Params) -> None:
        self._send(query, params)

    def rows(self, query: str, params: Params) -> Rows:
        return self._send(query, params).fetchall()

    def ask(self, query: str, params: Params) -> Answer:
        return self._send(query, params).fetchall

    def many(self, query: str, rows: Sequence[Row]) -> None:
        for statement, values in _row_set(query).statements(rows):
            self._open.execute(statement, values)

    def many_rows(self, query: str, rows: Sequence[Row]) -> Rows:
        execute = self._open.execute
        sent = [execute(statement, values) for statement, values in _row_set(query).statements(rows)]
        return [row for cursor in sent for row in cursor.fetchall()]

    def ids(self, table: str, count: int) -> list[int]:
        return self._ids.take(table, count, self._fetch_ids)

    def _fetch_ids(self, table: str, count: int) -> list[int]:
        rows = self._open.execute("SELECT nextval($1) FROM generate_series(1, $2)", (f"{table}_ids", count)).fetchall()
        return sorted(row[0] for row in rows)

    def trouble(self, error: Exception) -> Trouble:
        """Deadlock and serialisation: the group again. A server that went away: reconnect. A full disk: come back."""
        if isinstance(
            error,
            errors.DeadlockDetected | errors.SerializationFailure | errors.LockNotAvailable | errors.UniqueViolation,
        ):
            return "again"
        if isinstance(error, errors.DiskFull | errors.OutOfMemory | errors.TooManyConnections | errors.QueryCanceled):
            return "busy"
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | errors.AdminShutdown):
            return "broken"
        return "ours"


def server_time(url: str) -> float:
    """The server's clock, seconds since the epoch: the one wall clock all processes share."""
    with connect(url) as connection:
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    assert row is not None
    return float(row[0])
