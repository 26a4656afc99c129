"""How the matters stand that rooms watch: written as their events are accepted, read by an index. The ledger knows no field of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from bus.ledger import duty
from bus.ledger.book import Ask, Book, Write
from bus.ledger.words import Matter

SLICE = 500
BEGIN_S = 300.0
BEGUN = "begun"


def stand(book: Book, matters: Iterable[Matter]) -> None:
    """Write how matters stand after these events, whatever their order."""
    for matter in sorted(matters):  # one lock order everywhere
        book.db.run("stand", {**matter._asdict(), "still": int(matter.still)})


class Late(NamedTuple):
    """A matter that is open, since when (seconds since the epoch), and how it stands."""

    key: str
    dossier: str
    since: float
    state: str


class Open(NamedTuple):
    """What is open of a watch: how much, how much of it since before the time asked for, and the first of these."""

    still: int
    late: int
    first: list[Late]


class Matters:
    """Over the writer's turn (`write`) and the reading threads (`ask`). Raises LedgerBusy."""

    def __init__(
        self,
        process: str,
        write: Write,
        ask: Ask,
    ) -> None:
        self._process = process
        self._write = write
        self._ask = ask

    async def open(self, watch: str, before: float, limit: int) -> Open:
        """What is open of a watch, the first `limit` of those since before then, the oldest first."""

        def looked(connection: Any) -> Open:
            asked = {"watch": watch, "before": before}
            count, late = connection.rows("count_matters", asked)[0]
            rows = connection.rows("matters", asked | {"limit": limit})
            return Open(int(count), int(late), [Late(*row) for row in rows])

        found: Open = await self._ask(looked)
        return found

    async def begin(self, watch: str, earlier: Callable[[], Awaitable[Sequence[Matter]]]) -> None:
        """The first time a watch is asked for: learn how its matters stood before, in one process at a time."""
        name = f"watch:{watch}"
        told = await self._ask(lambda connection: connection.rows("position", {"name": name}))
        if told and told[0][0] == BEGUN:
            return
        fence: int | None = await self._write(lambda book: duty.take(book, name, self._process, BEGIN_S))
        if fence is None:
            return
        for part in _parts(await earlier()):
            await self._write(partial(stand, matters=part))
        await self._write(lambda book: book.db.run("set_position", {"name": name, "fence": fence, "position": BEGUN}))


def _parts(matters: Sequence[Matter]) -> Iterator[list[Matter]]:
    left = iter(matters)
    while part := list(islice(left, SLICE)):
        yield part
