"""Incidents as the ledger keeps them: opened once and closed once, whoever looks and however often, with the notices owed for each.

One process looks at a time (under a duty's fence); what it sees, and whom that is to be told, is written in one commit. A condition must
hold for a while before its incident opens and be gone for a while before it closes, so that one that comes and goes stays one. Every call
raises LedgerBusy as the ledger does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from psycopg.conninfo import conninfo_to_dict

from bus.clock import Clock
from bus.ledger import chain_reading, duty, schema
from bus.ledger.book import Ask, Book, Write
from bus.ledger.chain import Start
from bus.ledger.database import Row
from bus.seal import Keyring

DUTY = "incidents"
LOCAL = ("", "localhost", "127.0.0.1", "::1")
"""How an address says that the database server is on this machine; the folder of a socket says it too."""
Event = Literal["opened", "grown", "closed"]
Ending = Literal["sent", "merged", "dropped", "failed"]
"""How a notice ended: as a message, told together with another, not needed any more, given up."""


class Patience(NamedTuple):
    """How long a condition of a kind must hold before it is an incident, and be gone before that is closed; seconds."""

    open_s: float
    close_s: float


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong just now. `about` tells two of one kind and partner apart; `since` when it began, where that is known.

    `facts` are words and figures for people, nothing personal; `dossiers` and `deliveries` wait because of it.
    """

    kind: str
    partner: str = ""
    about: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    since: float | None = None
    dossiers: int = 0
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class Telling:
    """One who is told of incidents of some `kinds`, `after_s` seconds after one opened; if that is later, only when nobody took it on."""

    recipient: str
    kinds: frozenset[str]
    after_s: float = 0.0

    @property
    def escalated(self) -> bool:
        return self.after_s > 0


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. Times are seconds since the epoch; what waits: as last seen, as it opened (`first_*`), at worst (`most_*`)."""

    id: int
    kind: str
    about: str
    partner: str
    facts: Mapping[str, Any]
    began_at: float
    opened_at: float
    clear_at: float | None
    closed_at: float | None
    dossiers: int
    deliveries: int
    first_dossiers: int
    first_deliveries: int
    most_dossiers: int
    most_deliveries: int
    owner: str
    acknowledged_at: float | None
    acknowledged_by: str
    note: str

    @property
    def open(self) -> bool:
        return self.closed_at is None

    def lasted_s(self, now: float) -> float:
        """From its beginning until it was over, or now."""
        return (now if self.closed_at is None else self.clear_at or self.closed_at) - self.began_at


class Notice(NamedTuple):
    """One recipient to be told of one thing about an incident, and how that ended."""

    id: int
    incident: int
    event: Event
    recipient: str
    escalated: bool
    due_at: float
    tries: int
    ended_at: float | None
    ending: str


class Reading(NamedTuple):
    """A figure kept of a subject: at a place in time of its own (`slot`), last written `at`."""

    subject: str
    slot: int
    value: float
    at: float


Changed = list[tuple[Event, int]]
"""What became of incidents in one look: (what, which)."""


def step(deliveries: int) -> int:
    """The threshold an incident has passed: 0 below ten deliveries, then one more at ten, a hundred, a thousand...

    >>> [step(n) for n in (0, 9, 10, 99, 100, 12_345)]
    [0, 0, 1, 1, 2, 4]
    """
    return len(str(max(1, deliveries))) - 1


class IncidentBook:
    """The operations, over the writer's turn (`write`) and the reading threads (`read`)."""

    def __init__(self, keys: Keyring, clock: Clock, write: Write, read: Ask) -> None:
        self._keys = keys
        self._clock = clock
        self._write = write
        self._read = read

    async def look(
        self,
        fence: int,
        found: Sequence[Condition],
        judged: Mapping[str, Patience],
        tellings: Collection[Telling] = (),
    ) -> Changed:
        """Write what a look found; of the kinds `judged`, what was not found is not there. Raises FenceLost."""
        looking = duty.under(DUTY, fence, lambda book: _look(book, found, judged, tellings))
        changed: Changed = await self._write(looking)
        return changed

    async def acknowledge(self, number: int, who: str, note: str, owner: str) -> Incident | None:
        """Somebody takes an open incident on; the note and the owner may be changed later. None when it is not open (any more)."""

        def taking(book: Book) -> bool:
            rows = book.db.rows("lock_incident", {"id": number})
            if not rows or rows[0][0] is None or rows[0][1] is not None:
                return False
            _opened, _closed, before, _note, kind, partner = rows[0]
            taken = {"id": number, "who": who, "note": note, "owner": owner, "now": book.now}
            book.db.run("acknowledge_incident", taken)
            after = f"{number}: {_called(kind, partner)}, {owner}"
            book.note(who, "acknowledge incident", note, before=before, after=after)
            return True

        return await self.one(number) if await self._write(taking) else None

    async def open(self, partner: str = "") -> list[Incident]:
        """Those open now (of one partner), the longest open first."""
        return [_incident(row) for row in await self._read(lambda c: c.rows("incidents_open", {"partner": partner}))]

    async def all(self, before: int, limit: int, partner: str = "") -> list[Incident]:
        """Open and closed ones, newest first, from below the one numbered `before`."""
        asked = {"before": before, "limit": limit, "partner": partner}
        return [_incident(row) for row in await self._read(lambda c: c.rows("incidents", asked))]

    async def one(self, number: int) -> Incident | None:
        rows = await self._read(lambda c: c.rows("incident", {"id": number}))
        return _incident(rows[0]) if rows else None

    async def good_since(self) -> dict[str, float]:
        """When each partner's last incident was over."""
        return dict(await self._read(lambda c: c.rows("good_since", {})))

    async def owed(self, until: float | None = None) -> list[Notice]:
        """Notices that are not settled and due by now, or by `until`."""
        until = self._clock.now() if until is None else until
        return [Notice(*row) for row in await self._read(lambda c: c.rows("notices_open", {"until": until}))]

    async def notices(self, incident: int) -> list[Notice]:
        """Everything that was or will be told of an incident."""
        return [Notice(*row) for row in await self._read(lambda c: c.rows("notices_of", {"incident": incident}))]

    async def sent_since(self, since: float) -> dict[str, int]:
        """How many messages each recipient was sent after an instant."""
        return dict(await self._read(lambda c: c.rows("notices_sent", {"since": since})))

    async def settle(
        self, ended: Mapping[int, Ending], delayed: Mapping[int, tuple[float, bool]] | None = None
    ) -> None:
        """End notices, and put others off: until when, and whether that is because a try failed."""

        def settling(book: Book) -> None:
            for number, ending in sorted(ended.items()):
                book.db.run("end_notice", {"id": number, "ending": ending, "now": book.now})
            for number, (due_at, failed) in sorted((delayed or {}).items()):
                book.db.run("delay_notice", {"id": number, "due_at": due_at, "failed": int(failed)})

        await self._write(settling)

    async def keep(self, what: str, values: Mapping[tuple[str, int], float], forget_before: int | None = None) -> None:
        """Keep figures, by subject and slot; with `forget_before`, let go of those in earlier slots."""

        def keeping(book: Book) -> None:
            for (subject, slot), value in sorted(values.items()):
                read = {"subject": subject, "what": what, "slot": slot, "value": value, "now": book.now}
                book.db.run("put_reading", read)
            if forget_before is not None:
                book.db.run("forget_readings", {"what": what, "before": forget_before})

        await self._write(keeping)

    async def readings(self, what: str, since: int = 0) -> list[Reading]:
        """The figures kept, by subject and slot, from a slot on."""
        return [Reading(*row) for row in await self._read(lambda c: c.rows("readings", {"what": what, "since": since}))]

    async def polled(self, partner: str) -> None:
        """A poll's turn came, and there was nothing to ask."""
        await self._write(lambda book: book.polled(partner, answered=False))

    async def follow_chain(self, start: Start) -> tuple[Start, str]:
        """A piece of the chain from behind `start`: the last entry that verifies, with its link, and the first bad one in words."""
        followed: tuple[Start, str] = await self._read(lambda c: chain_reading.piece(self._keys, c.rows, start))
        return followed

    async def duties(self) -> dict[str, float]:
        """Until when each duty is held."""
        return dict(await self._read(lambda c: c.rows("duties", {})))

    async def heard(self) -> dict[str, int]:
        """How many events each source has brought so far."""
        return {source: int(n) for source, n in await self._read(lambda c: c.rows("heard", {}))}

    async def waiting(self) -> dict[str, tuple[int, float]]:
        """By partner: how many dossiers wait for it, and since when the first of them could have gone."""
        rows = await self._read(lambda c: c.rows("lanes_waiting", {}))
        return {partner: (int(n), at) for partner, n, at in rows}

    async def folder(self, url: str) -> Path | None:
        """Where the ledger at `url` lies on this machine: its file's folder, or that of a database server here.

        None for a server elsewhere, and for one that does not say: it tells only who may read all its settings.
        """
        if url.startswith(schema.SQLITE):
            return Path(url.removeprefix(schema.SQLITE)).parent
        hosts = str(conninfo_to_dict(url).get("host") or "").split(",")
        if not all(host in LOCAL or host.startswith("/") for host in hosts):
            return None
        rows = await self._read(lambda c: c.rows("SELECT setting FROM pg_settings WHERE name = 'data_directory'", {}))
        return Path(rows[0][0]) if rows else None

    async def dated(self, partner: str) -> list[tuple[str, tuple[str, ...]]]:
        """Dossiers that wait for a partner and carry a deadline, with the flags of its event."""
        asked = {"partner": partner, "flag": "%deadline:%"}
        return [
            (dossier, tuple(flags.split())) for dossier, flags in await self._read(lambda c: c.rows("dated", asked))
        ]


