"""Who signs in to the console: passwords, one-time codes, sessions, and the care for accounts. Over `bus.ledger.people`.

A session passes through steps: a `code` where the person has a key for one-time codes, a new `password` where the first was a one-time
one, a key to `enrol` where an administrator has none. Only then may anything be looked at.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from bus.ledger.people import ADMINISTRATOR, LastAdministrator, PeopleBook, Person
from bus.ledger.sql_ledger import SqlLedger
from bus.seal import Keyring
from ops import password as passwords
from ops.rights import ALL, ROLES, Right, rights_of

ONE_TIME_S = 7 * 86_400.0
"""How long a one-time password waits to be used."""
REVEAL_S = 600.0
"""How long a revealed field stays revealed."""
FIELDS = ("name", "citizen_id")
"""What may be revealed of a dossier's applicant."""
TOKEN_BYTES = 32
CODE_STEP_S, CODE_DIGITS, CODE_KEY_BYTES = 30, 6, 20
"""RFC 6238 as every authenticator app has it."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
REASON = 3
FIRST = "admin"
VOUCHED = "sign-in provider"
"""Who gives rights to people of a sign-in provider, as the record says it."""
Step = Literal["", "code", "password", "enrol"]


class Refused(Exception):
    """It may not be done; `key` says why (a word of the console), `wait_s` how long to wait."""

    def __init__(self, key: str, wait_s: float = 0.0, says: str = "") -> None:
        super().__init__(says or key)
        self.key = key
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever reads a page: a name, rights, the one partner they are bound to (""), the step they have still to take, their session.

    `roles`: what gave them the rights, for people to read.
    """

    name: str
    rights: frozenset[Right]
    partner: str = ""
    step: Step = ""
    token: str = ""
    began_at: float = 0.0
    roles: tuple[str, ...] = ()

    def may(self, right: Right) -> bool:
        return not self.step and right in self.rights


DEMONSTRATION = Reader("anonymous", ALL)
"""Everyone, in the demonstration on loopback."""
SECOND = "second person"
"""Who approves there."""


