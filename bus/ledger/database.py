"""What the ledger needs of a database: one connection, named queries, rows as tuples. SQLite and PostgreSQL differ behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any, Literal, Protocol

Params = Mapping[str, Any]
Row = tuple[Any, ...]
Rows = list[Row]
Answer = Callable[[], Rows]
Trouble = Literal["again", "busy", "broken", "ours"]
"""What an error means: try the group again, tell callers to come back, reconnect first, or a fault of ours."""

BLOCK = 256
"""Ids fetched at once."""


class Database(Protocol):
    """One connection in one thread. `url` is for messages and never holds a password."""

    shared: bool
    """True where other processes write too: rows are locked, and different operations get transactions of their own, so that locks
    are taken in one order everywhere."""

    def connect(self) -> None: ...
    def close(self) -> None: ...
    def release(self) -> None:
        """Give back what keeps other processes out."""
        ...

    def begin(self) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def run(self, query: str, params: Params) -> None:
        """Run one named query. What is wrong with it may only be raised by a later one, or by the commit."""
        ...

    def rows(self, query: str, params: Params) -> Rows:
        """The rows of one named query."""
        ...

    def ask(self, query: str, params: Params) -> Answer:
        """Ask one named query now and take its rows later: what is asked one after the other costs one wait."""
        ...

    def many(self, query: str, rows: Sequence[Row]) -> None:
        """One statement with a `/*rows*/` list over all of `rows`, each a tuple in the order in which that list names its values."""
        ...

    def many_rows(self, query: str, rows: Sequence[Row]) -> Rows:
        """The same, with the rows it returns, in no order that may be relied on."""
        ...

    def ids(self, table: str, count: int) -> list[int]:
        """`count` fresh ids of a table, ascending."""
        ...

    def trouble(self, error: Exception) -> Trouble: ...


class Connection(Protocol):
    """A reading connection: rows of a named or given query, and a snapshot for questions in several parts."""

    def rows(self, sql: str, params: Mapping[str, Any]) -> Rows: ...
    def snapshot(self, begin: bool) -> None: ...


@cache
def queries(file: str = "queries.sql") -> dict[str, str]:
    """The named queries of a file, comments removed."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in files(__package__).joinpath(file).read_text(encoding="utf-8").splitlines():
        if line.startswith("-- name:"):
            name = line.removeprefix("-- name:").strip()
            found[name] = []
        elif name and not line.lstrip().startswith("--"):
            found[name].append(line)
    return {name: "\n".join(lines).strip().rstrip(";") for name, lines in found.items()}


ANY_OF = re.compile(r"= any_of\(:(\w+)\)")
PARAMETER = re.compile(r"(?<!:):(\w+)")


CAST = re.compile(r"/\*(::\w+)\*/")
LITE = re.compile(r"/\*lite\*/\([^()]*\)")
"""What follows from the rest of a query, said for SQLite: it takes a partial index only where a query has the words of the index.
PostgreSQL sees that it follows, and said all the same, it reckons with it twice."""
_ROWS = re.compile(r"/\*rows\*/(\((?:[^()]|\([^()]*\))*\))")
_CHUNKS = (256, 64, 16, 4, 1)
"""Rows a statement carries: a few sizes only, so that prepared statements are met again."""


class RowSet:
    """A statement over many rows: its `/*rows*/(...)` list repeated, its values by place (`mark` stands for one; a "$" is numbered).

    On a thread that shares its interpreter with busy others each statement costs a turn at the interpreter's lock, so that a
    statement for each row made a group many times slower than one for all.
    """

    def __init__(self, sql: str, mark: str) -> None:
        found = _ROWS.search(sql)
        if found is None:
            raise ValueError(f"no /*rows*/ list in: {sql}")
        head, tail = sql[: found.start()], sql[found.end() :]
        row = PARAMETER.sub("\0", found[1])
        self._texts = {size: _marked(head + ",".join([row] * size) + tail, mark) for size in _CHUNKS}

    def statements(self, rows: Sequence[Row]) -> Iterator[tuple[str, list[Any]]]:
        """The statements for `rows`, each with its values."""
        start, left = 0, len(rows)
        while left:
            size = next(size for size in _CHUNKS if size <= left)
            yield self._texts[size], list(chain.from_iterable(rows[start : start + size]))
            start, left = start + size, left - size


def _marked(sql: str, mark: str) -> str:
    """`sql` with each place for a value marked: by `mark`, or by "$" and its number."""
    first, *rest = sql.split("\0")
    return first + "".join(f"{mark}{number if mark == '$' else ''}{part}" for number, part in enumerate(rest, start=1))


class IdBlocks:
    """Ids handed out from blocks, so that rows can be written in sets without asking for each."""

    def __init__(self) -> None:
        self._left: dict[str, list[int]] = {}

    def take(self, table: str, count: int, fetch: Any) -> list[int]:
        """`count` ids; `fetch(table, n)` answers n more, ascending and above all given before by this process."""
        left = self._left.setdefault(table, [])
        if len(left) < count:
            left += fetch(table, max(BLOCK, count - len(left)))
        taken, self._left[table] = left[:count], left[count:]
        return taken
