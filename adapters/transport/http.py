"""The one way out of the house over HTTP: deadlines, TLS, bounded replies, short repeats while nothing has left.

httpx's API over aiohttp's connector (docs/decisions/0005). A call answers with a `Reply` or a `Failure` that says whether the request may
have left; it raises nothing for a partner's fault. Only the configured scheme, host and port are ever called; redirects are not
followed, proxies from the environment not used.
"""

from __future__ import annotations

import asyncio
import io
import select
import ssl
import zlib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import aiohttp
import httpx
import structlog
import tenacity
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from httpx_aiohttp import AiohttpTransport

from bus.adapter import Call
from bus.outcome import Cause
from bus.policy import PartnerSettings

log = structlog.get_logger("adapters.http")

REPLY_LIMIT_BYTES = 16 * 2**20
"""Room for the largest file a dossier may have (10 MiB), in Base64 and its envelope."""
LARGE_BYTES = 2**20
CONNECT_LIMIT_S = 5.0
KEEP_ALIVE_S = 4.0
"""Shorter than servers keep idle connections, so that a POST seldom meets one that is just being closed. One that was closed all the
same is noticed before it is written to; while the news of it is still on the line, what was written is unknown, as for any lost line."""
QUICK_TRIES = 3
_MAY_SEND: ContextVar[Callable[[], bool]] = ContextVar("may_send")
"""Of the call this task is making: whether its lease still outlasts its deadline."""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody; for where no TLS is spoken: by itself the transport reads the world's certificates before its first call (60 ms)."""
USER_AGENT = "lienthong/1"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the partner answered, read in full. `retry_after` is the header as sent."""

    status: int
    content_type: str
    body: bytes
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """No readable answer. `sent`: the request may have reached the partner. `too_large`: an answer came, larger than we read."""

    sent: bool
    cause: Cause
    words: str
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One URL of a partner with its fixed headers, prepared once."""

    method: str
    url: httpx.URL
    headers: tuple[tuple[bytes, bytes], ...]


class LeaseOver(aiohttp.ClientError):
    """The worker slept past its lease: others have taken over, so nothing may be written any more."""


class HungUp(aiohttp.ClientError):
    """The partner closed the connection while it lay idle: nothing was written to it."""


class _LastLook(aiohttp.ClientRequest):
    """Looks at the lease, and at an idle connection, when the next thing is the write."""

    def update_body_from_data(self, body: Any, _stacklevel: int = 3) -> None:
        """A large body leaves in pieces: in one it would hold the whole loop up."""
        large = isinstance(body, bytes) and len(body) > LARGE_BYTES
        super().update_body_from_data(io.BytesIO(body) if large else body, _stacklevel + 1)

    async def write_bytes(
        self, writer: AbstractStreamWriter, conn: Connection, content_length: int | None = None
    ) -> None:
        protocol = conn.protocol
        if protocol is None:
            return
        if not _MAY_SEND.get()():
            protocol.set_exception(LeaseOver())
        elif _has_hung_up(protocol):
            protocol.set_exception(HungUp())
        else:
            await super().write_bytes(writer, conn, content_length)


_WRITTEN: WeakSet[ResponseHandler] = WeakSet()
"""Connections a request was written to."""


