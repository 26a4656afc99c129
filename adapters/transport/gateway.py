"""Partners behind the national bus (NDXP) or the province's own (LGSP): one token for all calls, a header that names the destination.

OAuth 2.0 client credentials (RFC 6749, 4.4) as domain notes 2.1 have it, or headers that stay the same in place of the token. The
gateway's own refusals are the same for every partner: 401 an old token (renewed once, then for the retry policy), 403 not entitled,
429 quota used up.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, field_validator

from adapters.transport.classify import Model, Unreadable, from_failure, from_status, read_model, unreadable
from adapters.transport.http import Endpoint, Failure, HttpClient, Reply
from bus.adapter import Call, Vault
from bus.outcome import Cause, Delivered, Held, Outcome, Taken, Transient, Unknown
from bus.policy import PartnerSettings

ACCESS_KEY = {
    "app_name": "AppName",
    "access_key": "AccessKey",
    "secret_key": "SecretKey",
    "partner_code": "PartnerCode",
    "partner_code_cus": "PartnerCodeCus",
}
"""What a province's own bus may ask for in place of a token (S6): our names of the credentials, and its headers."""
TOKEN_PAIR = frozenset({"consumer_key", "consumer_secret"})


class GatewaySettings(PartnerSettings):
    """What every partner behind a gateway has: `credentials` hold consumer_key and consumer_secret, or the five of an access key."""

    token_path: str = "/token"
    dstcode: str = Field(default="", description="the destination's name on the national bus")

    @field_validator("credentials")
    @classmethod
    def _one_key_and_whole(cls, given: dict[str, SecretStr]) -> dict[str, SecretStr]:
        filled = {name for name, value in given.items() if value.get_secret_value()}
        if filled.isdisjoint(ACCESS_KEY):
            return given
        if missing := [name for name in ACCESS_KEY if name not in filled]:
            raise ValueError(f"an access key is given without {', '.join(missing)}")
        if strange := [name for name in ACCESS_KEY if not given[name].get_secret_value().isascii()]:
            raise ValueError(f"what goes in a header is ASCII: {', '.join(strange)}")
        if filled & TOKEN_PAIR:
            raise ValueError("consumer_key and access_key are two ways in; leave one of them empty")
        return given

    @property
    def fixed(self) -> dict[str, str]:
        """The headers that stand in place of a token; none where tokens are asked for.

        Assumed: each value of an access key is a header of its own, of the name that S6 has for it.
        """
        key = {theirs: self.credential(ours) for ours, theirs in ACCESS_KEY.items()}
        return key if any(key.values()) else {}


class TokenReply(BaseModel):
    """The token endpoint's answer; `expires_in` in seconds."""

    access_token: Annotated[str, Field(min_length=1)]
    expires_in: float | None = None


class TokenFailed(Exception):
    """No token; `outcome` says what follows."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.words)
        self.outcome = outcome


class Gateway:
    """One partner's connections through its gateway. Replies come back read by their status; what they say is the caller's to read."""

    def __init__(self, settings: GatewaySettings, vault: Vault) -> None:
        pair = f"{settings.credential('consumer_key')}:{settings.credential('consumer_secret')}"
        self._basic = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        self._fixed = settings.fixed
        self._destination = {"dstcode": settings.dstcode} if settings.dstcode else {}
        self._vault = vault
        self._http = HttpClient(settings)
        self._token = self._http.endpoint(settings.token_path, "application/x-www-form-urlencoded")

    def endpoint(self, path: str, *, method: str = "POST") -> Endpoint:
        """Prepare `path` with the headers a gateway wants; a query belongs to the path, escaped."""
        return self._http.endpoint(path, method=method, Accept="application/json", Charset="utf-8", **self._destination)

    async def ask(self, endpoint: Endpoint, body: bytes, call: Call) -> Reply | Outcome:
        """One call; when the token is refused, one renewal and one repeat. A reply is a 200 or 201, for the contract to read."""
        if self._fixed:
            reply = await self._once(endpoint, body, call, self._fixed)
            return _refused("401") if _is_old(reply) else reply
        try:
            token = await self._vault.token("access", lambda: self._fetch(call))
            reply = await self._once(endpoint, body, call, _bearer(token.value))
            if _is_old(reply):
                call.on_extra_call()
                token = await self._vault.token("access", lambda: self._fetch(call), stale=token.generation)
                reply = await self._once(endpoint, body, call, _bearer(token.value))
        except TokenFailed as failed:
            return failed.outcome
        return reply

    async def ask_model(self, endpoint: Endpoint, body: bytes, model: type[Model], call: Call) -> Model | Outcome:
        """`ask`, the reply read as JSON of the contract's model; what cannot be read so is unknown."""
        reply = await self.ask(endpoint, body, call)
        if isinstance(reply, Outcome):
            return reply
        try:
            return read_model(reply, model)
        except Unreadable as why:
            return unreadable(reply, why)

    async def probe(self, call: Call) -> Outcome | None:
        """Ask for a token, the gateway's cheapest harmless call; None where there are no tokens, so that one row is the probe."""
        if self._fixed:
            return None
        try:
            await self._fetch(call)
        except TokenFailed as failed:
            return failed.outcome
        return Delivered()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close()

    async def _once(self, endpoint: Endpoint, body: bytes, call: Call, shown: Mapping[str, str]) -> Reply | Outcome:
        reply = await self._http.send(endpoint, body, call, shown)
        if isinstance(reply, Failure):
            return from_failure(reply)
        outcome = from_status(reply)
        if isinstance(outcome, Taken):
            return Unknown(code="202", words="the contract knows no 202")
        return outcome or reply

    async def _fetch(self, call: Call) -> tuple[str, float | None]:
        """A new token and its lifetime. Refused credentials hold the partner. Raises TokenFailed."""
        reply = await self._http.send(self._token, b"grant_type=client_credentials", call, self._basic)
        if isinstance(reply, Failure):
            raise TokenFailed(before_sending(from_failure(reply)))
        if reply.status in (400, 401, 403):
            raise TokenFailed(_refused(str(reply.status)))
        outcome = from_status(reply)
        if outcome is not None:
            raise TokenFailed(before_sending(outcome))
        try:
            token = read_model(reply, TokenReply)
        except Unreadable as why:
            raise TokenFailed(before_sending(unreadable(reply, why))) from None
        return token.access_token, token.expires_in


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _is_old(reply: Reply | Outcome) -> bool:
    """A 401: the token has ended, or what stands in its place is wrong."""
    return isinstance(reply, Transient) and reply.cause is Cause.EXPIRED


def _refused(code: str) -> Held:
    return Held(cause=Cause.FORBIDDEN, code=code, words="the gateway refused our credentials")


def before_sending(outcome: Outcome, what: str = "token") -> Outcome:
    """A token (or session, by the name of the call it comes from) that could not be had: nothing of the dossier has left."""
    if isinstance(outcome, Held):
        return outcome
    after = outcome.retry_after_s if isinstance(outcome, Transient) else None
    cause = Cause.BUSY if outcome.cause is Cause.BUSY else Cause.NOT_SENT
    return Transient(cause=cause, code=outcome.code, words=f"{what}: {outcome.words}"[:500], retry_after_s=after)
