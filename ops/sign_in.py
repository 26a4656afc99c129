"""Signing in, step by step: a browser leaves for a provider, comes back with a code, and goes on to the dossier system with a ticket.

Between the steps nothing lives in this process: the state is sealed in the address itself and spent in the ledger, tickets and
sessions lie sealed there, so every step may be taken by another process. Nothing personal stands in an address, a log or a record.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import structlog

from adapters.single_sign_on.adapter import Callback, Identity, SsoAdapter, read_callback
from adapters.single_sign_on.causes import SILENT, Cause, Refused, of_error
from bus import tracing
from bus.ledger.sign_in import Kept, Line, Linked
from bus.seal import SealError
from contracts.canonical.base import Shape
from contracts.canonical.sign_in import Provider, SignedIn
from contracts.single_sign_on import LEVEL_TO_FILE
from contracts.single_sign_on.assertion import Assertion, Link
from ops.assertion import Signer
from ops.house import House

log = structlog.get_logger("ops.sign_in")

PARTNER = "single_sign_on"
CALLBACK = "/v1/sign-in/callback"
RECORD = "sign_in.state"
WORD_BYTES = 24


class Declined(Exception):
    """A step that cannot be taken; the sentence says what to do. `status` is the HTTP status that fits."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class State(Shape):
    """What we must know again when the browser comes back; travels sealed in the provider's `state`."""

    id: str
    provider: Provider
    client: str
    return_to: str
    state: str
    until: float
    silent: bool
    vnconnect: bool


class Session(Shape):
    """What is kept of one who signed in until they sign out: for linking, for asking whether it still lasts, for signing out there."""

    client: str
    provider: Provider
    keys: tuple[tuple[str, str], ...]
    access_token: str
    id_token: str


class Ticket(Shape):
    """What a ticket is exchanged for."""

    client: str
    session: str
    person: SignedIn
    link: Link
    vnconnect: bool


