"""Figures: counters by month, agency and field of what dossiers add up to, moved when a dossier is counted anew.

One duty follows the journal's chain, in which nothing comes late, and counts each dossier that was told of again; what a dossier counts
as is said by its caller. So accepting pays nothing for it, a page reads counters alone, and a ledger older than the counters is counted
from its beginning. Every call raises LedgerBusy as the ledger does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from bus.ledger import duty
from bus.ledger.book import Ask, Book, Write, event_record
from bus.ledger.database import Rows
from bus.seal import Keyring
from contracts.envelope import Envelope

DUTY = "figures"
ENTRIES = 100
"""Journal rows looked at in one go."""
TOGETHER = 200
"""Dossiers counted in one commit."""
UNOWED = "unowed"
"""What the journal calls an event that owes nothing to anybody."""


class Counted(NamedTuple):
    """What one dossier adds: to which month (yyyy-mm), agency and field, which counters; from `later_at` on those of `later` instead."""

    dossier: str
    month: str
    agency: str
    field: str
    counters: tuple[str, ...]
    later_at: float | None = None
    later: tuple[str, ...] = ()


class News(NamedTuple):
    """Dossiers told of since a place in the chain, and the place reached."""

    dossiers: tuple[str, ...]
    position: str
    more: bool


class Told(NamedTuple):
    """How a dossier stands: the event that says so, and which of the types asked for were heard of it."""

    newest: Envelope
    heard: frozenset[str]


Names = Mapping[tuple[str, str], str]
"""What a code is called, by (kind, code)."""


class Figures:
    """The operations, over the writer's turn (`write`) and the reading threads (`read`)."""

    def __init__(self, keys: Keyring, write: Write, read: Ask) -> None:
        self._keys = keys
        self._write = write
        self._read = read

    async def news(self, position: str) -> News:
        """Which dossiers were told of after `position` (empty: from the beginning)."""
        found: News = await self._read(lambda c: _news(c, int(position or 0)))
        return found

    async def told(self, dossiers: Sequence[str], types: Sequence[str], marks: Sequence[str]) -> list[Told]:
        """How these dossiers stand by their newest event of `types`, and which of `marks` came; nothing of what no event says."""
        asked = {"dossiers": list(dossiers)}
        heard: dict[str, set[str]] = {}
        for dossier, kind in await self._read(lambda c: c.rows("heard_of", asked | {"types": list(marks)})):
            heard.setdefault(dossier, set()).add(kind)
        rows = await self._read(lambda c: c.rows("newest_of", asked | {"types": list(types)}))
        return [
            Told(
                Envelope.trusted(self._keys.open(bytes(body), event_record(source, event_id))),
                frozenset(heard.get(dossier, ())),
            )
            for dossier, source, event_id, body in rows
        ]

    async def due(self, now: float) -> list[Counted]:
        """Dossiers to be counted as what they became by the clock alone."""
        rows = await self._read(lambda c: c.rows("counted_later", {"now": now, "limit": TOGETHER}))
        return [
            Counted(dossier, month, agency, field, tuple(later.split()))
            for dossier, month, agency, field, later in rows
        ]

    async def count(self, fence: int, counted: Iterable[Counted], names: Names, position: str | None = None) -> None:
        """Count dossiers as this, instead of what they counted as, and remember the place reached. Raises FenceLost."""

        def counting(book: Book) -> None:
            _count(book, {one.dossier: one for one in counted}, names)
            if position is not None:
                book.db.run("set_position", {"name": DUTY, "fence": fence, "position": position})

        await self._write(duty.under(DUTY, fence, counting))

    async def by_month(self, first: str, last: str, agency: str = "", field: str = "") -> dict[str, Counter[str]]:
        """The counters of each month from `first` to `last`, of all agencies and fields or of one."""
        asked = {"first": first, "last": last, "agency": agency, "field": field}
        return _summed(await self._read(lambda c: c.rows("figures_by_month", asked)))

    async def by_agency(self, month: str, field: str = "") -> dict[str, Counter[str]]:
        """The counters of each agency in a month."""
        return _summed(await self._read(lambda c: c.rows("figures_by_agency", {"month": month, "field": field})))

    async def by_field(self, month: str, agency: str = "") -> dict[str, Counter[str]]:
        """The counters of each field in a month."""
        return _summed(await self._read(lambda c: c.rows("figures_by_field", {"month": month, "agency": agency})))

    async def names(self) -> dict[tuple[str, str], str]:
        """What agencies and fields are called, as the events last called them."""
        return {(kind, code): name for kind, code, name in await self._read(lambda c: c.rows("figure_names", {}))}

    async def months(self) -> tuple[str, str] | None:
        """The first and the last month in which anything was counted."""
        first, last = (await self._read(lambda c: c.rows("figure_months", {})))[0]
        return (first, last) if last else None


def _news(connection: Any, after: int) -> News:
    """The new deliveries of the journal's next entries, and the events that owe nothing, as the dossiers they are about."""
    rows = connection.rows("entries", {"after": after, "limit": ENTRIES})
    moves = [move for _, entry in rows for move in orjson.loads(entry)]
    owed = [number for number, before, *_ in moves if number and before == ""]
    unowed = [number for number, before, *_ in moves if number and before == UNOWED]
    dossiers = dict.fromkeys(
        row[0]
        for query, ids in (("dossiers_owed", owed), ("dossiers_told", unowed))
        if ids
        for row in connection.rows(query, {"ids": ids})
    )
    return News(tuple(dossiers), str(rows[-1][0] if rows else after), len(rows) == ENTRIES)


def _count(book: Book, counted: Mapping[str, Counted], names: Names) -> None:
    changes: Counter[tuple[str, str, str, str]] = Counter()
    for _, *place, counters in book.db.rows("counted_before", {"dossiers": list(counted)}) if counted else ():
        changes.subtract((*place, counter) for counter in counters.split())
    for one in counted.values():
        changes.update((one.month, one.agency, one.field, counter) for counter in one.counters)
    if counted:
        book.db.many("count_dossier", [_row(one) for _, one in sorted(counted.items())])
    if moved := [(*key, n) for key, n in sorted(changes.items()) if n]:
        book.db.many("add_figure", moved)
    if names:
        book.db.many("name_figure", [(*key, name) for key, name in sorted(names.items())])


def _row(one: Counted) -> tuple[Any, ...]:
    """The values of `count_dossier`."""
    return (
        *(one.dossier, one.month, one.agency, one.field),
        *(" ".join(one.counters), one.later_at, " ".join(one.later)),
    )


def _summed(rows: Rows) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for key, counter, n in rows:
        found.setdefault(key, Counter())[counter] = int(n)
    return found
