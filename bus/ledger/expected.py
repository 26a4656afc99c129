"""Steps that are expected of a dossier, as the ledger keeps them: when to look at it next, and what was raised and still stands.

What is expected, and how long it may take, the bus does not know: whoever looks (a duty: one process at a time) is given a dossier's
events and deliveries, and tells what to raise. Each step of a dossier is raised once, and lowered when it has come; both are in the
journal, and the tally counts what stands. Every call raises LedgerBusy as the ledger does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from bus.clock import Clock
from bus.ledger import duty
from bus.ledger.book import Ask, Book, Write, event_record
from bus.ledger.words import State
from bus.outcome import Cause
from bus.seal import Keyring

FIRST_LOOK_S = 900.0
"""Nothing that an event brings with it is expected sooner; the dossier is looked at then."""
DUTY = "expected"
TALLY = "overdue"
"""The state under which the tally counts raised steps, by partner and `<step>.<state>`."""
Standing = Literal["risk", "late", "missing", "uncounted"]
"""risk: it is about to be late; late: it is under way; missing: nobody is at it; uncounted: a year has no holidays in our data."""


class Happened(NamedTuple):
    """An event of a dossier, without its body. Times in seconds since the epoch."""

    id: int
    type: str
    occurred_at: float
    accepted_at: float


class Owing(NamedTuple):
    """A delivery of a dossier, as far as it matters whether it has come."""

    event: int
    partner: str
    state: State
    cause: Cause
    changed_at: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """One dossier to be looked at: its events and deliveries in time order, and the newest event's body that `told` chose (JSON)."""

    dossier: str
    seen: int
    events: tuple[Happened, ...]
    owing: tuple[Owing, ...]
    body: bytes


class Raised(NamedTuple):
    """A step that is raised: of whom, how it stands, since when it is expected, when it was to come (seconds since the epoch)."""

    step: str
    partner: str
    state: Standing
    since: float
    due_at: float


class RaisedStep(NamedTuple):
    """The same, with its dossier and when it was raised."""

    dossier: str
    step: str
    partner: str
    state: Standing
    since: float
    due_at: float
    raised_at: float


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found: every step of the dossier that stands raised now, and when to look again (None: nothing is expected)."""

    dossier: str
    seen: int
    raised: tuple[Raised, ...]
    next_at: float | None


class Expectations:
    """The operations, over the writer's turn (`write`) and the reading threads (`read`)."""

    def __init__(self, keys: Keyring, clock: Clock, write: Write, read: Ask) -> None:
        self._keys = keys
        self._clock = clock
        self._write = write
        self._read = read

    async def due(self, limit: int, told: Callable[[str], bool]) -> list[Outlook]:
        """The dossiers to look at now, at most `limit`; `told` says of which event types the newest one's body is wanted."""
        now = self._clock.now()

        def look(connection: Any) -> list[Outlook]:
            rows = connection.rows("looks_due", {"now": now, "limit": limit})
            return [self._outlook(connection, dossier, seen, told) for dossier, seen in rows]

        found: list[Outlook] = await self._read(look)
        return found

    def _outlook(self, connection: Any, dossier: str, seen: int, told: Callable[[str], bool]) -> Outlook:
        of = {"dossier": dossier}
        rows = connection.rows("outlook_events", of)
        body = b""
        for number, kind, _occurred, _accepted, source, event_id in reversed(rows):
            if told(kind):
                ((sealed,),) = connection.rows("outlook_body", {"id": number})
                body = self._keys.open(bytes(sealed), event_record(source, event_id)) if sealed else b""
                break
        owing = [
            Owing(event, partner, State(state), Cause(cause), changed_at)
            for event, partner, state, cause, changed_at in connection.rows("outlook_deliveries", of)
        ]
        return Outlook(dossier, seen, tuple(Happened(*row[:4]) for row in rows), tuple(owing), body)

    async def waiting_states(self, partner: str, types: Sequence[str], limit: int) -> list[tuple[str, bytes]]:
        """The dossiers of which something waits for a partner, at most `limit`, each with its newest event of these types, opened.

        The longest waiting are taken; those whose events were erased are left out.
        """

        def look(connection: Any) -> list[tuple[str, bytes]]:
            waiting = [row[0] for row in connection.rows("dossiers_waiting", {"partner": partner, "limit": limit})]
            rows = connection.rows("newest_of", {"dossiers": waiting, "types": list(types)}) if waiting else []
            return [(code, self._keys.open(bytes(body), event_record(source, id_))) for code, source, id_, body in rows]

        found: list[tuple[str, bytes]] = await self._read(look)
        return found

    async def settle(self, fence: int, looks: Sequence[Looked]) -> None:
        """Raise what is new, lower what has come, and remember when to look again; one commit. Raises FenceLost."""

        def settling(book: Book) -> None:
            for look in sorted(looks, key=lambda one: one.dossier):
                _settle(book, look)

        await self._write(duty.under(DUTY, fence, settling))

    async def raised(
        self, limit: int, *, step: str = "", partner: str = "", after: RaisedStep | None = None
    ) -> list[RaisedStep]:
        """Raised steps, the next due first, from behind `after`; of one step or partner where it is named."""
        at = {"due_at": -1e18, "dossier": "", "step": ""} if after is None else {**after._asdict()}
        asked = {name: at[name] for name in ("due_at", "dossier", "step")} | {"partner": partner, "limit": limit}
        query = "raised_of_step" if step else "raised"
        return [RaisedStep(*row) for row in await self._read(lambda c: c.rows(query, asked | {"of": step}))]


def _settle(book: Book, look: Looked) -> None:
    stood = {row[0]: Raised(*row) for row in book.db.rows("raised_of", {"dossier": look.dossier})}
    stands = {one.step: one for one in look.raised}
    for step in sorted(stood.keys() | stands.keys()):
        before, after = stood.get(step), stands.get(step)
        if before == after:
            continue
        if before is not None:
            book.counts[before.partner, TALLY, f"{step}.{before.state}"] -= 1
        if after is None:
            book.db.run("lower_step", {"dossier": look.dossier, "step": step})
        else:
            book.counts[after.partner, TALLY, f"{step}.{after.state}"] += 1
            book.db.run("raise_step", {"dossier": look.dossier, **after._asdict(), "now": book.now})
        if (before and before.state) != (after and after.state):
            book.moves.append([0, TALLY, look.dossier, step, after.state if after else ""])
    seen = {"dossier": look.dossier, "events": look.seen}
    if look.next_at is None:
        book.db.run("look_no_more", seen)
    else:
        book.db.run("look_again", {**seen, "look_at": look.next_at})
