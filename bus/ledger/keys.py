"""Search keys: the numbers a dossier is known by, its own and those others gave it, written in the commit that brings them.

A key is kept folded (no accents, case, blanks or punctuation), so that it is found however it is typed. What identifies a person is no
search key: it is found by its keyed digest alone (`finder`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bus.ledger.book import Ask
from bus.ledger.database import Connection, Rows
from bus.ledger.words import State
from bus.seal import Keyring
from contracts.identifier import folded

CODE, RECEIPT = "code", "reference"
"""The kinds that are no mark of a contract: the dossier's own code, and what a partner answered."""
LONGEST = 100
LEAST = 4
"""Letters a beginning must have before what begins with it is suggested."""
SUGGESTED, PROBED, HITS = 10, 500, 200
FROM_DAY = re.compile(r"-(\d{6}-\d{4,10})\Z")
_TRACE = re.compile(r"[0-9a-f]{32}\Z")
_DELIVERY = re.compile(r"[1-9]\d{0,17}\Z")

Key = tuple[str, str, str]
"""The values of `insert_search_key`: folded value, dossier, kind."""


def key(kind: str, value: str, dossier: str) -> Key:
    """One key; its value is empty when nothing of it can be searched."""
    return folded(value)[:LONGEST], dossier, kind


def of_code(dossier: str) -> Iterator[Key]:
    """A dossier by its whole code, and from the day of reception on, as officers say it."""
    yield key(CODE, dossier, dossier)
    if tail := FROM_DAY.search(dossier):
        yield key(CODE, tail[1], dossier)


def of_references(found: Iterable[tuple[str, str]], dossier: str) -> Iterator[Key]:
    """A dossier by what a message calls it, (kind, value) each."""
    for kind, value in found:
        yield key(kind, value, dossier)


@dataclass(frozen=True, slots=True)
class Hit:
    """A dossier that was found, by which kind of key, and the delivery where it was one that was asked for."""

    dossier: str
    kind: str
    delivery: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a dossier's deliveries stand: how many in each state, and when one of them last changed."""

    dossier: str
    states: dict[State, int]
    changed_at: float


class SearchKeys:
    """The keys of one ledger, asked. Raises LedgerBusy."""

    def __init__(self, keys: Keyring, ask: Ask) -> None:
        self._keys = keys
        self._ask = ask

    async def known(self, dossier: str, partner: str = "") -> bool:
        """Whether an event of this dossier has come; with a `partner`, whether something of it is owed to that one."""
        query, params = ("owed_to", {"partner": partner}) if partner else ("known", {})
        return bool(await self._ask(lambda c: c.rows(query, {"dossier": dossier, **params})))

    async def find(self, text: str) -> list[Hit]:
        """The dossiers a number belongs to: code, reference, event, trace or delivery; the clearest kind first."""
        return list(await self._ask(lambda c: list(_find(c, text))))

    async def find_people(self, kinds: Sequence[str], values: Iterable[str]) -> list[str]:
        """The dossiers in which somebody's identifier occurs, by its keyed digests."""
        digests = [self._keys.digest(kind, value) for value in dict.fromkeys(values) for kind in kinds]
        rows = await self._ask(lambda c: [row for digest in digests for row in c.rows("find", {"digest": digest})])
        return sorted({row[0] for row in rows})

    async def suggest(self, text: str, partner: str = "") -> list[str]:
        """A few dossiers whose code begins so, as a whole or from its day on; of a `partner` those that concern it."""
        begins = folded(text)[:LONGEST]
        if len(begins) < LEAST:
            return []
        params = {"first": begins, "last": begins + "\x7f", "partner": partner, "limit": SUGGESTED, "probed": PROBED}
        rows: Rows = await self._ask(lambda c: c.rows("suggested", params))
        return [row[0] for row in rows]

    async def standing(self, dossiers: Sequence[str]) -> dict[str, Standing]:
        """How these stand; who is owed nothing is not among them."""
        rows: Rows = await self._ask(lambda c: c.rows("dossiers_standing", {"dossiers": list(dossiers)}))
        found: dict[str, Standing] = {}
        for dossier, state, n, changed_at in rows:
            before = found.get(dossier, Standing(dossier, {}, 0.0))
            states = before.states | {State(state): int(n)}
            found[dossier] = Standing(dossier, states, max(before.changed_at, changed_at))
        return found


def _find(connection: Connection, text: str) -> Iterator[Hit]:
    if value := folded(text)[:LONGEST]:
        for kind, dossier in connection.rows("search_key", {"value": value, "limit": HITS}):
            yield Hit(dossier, kind)
    for query, param, wanted in (
        ("dossier_of_code", "dossier", text.upper()),
        ("dossier_of_event", "event", text),
        ("dossier_of_trace", "trace", text.lower() if _TRACE.match(text.lower()) else ""),
        ("dossier_of_delivery", "id", int(text) if _DELIVERY.match(text) else 0),
    ):
        kind = query.removeprefix("dossier_of_")
        for (dossier,) in connection.rows(query, {param: wanted}) if wanted else ():
            yield Hit(dossier, kind, int(text) if kind == "delivery" else None)
