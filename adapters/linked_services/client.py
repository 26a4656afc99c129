"""The linked-services software: a token by user and password, then one method per operation."""

from __future__ import annotations

import json
from typing import Any

from lxml import etree
from pydantic import Field

from adapters.transport import xml
from adapters.transport.classify import (
    JSON_TYPES,
    Model,
    Unreadable,
    from_failure,
    from_status,
    read_model,
    unreadable,
)
from adapters.transport.gateway import TokenFailed, before_sending
from adapters.transport.http import Endpoint, Failure, HttpClient, Reply
from bus.adapter import Call, Vault
from bus.outcome import Cause, Held, Outcome, Taken, Unknown
from bus.policy import PartnerSettings, RetryPolicy, Seconds
from contracts.linked_services.messages import ChiTiet, DanhSach, TraLoiToken


class LinkedSettings(PartnerSettings):
    """`[partners.linked_services]`: `credentials` hold username and password. A residence is asked about for weeks."""

    token_path: str = "/token"
    dossier_path: str = "/hosolienthong"
    status_path: str = "/hosolienthong/trangthai"
    polls_every_s: Seconds = 60.0
    asks_every_s: Seconds = Field(default=3600.0, description="how often each open residence is asked about")
    concurrency: int = Field(default=4, ge=1, le=1000)
    retry: RetryPolicy = RetryPolicy(max_attempts=20_000, max_age_s=90 * 86400.0)


class LinkedClient:
    """Speaks for one province. Reads are models, writes are replies whose prose the adapter reads."""

    def __init__(self, settings: LinkedSettings, vault: Vault) -> None:
        self._secrets = {name: value.get_secret_value() for name, value in settings.credentials.items()}
        self._dossier_path = settings.dossier_path
        self._vault = vault
        self._http = HttpClient(settings)
        self._token = self._http.endpoint(settings.token_path)
        self._list = self._http.endpoint(settings.dossier_path, method="GET")
        self._acknowledge = self._http.endpoint(settings.dossier_path, method="PUT")
        self._status = self._http.endpoint(settings.status_path)

    async def waiting(self, call: Call) -> DanhSach | Outcome:
        """The dossiers that were not acknowledged."""
        return _model(await self._ask(self._list, b"", call), DanhSach)

    async def dossier(self, number: str, call: Call) -> dict[str, Any] | Outcome:
        """One dossier's XML as nested fields."""
        endpoint = self._http.endpoint(f"{self._dossier_path}/{number}", method="GET")
        detail = _model(await self._ask(endpoint, b"", call), ChiTiet)
        if isinstance(detail, Outcome):
            return detail
        try:
            fields = _fields(xml.parse(detail.data.strip().encode()))
        except xml.BadXml as error:
            return Unknown(words=str(error), reply=detail.data.encode())
        return fields if isinstance(fields, dict) else {}

    async def acknowledge(self, body: bytes, call: Call) -> Reply | Outcome:
        """`PUT {maHoSo, daNhan: true}`."""
        return await self._ask(self._acknowledge, body, call)

    async def tell(self, body: bytes, call: Call) -> Reply | Outcome:
        """One status."""
        return await self._ask(self._status, body, call)

    async def _ask(self, endpoint: Endpoint, body: bytes, call: Call) -> Reply | Outcome:
        """One call; when the token is refused, one renewal and one repeat. A 404 in JSON is the software's own, a page is a gateway's."""
        try:
            token = await self._vault.token("access", lambda: self._fetch(call))
            reply = await self._http.send(endpoint, body, call, {"Authorization": f"Bearer {token.value}"})
            if isinstance(reply, Reply) and reply.status == 401:
                call.on_extra_call()
                token = await self._vault.token("access", lambda: self._fetch(call), stale=token.generation)
                reply = await self._http.send(endpoint, body, call, {"Authorization": f"Bearer {token.value}"})
        except TokenFailed as failed:
            return failed.outcome
        if isinstance(reply, Failure):
            return from_failure(reply)
        outcome = from_status(reply, contract_shape=reply.content_type in JSON_TYPES)
        return (
            Unknown(code="202", words="the contract knows no 202") if isinstance(outcome, Taken) else outcome or reply
        )

    async def _fetch(self, call: Call) -> tuple[str, float | None]:
        body = {name: self._secrets.get(name, "") for name in ("username", "password")}
        reply = await self._http.send(self._token, json.dumps(body).encode(), call)
        if isinstance(reply, Failure):
            raise TokenFailed(before_sending(from_failure(reply)))
        if reply.status in (400, 401, 403):
            raise TokenFailed(Held(cause=Cause.FORBIDDEN, code=str(reply.status), words="our credentials were refused"))
        token = _model(from_status(reply) or reply, TraLoiToken)
        if isinstance(token, Outcome):
            raise TokenFailed(before_sending(token))
        return token.access_token, token.expires_in

    async def close(self) -> None:
        await self._http.close()


def _model(reply: Reply | Outcome, model: type[Model]) -> Model | Outcome:
    if isinstance(reply, Outcome):
        return reply
    try:
        return read_model(reply, model)
    except Unreadable as why:
        return unreadable(reply, why)


def _fields(element: etree._Element) -> Any:
    """An element as text, or its children by name; a name that stands twice becomes a list."""
    if len(element) == 0:
        return (element.text or "").strip()
    found: dict[str, Any] = {}
    for child in element:
        name, value = etree.QName(child).localname, _fields(child)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found
