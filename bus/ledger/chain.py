"""The journal's chain: each committed journal row linked to the one before by HMAC, behind the commits (reliability G14)."""

from __future__ import annotations

from collections.abc import Iterator

from bus.ledger import duty
from bus.ledger.book import Book
from bus.seal import Keyring

START = b"lienthong"


def entry(number: int, journal: int, at: float, process: str, text: str) -> bytes:
    """The bytes a link covers."""
    return f"{number}|{journal}|{at!r}|{process}|{text}".encode()


def seal(book: Book, fence: int) -> int:
    """Link what is committed and not yet linked; how many rows."""
    duty.check(book, "sealer", fence)
    ends = book.db.rows("chain_end", {})
    number, last, xid, link = (*ends[0][:3], bytes(ends[0][3])) if ends else (0, 0, -1, START)
    links = []
    for journal, own_xid, at, process, text in book.db.rows("unchained", {"id": last, "xid": xid}):
        number += 1
        link = book.keys.link(link, entry(number, journal, at, process, text))
        links.append((number, journal, own_xid, link))
    if links:
        book.db.many("add_link", links)
    return len(links)


def verify(keys: Keyring, rows: Iterator[tuple[int, bytes, int | None, float, str, str]]) -> tuple[int, str]:
    """How many entries verify from the start, and the first bad one in words (empty: none)."""
    link, good = START, 0
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
