"""The way to services behind the national portal's envelope (domain notes 3.1).

There are two ways in: the portal's own session, and the façade that a province's bus may set before it, under a token of its gateway.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Self

from pydantic import Field, model_validator

from adapters.transport.classify import Unreadable, from_failure, from_status, read_model, unreadable
from adapters.transport.gateway import TOKEN_PAIR, Gateway, GatewaySettings, before_sending
from adapters.transport.http import Endpoint, Failure, HttpClient
from bus.adapter import Call, Vault
from bus.outcome import Cause, Delivered, Held, Outcome, Transient
from contracts.portal_envelope import LoginReply, Reply

SESSION_WORDS = ("session", "phiên", "đăng nhập")
"""Assumed: the exact session error is not public; these words in any answer but code 0 (domain notes 3.1)."""
ENDED_AGAIN = Transient(cause=Cause.EXPIRED, words="the portal ended a session it had just opened")


def session_ended(reply: Reply) -> bool:
    """Whether the portal says that our session is no longer good."""
    said = reply.message.casefold()
    return reply.error_code != "0" and any(word in said for word in SESSION_WORDS)


class EnvelopeSettings(GatewaySettings):
    """What a partner behind the envelope needs: `unit` goes as `madonvi`.

    `credentials` hold username and password, or with a `facade_path` what its gateway asks for (see GatewaySettings).
    """

    unit: str = ""
    auth_path: str = "/dangnhap"
    service_path: str = "/xuly"
    facade_path: str = Field(
        default="",
        pattern="^(/.*[^/])?$",
        description="the façade of the province's own bus, such as /KetNoiMotCuaQuocGia; empty: the portal's own session",
    )

    @model_validator(mode="after")
    def _a_facade_has_its_key(self) -> Self:
        missing = sorted(name for name in TOKEN_PAIR if not self.credential(name))
        if self.base_url and self.facade_path and missing and not self.fixed:
            raise ValueError(f"facade_path needs credentials.{' and credentials.'.join(missing)}")
        return self


class LoginFailed(Exception):
    """No session; `outcome` says what follows for the rows that needed one."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.words)
        self.outcome = outcome


class PortalEnvelope:
    """Speaks `{madonvi, service, ...}` by the way in that is set. `ended` tells a session error from a business answer."""

    def __init__(
        self, settings: EnvelopeSettings, vault: Vault, ended: Callable[[Reply], bool] = session_ended
    ) -> None:
        self._unit = settings.unit
        way = _Facade if settings.facade_path else _Session
        self._way: _Facade | _Session = way(settings, vault, ended)

    async def ask(
        self, service: str, call: Call, fields: dict[str, Any], data: Sequence[bytes] | None = None
    ) -> Reply | Outcome:
        """One service call, `data` as JSON texts; on a session error one repeat."""
        body = json.dumps({"madonvi": self._unit, "service": service, **fields}, ensure_ascii=False).encode()
        if data is not None:
            body = body[:-1] + b', "data": [' + b",".join(data) + b"]}"
        return await self._way.ask(service, body, call)

    async def probe(self, call: Call) -> Outcome | None:
        """Asking to be let in is the cheapest call; None where that takes no call, so that one row is the probe."""
        return await self._way.probe(call)

    async def close(self) -> None:
        await self._way.close()


class _Facade:
    """`POST facade_path/service` under the gateway's token. A token it refuses is the gateway's to renew.

    Assumed: the body is the same without `session`, which the façade keeps and renews by itself; so an answer that a session has ended
    is repeated once. A call through a live façade would confirm it.
    """

    def __init__(self, settings: EnvelopeSettings, vault: Vault, ended: Callable[[Reply], bool]) -> None:
        self._gateway = Gateway(settings, vault)
        self._path = settings.facade_path
        self._ended = ended
        self._services: dict[str, Endpoint] = {}

    async def ask(self, service: str, body: bytes, call: Call) -> Reply | Outcome:
        if service not in self._services:
            self._services[service] = self._gateway.endpoint(f"{self._path}/{service}")
        endpoint = self._services[service]
        reply = await self._gateway.ask_model(endpoint, body, Reply, call)
        if not self._expired(reply):
            return reply
        call.on_extra_call()
        reply = await self._gateway.ask_model(endpoint, body, Reply, call)
        return ENDED_AGAIN if self._expired(reply) else reply

    def _expired(self, reply: Reply | Outcome) -> bool:
        return isinstance(reply, Reply) and self._ended(reply)

    async def probe(self, call: Call) -> Outcome | None:
        return await self._gateway.probe(call)

    async def close(self) -> None:
        await self._gateway.close()


