"""People as the ledger keeps them: what they may, their sessions, how often signing in was tried, what they may see unmasked.

A password's hash and the secret of one-time codes stand sealed; sessions, and whom or where a try came from, as keyed digests. Every
change is written with who and why in one commit. Every call raises LedgerBusy as the ledger does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bus.clock import Clock
from bus.ledger.book import Ask, Book, Write
from bus.ledger.database import Row
from bus.seal import Keyring

IDLE_S, LIFETIME_S = 15 * 60.0, 12 * 3600.0
"""A session ends when nothing was asked for so long, and at the latest so long after it began (reliability S04)."""
TOUCH_S = 30.0
"""How exactly the last use of a session is kept; a write each time would make every page one."""
FREE_TRIES = {"account": 5, "code": 5, "address": 20}
"""Wrong tries without a wait, of each kind; many people may share an address."""
LONGEST_WAIT_S, FORGET_TRIES_S = 900.0, 86_400.0
MOST = 50_000
"""Lines of the record one report is made of."""
ADMINISTRATOR = "administrator"
Tried = Sequence[tuple[str, str]]
"""What a try is counted under: (kind of FREE_TRIES, whose)."""


class LastAdministrator(Exception):
    """The change would leave nobody who may manage people."""


@dataclass(frozen=True, slots=True)
class Person:
    """One who may sign in. `partner` "" is all partners. `must_change`: the password is a one-time one, good until `until_at`.

    `password` is an Argon2id hash (empty: none), `code_key` the secret of one-time codes (empty: none), `code_step` the last step used.
    `subject`: who they are at a sign-in provider, empty for a local account.
    """

    name: str
    roles: frozenset[str]
    partner: str
    created_at: float
    password: str
    code_key: bytes = b""
    code_step: int = 0
    disabled: bool = False
    must_change: bool = False
    until_at: float | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody at a browser; `proven`: a one-time code was given, or none was asked for."""

    person: Person
    proven: bool
    began_at: float
    seen_at: float


@dataclass(frozen=True, slots=True)
class Remark:
    """One line of the record of what people did and looked at."""

    id: int
    at: float
    who: str
    verb: str
    reason: str
    dossier: str
    delivery: int | None
    before: str
    after: str