class People:
    """Signing in and keeping accounts, over one ledger."""

    def __init__(self, ledger: SqlLedger, keys: Keyring) -> None:
        self._ledger = ledger
        self._book: PeopleBook = ledger.people()
        self._clock = ledger.clock
        self._keys = keys

    async def first(self) -> str | None:
        """The one-time password of the first administrator, made when nobody is there yet; None otherwise. Shown once, kept nowhere."""
        if await self._book.all():
            return None
        word, person = await self._new(FIRST, {ADMINISTRATOR}, "")
        return word if await self._book.add(person, "bus", "the first start", first=True) else None

    async def sign_in(self, name: str, password: str, address: str, old: str = "") -> str:
        """A new session's word, whatever the browser brought with it. Raises Refused: `wrong`, or `wait` with how long."""
        tried = [("account", name.strip().lower()), ("address", address)]
        await self._charge(tried)
        person = await self._book.person(name.strip().lower())
        right = await passwords.holds((person.password or None) if person else None, password)
        if person is None or not right or person.disabled or self._over(person):
            if person is not None:  # what else was typed may be a password in the wrong field, and is kept nowhere
                await self._ledger.remark("bus", "refused sign-in", f"of {person.name}")
            raise Refused("wrong")
        await self._book.forgive(tried)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        await self._book.begin(token, person.name, proven=not person.code_key, old=old)
        return token

    async def enter(self, name: str, subject: str, roles: Iterable[str], partner: str, old: str = "") -> str:
        """A new session for whom a sign-in provider vouches, with the rights it gives now. Raises Refused.

        The account is made when it is not there; one of that name that is not this `subject`'s is never touched.
        """
        if not NAME.fullmatch(name):
            raise Refused("name")
        wanted = _roles(roles)
        fresh = Person(name, wanted, partner, self._clock.now(), "", subject=subject)
        person = await self._book.person(name)
        if person is None and await self._book.add(fresh, VOUCHED, "first sign-in"):
            person = fresh
        if person is None or person.subject != subject:
            await self._ledger.remark("bus", "refused sign-in", f"of {name} by a provider: the name is another's")
            raise Refused("taken")
        if person.disabled:
            raise Refused("wrong")
        if (person.roles, person.partner) != (wanted, partner):
            await self._change(
                name,
                lambda p: replace(p, roles=wanted, partner=partner),
                VOUCHED,
                "entrust person",
                "as the provider says",
            )
        token = secrets.token_urlsafe(TOKEN_BYTES)
        await self._book.begin(token, name, proven=not person.code_key, old=old)
        return token

    async def reader(self, token: str, *, touch: bool = True) -> Reader | None:
        """Who shows this word; None when nobody any more."""
        session = await self._book.session(token, touch=touch) if token else None
        if session is None or self._over(session.person):
            return None
        person = session.person
        rights = rights_of(person.roles, person.partner)
        return Reader(
            person.name,
            rights,
            person.partner,
            _step(person, session.proven),
            token,
            session.began_at,
            tuple(role for role in ROLES if role in person.roles),
        )

    async def prove(self, reader: Reader, code: str) -> str:
        """The session goes on under a new word when the one-time code is right. Raises Refused."""
        person = await self._book.person(reader.name)
        if person is None or not person.code_key:
            raise Refused("wrong_code")
        await self._check_code(reader, person.code_key, code)
        return await self._go_on(reader, proven=True)

    def code_key(self, reader: Reader) -> bytes:
        """The key offered to a session that enrols: always the same one, so that nothing need be kept before it is proved."""
        return self._keys.digest("code_key", reader.token)[:CODE_KEY_BYTES]

    def code_address(self, reader: Reader) -> str:
        """The `otpauth:` address an authenticator app reads."""
        return _totp(self.code_key(reader)).get_provisioning_uri(reader.name, "Lien Thong")

    async def enrol(self, reader: Reader, code: str) -> str:
        """From now on this person is asked for codes of the key offered. The session goes on under a new word. Raises Refused."""
        key = self.code_key(reader)
        step = await self._check_code(reader, key, code)

        def enrolled(person: Person) -> Person:
            return replace(person, code_key=key, code_step=step)

        await self._book.change(reader.name, enrolled, reader.name, "enrol codes", "")
        return await self._go_on(reader, proven=True)

    async def change_password(self, reader: Reader, old: str, new: str) -> str:
        """A new password; all other sessions end, this one goes on under a new word. Raises Refused: `wrong`, `short`, `same`, ..."""
        tried = [("account", reader.name)]
        await self._charge(tried)
        person = await self._book.person(reader.name)
        if person is None or not await passwords.holds(person.password or None, old):
            raise Refused("wrong_old")
        await self._book.forgive(tried)
        if new == old:
            raise Refused("same")
        try:
            passwords.judge(new, reader.name)
        except passwords.Weak as weak:
            raise Refused(str(weak)) from None
        kept = await passwords.hash_of(new)

        def changed(person: Person) -> Person:
            return replace(person, password=kept, must_change=False, until_at=None)

        await self._book.change(reader.name, changed, reader.name, "change password", "")
        return await self._go_on(reader, proven=reader.step != "code")

    async def sign_out(self, reader: Reader) -> None:
        await self._book.end(reader.token, reader.name)

    async def reveal(self, reader: Reader, dossier: str, field: str, purpose: str) -> None:
        """Show one masked field to this reader for ten minutes. Raises Refused without a purpose."""
        if field not in FIELDS or len(purpose.strip()) < REASON:
            raise Refused("purpose")
        await self._book.reveal(reader.name, dossier, field, purpose.strip(), REVEAL_S)

    async def revealed(self, reader: Reader, dossier: str) -> dict[str, float]:
        """Which fields this reader sees in clear now, each with its end; none without the right to."""
        return await self._book.revealed(reader.name, dossier) if reader.may("reveal") else {}

    async def all(self) -> list[Person]:
        return await self._book.all()

    @property
    def book(self) -> PeopleBook:
        return self._book

    async def add(self, name: str, roles: Iterable[str], partner: str, who: str, reason: str) -> str:
        """A new person; their one-time password, shown once. Raises Refused with a sentence."""
        chosen = _roles(roles)
        _because(reason)
        if not NAME.fullmatch(name):
            raise Refused(
                "name",
                says="a name has 2 to 40 of a-z, 0-9, dot, dash and underscore, and begins with a letter or digit",
            )
        word, person = await self._new(name, chosen, partner)
        if not await self._book.add(person, who, reason):
            raise Refused("taken", says=f"there is a person {name} already")
        return word

    async def reset(self, name: str, who: str, reason: str) -> str:
        """A new one-time password, shown once; the key of one-time codes goes, and all sessions end. Raises Refused."""
        word, fresh = await self._new(name, set(), "")

        found = await self._book.person(name)
        if found is not None and found.subject:
            raise Refused("vouched", says=f"{name} has no password here; it is given where they sign in")

        def reset(person: Person) -> Person:
            return replace(
                person, password=fresh.password, must_change=True, until_at=fresh.until_at, code_key=b"", code_step=0
            )

        await self._change(name, reset, who, "reset person", reason)
        await self._book.forgive([("account", name), ("code", name)])
        return word

    async def disable(self, name: str, who: str, reason: str) -> None:
        """They cannot sign in, and are out at once. Raises Refused."""
        await self._change(name, lambda person: replace(person, disabled=True), who, "disable person", reason)

    async def enable(self, name: str, who: str, reason: str) -> None:
        await self._change(name, lambda person: replace(person, disabled=False), who, "enable person", reason)

    async def entrust(self, name: str, roles: Iterable[str], partner: str, who: str, reason: str) -> None:
        """Other roles, at all partners or at one. Raises Refused."""
        chosen = _roles(roles)
        await self._change(name, lambda p: replace(p, roles=chosen, partner=partner), who, "entrust person", reason)

    async def _change(self, name: str, make: Callable[[Person], Person], who: str, verb: str, reason: str) -> None:
        _because(reason)
        try:
            found = await self._book.change(name, make, who, verb, reason)
        except LastAdministrator:
            raise Refused("last", says=f"{name} is the last administrator; make another first") from None
        if found is None:
            raise Refused("unknown", says=f"there is no person {name}")

    async def _new(self, name: str, roles: Iterable[str], partner: str) -> tuple[str, Person]:
        """A person with a fresh one-time password."""
        word, now = passwords.one_time(), self._clock.now()
        kept = await passwords.hash_of(word)
        return word, Person(name, frozenset(roles), partner, now, kept, must_change=True, until_at=now + ONE_TIME_S)

    async def _charge(self, tried: list[tuple[str, str]]) -> None:
        if wait_s := await self._book.charge(tried):
            raise Refused("wait", wait_s)

    async def _check_code(self, reader: Reader, key: bytes, code: str) -> int:
        """The step of a right code, used once, a step early or late allowed. Raises Refused."""
        tried = [("code", reader.name)]
        await self._charge(tried)
        given = re.sub(r"\s", "", code)
        totp, now = _totp(key), int(self._clock.now()) // CODE_STEP_S
        right = [
            step
            for step in (now - 1, now, now + 1)
            if secrets.compare_digest(totp.generate(step * CODE_STEP_S), given.encode("utf-8", "replace"))
        ]
        if not right or not await self._book.spend_code(reader.name, right[0]):
            raise Refused("wrong_code")
        await self._book.forgive(tried)
        return right[0]

    async def _go_on(self, reader: Reader, *, proven: bool) -> str:
        """The same session under a new word: what was known before the step is worth nothing after it."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        await self._book.begin(token, reader.name, proven=proven, old=reader.token, began_at=reader.began_at)
        return token

    def _over(self, person: Person) -> bool:
        """A one-time password that was not used in time."""
        return person.until_at is not None and self._clock.now() >= person.until_at


def _step(person: Person, proven: bool) -> Step:
    if person.code_key and not proven:
        return "code"
    if person.must_change:
        return "password"
    return "enrol" if ADMINISTRATOR in person.roles and not person.code_key else ""


def _totp(key: bytes) -> TOTP:
    return TOTP(key, CODE_DIGITS, SHA1(), CODE_STEP_S)


def _roles(roles: Iterable[str]) -> frozenset[str]:
    chosen = frozenset(roles)
    if not chosen or chosen - ROLES.keys():
        raise Refused("roles", says=f"give one or more roles of {', '.join(ROLES)}")
    return chosen


def _because(reason: str) -> None:
    if len(reason.strip()) < REASON:
        raise Refused("reason", says="say why")
