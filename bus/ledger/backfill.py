"""Search keys for what came before there were any: newest first, a page a commit, going on where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from bus.ledger import duty, keys
from bus.ledger.book import Ask, Book, Write, event_record
from bus.ledger.database import Connection, Rows
from bus.seal import Keyring, SealError
from contracts.envelope import Envelope
from contracts.fault import Refusal
from contracts.marks import references

DUTY = "search_keys"
"""Its position is the number of the last event that has its keys: those before it have not, empty: all have."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some older events' keys, and where the next page begins (empty: nowhere)."""

    found: frozenset[keys.Key]
    position: str


class KeyBook(keys.SearchKeys):
    """The search keys of one ledger, asked and filled in."""

    def __init__(self, keyring: Keyring, ask: Ask, write: Write) -> None:
        super().__init__(keyring, ask)
        self._write = write

    async def fill(self, fence: int) -> bool:
        """Give a page of older events their keys; False when all have them. Raises FenceLost."""
        page: Page | None = await self._ask(lambda c: read(c, self._keys))
        if page is not None:
            await self._write(duty.under(DUTY, fence, partial(_write, page=page, fence=fence)))
        return page is not None


def read(connection: Connection, keyring: Keyring) -> Page | None:
    """The next page, None when nothing is left."""
    position = connection.rows("position", {"name": DUTY})
    if not position or not position[0][0]:
        return None
    rows = connection.rows("older_events", {"before": int(position[0][0])})
    if not rows:
        return Page(frozenset(), "")
    receipts = connection.rows("receipts_of", {"dossiers": sorted({row[3] for row in rows})})
    told = {keys.key(keys.RECEIPT, receipt, dossier) for dossier, receipt in receipts}
    return Page(frozenset({*_of_events(keyring, rows), *told}), str(rows[-1][0]))


def _write(book: Book, page: Page, fence: int) -> None:
    """The keys and the position in one commit."""
    book.search |= page.found
    book.db.run("set_position", {"name": DUTY, "fence": fence, "position": page.position})


def _of_events(keyring: Keyring, rows: Rows) -> Iterator[keys.Key]:
    for _id, source, event_id, dossier, erased_at, body in rows:
        yield from keys.of_code(dossier)
        if erased_at is not None:
            continue
        try:
            envelope = Envelope.trusted(keyring.open(bytes(body), event_record(source, event_id)))
            yield from keys.of_references(references(envelope.message), dossier)
        except (Refusal, SealError, KeyError):
            continue  # of an older contract, or its key is gone: its code is all it is found by
