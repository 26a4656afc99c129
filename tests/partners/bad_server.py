"""A server in front of a partner's simulator that can do to a call all that real networks and gateways do (reliability F14 to F26).

It passes requests on as they are, one connection each, and writes down what it heard; one `Trouble` can be laid over one request.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

Then = Literal["close", "reset", "hang", "drip"]
HANG_S = 5.0
PAGE = b"<html><body><h1>Cong ket noi</h1></body></html>"
MIB = 2**20


@dataclass(frozen=True)
class Trouble:
    """What becomes of one request: these bytes, if any, and then that. `forward` hands it to the partner first, whose answer is lost.

    `stream` is a part that is sent until so many bytes have left or the caller hangs up.
    """

    answer: bytes = b""
    then: Then = "close"
    forward: bool = False
    stream: tuple[bytes, int] = (b"", 0)

    @property
    def outlasts(self) -> bool:
        """Whether only the call's deadline ends it."""
        return self.then in ("hang", "drip")


@dataclass(frozen=True)
class Heard:
    """One request as it came; `session` when it only fetches a token."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    session: bool = False


def http(status: str, kind: str, body: bytes, *more: str) -> bytes:
    """A whole HTTP answer that ends its connection."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _framed(kind: str, *lines: str) -> bytes:
    head = [f"Content-Type: {kind}", "Connection: close", *lines]
    return b"HTTP/1.1 200 OK\r\n" + "\r\n".join(head).encode() + b"\r\n\r\n"


JSON, XML = "application/json", "text/xml; charset=utf-8"
_ENVELOPE = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%s</s:Body></s:Envelope>'
_FAULT = _ENVELOPE % b"<s:Fault><faultcode>s:Gateway</faultcode><faultstring>x</faultstring></s:Fault>"
_BOMB = b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">%s]><b>&z;</b>' % b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(25)
)

