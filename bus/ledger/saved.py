"""The views people saved for themselves: an address of the console under a title of their own."""

from __future__ import annotations

from dataclasses import dataclass

from bus.ledger.book import Ask, Write


@dataclass(frozen=True, slots=True)
class SavedView:
    """One saved view; `address` is a path of the console with its filters, never anything personal."""

    id: int
    title: str
    address: str
    at: float


class SavedViews:
    """The operations, over the writer's turn and the reading threads. Every call raises LedgerBusy."""

    def __init__(self, write: Write, ask: Ask) -> None:
        self._write = write
        self._ask = ask

    async def save(self, person: str, title: str, address: str) -> None:
        """Save a view; the same address again gets the new title."""
        values = {"person": person, "title": title, "address": address}
        await self._write(lambda book: book.db.run("save_view", values | {"now": book.now}))

    async def drop(self, person: str, number: int) -> None:
        """Forget one of a person's own views."""
        await self._write(lambda book: book.db.run("drop_view", {"person": person, "id": number}))

    async def of(self, person: str) -> list[SavedView]:
        """A person's views, by title."""
        return [SavedView(*row) for row in await self._ask(lambda c: c.rows("saved_views", {"person": person}))]
