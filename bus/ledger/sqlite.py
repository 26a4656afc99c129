"""The ledger on SQLite: one process by file lock, WAL with synchronous=FULL, set and read back."""

from __future__ import annotations

import fcntl
import json
import os
import re
import sqlite3
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from bus.ledger.database import ANY_OF, Answer, IdBlocks, Params, Row, Rows, RowSet, Trouble, queries
from bus.ledger.ledger import LedgerUnfit

APPLICATION_ID = 0x4C54  # "LT": the file says whose it is
BUSY_TIMEOUT_S = 10.0
PAGE_BYTES = 8192
"""Of a new file. A sealed request of 2 KB leaves half of SQLite's usual page empty; three go into this one."""
WAL_PAGES = 2000
AT_ONCE = re.compile(r"/\*at once\*/ (.+?) FROM")
"""Columns of whole numbers and text whose rows come as one: for each row by itself the writer would have to win the interpreter back."""


@cache
def dialect(file: str = "queries.sql") -> dict[str, str]:
    """The shared queries in SQLite's words."""
    return {
        name: AT_ONCE.sub(
            r"json_group_array(json_array(\1)) FROM", ANY_OF.sub(r"IN (SELECT value FROM json_each(:\1))", sql)
        )
        .replace("/*lock*/", "")
        .replace("/*skip*/", "")
        .replace("{{settled}}", "1 = 1")
        for name, sql in queries(file).items()
    }


@cache
def _row_set(query: str) -> RowSet:
    return RowSet(dialect()[query], "?")


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode with our pragmas. Raises LedgerUnfit when the file is none of ours or not durable."""
    try:
        connection = sqlite3.connect(
            f"file:{path}{'?mode=ro' if read_only else ''}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")  # what is removed is overwritten
            connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            level = connection.execute("PRAGMA synchronous").fetchone()[0]
            if (mode, level) != ("wal", 2):
                raise LedgerUnfit(f"the ledger {path} cannot be made durable: journal_mode {mode}, synchronous {level}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -16000")
    except sqlite3.DatabaseError as error:
        raise LedgerUnfit(f"the ledger {path} cannot be opened: {error}") from None
    return connection


def parameters(params: Params) -> dict[str, Any]:
    """Lists become JSON for json_each."""
    return {name: json.dumps(value) if isinstance(value, list) else value for name, value in params.items()}


class SqliteDatabase:
    """The writer's connection."""

    shared = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sql = dialect()
        self._at_once = {name for name, sql in queries().items() if AT_ONCE.search(sql)}
        self._ids = IdBlocks()
        self._last: dict[str, int] = {}
        self._lock = _take_lock(path)
        self._connection: sqlite3.Connection | None = None

    def connect(self) -> None:
        self._connection = connect(self._path)
        self._last.clear()
        self._ids = IdBlocks()

    def close(self) -> None:
        """Close the connection; the file lock goes with the process or with `release`."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def release(self) -> None:
        os.close(self._lock)

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self.connect()
        assert self._connection is not None
        return self._connection

    def begin(self) -> None:
        self._open.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._open.execute("COMMIT")

    def rollback(self) -> None:
        if self._open.in_transaction:
            self._open.execute("ROLLBACK")

    def run(self, query: str, params: Params) -> None:
        self._open.execute(self._sql[query], parameters(params))

    def rows(self, query: str, params: Params) -> Rows:
        rows = self._open.execute(self._sql[query], parameters(params)).fetchall()
        return [tuple(row) for row in orjson.loads(rows[0][0])] if query in self._at_once else rows

    def ask(self, query: str, params: Params) -> Answer:
        rows = self.rows(query, params)
        return lambda: rows

    def many(self, query: str, rows: Sequence[Row]) -> None:
        for statement, values in _row_set(query).statements(rows):
            self._open.execute(statement, values)

    def many_rows(self, query: str, rows: Sequence[Row]) -> Rows:
        execute = self._open.execute
        return [row for statement, values in _row_set(query).statements(rows) for row in execute(statement, values)]

    def ids(self, table: str, count: int) -> list[int]:
        return self._ids.take(table, count, self._fetch_ids)

    def _fetch_ids(self, table: str, count: int) -> list[int]:
        last = self._last.get(table)
        if last is None:
            last = self._open.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()[0]
        self._last[table] = last + count
        return list(range(last + 1, last + count + 1))

    def trouble(self, error: Exception) -> Trouble:
        """Locked and full say "come back"; the file itself in trouble says "broken"."""
        if not isinstance(error, sqlite3.Error):
            return "ours"
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM):
            return "busy"
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_READONLY):
            return "broken"
        return "ours"


def _take_lock(path: Path) -> int:
    """The file lock that makes this process the only one. Raises LedgerUnfit naming the holder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(lock, 32).decode("ascii", "replace").strip()
        os.close(lock)
        raise LedgerUnfit(
            f"the ledger {path} is in use by process {holder or '?'}; SQLite serves one process, PostgreSQL any number"
        ) from None
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock


def check(path: Path) -> None:
    """Refuse a file that is damaged or not ours, before anything is written. Raises LedgerUnfit."""
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
        try:
            owner = connection.execute("PRAGMA application_id").fetchone()[0]
            if owner != APPLICATION_ID:
                raise LedgerUnfit(f"{path} is not a ledger of Liên Thông; name another file in [ledger] url")
            verdict = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
            if path.stat().st_size < 256 * 2**20:
                verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
                if verdict[0] != "ok":
                    raise LedgerUnfit(f"the ledger {path} is damaged ({verdict[0]}); restore it from a backup")
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise LedgerUnfit(f"the ledger {path} is damaged ({error}); restore it from a backup") from None