class SignIn:
    """The steps. Raises Declined for what a caller got wrong, LedgerBusy when the ledger cannot."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._own = house.settings.sign_in
        self._keys = house.keys
        self._book = house.ledger.sign_ins()
        self._clock = house.ledger.clock
        self.signer = Signer(house.ledger.vault(PARTNER), self._clock)

    def start(self, provider: str, return_to: str, state: str, *, vnconnect: bool) -> str:
        """Where to send the browser. `state` is the client's own and comes back with the ticket."""
        adapter = self._adapter()
        client = self._client_of(return_to)
        chosen = provider or ("vnconnect" if vnconnect else adapter.providers[0])
        known = [one for one in adapter.providers if one == chosen]
        if not known:
            raise Declined(422, f"there is no provider of this name; there are {', '.join(adapter.providers)}")
        from_portal = vnconnect and known[0] == "vnconnect"
        return self._leave(
            State(
                id=_word(),
                provider=known[0],
                client=client,
                return_to=return_to,
                state=state,
                until=self._clock.now() + self._own.state_s,
                silent=from_portal,
                vnconnect=from_portal,
            )
        )

    def _leave(self, state: State) -> str:
        sealed = self._keys.seal(state.model_dump_json().encode(), RECORD)
        challenge = _text(hashlib.sha256(self._verifier(state).encode()).digest())
        return (
            self._adapter()
            .client(state.provider)
            .authorize_url(_text(sealed), self._nonce(state), challenge, self._redirect_uri, silent=state.silent)
        )

    async def come_back(self, query: str) -> str:
        """The raw query a browser brought from a provider; where to send it on: to the client, with a ticket or with why not."""
        callback = read_callback(query)
        state = self._open_state(callback.state)
        traced = tracing.begin_lookup(PARTNER, state.provider, "")
        cause, said = Cause.SIGNED_IN, {"ticket": ""}
        try:
            await self._spend(state)
            if state.silent and callback.error in SILENT:
                return self._leave(state.model_copy(update={"id": _word(), "silent": False}))
            said = {"ticket": await self._redeem(state, callback, traced.traceparent)}
        except Refused as refused:
            cause, said = refused.cause, {"error": refused.cause}
            log.warning("no sign-in", provider=state.provider, client=state.client, cause=cause, words=refused.words)
            await self._book.failed(Line(state.client, state.provider, cause))
        finally:
            traced.note("outcome", cause)
            traced.end([])
        self._house.metrics.signed_in(state.provider, cause)
        return _with(state.return_to, said | {"state": state.state})

    async def _spend(self, state: State) -> None:
        """Before anything else, so that whatever follows is done for one callback alone. Raises Refused."""
        if state.until <= self._clock.now():
            raise Refused(Cause.STATE_EXPIRED, "the state is too old")
        if not await self._book.spend("state", state.id, self._own.state_s):
            raise Refused(Cause.REPLAYED, "the state was used before")

    async def _redeem(self, state: State, callback: Callback, traceparent: str) -> str:
        """The code for a person, the person for a ticket; its word. Raises Refused."""
        if callback.error:
            raise Refused(of_error(callback.error), "the provider says so in the callback")
        nonce, verifier = self._nonce(state), self._verifier(state)
        identity = await self._adapter().redeem(
            state.provider, callback, nonce, verifier, self._redirect_uri, traceparent
        )
        return await self._keep(state, identity)

    async def _keep(self, state: State, identity: Identity) -> str:
        """Record the sign-in with a ticket for the client and a session for later; the ticket's word."""
        word, session = _word(), _word()
        kept = Session(
            client=state.client,
            provider=state.provider,
            keys=identity.keys,
            access_token=identity.access_token,
            id_token=identity.id_token,
        )

        def keep(linked: Linked) -> Sequence[Kept]:
            ticket = Ticket(
                client=state.client,
                session=session,
                person=identity.person,
                link=Link(state=linked.state, accounts=linked.accounts),
                vnconnect=state.vnconnect,
            )
            return (
                Kept("ticket", word, ticket.model_dump_json().encode(), self._own.ticket_s),
                Kept("session", session, kept.model_dump_json().encode(), self._own.session_s),
            )

        line = Line(state.client, state.provider, Cause.SIGNED_IN)
        await self._book.conclude(line, identity.keys, keep, PARTNER)
        return word

    async def assertion(self, client: str, word: str) -> str:
        """The assertion a ticket stands for, once and for the client it was made for."""
        body = await self._book.take("ticket", word)
        ticket = Ticket.model_validate_json(body) if body is not None else None
        if ticket is None or ticket.client != client:
            raise Declined(
                404, "there is no such ticket: it was used, it is older than a minute, or it is another client's"
            )
        now = int(self._clock.now())
        account = f"{client}|{ticket.person.account}"
        return await self.signer.sign(
            Assertion(
                iss=self.issuer,
                aud=client,
                sub=self._keys.digest("sign_in.subject", account).hex()[:32],
                iat=now,
                exp=now + self._own.assertion_s,
                jti=_word(),
                sid=ticket.session,
                may_file=(ticket.person.level or 0) >= LEVEL_TO_FILE,
                vnconnect=ticket.vnconnect,
                person=ticket.person,
                link=ticket.link,
            )
        )

    async def link(self, client: str, session: str, account: str) -> None:
        """The person of this session is the client's account from now on."""
        await self._book.link(client, account, (await self._session(client, session)).keys)

    async def know(self, client: str, accounts: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Accounts the client has already, by what identifies their owners."""
        await self._book.know(client, accounts)

    async def forget(self, client: str, account: str) -> int:
        """Nobody is led to this account any more; how many ways there were."""
        return await self._book.forget(client, account)

    async def lasts(self, client: str, session: str) -> bool | None:
        """Whether the person is still signed in at the provider; None where it cannot be asked or does not answer."""
        kept = await self._session(client, session)
        try:
            return await self._adapter().active(kept.provider, kept.access_token)
        except Refused as refused:
            log.info("session not checked", provider=kept.provider, cause=refused.cause)
            return False if refused.cause is Cause.INACTIVE else None

    async def sign_out(self, client: str, session: str, return_to: str) -> str:
        """End the session here and its token at the provider; where the browser must go to be signed out there too (may be empty)."""
        if self._client_of(return_to) != client:
            raise Declined(422, "return_to stands in another client's list")
        kept = await self._session(client, session)
        await self._book.take("session", session)
        try:
            await self._adapter().revoke(kept.provider, kept.access_token)
        except Refused as refused:
            log.info("token not revoked", provider=kept.provider, cause=refused.cause)
        return self._adapter().client(kept.provider).logout_url(kept.id_token, return_to)

    @property
    def issuer(self) -> str:
        return self._own.issuer or self._house.public_url

    @property
    def _redirect_uri(self) -> str:
        return self._house.public_url + CALLBACK

    def _adapter(self) -> SsoAdapter:
        if PARTNER not in self._house.enabled:
            raise Declined(404, "sign-in is not set up here: [partners.single_sign_on] names no address")
        adapter = self._house.adapter(PARTNER)
        assert isinstance(adapter, SsoAdapter)
        return adapter

    def _client_of(self, return_to: str) -> str:
        """The client in whose list the address stands, letter for letter."""
        for name, client in self._house.settings.clients.items():
            if return_to in client.return_to:
                return name
        raise Declined(422, "return_to stands in no client's list: [clients.NAME] return_to")

    async def _session(self, client: str, word: str) -> Session:
        body = await self._book.peek("session", word)
        session = Session.model_validate_json(body) if body is not None else None
        if session is None or session.client != client:
            raise Declined(404, "there is no such session: signed out, ended, or another client's")
        return session

    def _open_state(self, text: str) -> State:
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return State.model_validate_json(self._keys.open(sealed, RECORD))
        except (ValueError, IndexError, SealError):
            log.warning("a callback without a state of ours")
            self._house.metrics.signed_in("", "state")
            raise Declined(400, "this is no answer to a sign-in that began here; begin again") from None

    def _nonce(self, state: State) -> str:
        return self._keys.digest("sign_in.nonce", state.id).hex()

    def _verifier(self, state: State) -> str:
        return _text(self._keys.digest("sign_in.verifier", state.id))


def _word() -> str:
    """A word nobody can guess."""
    return secrets.token_urlsafe(WORD_BYTES)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _with(address: str, fields: Mapping[str, Any]) -> str:
    """An address of a client with more fields in its query."""
    parts = urlsplit(address)
    more = urlencode({name: str(value) for name, value in fields.items() if value})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, more)))))
