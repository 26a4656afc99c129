"""A ledger for measuring: fresh, on the same disk or server as the real one, gone afterwards. The real one is not touched."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from bus.ledger import postgres
from bus.ledger.ledger import LedgerUnfit
from bus.ledger.schema import SQLITE


@contextlib.contextmanager
def scratch(url: str) -> Iterator[str]:
    """The URL of an empty ledger beside the one at `url`: for SQLite a file in the same folder, for PostgreSQL a schema of its own.

    Raises LedgerUnfit when there is no server, or when it may create none.
    """
    if url.startswith(SQLITE):
        folder = Path(url.removeprefix(SQLITE)).absolute().parent
        while not folder.is_dir():
            folder = folder.parent
        with tempfile.TemporaryDirectory(prefix="lienthong-scratch-", dir=folder) as beside:
            yield f"{SQLITE}{beside}/ledger.db"
        return
    name = f"lienthong_scratch_{secrets.token_hex(4)}"
    _run(url, f"CREATE SCHEMA {name}")
    try:
        yield f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"
    finally:
        _run(url, f"DROP SCHEMA {name} CASCADE")


def _run(url: str, statement: str) -> None:
    try:
        with postgres.connect(url) as connection:
            connection.execute(statement.encode())
    except psycopg.Error as error:
        raise LedgerUnfit(f"no scratch ledger on PostgreSQL: {str(error).strip().splitlines()[0]}") from None
