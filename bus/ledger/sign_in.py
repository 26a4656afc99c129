"""Sign-in as the ledger keeps it: brief things that may be used once, a client's accounts by who may sign in to them, and a line each.

Nothing personal stands here in clear: identifiers are keyed digests, apart for each client, so that two clients' accounts cannot be
joined; accounts and bodies are sealed. Every call raises LedgerBusy as the ledger does, and is answered after its commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bus.clock import Clock
from bus.ledger.book import Ask, Book, Write
from bus.seal import Keyring

Kind = Literal["state", "ticket", "session"]
LinkState = Literal["linked", "mapping", "create"]
Keys = Sequence[tuple[str, str]]
"""What identifies an account's owner, as (kind, value): who signs in (`ACCOUNT`) first, then the identifiers that only suggest."""
ACCOUNT = "account"
KEPT_S = 400 * 86400.0
"""How long the line of a sign-in is kept."""


@dataclass(frozen=True, slots=True)
class Linked:
    """How one who signed in stands to a client's accounts: `linked` to one; `mapping`: these may be theirs, ask; `create`: none known."""

    state: LinkState
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """What is recorded of a sign-in: whose user, over which provider, how it ended."""

    client: str
    provider: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Something sealed under the word `name` until `lifetime_s` seconds from now."""

    kind: Kind
    name: str
    body: bytes
    lifetime_s: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """People of a client who signed in and whose account is not known yet, since `oldest_at` (seconds since the epoch)."""

    client: str
    provider: str
    link: LinkState
    people: int
    oldest_at: float


class SignIns:
    """The operations, over the writer's turn (`write`) and the reading threads (`read`)."""

    def __init__(self, keys: Keyring, clock: Clock, write: Write, read: Ask) -> None:
        self._keys = keys
        self._clock = clock
        self._write = write
        self._read = read

    async def spend(self, kind: Kind, name: str, lifetime_s: float) -> bool:
        """Mark a word as used; False when it was before. Remembered for `lifetime_s`."""
        kept = Kept(kind, name, b"", lifetime_s)
        fresh: bool = await self._write(lambda book: _keep(book, kept))
        return fresh

    async def take(self, kind: Kind, name: str) -> bytes | None:
        """What is kept under a word, which is then gone; None when there is nothing, or its time is over."""
        digest = self._brief(kind, name)
        rows: list[tuple[bytes]] = await self._write(
            lambda book: book.db.rows("take_brief", {"digest": digest, "now": book.now})
        )
        return self._keys.open(bytes(rows[0][0]), _record(kind, digest)) if rows else None

    async def peek(self, kind: Kind, name: str) -> bytes | None:
        """The same, and it stays."""
        digest = self._brief(kind, name)
        rows = await self._read(lambda c: c.rows("brief", {"digest": digest, "now": self._clock.now()}))
        return self._keys.open(bytes(rows[0][0]), _record(kind, digest)) if rows else None

    async def failed(self, line: Line) -> None:
        """Record a sign-in that did not come about."""
        await self._write(lambda book: _record_line(book, line, "", None))

    async def conclude(
        self, line: Line, keys: Keys, keep: Callable[[Linked], Sequence[Kept]], partner: str = ""
    ) -> None:
        """Record a sign-in, find whom of the client's accounts it belongs to, and keep what `keep` makes of that; one commit.

        `partner` did its work by it.
        """

        def concluding(book: Book) -> None:
            linked = _match(book, line.client, keys)
            if linked.state == "linked":
                _suggest(book, line.client, linked.accounts[0], keys)  # another provider may tell an id we did not know
            _record_line(book, line, linked.state, _owner(book.keys, line.client, *keys[0]))
            for kept in keep(linked):
                _keep(book, kept)
            if partner:
                book.answered(partner)

        await self._write(concluding)

    async def link(self, client: str, account: str, keys: Keys) -> None:
        """From now on these keys lead to the client's account; whoever waited under the first of them waits no more."""
        await self._write(lambda book: _link(book, client, account, keys))

    async def know(self, client: str, accounts: Mapping[str, Keys]) -> None:
        """Accounts a client has already, with the identifiers they may be suggested by."""

        def knowing(book: Book) -> None:
            for account, keys in accounts.items():
                _suggest(book, client, account, keys)

        await self._write(knowing)

    async def forget(self, client: str, account: str) -> int:
        """Nothing leads to this account any more; how many keys did."""
        owner = account_digest(self._keys, client, account)

        def forgetting(book: Book) -> int:
            book.moves.append([0, "account_forgotten", client])
            return len(book.db.rows("forget_account", {"account": owner}))

        gone: int = await self._write(forgetting)
        return gone

    async def counts(self, since: float) -> dict[tuple[str, str, str], int]:
        """How many sign-ins since then, by provider, outcome and link."""
        rows = await self._read(lambda c: c.rows("sign_ins", {"since": since}))
        return {(provider, outcome, link): n for provider, outcome, link, n in rows}

    async def waiting(self) -> list[Waiting]:
        """Whose account is still to be found or made, longest first."""
        return [Waiting(*row) for row in await self._read(lambda c: c.rows("sign_ins_unlinked", {}))]

    def _brief(self, kind: Kind, name: str) -> bytes:
        return self._keys.digest(f"brief.{kind}", name)