def _look(
    book: Book, found: Sequence[Condition], judged: Mapping[str, Patience], tellings: Collection[Telling]
) -> Changed:
    known = {(row[1], row[2], row[3]): row for row in book.db.rows("lock_incidents", {})}
    kinds = {row[0]: row[1] for row in known.values()}
    changed: Changed = []
    for one in found:
        row = known.pop((one.kind, one.about, one.partner), None) or _suspected(book, one)
        if row is not None:
            kinds[row[0]] = one.kind
            changed += _seen(book, one, row, judged[one.kind].open_s)
    for row in known.values():
        if row[1] in judged:
            changed += _missed(book, row, judged[row[1]].close_s)
    _owe(book, changed, kinds, tellings)
    return changed


def _suspected(book: Book, one: Condition) -> Row | None:
    """A new suspicion, as a row of what is known; None when another look was faster."""
    began_at = book.now if one.since is None else min(one.since, book.now)
    new = _standing(one) | {"kind": one.kind, "about": one.about, "partner": one.partner, "began_at": began_at}
    rows = book.db.rows("suspect_incident", new)
    return (rows[0][0], one.kind, one.about, one.partner, began_at, None, None, 0) if rows else None


def _standing(one: Condition) -> dict[str, Any]:
    facts = json.dumps(dict(one.facts), ensure_ascii=False, sort_keys=True)
    return {"facts": facts, "dossiers": one.dossiers, "deliveries": one.deliveries}


