"""Rows of a poll that could not be read: kept sealed as they came, each once, until somebody looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bus.ledger.book import Book
from bus.ledger.database import Rows
from bus.seal import Keyring


class RawRow(NamedTuple):
    """One row: from whom, when it came first and last (seconds since the epoch), how often, and what came."""

    id: int
    partner: str
    first_at: float
    last_at: float
    times: int
    body: bytes


def keep(book: Book, duty: str, rows: Sequence[bytes]) -> None:
    """Keep what a duty's holder could not read; a row that was kept before is counted."""
    for row in dict.fromkeys(rows):
        sealed = book.keys.seal(row, _record(duty))
        book.db.run("keep_raw", {"duty": duty, "at": book.now, "digest": book.keys.content_digest(row), "body": sealed})


def opened(found: Rows, keys: Keyring) -> list[RawRow]:
    """Rows of `raw_rows`, opened."""
    return [
        RawRow(id_, duty.partition(":")[2], at, last_at or at, times, keys.open(bytes(body), _record(duty)))
        for id_, duty, at, last_at, times, body in found
    ]


def _record(duty: str) -> str:
    """What a row is sealed with."""
    return f"raw|{duty}"
