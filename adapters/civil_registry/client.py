"""The registry over the national bus: OAuth2 client credentials, a destination header, one method per operation."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from adapters.civil_registry.faults import read
from adapters.transport.classify import (
    Model,
    Unreadable,
    excerpt,
    from_failure,
    from_status,
    read_model,
    unreadable,
)
from adapters.transport.http import Endpoint, Failure, HttpClient
from bus.adapter import Call, Vault
from bus.outcome import Cause, Held, Outcome, Taken, Transient, Unknown
from bus.policy import PartnerSettings, RetryPolicy, Seconds
from contracts.civil_registry.messages import HoiKetQua, TraLoi, TraLoiKetQua


class TokenFailed(Exception):
    """No token; `outcome` says what follows."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.words)
        self.outcome = outcome


class RegistrySettings(PartnerSettings):
    """`[partners.civil_registry]`: `credentials` hold consumer_key and consumer_secret.

    A registration is asked about for weeks, so patience is counted in weeks too.
    """

    token_path: str = "/token"
    send_path: str = "/hotich/nhanDKHT"
    result_path: str = "/hotich/layKetQua"
    dstcode: str = ""
    asks_every_s: Seconds = 300.0
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 60.0
    concurrency: int = Field(default=4, ge=1, le=1000)
    retry: RetryPolicy = RetryPolicy(max_attempts=20_000, max_age_s=90 * 86400.0)


class TokenReply(BaseModel):
    """The token endpoint's answer (domain notes 2.1)."""

    access_token: Annotated[str, Field(min_length=1)]
    expires_in: float | None = None


class RegistryClient:
    """Speaks for one province."""

    def __init__(self, settings: RegistrySettings, vault: Vault) -> None:
        secret = {name: value.get_secret_value() for name, value in settings.credentials.items()}
        pair = f"{secret.get('consumer_key', '')}:{secret.get('consumer_secret', '')}"
        self._basic = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        self._vault = vault
        self._http = HttpClient(settings)
        self._token = self._http.endpoint(settings.token_path, "application/x-www-form-urlencoded")
        fixed = {"Accept": "application/json", "Charset": "utf-8", "dstcode": settings.dstcode}
        self._send = self._http.endpoint(settings.send_path, **fixed)
        self._result = self._http.endpoint(settings.result_path, **fixed)

    async def send(self, body: bytes, call: Call) -> TraLoi | Outcome:
        """`nhanDKHT`."""
        return await self._ask(self._send, body, TraLoi, call)

    async def results(self, codes: Sequence[str], province: str, module: str, call: Call) -> TraLoiKetQua | Outcome:
        """`layKetQua` of many dossiers."""
        asked = HoiKetQua(maDinhDanhHoSo=list(codes), maTinh=province, module=module)
        return await self._ask(self._result, asked.model_dump_json().encode(), TraLoiKetQua, call)

    async def _ask(self, endpoint: Endpoint, body: bytes, model: type[Model], call: Call) -> Model | Outcome:
        """One call; when the token is refused, one renewal and one repeat."""
        try:
            token = await self._vault.token("access", lambda: self._fetch(call))
            answer = await self._once(endpoint, body, model, call, token.value)
            if not (isinstance(answer, Transient) and answer.cause is Cause.EXPIRED):
                return answer
            call.on_extra_call()
            token = await self._vault.token("access", lambda: self._fetch(call), stale=token.generation)
            return await self._once(endpoint, body, model, call, token.value)
        except TokenFailed as failed:
            return failed.outcome

    async def _once(
        self, endpoint: Endpoint, body: bytes, model: type[Model], call: Call, token: str
    ) -> Model | Outcome:
        reply = await self._http.send(endpoint, body, call, {"Authorization": f"Bearer {token}"})
        if isinstance(reply, Failure):
            return from_failure(reply)
        outcome = from_status(reply)
        if isinstance(outcome, Taken):
            return Unknown(code="202", words="the contract knows no 202")
        if outcome is not None:
            return outcome
        try:
            return read_model(reply, model)
        except Unreadable as why:
            words = excerpt(reply.body)
            if read(words) == "retry":
                return Transient(cause=Cause.LATER, code=str(reply.status), words=words)
            return unreadable(reply, why)

    async def _fetch(self, call: Call) -> tuple[str, float | None]:
        """A new token. Refused credentials hold the service. Raises TokenFailed."""
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

    async def log_in(self, call: Call) -> Outcome | None:
        """None when a token is at hand; the gateway's cheapest harmless call."""
        try:
            await self._fetch(call)
        except TokenFailed as failed:
            return failed.outcome
        return None

    async def close(self) -> None:
        await self._http.close()


def before_sending(outcome: Outcome) -> Outcome:
    """A token that could not be had: nothing of the dossier has left."""
    if isinstance(outcome, Held):
        return outcome
    after = outcome.retry_after_s if isinstance(outcome, Transient) else None
    cause = Cause.BUSY if outcome.cause is Cause.BUSY else Cause.NOT_SENT
    return Transient(cause=cause, code=outcome.code, words=f"token: {outcome.words}"[:500], retry_after_s=after)