def _record(kind: Kind, digest: bytes) -> str:
    """The associated data a brief thing is sealed with."""
    return f"brief.{kind}|{digest.hex()}"


def _owner(keys: Keyring, client: str, kind: str, value: str) -> bytes:
    return keys.digest(f"account_key.{kind}", f"{client}|{value}")


def account_digest(keys: Keyring, client: str, account: str) -> bytes:
    """Under what a client's account is known here."""
    return keys.digest("account", f"{client}|{account}")


def _keep(book: Book, kept: Kept) -> bool:
    book.db.run("forget_briefs", {"now": book.now})
    digest = book.keys.digest(f"brief.{kept.kind}", kept.name)
    sealed = book.keys.seal(kept.body, _record(kept.kind, digest))
    brief = {"digest": digest, "body": sealed, "until": book.now + kept.lifetime_s}
    return bool(book.db.rows("keep_brief", brief))


def _record_line(book: Book, line: Line, link: LinkState | Literal[""], who: bytes | None) -> None:
    said = {"client": line.client, "provider": line.provider, "outcome": line.outcome, "link": link}
    book.db.run("write_sign_in", {**said, "at": book.now, "who": who})
    book.db.run("forget_sign_ins", {"before": book.now - KEPT_S})
    book.moves.append([0, "sign_in", line.client, line.provider, line.outcome, link])


def _match(book: Book, client: str, keys: Keys) -> Linked:
    """By the account that signs in; else by what suggests one, and then a person is asked."""
    found: dict[bytes, str] = {}
    for kind, value in keys:
        for account, sealed in book.db.rows("accounts_by_key", {"digest": _owner(book.keys, client, kind, value)}):
            digest = bytes(account)
            found[digest] = book.keys.open(bytes(sealed), f"account|{digest.hex()}").decode()
        if found and kind == ACCOUNT:
            return Linked("linked", tuple(found.values())[:1])
    return Linked("mapping", tuple(found.values())) if found else Linked("create")


def _link(book: Book, client: str, account: str, keys: Keys) -> None:
    who = _owner(book.keys, client, *keys[0])
    book.db.run("let_key_go", {"digest": who, "account": account_digest(book.keys, client, account)})
    _suggest(book, client, account, keys)
    book.db.run("settle_sign_ins", {"who": who, "now": book.now})
    book.moves.append([0, "account_linked", client])


def _suggest(book: Book, client: str, account: str, keys: Keys) -> None:
    digest = account_digest(book.keys, client, account)
    sealed = book.keys.seal(account.encode(), f"account|{digest.hex()}")
    for kind, value in keys:
        owner = _owner(book.keys, client, kind, value)
        book.db.run("keep_account_key", {"digest": owner, "account": digest, "sealed": sealed, "now": book.now})
