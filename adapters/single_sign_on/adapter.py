"""Sign-in at work: from a code to a person, in the same order at every provider. Nothing is owed here, so nothing is delivered."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from adapters.single_sign_on.causes import Cause, Refused
from adapters.single_sign_on.client import ProviderClient
from adapters.single_sign_on.settings import SsoSettings
from bus.adapter import Call, Job, Poll, Row, Wiring
from bus.outcome import Contract, Outcome, Unknown
from contracts.canonical.sign_in import Provider, SignedIn
from mappings.single_sign_on.inbound import owner_keys, signed_in
from mappings.table import Unmappable

CALLBACK_FIELDS = ("state", "code", "error", "encrypt_key")


@dataclass(frozen=True, slots=True)
class Callback:
    """What the browser brought back from a provider."""

    state: str = ""
    code: str = ""
    error: str = ""
    encrypt_key: str = ""


def read_callback(query: str) -> Callback:
    """The raw query of a callback. A `+` stays one: VNeID's codes are Base64 and come unescaped (S8). A field given twice is none."""
    found: dict[str, str] = {}
    doubled: set[str] = set()
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name in CALLBACK_FIELDS:
            doubled |= {name} & found.keys()
            found[name] = unquote(value)
    return Callback(**{name: value for name, value in found.items() if name not in doubled})


@dataclass(frozen=True, slots=True)
class Identity:
    """A sign-in that came about: the person, by what their account is found, and the tokens for asking and signing out later."""

    person: SignedIn
    keys: tuple[tuple[str, str], ...]
    access_token: str
    id_token: str


class SsoAdapter:
    """The providers by name, the first one by default. See `bus.adapter.Adapter` for the port."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, SsoSettings)
        self._settings = wiring.settings
        self._clients: Mapping[Provider, ProviderClient] = {
            one.provider: ProviderClient(one, wiring.settings, wiring.clock) for one in wiring.settings.providers
        }

    @property
    def providers(self) -> tuple[Provider, ...]:
        return tuple(self._clients)

    def client(self, provider: Provider) -> ProviderClient:
        """The client of a provider. Raises KeyError."""
        return self._clients[provider]

    async def redeem(
        self,
        provider: Provider,
        callback: Callback,
        nonce: str,
        verifier: str,
        redirect_uri: str,
        traceparent: str = "",
    ) -> Identity:
        """Code to tokens, tokens to claims, claims to a person; all calls together within the partner's time. Raises Refused."""
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                call = self._call(traceparent)
                return await self._redeem(self._clients[provider], callback, nonce, verifier, redirect_uri, call)
        except TimeoutError:
            raise Refused(Cause.UNREACHABLE, f"no complete answer within {self._settings.timeout_s:g} s") from None

    async def _redeem(
        self, client: ProviderClient, callback: Callback, nonce: str, verifier: str, redirect_uri: str, call: Call
    ) -> Identity:
        code = client.open_code(callback.code, callback.encrypt_key)
        if not code:
            raise Refused(Cause.CODE, "there is no code in the callback, or two")
        tokens = await client.token(code, verifier, redirect_uri, call)
        subject = await self._subject(client, tokens.id_token or "", nonce, call)
        if await client.introspect(tokens.access_token, call) is False:
            raise Refused(Cause.INACTIVE, "introspection says no")
        claims = await client.userinfo(tokens.access_token, call)
        if subject is not None and claims.sub not in (subject, None):
            raise Refused(Cause.SUBJECT, "userinfo names another sub")
        try:
            person = signed_in(client.settings.provider, claims.model_dump())
        except Unmappable as error:
            raise Refused(Cause.CLAIMS, str(error)) from None
        return Identity(person, owner_keys(person), tokens.access_token, tokens.id_token or "")

    async def _subject(self, client: ProviderClient, id_token: str, nonce: str, call: Call) -> str | None:
        """Whom the id_token speaks of; None where the provider gives none."""
        if not id_token:
            if client.settings.wants_id_token:
                raise Refused(Cause.SIGNATURE, "there is no id_token")
            return None
        return str((await client.id_claims(id_token, nonce, call))["sub"])

    async def active(self, provider: Provider, access_token: str) -> bool | None:
        """Whether a session still lasts at its provider; None when that cannot be asked. Raises Refused."""
        return await self._clients[provider].introspect(access_token, self._call())

    async def revoke(self, provider: Provider, access_token: str) -> None:
        """End the access token at its provider. Raises Refused."""
        await self._clients[provider].revoke(access_token, self._call())

    def _call(self, traceparent: str = "") -> Call:
        return Call(secrets.token_hex(8), self._settings.timeout_s, traceparent)

    def prepare(self, job: Job) -> Row | Outcome:
        return Contract(words="nothing is owed to a sign-in provider")

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        return [Contract(words="nothing is owed to a sign-in provider") for _ in rows]

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        return [Unknown(words="nothing is owed to a sign-in provider") for _ in rows]

    async def probe(self, call: Call) -> Outcome | None:
        return None

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        return None

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()