def _has_hung_up(protocol: ResponseHandler) -> bool:
    """Whether the other end of an idle connection has spoken before it was asked: that can only be its end, not yet read by the loop.

    Of a new connection it may be the rest of the TLS handshake.
    """
    if protocol not in _WRITTEN:
        _WRITTEN.add(protocol)
        return False
    if protocol.transport is None or protocol.transport.is_closing():
        return True
    waiting = select.poll()
    waiting.register(protocol.transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(waiting.poll(0))


class _NotSent(Exception):
    """Carries a failure through tenacity while nothing has left."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.words)
        self.failure = failure


class HttpClient:
    """The connections to one partner."""

    def __init__(self, settings: PartnerSettings) -> None:
        self._base = httpx.URL(settings.base_url.rstrip("/"))
        if self._base.scheme not in ("http", "https") or not self._base.host:
            raise ValueError(f"base_url is no http(s) address: {settings.base_url!r}")
        self._pool_size = 2 * settings.concurrency + 8
        self._tls = _tls_context(settings.ca_file) if self._base.scheme == "https" else None
        self._transport: AiohttpTransport | None = None

    def endpoint(
        self, path: str, content_type: str = "application/json", *, method: str = "POST", **headers: str
    ) -> Endpoint:
        """Prepare `path` under the base URL; keyword headers have `_` for `-`."""
        url = httpx.URL(str(self._base) + path)
        fixed = {
            "Host": url.netloc.decode(),
            "User-Agent": USER_AGENT,
            "Accept-Encoding": "gzip",
            "Content-Type": content_type,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return Endpoint(method, url, tuple((name.encode(), value.encode()) for name, value in fixed.items()))

    async def send(
        self, endpoint: Endpoint, body: bytes, call: Call, headers: Mapping[str, str] | None = None
    ) -> Reply | Failure:
        """One call within its total deadline; repeated at once only while nothing has left the house."""
        try:
            async with asyncio.timeout(call.deadline_s):
                try:
                    return await self._once(endpoint, body, call, headers)
                except _NotSent:
                    return await self._again(endpoint, body, call, headers)
        except TimeoutError:
            return Failure(True, Cause.UNKNOWN, f"no complete answer within {call.deadline_s:g} s")

    async def _again(
        self, endpoint: Endpoint, body: bytes, call: Call, headers: Mapping[str, str] | None
    ) -> Reply | Failure:
        """Quick repeats of what certainly did not leave, with jitter. A retrying object of its own: they are not shared."""
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(QUICK_TRIES - 1),
            wait=tenacity.wait_random(0.05, 0.25),
            retry=tenacity.retry_if_exception_type(_NotSent),
            reraise=True,
        )
        try:
            answer: Reply | Failure = await retrying(self._once, endpoint, body, call, headers)
        except _NotSent as error:
            return error.failure
        return answer

    async def _once(
        self, endpoint: Endpoint, body: bytes, call: Call, headers: Mapping[str, str] | None
    ) -> Reply | Failure:
        lines = list(endpoint.headers)
        if call.traceparent:
            lines.append((b"traceparent", call.traceparent.encode()))
        if headers:
            lines += [(name.encode(), value.encode()) for name, value in headers.items()]
        request = httpx.Request(
            endpoint.method,
            endpoint.url,
            headers=lines,
            stream=httpx.ByteStream(body),  # as `content` it would have its headers read and written once more
            extensions={"timeout": {"connect": CONNECT_LIMIT_S}},
        )
        request.read()
        if not call.may_send():
            return _lease_over()
        _MAY_SEND.set(call.may_send)
        try:
            response = await self._open().handle_async_request(request)
        except (httpx.TransportError, aiohttp.ClientError) as error:
            failure = _failure(error)
            if not failure.sent and failure.cause is Cause.NOT_SENT:
                raise _NotSent(failure) from None
            return failure
        told = _headers(response)
        call.on_answer(told)
        try:
            return await _read(response, told)
        finally:
            await response.aclose()

    def _open(self) -> AiohttpTransport:
        if self._transport is None:
            self._transport = AiohttpTransport(verify=self._tls or NO_TLS, trust_env=False, client=self._session)
        return self._transport

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._pool_size, keepalive_timeout=KEEP_ALIVE_S, ssl=self._tls if self._tls is not None else True
        )
        session = aiohttp.ClientSession(
            connector=connector,
            request_class=_LastLook,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            skip_auto_headers=("User-Agent",),
        )
        session._retry_connection = False  # else a GET or PUT whose line was lost is sent a second time behind our back
        return session

    async def close(self) -> None:
        """Let go of the connections."""
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None


def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Certificates are always verified; the province's own authorities may be named by a file."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Unpacker:
    """Plain or gzip bytes as they come. Raises zlib.error for what is no gzip, or ends before its end."""

    def __init__(self, encoding: str) -> None:
        if encoding not in ("", "identity", "gzip"):
            raise zlib.error("an encoding that was not asked for")
        self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == "gzip" else None

    def add(self, part: bytes) -> bytes:
        return part if self._gzip is None else self._gzip.decompress(part)

    def end(self) -> None:
        if self._gzip is not None and (not self._gzip.eof or self._gzip.unused_data):
            raise zlib.error("gzip cut short")


def _headers(response: httpx.Response) -> dict[str, str]:
    """An answer's headers by their names in small letters, those of one name joined (RFC 9110, 5.3)."""
    told: dict[str, str] = {}
    for name, value in response.headers.raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        told[key] = f"{told[key]}, {text}" if key in told else text
    return told


async def _read(response: httpx.Response, headers: Mapping[str, str]) -> Reply | Failure:
    """The whole body, at most the limit after decompression."""
    parts: list[bytes] = []
    size = 0
    try:
        unpacker = _Unpacker(headers.get("content-encoding", "").strip().lower())
        async for packed in response.aiter_raw():
            part = unpacker.add(packed)
            size += len(part)
            if size > REPLY_LIMIT_BYTES:
                words = f"the answer is larger than {REPLY_LIMIT_BYTES} bytes"
                return Failure(True, Cause.UNKNOWN, words, too_large=True)
            parts.append(part)
        if parts:
            unpacker.end()
    except (httpx.TransportError, httpx.StreamError, aiohttp.ClientError, zlib.error) as error:
        return Failure(True, Cause.UNKNOWN, f"the answer broke off ({type(error).__name__})")
    return Reply(
        response.status_code,
        headers.get("content-type", "").partition(";")[0].strip().lower(),
        b"".join(parts),
        headers.get("retry-after", ""),
    )


def _lease_over() -> Failure:
    return Failure(False, Cause.NOT_SENT, "the lease ran out before the request was written")


def _failure(error: Exception) -> Failure:
    """What failed, and had the request left? httpx-aiohttp calls a connection lost after sending a ConnectTimeout, so the
    cause underneath decides."""
    cause = error if isinstance(error, aiohttp.ClientError) else error.__cause__
    if isinstance(cause, LeaseOver):
        return _lease_over()
    if isinstance(cause, HungUp):
        return Failure(False, Cause.NOT_SENT, "the partner had closed the connection")
    if isinstance(cause, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError | ssl.SSLError):
        return Failure(False, Cause.TLS, f"TLS: {type(cause).__name__}")
    if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Failure(False, Cause.NOT_SENT, f"no connection ({type(cause).__name__})")
    return Failure(True, Cause.UNKNOWN, f"connection lost ({type(cause or error).__name__})")