def _seen(book: Book, one: Condition, row: Row, open_s: float) -> Changed:
    """The condition holds: it opens when it has held for long enough, and is told of again when it has grown past a threshold."""
    number, kind, _about, partner, began_at, opened_at, _clear, told = row
    book.db.run("see_incident", {"id": number, **_standing(one)})
    now_told = step(one.deliveries)
    if opened_at is None:
        if book.now - began_at < open_s:
            return []
        book.db.run("open_incident", {"id": number, "now": book.now, "told": now_told})
        book.note("bus", "open incident", "", after=f"{number}: {_called(kind, partner)}")
        return [("opened", number)]
    if now_told <= told:
        return []
    book.db.run("grow_incident", {"id": number, "told": now_told})
    return [("grown", number)]


def _missed(book: Book, row: Row, close_s: float) -> Changed:
    """The condition is gone: a mere suspicion is forgotten, an incident closes when it has been gone for long enough."""
    number, kind, _about, partner, _began, opened_at, clear_at, _told = row
    if opened_at is None:
        book.db.run("drop_incident", {"id": number})
        return []
    if clear_at is None:
        clear_at = book.now
        book.db.run("clear_incident", {"id": number, "now": book.now})
    if book.now - clear_at < close_s:
        return []
    book.db.run("close_incident", {"id": number, "now": book.now})
    book.note("bus", "close incident", "", after=f"{number}: {_called(kind, partner)}")
    return [("closed", number)]


def _owe(book: Book, changed: Changed, kinds: Mapping[int, str], tellings: Collection[Telling]) -> None:
    """The notices owed for what has changed, in the same commit: none is lost, whatever stops us from sending it."""
    rows: list[Row] = [
        (
            number,
            event,
            telling.recipient,
            int(telling.escalated),
            book.now + (telling.after_s if event == "opened" else 0),
        )
        for event, number in changed
        for telling in tellings
        if kinds[number] in telling.kinds
    ]
    if rows:
        book.db.many("add_notice", rows)


def _called(kind: str, partner: str) -> str:
    return f"{kind} {partner}".rstrip()


def _incident(row: Row) -> Incident:
    number, kind, about, partner, facts, *rest = row
    return Incident(number, kind, about, partner, json.loads(facts), *rest)