class PeopleBook:
    """The operations, over the writer's turn (`write`) and the reading threads (`read`)."""

    def __init__(self, keys: Keyring, clock: Clock, write: Write, read: Ask) -> None:
        self._keys = keys
        self._clock = clock
        self._write = write
        self._read = read

    async def add(self, person: Person, who: str, reason: str, *, first: bool = False) -> bool:
        """Keep a new person; False when there is one of that name, or, with `first`, anybody at all."""

        def adding(book: Book) -> bool:
            if first and book.db.rows("some_person", {}):
                return False
            values = _values(book.keys, person) | {"created_at": person.created_at}
            added = bool(book.db.rows("add_person", values))
            if added:
                book.note(who, "add person", reason, after=f"{person.name}: {_rights(person)}")
            return added

        added: bool = await self._write(adding)
        return added

    async def change(
        self, name: str, make: Callable[[Person], Person], who: str, verb: str, reason: str, *, end: bool = True
    ) -> Person | None:
        """Change a person and, with `end`, end all their sessions; None when there is none of that name. Raises LastAdministrator."""

        def changing(book: Book) -> Person | LastAdministrator | None:
            people = {
                person.name: person for person in (_person(book.keys, row) for row in book.db.rows("lock_people", {}))
            }
            if name not in people:
                return None
            before, after = people[name], make(people[name])
            if _manages(before) and not any(map(_manages, (people | {name: after}).values())):
                return LastAdministrator(name)
            book.db.run("set_person", _values(book.keys, after))
            if end:
                book.db.run("end_sessions", {"person": name})
            book.note(who, verb, reason, before=_rights(before), after=f"{name}: {_rights(after)}")
            return after

        changed: Person | LastAdministrator | None = await self._write(changing)
        if isinstance(changed, LastAdministrator):
            raise changed
        return changed

    async def all(self) -> list[Person]:
        """Everybody, by name."""
        return [_person(self._keys, row) for row in await self._read(lambda c: c.rows("people", {}))]

    async def person(self, name: str) -> Person | None:
        rows = await self._read(lambda c: c.rows("person", {"name": name}))
        return _person(self._keys, rows[0]) if rows else None

    async def spend_code(self, name: str, step: int) -> bool:
        """Mark a one-time code's step as used; False when it, or a later one, was before."""
        fresh = await self._write(lambda book: book.db.rows("spend_code", {"name": name, "step": step}))
        return bool(fresh)

    async def begin(self, token: str, name: str, *, proven: bool, old: str = "", began_at: float | None = None) -> None:
        """A session under a new word; the `old` one's is over. `began_at` is kept when one goes on under another word."""

        def beginning(book: Book) -> None:
            oldest = {"seen_before": book.now - IDLE_S, "began_before": book.now - LIFETIME_S}
            book.db.run("forget_sessions", oldest)
            if old:
                book.db.rows("end_session", {"digest": self._session(old)})
            since = book.now if began_at is None else began_at
            kept = {"digest": self._session(token), "person": name, "proven": int(proven)}
            book.db.run("begin_session", kept | {"began_at": since, "now": book.now})
            if began_at is None:
                book.note(name, "sign in", "")

        await self._write(beginning)

    async def session(self, token: str, *, touch: bool) -> Session | None:
        """Who is at the browser that shows this word; None when nobody, or not any more. `touch`: it is in use now."""
        digest, now = self._session(token), self._clock.now()
        rows = await self._read(lambda c: c.rows("session", {"digest": digest}))
        if not rows:
            return None
        proven, began_at, seen_at, *person = rows[0]
        found = Session(_person(self._keys, tuple(person)), bool(proven), began_at, seen_at)
        if found.person.disabled or now - seen_at >= IDLE_S or now - began_at >= LIFETIME_S:
            return None
        if touch and now - seen_at >= TOUCH_S:
            await self._write(lambda book: book.db.run("touch_session", {"digest": digest, "now": book.now}))
        return found

    async def end(self, token: str, name: str) -> None:
        """Sign out."""

        def ending(book: Book) -> None:
            if book.db.rows("end_session", {"digest": self._session(token)}):
                book.note(name, "sign out", "")

        await self._write(ending)

    async def charge(self, tried: Tried) -> float:
        """Count a try before it is made; how many seconds it has to wait instead (0: go on). What waits is not counted."""

        def charging(book: Book) -> float:
            book.db.run("forget_tries", {"before": book.now - FORGET_TRIES_S})
            counts = []
            for kind, whose in sorted(tried):
                digest = book.keys.digest(f"try.{kind}", whose)
                rows = book.db.rows("sign_in_tries", {"digest": digest})
                tries, _last_at, until_at = rows[0] if rows else (0, 0.0, 0.0)
                if until_at > book.now:
                    return float(until_at - book.now)
                counts.append((digest, tries + 1, book.now + wait_s(kind, tries + 1)))
            for digest, tries, until in counts:
                book.db.run("count_try", {"digest": digest, "tries": tries, "now": book.now, "until": until})
            return 0.0

        wait: float = await self._write(charging)
        return wait

    async def forgive(self, tried: Tried) -> None:
        """The try was right: the account's wrong ones are forgotten, the address gets this one back."""

        def forgiving(book: Book) -> None:
            for kind, whose in sorted(tried):
                digest = book.keys.digest(f"try.{kind}", whose)
                query = "forgive_try" if kind == "address" else "forgive_tries"
                book.db.run(query, {"digest": digest, **({"now": book.now} if kind == "address" else {})})

        await self._write(forgiving)

    async def reveal(self, name: str, dossier: str, field: str, purpose: str, lifetime_s: float) -> None:
        """Let a person see one masked field of a dossier for a while; recorded with the dossier."""

        def revealing(book: Book) -> None:
            book.db.run("forget_reveals", {"now": book.now})
            seen = {"person": name, "dossier": dossier, "field": field, "until": book.now + lifetime_s}
            book.db.run("reveal", seen)
            book.note(name, "reveal", purpose, dossier, after=field)

        await self._write(revealing)

    async def revealed(self, name: str, dossier: str) -> dict[str, float]:
        """Which fields of a dossier a person may see now, each with its end."""
        asked = {"person": name, "dossier": dossier, "now": self._clock.now()}
        return dict(await self._read(lambda c: c.rows("revealed", asked)))

    async def remarks(self, before: int, limit: int, who: str = "", verb: str = "") -> list[Remark]:
        """What people did and looked at, newest first, from below the line numbered `before`."""
        asked = {"id": before, "who": who, "verb": verb, "limit": limit}
        return [Remark(*row) for row in await self._read(lambda c: c.rows("notes", asked))]

    async def remarks_between(self, since: float, until: float, verbs: Sequence[str]) -> list[Remark]:
        """What people did of these kinds from `since` to before `until`, oldest first; the first MOST of them."""
        asked = {"since": since, "until": until, "verbs": list(verbs), "limit": MOST}
        return [Remark(*row) for row in await self._read(lambda c: c.rows("notes_between", asked))]

    def _session(self, token: str) -> bytes:
        return self._keys.digest("session", token)


def wait_s(kind: str, tries: int) -> float:
    """Seconds until the next try may be made after so many: none at first, then doubling.

    >>> [wait_s("account", n) for n in (1, 5, 6, 9, 50)]
    [0.0, 1.0, 2.0, 16.0, 900.0]
    """
    over = tries - FREE_TRIES[kind]
    return 0.0 if over < 0 else min(LONGEST_WAIT_S, 2.0 ** min(over, 20))


def _manages(person: Person) -> bool:
    return ADMINISTRATOR in person.roles and not person.disabled


def _rights(person: Person) -> str:
    """What somebody may, as the record says it."""
    words = [*sorted(person.roles), *([f"at {person.partner}"] if person.partner else [])]
    return " ".join([*words, *(["(disabled)"] if person.disabled else [])])


def _record(name: str) -> str:
    """The associated data a person's secret is sealed with."""
    return f"person|{name}"


def _values(keys: Keyring, person: Person) -> dict[str, Any]:
    secret = json.dumps({"password": person.password, "code_key": person.code_key.hex(), "subject": person.subject})
    return {
        "name": person.name,
        "roles": " ".join(sorted(person.roles)),
        "partner": person.partner,
        "disabled": int(person.disabled),
        "must_change": int(person.must_change),
        "until_at": person.until_at,
        "code_step": person.code_step,
        "secret": keys.seal(secret.encode(), _record(person.name)),
    }


def _person(keys: Keyring, row: Row) -> Person:
    name, roles, partner, disabled, must_change, until_at, code_step, created_at, sealed = row
    secret = json.loads(keys.open(bytes(sealed), _record(name)))
    return Person(
        name=name,
        roles=frozenset(roles.split()),
        partner=partner,
        created_at=created_at,
        password=secret["password"],
        code_key=bytes.fromhex(secret["code_key"]),
        code_step=code_step,
        disabled=bool(disabled),
        must_change=bool(must_change),
        until_at=until_at,
        subject=secret.get("subject", ""),
    )