MALFORMED: dict[str, Trouble] = {
    "truncated JSON": Trouble(http("200 OK", JSON, b'{"status": "1", "da')),
    "JSON of another shape": Trouble(http("200 OK", JSON, b'{"lines": [], "verdict": "perhaps"}')),
    "a list where an object was agreed": Trouble(http("200 OK", JSON, b"[]")),
    "NaN": Trouble(http("200 OK", JSON, b'{"status": NaN}')),
    "null": Trouble(http("200 OK", JSON, b"null")),
    "a key that stands twice": Trouble(http("200 OK", JSON, b'{"status": "0", "status": "1"}')),
    "JSON 100,000 deep": Trouble(http("200 OK", JSON, b"[" * 100_000)),
    "truncated XML": Trouble(http("200 OK", XML, b'<?xml version="1.0"?><rows><row')),
    "an envelope around nothing": Trouble(http("200 OK", XML, _ENVELOPE % b"")),
    "a page with status 200": Trouble(http("200 OK", "text/html", PAGE)),
    "nothing with status 200": Trouble(http("200 OK", JSON, b"")),
    "JSON called text": Trouble(http("200 OK", "text/plain", b'{"rows": []}')),
    "bad gzip": Trouble(http("200 OK", JSON, b"\x1f\x8b\x08\x00no gzip", "Content-Encoding: gzip")),
    "gzip cut short": Trouble(http("200 OK", JSON, gzip.compress(b'{"status": "1"}')[:-9], "Content-Encoding: gzip")),
    "a bad chunk": Trouble(_framed(JSON, "Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n"),
    "two lengths": Trouble(_framed(JSON, "Content-Length: 2", "Content-Length: 11") + b'{"rows": []}'),
    "a fault with status 200": Trouble(http("200 OK", XML, _FAULT)),
    "an error with status 200": Trouble(http("200 OK", JSON, b'{"error": "internal", "trace": "x"}')),
    "another charset": Trouble(http("200 OK", "application/json; charset=utf-8", '{"status": "đ"}'.encode("utf-16"))),
    "an entity bomb": Trouble(http("200 OK", XML, _BOMB)),
    "XML 200,000 deep": Trouble(http("200 OK", XML, b"<a>" * 200_000 + b"</a>" * 200_000)),
}
"""Answers nobody can read (F19, F20): what became of the request is not known."""

UNANSWERED: dict[str, Trouble] = {
    "500": Trouble(http("500 Internal Server Error", "text/html", PAGE)),
    "502": Trouble(http("502 Bad Gateway", "text/html", PAGE)),
    "503 without a time": Trouble(http("503 Service Unavailable", "text/html", PAGE)),
    "504": Trouble(http("504 Gateway Timeout", "text/html", PAGE)),
    "a status nobody knows": Trouble(http("299 Perhaps", JSON, b'{"status": "1"}')),
    "204 without a word": Trouble(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
    "closed after the request": Trouble(),
    "reset after the request": Trouble(then="reset"),
    "half a head": Trouble(b"HTTP/1.1 200 OK\r\nContent-Ty", then="reset"),
    "half a body": Trouble(_framed(JSON, "Content-Length: 500") + b'{"status": ', then="reset"),
    "half a body and an end": Trouble(_framed(JSON, "Content-Length: 500") + b'{"status": ', then="close"),
    "no HTTP at all": Trouble(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "silence": Trouble(then="hang"),
    "a byte at a time": Trouble(_framed(JSON, "Content-Length: 500") + b'{"status": "' + b"1" * 400, then="drip"),
}
"""The request left and no answer came: unknown too."""

LEGIBLE = frozenset(
    {
        "JSON of another shape",
        "a list where an object was agreed",
        "null",
        "truncated XML",
        "an envelope around nothing",
        "nothing with status 200",
        "JSON called text",
        "a fault with status 200",
        "an error with status 200",
        "an entity bomb",
        "XML 200,000 deep",
        "a status nobody knows",
        "204 without a word",
    }
)
"""Whole answers, no page and no broken JSON: where the contract has no body to read, their status confirms."""

REDIRECTS = {
    f"{status} to another host": (f"{status} Elsewhere", status) for status in ("301", "302", "303", "307", "308")
}

HEAVY: dict[str, Trouble] = {
    "a reply of 200 MB": Trouble(_framed(JSON, f"Content-Length: {200 * MIB}"), stream=(b" " * 65536, 200 * MIB)),
}


@functools.cache
def gzip_bomb() -> Trouble:
    """200 MB of blanks in 200 kB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packer.compress(b" " * MIB) for _ in range(200)) + packer.flush()
    return Trouble(http("200 OK", JSON, packed, "Content-Encoding: gzip"))


@dataclass
class BadServer:
    """Stands before `behind`. `trouble` is laid over the request that comes `skip` requests from now; others pass.

    Requests that fetch a session (`in_session` says so) are counted and troubled apart from those that carry a dossier.
    """

    behind: str
    in_session: Callable[[], bool] = lambda: False
    heard: list[Heard] = field(default_factory=list)
    trouble: Trouble | None = None
    skip: int = 0
    always: bool = False
    session: bool = False
    spoils: Callable[[bytes], bytes] = lambda body: body
    """What becomes of the body of an answer that passes."""
    url: str = ""
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**24)
        self.url = "http://{}:{}".format(*self._server.sockets[0].getsockname()[:2])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    @contextlib.contextmanager
    def lays(self, trouble: Trouble, *, skip: int = 0, always: bool = False, session: bool = False) -> Iterator[None]:
        """Trouble for one request (or all); what is heard begins anew."""
        self.trouble, self.skip, self.always, self.session, self.heard = trouble, skip, always, session, []
        try:
            yield
        finally:
            self.trouble, self.always = None, False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            method, path, _ = lines[0].split(" ", 2)
            headers = {n.strip().lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            heard = Heard(method, path, headers, body, self.in_session())
            self.heard.append(heard)
            trouble = self._next(heard)
            if trouble is None or trouble.forward:
                answer = await self._ask(head, body)
                if trouble is None:
                    writer.write(answer if heard.session else self._spoilt(answer))
                    await writer.drain()
            if trouble is not None:
                await self._do(trouble, reader, writer)
        writer.close()

    def _next(self, heard: Heard) -> Trouble | None:
        """The trouble of this request."""
        if self.trouble is None or heard.session is not self.session:
            return None
        if self.skip:
            self.skip -= 1
            return None
        found = self.trouble
        if not self.always:
            self.trouble = None
        return found

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        """The partner's own answer, whole."""
        address = urlsplit(self.behind)
        reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=2**24)
        first, _, rest = head.partition(b"\r\n")
        writer.write(first + b"\r\nConnection: close\r\n" + rest + body)
        answer = await reader.read(-1)
        writer.close()
        return answer

    def _spoilt(self, answer: bytes) -> bytes:
        """The answer with its body as `spoils` leaves it."""
        head, _, body = answer.partition(b"\r\n\r\n")
        changed = self.spoils(body)
        if changed == body:
            return answer
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
        return b"\r\n".join([*lines, b"Content-Length: %d" % len(changed), b"", changed])

    async def _do(self, trouble: Trouble, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if trouble.then == "drip":
            await _drip(trouble.answer, writer)
            return
        writer.write(trouble.answer)
        await writer.drain()
        part, left = trouble.stream
        while left > 0:
            writer.write(part)
            await writer.drain()
            left -= len(part)
        if trouble.then == "hang":
            await asyncio.wait_for(reader.read(1), HANG_S)
        elif trouble.then == "reset":
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


async def _drip(answer: bytes, writer: asyncio.StreamWriter) -> None:
    for letter in answer:
        writer.write(bytes([letter]))
        await writer.drain()
        await asyncio.sleep(0.02)


class FullHouse:
    """A listener whose queue is full: a connection to it is neither taken nor refused."""

    def __enter__(self) -> str:
        self._sockets = [socket.socket() for _ in range(4)]
        listener = self._sockets[0]
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for caller in self._sockets[1:]:
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        return "http://{}:{}".format(*listener.getsockname())

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            one.close()
