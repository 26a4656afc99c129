"""The ledger on PostgreSQL 15 and later: any number of processes, row locks, SKIP LOCKED, durability checked at start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg import errors

from bus.ledger.database import ANY_OF, CAST, PARAMETER, IdBlocks, Params, Row, Rows, RowSet, Trouble, queries
from bus.ledger.ledger import LedgerUnfit

LEAST_VERSION = 150000
PRESENT = 0x4C545052
"""The advisory lock every process shares while it has the ledger open."""
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


@cache
def dialect(file: str = "queries.sql") -> dict[str, str]:
    """The shared queries in psycopg's words."""
    settled = "xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    return {name: translate(sql.replace("{{settled}}", settled)) for name, sql in queries(file).items()}


def translate(sql: str) -> str:
    """One query with `:name` parameters and `any_of` lists in psycopg's words."""
    sql = ANY_OF.sub(r"= ANY(:\1)", sql.replace("%", "%%"))
    sql = sql.replace("/*lock*/", "FOR UPDATE").replace("/*skip*/", "FOR UPDATE SKIP LOCKED")
    return PARAMETER.sub(r"%(\1)s", CAST.sub(r"\1", sql))


@cache
def _row_set(query: str) -> RowSet:
    return RowSet(CAST.sub(r"\1", queries()[query]), "%s")


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
    """The writer's connection."""

    shared = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._sql = dialect()
        self._ids = IdBlocks()
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def connect(self) -> None:
        self.close()
        self._connection = connect(self._url, timeout_s=60)
        self._connection.execute("SET idle_in_transaction_session_timeout = '30s'")
        self._connection.execute("SELECT pg_advisory_lock_shared(%s)", (PRESENT,))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether no other process has this ledger open; while True, none can come."""
        row = self._open.execute("SELECT pg_try_advisory_lock(%s)", (PRESENT,)).fetchone()
        alone = row is not None and bool(row[0])
        try:
            yield alone
        finally:
            if alone:
                self._open.execute("SELECT pg_advisory_unlock(%s)", (PRESENT,))

    def release(self) -> None:
        """Nothing is held between processes."""

    @property
    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self.connect()
        assert self._connection is not None
        return self._connection

    def begin(self) -> None:
        self._open.execute("BEGIN")

    def commit(self) -> None:
        self._open.execute("COMMIT")

    def rollback(self) -> None:
        if self._connection is not None and not self._connection.closed:
            self._connection.execute("ROLLBACK")

    def run(self, query: str, params: Params) -> int:
        return self._open.execute(self._sql[query].encode(), params).rowcount

    def rows(self, query: str, params: Params) -> Rows:
        return self._open.execute(self._sql[query].encode(), params).fetchall()

    def many(self, query: str, rows: Sequence[Row]) -> None:
        for statement, values in _row_set(query).statements(rows):
            self._open.execute(statement.encode(), values)

    def many_rows(self, query: str, rows: Sequence[Row]) -> Rows:
        execute = self._open.execute
        return [row for text, values in _row_set(query).statements(rows) for row in execute(text.encode(), values)]

    def ids(self, table: str, count: int) -> list[int]:
        return self._ids.take(table, count, self._fetch_ids)

    def _fetch_ids(self, table: str, count: int) -> list[int]:
        rows = self._open.execute("SELECT nextval(%s) FROM generate_series(1, %s)", (f"{table}_ids", count)).fetchall()
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
