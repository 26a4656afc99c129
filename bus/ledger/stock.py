"""Numbers a partner gave us beforehand: put in once, taken once over all processes, and the same one again for the same delivery."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import islice

from bus.ledger.book import Book, Write
from bus.ledger.database import Row

SLICE = 500
"""Items put in by one commit."""


class SqlStock:
    """See `bus.adapter.Stock`; over the writer's turn (`write`) and the reading threads (`levels`)."""

    def __init__(
        self,
        partner: str,
        write: Write,
        levels: Callable[[], Awaitable[dict[str, tuple[int, int]]]],
    ) -> None:
        self._partner = partner
        self._write = write
        self._levels = levels

    async def fill(self, items: Sequence[str]) -> None:
        places = enumerate(items)
        while rows := [(self._partner, item, place) for place, item in islice(places, SLICE)]:
            await self._write(partial(_fill, rows=rows))

    async def take(self, key: str) -> str | None:
        item: str | None = await self._write(lambda book: _take(book, self._partner, key))
        return item

    async def left(self) -> int:
        return (await self._levels()).get(self._partner, (0, 0))[0]


def _fill(book: Book, rows: list[Row]) -> None:
    book.db.many("fill_stock", rows)


def _take(book: Book, partner: str, key: str) -> str | None:
    rows = book.db.rows("stock_taken", {"partner": partner, "key": key})
    if not rows:
        rows = book.db.rows("stock_next", {"partner": partner})
        if not rows:
            return None
        book.db.run("take_stock", {"partner": partner, "item": rows[0][0], "key": key, "now": book.now})
    return str(rows[0][0])
