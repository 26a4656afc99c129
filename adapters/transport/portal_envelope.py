"""The way to services behind the national portal's envelope: one shared session, renewed once when it has ended (domain notes 3.1)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from adapters.transport.classify import Unreadable, from_failure, from_status, read_model, unreadable
from adapters.transport.gateway import before_sending
from adapters.transport.http import Failure, HttpClient
from bus.adapter import Call, Vault
from bus.outcome import Cause, Held, Outcome, Transient
from bus.policy import PartnerSettings
from contracts.portal_envelope import LoginReply, Reply

SESSION_WORDS = ("session", "phiên", "đăng nhập")
"""Assumed: the exact session error is not public; these words in any answer but code 0 (domain notes 3.1)."""


def session_ended(reply: Reply) -> bool:
    """Whether the portal says that our session is no longer good."""
    said = reply.message.casefold()
    return reply.error_code != "0" and any(word in said for word in SESSION_WORDS)


class EnvelopeSettings(PartnerSettings):
    """What a partner behind the envelope needs: `unit` goes as `madonvi`; `credentials` hold username and password."""

    unit: str = ""
    auth_path: str = "/dangnhap"
    service_path: str = "/xuly"


class LoginFailed(Exception):
    """No session; `outcome` says what follows for the rows that needed one."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.words)
        self.outcome = outcome


class PortalEnvelope:
    """Speaks `{session, madonvi, service, ...}`. `ended` tells a session error from a business answer."""

    def __init__(
        self, settings: EnvelopeSettings, vault: Vault, ended: Callable[[Reply], bool] = session_ended
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._ended = ended
        self._http = HttpClient(settings)
        self._login = self._http.endpoint(settings.auth_path, Charset="utf-8")
        self._service = self._http.endpoint(settings.service_path, Charset="utf-8")

    async def ask(
        self, service: str, call: Call, fields: dict[str, Any], data: Sequence[bytes] | None = None
    ) -> Reply | Outcome:
        """One service call, `data` as JSON texts; on a session error one login and one repeat."""
        try:
            session, generation = await self.log_in(call)
            reply = await self._post(service, call, session, fields, data)
            if not self._expired(reply):
                return reply
            call.on_extra_call()
            session, generation = await self.log_in(call, stale=generation)
            reply = await self._post(service, call, session, fields, data)
        except LoginFailed as failed:
            return failed.outcome
        if self._expired(reply):
            return Transient(cause=Cause.EXPIRED, words="the portal ended a session it had just opened")
        return reply

    async def log_in(self, call: Call, *, stale: int = 0) -> tuple[str, int]:
        """The shared session and its generation; a new login when the generation is `stale`. Raises LoginFailed."""
        token = await self._vault.token("session", lambda: self._fetch(call), stale=stale)
        return token.value, token.generation

    async def _fetch(self, call: Call) -> tuple[str, float | None]:
        """Log in once. Refused credentials hold the partner; they are never tried in a loop."""
        secrets = self._settings.credentials
        body = {name: secrets[name].get_secret_value() if name in secrets else "" for name in ("username", "password")}
        reply = await self._http.send(self._login, json.dumps(body).encode(), call)
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

    async def _post(
        self, service: str, call: Call, session: str, fields: dict[str, Any], data: Sequence[bytes] | None
    ) -> Reply | Outcome:
        head = {"session": session, "madonvi": self._settings.unit, "service": service, **fields}
        body = json.dumps(head, ensure_ascii=False).encode()
        if data is not None:
            body = body[:-1] + b', "data": [' + b",".join(data) + b"]}"
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

    async def probe(self, call: Call) -> Outcome | None:
        """A fresh login is the portal's cheapest call; None when it went well."""
        try:
            _, generation = await self.log_in(call)
            await self.log_in(call, stale=generation)
        except LoginFailed as failed:
            return failed.outcome
        return None

    async def close(self) -> None:
        await self._http.close()