class _Session:
    """`POST service_path` with a session in the body, one for all processes. A 401 or a session error: one login, one repeat."""

    def __init__(self, settings: EnvelopeSettings, vault: Vault, ended: Callable[[Reply], bool]) -> None:
        self._account = {name: settings.credential(name) for name in ("username", "password")}
        self._vault = vault
        self._ended = ended
        self._http = HttpClient(settings)
        self._login = self._http.endpoint(settings.auth_path, Charset="utf-8")
        self._service = self._http.endpoint(settings.service_path, Charset="utf-8")

    async def ask(self, _service: str, body: bytes, call: Call) -> Reply | Outcome:
        try:
            session, generation = await self._log_in(call)
            reply = await self._post(session, body, call)
            if not self._expired(reply):
                return reply
            call.on_extra_call()
            session, generation = await self._log_in(call, stale=generation)
            reply = await self._post(session, body, call)
        except LoginFailed as failed:
            return failed.outcome
        return ENDED_AGAIN if self._expired(reply) else reply

    async def probe(self, call: Call) -> Outcome | None:
        """A fresh login."""
        try:
            _, generation = await self._log_in(call)
            await self._log_in(call, stale=generation)
        except LoginFailed as failed:
            return failed.outcome
        return Delivered()

    async def close(self) -> None:
        await self._http.close()

    async def _log_in(self, call: Call, *, stale: int = 0) -> tuple[str, int]:
        """The shared session and its generation; a new login when the generation is `stale`. Raises LoginFailed."""
        token = await self._vault.token("session", lambda: self._fetch(call), stale=stale)
        return token.value, token.generation

    async def _fetch(self, call: Call) -> tuple[str, float | None]:
        """Log in once. Refused credentials hold the partner; they are never tried in a loop."""
        reply = await self._http.send(self._login, json.dumps(self._account).encode(), call)
        if isinstance(reply, Failure):
            raise LoginFailed(before_sending(from_failure(reply), "login"))
        if reply.status in (400, 401, 403):
            raise LoginFailed(
                Held(cause=Cause.FORBIDDEN, code=str(reply.status), words="the portal refused our credentials")
            )
        outcome = from_status(reply)
        if outcome is not None:
            raise LoginFailed(before_sending(outcome, "login"))
        try:
            answer = read_model(reply, LoginReply)
        except Unreadable as why:
            raise LoginFailed(before_sending(unreadable(reply, why), "login")) from None
        if answer.error_code != "0" or not answer.session:
            raise LoginFailed(Held(cause=Cause.FORBIDDEN, code=answer.error_code, words=answer.message))
        return answer.session, None

    async def _post(self, session: str, body: bytes, call: Call) -> Reply | Outcome:
        body = b'{"session": ' + json.dumps(session).encode() + b", " + body[1:]
        answered = await self._http.send(self._service, body, call)
        if isinstance(answered, Failure):
            return from_failure(answered)
        outcome = from_status(answered)
        if outcome is not None:
            return outcome
        try:
            return read_model(answered, Reply)
        except Unreadable as why:
            return unreadable(answered, why)

    def _expired(self, reply: Reply | Outcome) -> bool:
        if isinstance(reply, Reply):
            return self._ended(reply)
        return isinstance(reply, Transient) and reply.cause is Cause.EXPIRED
