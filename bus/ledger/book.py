"""What every writing operation shares: the open transaction, its instant, the counts and the journal it will leave behind."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

from bus.ledger.database import Connection, Database
from bus.ledger.words import SourceRule, State
from bus.seal import Keyring
from contracts.envelope import Envelope

HOLDING = frozenset({State.PENDING, State.SENDING, State.WAITING, State.IN_DOUBT, State.DEAD})
"""States that hold a lane (a skipped dead one does not: the caller says so)."""
CLAIMABLE = frozenset({State.PENDING, State.WAITING, State.IN_DOUBT})
SENDING = (State.SENDING.value, "")
"""How a delivery stands while an attempt of it is open."""


class Opened:
    """The events accepted or opened last, by number: most are owed to several partners, each of which claims them by itself."""

    def __init__(self, keep: int = 2000) -> None:
        self._keep = keep
        self._found: dict[int, Envelope] = {}

    def get(self, number: int) -> Envelope | None:
        """The event `number`, where it is at hand."""
        return self._found.get(number)

    def keep(self, events: Iterable[tuple[int, Envelope]]) -> None:
        """Have these at hand, and let go of the oldest."""
        self._found.update(events)
        for number in list(islice(self._found, max(0, len(self._found) - self._keep))):
            del self._found[number]


@dataclass(slots=True)
class Book:
    """One transaction of the ledger. Operations write through it; `close` leaves tally and journal in the same commit."""

    db: Database
    keys: Keyring
    process: str
    now: float
    rules: Callable[[str], SourceRule]
    opened: Opened
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    moves: list[list[Any]] = field(default_factory=list)
    ready: set[str] = field(default_factory=set)
    accepted: list[tuple[int, Envelope]] = field(default_factory=list)
    search: set[tuple[str, str, str]] = field(default_factory=set)

    def moved(
        self, delivery: int, partner: str, before: tuple[str, str] | None, after: tuple[str, str], by: str = ""
    ) -> None:
        """A delivery went from (state, cause) to (state, cause); None before means that it is new."""
        if before is None:
            self.counts[partner, "owed", ""] += 1
        else:
            self.counts[partner, *before] -= 1
        self.counts[partner, *after] += 1
        self.moves.append([delivery, before[0] if before else "", *after, *((by,) if by else ())])

    def answered(self, partner: str) -> None:
        """A partner gave a good answer just now, to whatever it was asked."""
        self.db.run("touch_partner", {"name": partner, "tokens": 1.0, "now": self.now})
        self.db.run("partner_succeeded", {"name": partner, "now": self.now})

    def polled(self, partner: str, *, answered: bool) -> None:
        """A partner that is to be asked regularly had its turn just now; it `answered`, or there was nothing to ask."""
        if answered:
            self.answered(partner)
        self.db.run("put_reading", {"subject": partner, "what": "polled", "slot": 0, "value": 0.0, "now": self.now})

    def note(self, who: str, verb: str, reason: str, dossier: str = "", *, before: str = "", after: str = "") -> None:
        """What somebody did, to no single delivery: kept with who and why, and in the journal."""
        params = {"at": self.now, "who": who, "verb": verb, "reason": reason, "dossier": dossier}
        self.db.run("write_note", {**params, "delivery": None, "before": before, "after": after})
        self.moves.append([0, verb, after, who])

    def close(self) -> None:
        """Write the new search keys, the tally's changes and one journal row for the whole group."""
        if keys := sorted(key for key in self.search if key[0]):
            self.db.many("insert_search_key", keys)
        changes = [
            (partner, state, cause, self.process, n) for (partner, state, cause), n in sorted(self.counts.items()) if n
        ]
        if changes:
            self.db.many("add_tally", changes)
        if self.moves:
            entry = orjson.dumps(self.moves).decode()
            self.db.run("write_journal", {"at": self.now, "process": self.process, "entry": entry})

    def committed(self) -> None:
        """What was written stands: the new events are at hand for those who claim them."""
        self.opened.keep(self.accepted)

    def envelopes(self, events: Sequence[int]) -> dict[int, Envelope]:
        """Events by number; those that are not at hand are read and unsealed."""
        found = {number: self.opened.get(number) for number in events}
        missing = [number for number, envelope in found.items() if envelope is None]
        read = [
            (number, Envelope.trusted(self.keys.open(bytes(body), event_record(source, event_id))))
            for number, source, event_id, body in (self.db.rows("bodies", {"ids": missing}) if missing else ())
        ]
        self.opened.keep(read)
        return {number: envelope for number, envelope in (found | dict(read)).items() if envelope is not None}

    def set_heads(self, lanes: Iterable[int]) -> None:
        """Find the head of each lane anew and say when it is due. The lanes are locked."""
        if ids := sorted(set(lanes)):
            self.db.run("set_heads", {"ids": ids})


Write = Callable[[Callable[[Book], Any]], Awaitable[Any]]
"""The writer's turn, as the books of single matters are given it: what is done in it is answered after its commit."""
Ask = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
"""The reading threads, as they are given them."""


def idempotency_key(source: str, event_id: str, partner: str, operation: str, revision: int = 0) -> str:
    """The key of one delivery: from these five alone, the same over retries, restarts and versions of the bus (reliability G5)."""
    parts = "\x1f".join((source, event_id, partner, operation, str(revision)))
    return hashlib.sha256(parts.encode()).hexdigest()[:32]


def event_record(source: str, event_id: str) -> str:
    """The associated data an event's body is sealed with."""
    return f"event|{source}|{event_id}"


def attempt_record(delivery: int, number: int) -> str:
    """The associated data an attempt's secret is sealed with."""
    return f"attempt|{delivery}|{number}"


def lane_record(partner: str, dossier: str) -> str:
    """The associated data a lane's memo is sealed with."""
    return f"lane|{partner}|{dossier}"
