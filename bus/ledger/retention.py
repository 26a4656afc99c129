"""Retention: what goes when its term is over. The contents of dossiers at rest, the ways to find people, rows dealt with, old records.

Nothing goes of what somebody still has to do something about. What was owed and done is not touched, so the accounts hold; an event's
digest stays, so it is known when it comes again; and a dossier's story tells what was removed, when and by which rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any

from bus.clock import Clock
from bus.ledger import chain
from bus.ledger.book import Ask, Book, Write
from bus.ledger.database import Row, Rows

DAY_S = 86_400.0
SLICE = 20
"""Dossiers whose contents go in one commit."""
LOOKED = 400
"""Pages of 500 that a preview looks through; what lies behind is not counted."""
RULES = ("events", "messages", "people", "raw", "lookups", "audit")


@dataclass(frozen=True, slots=True)
class Terms:
    """For how many days each kind of thing stays; None: for good.

    `events`, `messages`, `people`: counted from the last that happened to their dossier. `raw`: from when somebody dealt with the row.
    """

    events: int | None = None
    messages: int | None = None
    people: int | None = None
    raw: int | None = None
    lookups: int | None = None
    audit: int | None = None

    def before(self, rule: str, now: float) -> float | None:
        """What happened before then has served its term by this rule."""
        days: int | None = getattr(self, rule)
        return None if days is None else now - days * DAY_S

    def says(self, rule: str) -> str:
        """The rule as the settings word it."""
        return f"[retention] {rule}_days = {getattr(self, rule)}"


@dataclass(frozen=True, slots=True)
class Due:
    """What one rule would take now: dossiers (`events`, `messages`), ways to find people, rows, records. `complete`: all was counted."""

    rule: str
    days: int | None
    count: int
    complete: bool


class Retention:
    """Over the writer's turn (`write`) and the reading threads (`ask`). Raises LedgerBusy."""

    def __init__(self, terms: Terms, clock: Clock, write: Write, ask: Ask) -> None:
        self._terms = terms
        self._clock = clock
        self._write = write
        self._ask = ask

    async def lap(self) -> AsyncGenerator[Counter[str], None]:
        """Once over everything, a small commit at a time; what went with each, by rule. The caller may pause or stop in between."""
        async for rule, dossiers in self._contents():
            for part in _parts(dossiers):
                yield await self._write(
                    partial(_erase, dossiers=part, rule=rule, who="bus", why=self._terms.says(rule))
                )
        async for people in self._people():
            yield await self._write(partial(_forget_people, rows=people))
        for rule, forget in FORGET:
            before = self._terms.before(rule, self._clock.now())
            while before is not None and (gone := await self._write(partial(forget, before=before))):
                yield Counter({rule: gone})

    async def preview(self) -> list[Due]:
        """What a lap would take if it began now; nothing is changed."""
        found: dict[str, set[Any]] = {rule: set() for rule in RULES}
        pages = 0
        async for rule, dossiers in self._contents():
            found[rule].update(dossiers)
            pages += 1
            if pages == LOOKED:
                break
        looked = pages < LOOKED
        async for people in self._people():
            found["people"].update(people)
            pages += 1
            if pages >= 2 * LOOKED:
                break
        counts = {rule: len(those) for rule, those in found.items()}
        for rule in ("raw", "lookups", "audit"):
            before = self._terms.before(rule, self._clock.now())
            counts[rule] = 0 if before is None else (await self._rows(f"due_{rule}", before=before))[0][0]
        return [Due(rule, getattr(self._terms, rule), counts[rule], looked) for rule in RULES]

    async def erase(
        self, dossiers: Iterable[str], digest: bytes, who: str, why: str, *, dry_run: bool
    ) -> tuple[list[str], list[str]]:
        """Remove the contents of dossiers now, whatever their term, and that they are found by this digest.

        Which it concerned, and which are not at rest and stay.
        """
        asked = sorted(set(dossiers))
        rest = sorted(await self._resting(asked))
        for part in () if dry_run else _parts(rest):
            await self._write(partial(_erase, dossiers=part, rule="events", who=who, why=why))
            await self._write(partial(_forget_people, rows=[(digest, dossier) for dossier in part]))
        return rest, sorted(set(asked) - set(rest))

    async def _contents(self) -> AsyncIterator[tuple[str, list[str]]]:
        """Dossiers whose contents have served their term, a page at a time: with a dossier's events its messages go too."""
        now = self._clock.now()
        events, messages = (self._terms.before(rule, now) for rule in ("events", "messages"))
        youngest = max((before for before in (events, messages) if before is not None), default=0.0)
        after = 0
        while youngest and (rows := await self._rows("walk_events", after=after)):
            after = rows[-1][0]
            rest = await self._resting({row[1] for row in rows if row[3] is None and row[2] < youngest})
            gone = [dossier for dossier, since in rest.items() if events is not None and since < events]
            if gone:
                yield "events", gone
            sent = [one for one, since in rest.items() if messages is not None and since < messages and one not in gone]
            if kept := [row[0] for row in await self._rows("with_messages", dossiers=sent)]:
                yield "messages", kept
            if rows[0][2] >= youngest:
                return

    async def _people(self) -> AsyncIterator[list[tuple[bytes, str]]]:
        """Ways to find people, a page at a time, of dossiers that have been at rest for the term."""
        before = self._terms.before("people", self._clock.now())
        digest, dossier = b"", ""
        while before is not None and (rows := await self._rows("walk_finders", digest=digest, dossier=dossier)):
            digest, dossier = bytes(rows[-1][0]), rows[-1][1]
            rest = await self._resting({row[1] for row in rows})
            yield [(bytes(found), one) for found, one in rows if rest.get(one, before) < before]

    async def _resting(self, dossiers: Iterable[str]) -> dict[str, float]:
        """Since when dossiers have been at rest; those with something left to be done are not among them."""
        rows = await self._rows("at_rest", dossiers=sorted(dossiers))
        return {dossier: max(accepted, changed or accepted) for dossier, accepted, changed in rows}

    async def _rows(self, query: str, **params: Any) -> Rows:
        rows: Rows = await self._ask(lambda connection: connection.rows(query, params))
        return rows


