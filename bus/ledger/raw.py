"""What could not be read of a poll, or of a partner's own call: kept sealed as it came, each row once, until somebody looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bus.ledger.book import Book
from bus.ledger.database import Rows
from bus.seal import Keyring


class RawRow(NamedTuple):
    """One row: from whom, when it came first and last (seconds since the epoch), how often, what came, and who dealt with it, why.

    `dealt_at` None: nobody has yet.
    """

    id: int
    partner: str
    first_at: float
    last_at: float
    times: int
    body: bytes
    dealt_at: float | None = None
    dealt_by: str = ""
    dealt_reason: str = ""


def keep(book: Book, duty: str, rows: Sequence[bytes]) -> None:
    """Keep what a duty's holder could not read; a row that was kept before is counted."""
    for row in dict.fromkeys(rows):
        sealed = book.keys.seal(row, _record(duty))
        book.db.run("keep_raw", {"duty": duty, "at": book.now, "digest": book.keys.content_digest(row), "body": sealed})


def deal_with(book: Book, ids: Sequence[int], who: str, reason: str) -> list[int]:
    """Mark rows as dealt with, in the journal too; those that were open until now."""
    rows = book.db.rows("deal_with_raw", {"ids": list(ids), "now": book.now, "who": who, "reason": reason})
    dealt = sorted(row[0] for row in rows)
    for id_ in dealt:
        book.note(who, "kept raw: dealt with", reason, after=f"row {id_}")
    return dealt


def opened(found: Rows, keys: Keyring) -> list[RawRow]:
    """Rows of `raw_rows`, opened."""
    return [
        RawRow(id_, duty.partition(":")[2], at, last_at or at, times, keys.open(bytes(body), _record(duty)), *dealt)
        for id_, duty, at, last_at, times, body, *dealt in found
    ]


def _record(duty: str) -> str:
    """What a row is sealed with."""
    return f"raw|{duty}"
