"""The journal's chain: each committed journal row linked to the one before by HMAC, behind the commits (reliability G14).

When the term of its oldest rows is over, they go and the chain begins later: where, is kept under a seal, so that nobody else can cut it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import NamedTuple

from bus.ledger.book import Book
from bus.ledger.database import Row, Rows
from bus.seal import Keyring


class Start(NamedTuple):
    """The last entry before the chain begins, and its link."""

    number: int = 0
    link: bytes = b"lienthong"


START = Start()
PAGE = 1000
"""Journal rows linked in one commit."""


def entry(number: int, journal: int, at: float, process: str, text: str) -> bytes:
    """The bytes a link covers."""
    return f"{number}|{journal}|{at!r}|{process}|{text}".encode()


def seal(book: Book) -> int:
    """Link what is committed and not yet linked, at most a PAGE; how many rows."""
    ends = book.db.rows("chain_end", {})
    number, last, xid, link = (*ends[0][:3], bytes(ends[0][3])) if ends else (0, 0, -1, START.link)
    links = []
    for journal, own_xid, at, process, text in book.db.rows("unchained", {"id": last, "xid": xid, "page": PAGE}):
        number += 1
        link = book.keys.link(link, entry(number, journal, at, process, text))
        links.append((number, journal, own_xid, link))
    if links:
        book.db.many("add_link", links)
    return len(links)


def verify(keys: Keyring, rows: Iterable[Row], start: Start = START) -> tuple[int, str]:
    """The last entry that verifies from the start on, and the first bad one in words (empty: none)."""
    good, link = start
    for number, stored, journal, at, process, text in rows:
        if number != good + 1:
            return good, f"entry {good + 1} is missing from the chain"
        if journal is None:
            return good, f"entry {number}: its journal row is gone"
        link = keys.link(link, entry(number, journal, at, process, text))
        if link != bytes(stored):
            return good, f"entry {number} (journal row {journal}) was changed"
        good = number
    return good, ""


def began(keys: Keyring, rows: Rows) -> Start | None:
    """Where the chain begins by what is kept of that; None when somebody else wrote it."""
    if not rows:
        return START
    number, link, at, seal = rows[0]
    return Start(number, bytes(link)) if bytes(seal) == _seal(keys, number, bytes(link), at) else None


def shorten(book: Book, before: float) -> int:
    """Let the oldest entries go that were written before then, a slice of them, its end never; how many.

    What does not verify stays, for whoever looks into it.
    """
    start = began(book.keys, book.db.rows("chain_start", {}))
    old = list(takewhile(lambda row: row[3] is not None and row[3] < before, book.db.rows("chain_head", {})))
    if start is None or not old or verify(book.keys, old, start)[1]:
        return 0
    number, link = old[-1][0], bytes(old[-1][1])
    seal = _seal(book.keys, number, link, book.now)
    book.db.run("begin_chain", {"number": number, "link": link, "at": book.now, "seal": seal})
    book.db.run("forget_links", {"number": number})
    book.db.run("forget_journal", {"ids": [row[2] for row in old]})
    return len(old)


def _seal(keys: Keyring, number: int, link: bytes, at: float) -> bytes:
    return keys.link(link, f"start|{number}|{at!r}".encode())
