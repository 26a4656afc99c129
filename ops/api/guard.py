"""Who may call, how much, and how we say no: API keys, limits, problem details (RFC 9457)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from bus.ledger.words import Filter
from contracts.fault import faults_of
from ops.client_settings import ClientSettings, Scope
from ops.settings import HttpSettings
from ops.settings_file import LOOPBACK

Body = TypeVar("Body", bound=BaseModel)


class Problem(Exception):
    """A refusal towards the caller: status, a short title, a sentence what to do; never a stack, version or path of ours."""

    def __init__(self, status: int, title: str, detail: str, *, retry_after_s: int | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}
        self.retry_after_s = retry_after_s

    def response(self) -> JSONResponse:
        headers = {"Retry-After": str(self.retry_after_s)} if self.retry_after_s is not None else None
        return JSONResponse(self.body, self.status, headers, media_type="application/problem+json")


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls: a name, what it may do, the sources it may speak for (empty: any), and the one partner it is bound to ("": none)."""

    name: str
    scopes: frozenset[str]
    sources: frozenset[str] = frozenset()
    partner: str = ""

    def of(self, partner: str) -> str:
        """The partner that is asked about: the client's own where it is bound to one. Raises Problem 403 for another's."""
        if self.partner and partner not in ("", self.partner):
            raise Problem(403, "Forbidden", f"the key of {self.name} is bound to the partner {self.partner}")
        return self.partner or partner

    def within(self, where: Filter) -> Filter:
        """A filter, of the client's own partner alone where it is bound to one. Raises Problem 403."""
        return replace(where, partner=self.of(where.partner or "") or None)


BUCKETS = 10_000
"""Callers whose pace is remembered."""
ANONYMOUS = Client("anonymous", frozenset({"events", "read", "act", "approve", "metrics", "lookup", "people"}))
"""Only with `--demo`, only on loopback."""


def new_key() -> tuple[str, str]:
    """A fresh API key of 256 bits and its digest for the settings."""
    key = "lt_" + secrets.token_urlsafe(32)
    return key, hashlib.sha256(key.encode()).hexdigest()


class Guard:
    """Knows the clients, and how fast each may go."""

    def __init__(self, clients: Mapping[str, ClientSettings], http: HttpSettings, *, anonymous: bool) -> None:
        self._clients = [
            (
                settings.key_sha256,
                Client(name, frozenset(settings.scopes), frozenset(settings.sources), settings.partner),
            )
            for name, settings in clients.items()
        ]
        self._anonymous = anonymous and http.host in LOOPBACK
        self._rate = http.requests_per_s
        self._http = http
        self._buckets: dict[str, tuple[float, float]] = {}
        self._busy = 0

    def admit(self, request: Request, scope: Scope, *, own: bool = False) -> Client:
        """The client of a request, if it may do this. `own`: the route keeps to the client's partner, so that one bound to it may come.

        Raises Problem 401, 403 or 429.
        """
        client = self._who(request)
        if scope not in client.scopes:
            raise Problem(403, "Forbidden", f"the key of {client.name} has no scope {scope!r}")
        if client.partner and not own:
            raise Problem(
                403, "Forbidden", f"the key of {client.name} is bound to a partner, and this goes over all of them"
            )
        self._spend(client.name, self._rate, "a client")
        return client

    def meet(self, request: Request, rate_per_s: float) -> None:
        """Let in a browser, which has no key: so many requests a second from an address. Raises Problem 429."""
        host = request.client.host if request.client is not None else ""
        self._spend(f"browser {host}", rate_per_s, "an address")

    def demonstration(self, request: Request) -> bool:
        """This is the demonstration, seen from the machine it runs on: everyone may do everything."""
        return self._anonymous and request.client is not None and request.client.host in LOOPBACK

    def _who(self, request: Request) -> Client:
        given = request.headers.get("x-api-key") or ""
        if not given:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            given = token.strip() if scheme.lower() == "bearer" else ""
        if given:
            digest = hashlib.sha256(given.encode("utf-8", "replace")).hexdigest()
            found = [client for known, client in self._clients if hmac.compare_digest(known, digest)]
            if found:
                return found[0]
        elif self.demonstration(request):
            return ANONYMOUS
        raise Problem(401, "Unauthorized", "send your API key as `Authorization: Bearer <key>` or `X-API-Key: <key>`")

    def _spend(self, name: str, rate: float, whose: str) -> None:
        """One token of the bucket called so (a second's worth deep, one at least)."""
        now, depth = time.monotonic(), max(1.0, rate)
        tokens, at = self._buckets.pop(name, (depth, now))
        tokens = min(depth, tokens + (now - at) * rate)
        self._buckets[name] = (tokens - 1 if tokens >= 1 else tokens, now)
        if len(self._buckets) > BUCKETS:
            del self._buckets[next(iter(self._buckets))]  # whoever called longest ago has a full one by now
        if tokens < 1:
            raise Problem(429, "Too Many Requests", f"at most {rate:g} requests a second from {whose}", retry_after_s=1)

    async def body(self, request: Request) -> bytes:
        """The whole body, at most the limit, within the time allowed; the declared length is not believed."""
        limit = self._http.max_body_bytes
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)
        if self._busy >= self._http.concurrency:
            raise Problem(503, "Service Unavailable", "too many requests at once; try again", retry_after_s=1)
        parts: list[bytes] = []
        size = 0
        self._busy += 1
        try:
            async with asyncio.timeout(self._http.body_limit_s):
                async for part in request.stream():
                    size += len(part)
                    if size > limit:
                        raise _too_large(limit)
                    parts.append(part)
        except TimeoutError:
            raise Problem(
                408, "Request Timeout", f"the body did not arrive within {self._http.body_limit_s:g} s"
            ) from None
        finally:
            self._busy -= 1
        return b"".join(parts)

    async def read(self, request: Request, model: type[Body]) -> Body:
        """The JSON body as a model. Raises Problem 400 or 422."""
        try:
            return model.model_validate_json(await self.body(request))
        except ValidationError as error:
            faults = [fault.as_dict() for fault in faults_of(error)]
            detail = "; ".join(f"{fault['path']}: {fault['rule']}" for fault in faults)
            raise Problem(422, "Unprocessable Content", detail, faults=faults) from None


def _too_large(limit: int) -> Problem:
    return Problem(413, "Content Too Large", f"a request may have {limit} bytes; send the events in smaller batches")
