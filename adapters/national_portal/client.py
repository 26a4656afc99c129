"""One method per portal service: contract models in, contract models out. The session is shared by all processes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from adapters.national_portal.faults import Meaning, read
from adapters.transport.classify import Unreadable, from_failure, from_status, read_model, unreadable
from adapters.transport.http import Failure, HttpClient
from bus.adapter import Call, Vault
from bus.outcome import Cause, Held, Outcome, Transient
from bus.policy import PartnerSettings
from contracts.national_portal.messages import LoginReply, Reply


class LoginFailed(Exception):
    """No session; `outcome` says what follows for the rows that needed one."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.words)
        self.outcome = outcome


class PortalSettings(PartnerSettings):
    """`[partners.national_portal]`: `credentials` hold username and password."""

    unit: str = ""
    auth_path: str = "/dangnhap"
    service_path: str = "/xuly"
    progress_dedupe: Literal["key", "none"] = "key"
    push_secret: str = ""
    concurrency: int = Field(default=4, ge=1, le=1000)


class PortalClient:
    """Speaks the portal's envelope `{session, madonvi, service, ...}`."""

    def __init__(self, settings: PortalSettings, vault: Vault) -> None:
        self._settings = settings
        self._vault = vault
        self._http = HttpClient(settings)
        self._login = self._http.endpoint(settings.auth_path, Charset="utf-8")
        self._service = self._http.endpoint(settings.service_path, Charset="utf-8")

    async def sync(self, data: Sequence[bytes], call: Call, *, update: bool) -> Reply | Outcome:
        """`DongBoHoSoMC`: dossiers as JSON texts; creates and updates are calls of their own."""
        return await self._ask("DongBoHoSoMC", call, {"isUpdating": "True" if update else "False"}, data)

    async def progress(self, data: Sequence[bytes], call: Call) -> Reply | Outcome:
        """`CapNhatTienDoHoSoMC`: progress rows as JSON texts."""
        return await self._ask("CapNhatTienDoHoSoMC", call, {}, data)

    async def look_up(self, code: str, call: Call) -> Reply | Outcome:
        """`TraCuuHoSo`: does the portal hold the dossier? Assumed: asked by `MaHoSo`, answered by `result` with or without a row."""
        return await self._ask("TraCuuHoSo", call, {"MaHoSo": code}, None)

    async def get_file(self, path: str, call: Call) -> Reply | Outcome:
        """`getfile`: a filed dossier's file. Assumed: its Base64 text stands in `result`."""
        return await self._ask("getfile", call, {"DuongDan": path}, None)

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
            raise LoginFailed(_before_sending(from_failure(reply)))
        if reply.status in (400, 401, 403):
            raise LoginFailed(
                Held(cause=Cause.FORBIDDEN, code=str(reply.status), words="the portal refused our credentials")
            )
        outcome = from_status(reply)
        if outcome is not None:
            raise LoginFailed(_before_sending(outcome))
        try:
            answer = read_model(reply, LoginReply)
        except Unreadable as why:
            raise LoginFailed(_before_sending(unreadable(reply, why))) from None
        if answer.error_code != "0" or not answer.session:
            raise LoginFailed(Held(cause=Cause.FORBIDDEN, code=answer.error_code, words=answer.message))
        return answer.session, None

    async def _ask(
        self, service: str, call: Call, fields: dict[str, Any], data: Sequence[bytes] | None
    ) -> Reply | Outcome:
        """One service call; on a session error one login and one repeat."""
        try:
            session, generation = await self.log_in(call)
            reply = await self._post(service, call, session, fields, data)
            if not _session_ended(reply):
                return reply
            call.on_extra_call()
            session, generation = await self.log_in(call, stale=generation)
            reply = await self._post(service, call, session, fields, data)
        except LoginFailed as failed:
            return failed.outcome
        if _session_ended(reply):
            return Transient(cause=Cause.EXPIRED, words="the portal ended a session it had just opened")
        return reply

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

    async def close(self) -> None:
        await self._http.close()


def _session_ended(reply: Reply | Outcome) -> bool:
    if isinstance(reply, Reply):
        return read(reply) is Meaning.SESSION
    return isinstance(reply, Transient) and reply.cause is Cause.EXPIRED


def _before_sending(outcome: Outcome) -> Outcome:
    """A login that went wrong: nothing of the dossier had left, so it is certainly not taken."""
    if isinstance(outcome, Held):
        return outcome
    after = outcome.retry_after_s if isinstance(outcome, Transient) else None
    cause = outcome.cause if outcome.cause is Cause.BUSY else Cause.EXPIRED
    return Transient(cause=cause, code=outcome.code, words=f"login: {outcome.words}"[:500], retry_after_s=after)
