"""Groups of failures as people keep them: who sees to one, and what was found out. The last word in the record stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bus.ledger.book import Ask, Write
from bus.ledger.words import State
from bus.outcome import Cause

VERB = "note cause"
PREFIX = "cause:"
"""Under what a group stands in the record, in the place of a dossier: the prefix and its fingerprint."""


class GroupNote(NamedTuple):
    """What is kept of a group: who sees to it, the note, who wrote that and when (seconds since the epoch)."""

    owner: str
    note: str
    who: str
    at: float


class Standing(NamedTuple):
    """A group of failures that is open, by the counters alone: of whom, in which state, why, and what it waits for."""

    partner: str
    state: State
    cause: Cause
    hold_key: str


class Groups:
    """The operations, over the writer's turn (`write`) and the reading threads (`read`). Raises LedgerBusy as the ledger does."""

    def __init__(self, write: Write, read: Ask) -> None:
        self._write = write
        self._read = read

    async def of(self, fingerprints: Iterable[str]) -> dict[str, GroupNote]:
        """What is kept of these groups, by fingerprint."""
        names = [PREFIX + fingerprint for fingerprint in dict.fromkeys(fingerprints)]
        rows = await self._read(lambda c: c.rows("group_notes", {"names": names})) if names else []
        return {name.removeprefix(PREFIX): GroupNote(*rest) for name, *rest in rows}

    async def standing(self) -> list[Standing]:
        """The open groups of all partners, from the counters that move with each delivery; no delivery is looked at."""
        rows = await self._read(lambda c: c.rows("trouble_told", {}))
        return [
            Standing(partner, State(state), Cause(cause), hold_key)
            for partner, _operation, state, cause, _code, hold_key, n, _dossiers in rows
            if n
        ]

    async def keep(self, fingerprint: str, owner: str, note: str, who: str) -> None:
        """Keep owner and note of a group; what was kept before stays in the record."""
        before = (await self.of([fingerprint])).get(fingerprint, GroupNote("", "", "", 0.0))
        name = PREFIX + fingerprint
        await self._write(lambda book: book.note(who, VERB, note, name, before=before.owner, after=owner))
