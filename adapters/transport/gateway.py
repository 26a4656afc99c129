"""Partners behind the national bus (NDXP) or the province's own (LGSP): one token for all calls, a header that names the destination.

OAuth 2.0 client credentials (RFC 6749, 4.4) as domain notes 2.1 have it. The gateway's own refusals are the same for every partner:
401 an old token (renewed once, then for the retry policy), 403 not entitled, 429 quota used up.
"""

from __future__ import annotations

import base64
from typing import Annotated

from pydantic import BaseModel, Field

from adapters.transport.classify import Model, Unreadable, from_failure, from_status, read_model, unreadable
from adapters.transport.http import Endpoint, Failure, HttpClient, Reply
from bus.adapter import Call, Vault
from bus.outcome import Cause, Held, Outcome, Taken, Transient, Unknown
from bus.policy import PartnerSettings


class GatewaySettings(PartnerSettings):
    """What every partner behind a gateway has: `credentials` hold consumer_key and consumer_secret."""

    token_path: str = "/token"
    dstcode: str = Field(default="", description="the destination's name on the national bus")


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
        secret = {name: value.get_secret_value() for name, value in settings.credentials.items()}
        pair = f"{secret.get('consumer_key', '')}:{secret.get('consumer_secret', '')}"
        self._basic = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        self._dstcode = settings.dstcode
        self._vault = vault
        self._http = HttpClient(settings)
        self._token = self._http.endpoint(settings.token_path, "application/x-www-form-urlencoded")

    def endpoint(self, path: str, *, method: str = "POST") -> Endpoint:
        """Prepare `path` with the headers a gateway wants; a query belongs to the path, escaped."""
        return self._http.endpoint(
            path, method=method, Accept="application/json", Charset="utf-8", dstcode=self._dstcode
        )

    async def ask(self, endpoint: Endpoint, body: bytes, call: Call) -> Reply | Outcome:
        """One call; when the token is refused, one renewal and one repeat. A reply is a 200 or 201, for the contract to read."""
        try:
            token = await self._vault.token("access", lambda: self._fetch(call))
            reply = await self._once(endpoint, body, call, token.value)
            if isinstance(reply, Transient) and reply.cause is Cause.EXPIRED:
                call.on_extra_call()
                token = await self._vault.token("access", lambda: self._fetch(call), stale=token.generation)
                reply = await self._once(endpoint, body, call, token.value)
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

    async def log_in(self, call: Call) -> Outcome | None:
        """Ask for a token, the gateway's cheapest harmless call; None when it gave one."""
        try:
            await self._fetch(call)
        except TokenFailed as failed:
            return failed.outcome
        return None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close()

    async def _once(self, endpoint: Endpoint, body: bytes, call: Call, token: str) -> Reply | Outcome:
        reply = await self._http.send(endpoint, body, call, {"Authorization": f"Bearer {token}"})
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
            raise TokenFailed(
                Held(cause=Cause.FORBIDDEN, code=str(reply.status), words="the gateway refused our credentials")
            )
        outcome = from_status(reply)
        if outcome is not None:
            raise TokenFailed(before_sending(outcome))
        try:
            token = read_model(reply, TokenReply)
        except Unreadable as why:
            raise TokenFailed(before_sending(unreadable(reply, why))) from None
        return token.access_token, token.expires_in


def before_sending(outcome: Outcome, what: str = "token") -> Outcome:
    """A token (or session, by the name of the call it comes from) that could not be had: nothing of the dossier has left."""
    if isinstance(outcome, Held):
        return outcome
    after = outcome.retry_after_s if isinstance(outcome, Transient) else None
    cause = Cause.BUSY if outcome.cause is Cause.BUSY else Cause.NOT_SENT
    return Transient(cause=cause, code=outcome.code, words=f"{what}: {outcome.words}"[:500], retry_after_s=after)