def _parts(dossiers: Sequence[str]) -> Iterator[Sequence[str]]:
    return (dossiers[start : start + SLICE] for start in range(0, len(dossiers), SLICE))


def _erase(book: Book, dossiers: Sequence[str], rule: str, who: str, why: str) -> Counter[str]:
    """Blank what was sent and answered about dossiers and, by the rule for events, what came of them; told in their stories."""
    gone = Counter[str]()
    for dossier in dossiers:
        at = {"dossier": dossier}
        book.db.rows("lock_lanes_of", at)
        events = book.db.rows("erase_events", {**at, "nothing": b"", "now": book.now}) if rule == "events" else []
        messages = book.db.rows("erase_messages", at)
        if events or messages:
            book.note(who, "remove contents", why, dossier, after=f"-{len(events)} events, -{len(messages)} messages")
        gone.update(events=len(events), messages=len(messages))
    return gone


def _forget_people(book: Book, rows: list[Row]) -> Counter[str]:
    if rows:
        book.db.many("forget_finders", rows)
    return Counter(people=len(rows))


def _forget_raw(book: Book, before: float) -> int:
    return len(book.db.rows("forget_raw", {"before": before}))


def _forget_lookups(book: Book, before: float) -> int:
    ids = _old(book, "old_lookups", before)
    if ids:
        book.db.run("forget_lookups_about", {"ids": ids})
        book.db.run("forget_lookups", {"ids": ids})
    return len(ids)


def _forget_notes(book: Book, before: float) -> int:
    ids = _old(book, "old_notes", before)
    if ids:
        book.db.run("forget_notes", {"ids": ids})
    return len(ids)


def _old(book: Book, query: str, before: float) -> list[int]:
    """The oldest of what is numbered in time, as far as its term is over."""
    return [row[0] for row in takewhile(lambda row: row[1] < before, book.db.rows(query, {}))]


FORGET: tuple[tuple[str, Callable[..., int]], ...] = (
    ("raw", _forget_raw),
    ("lookups", _forget_lookups),
    ("audit", _forget_notes),
    ("audit", chain.shorten),
)
"""What goes by its own age, a slice at a time, and by which rule."""
