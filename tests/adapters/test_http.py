"""The way out over HTTP, against real sockets that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import Mock

import httpx
import pytest

from adapters.transport.http import REPLY_LIMIT_BYTES, Failure, HttpClient, Reply
from bus.adapter import Call
from bus.outcome import Cause
from bus.policy import PartnerSettings
from tests.certificate import self_signed
from tests.servers import free_port

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def partner(answer: bytes | Serve) -> AsyncIterator[tuple[HttpClient, list[bytes]]]:
    """A client of a server that reads a request's head and answers as told."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        if callable(answer):
            await answer(reader, writer)
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = HttpClient(PartnerSettings(base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    try:
        yield client, heads
    finally:
        await client.close()
        server.close()


def reply(body: bytes, head: bytes = b"", status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s" % (
        status,
        len(body),
        head,
        body,
    )


async def send(client: HttpClient, deadline_s: float = 2.0, traceparent: str = "") -> Reply | Failure:
    return await client.send(client.endpoint("/rows"), b"{}", Call("c", deadline_s, traceparent))


async def test_an_answer_is_read_in_full_and_the_trace_goes_along() -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    async with partner(reply(b'{"ok": true}')) as (client, heads):
        answered = await send(client, traceparent=trace)
    assert isinstance(answered, Reply)
    assert (answered.status, answered.content_type, answered.body) == (200, "application/json", b'{"ok": true}')
    assert trace.encode() in heads[0]


async def test_a_first_call_without_tls_reads_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the world's authorities held the whole loop up for 60 ms, once for each partner."""
    read = Mock()
    monkeypatch.setattr(httpx, "create_ssl_context", lambda verify, **_: verify if verify is not True else read())
    monkeypatch.setattr(ssl, "create_default_context", read)
    async with partner(reply(b"{}")) as (client, _):
        assert isinstance(await send(client), Reply)
    read.assert_not_called()


async def test_a_large_body_arrives_whole_and_is_said_how_large() -> None:
    """Papers of a registration make bodies of some megabytes."""
    sent, heard = b"0123456789" * 500_000, bytearray()

    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readexactly(len(sent)))
        writer.write(reply(b"{}"))
        await writer.drain()

    async with partner(read) as (client, heads):
        assert isinstance(await client.send(client.endpoint("/rows"), sent, Call("c", 5.0)), Reply)
    assert heard == sent
    assert b"content-length: 5000000" in heads[0].lower()


async def test_a_refused_connection_has_not_left_the_house() -> None:
    client = HttpClient(PartnerSettings(base_url=f"http://127.0.0.1:{free_port()}"))
    failure = await send(client)
    assert isinstance(failure, Failure)
    assert (failure.sent, failure.cause) == (False, Cause.NOT_SENT)
    await client.close()


async def test_a_connection_lost_after_the_request_may_have_been_taken() -> None:
    async def cut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with partner(cut) as (client, _):
        failure = await send(client)
    assert isinstance(failure, Failure)
    assert failure.sent


@pytest.mark.parametrize(
    "answer",
    [
        reply(b'{"ok"')[:-3],
        reply(b"not gzip", b"Content-Encoding: gzip\r\n"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nbroken",
        b"rubbish\r\n\r\n",
    ],
    ids=["half a body", "bad gzip", "bad chunk", "no HTTP"],
)
async def test_a_broken_answer_is_unknown(answer: bytes) -> None:
    async with partner(answer) as (client, _):
        failure = await send(client)
    assert isinstance(failure, Failure)
    assert failure.sent


async def test_a_dripping_answer_ends_at_the_total_deadline() -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(50):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.1)

    async with partner(drip) as (client, _):
        began = time.monotonic()
        failure = await send(client, deadline_s=0.5)
        assert time.monotonic() - began < 1.5
    assert isinstance(failure, Failure)
    assert failure.sent


async def test_a_gzip_bomb_is_stopped() -> None:
    bomb = gzip.compress(b"\0" * (20 * REPLY_LIMIT_BYTES))
    async with partner(reply(bomb, b"Content-Encoding: gzip\r\n")) as (client, _):
        failure = await send(client, deadline_s=10.0)
    assert isinstance(failure, Failure)
    assert "larger" in failure.words


async def test_a_redirect_is_not_followed() -> None:
    visited = []

    async def elsewhere(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        visited.append(1)

    trap = await asyncio.start_server(elsewhere, "127.0.0.1", 0)
    target = f"Location: http://127.0.0.1:{trap.sockets[0].getsockname()[1]}/\r\n".encode()
    async with partner(reply(b"", target, b"307 Temporary Redirect")) as (client, _):
        answered = await send(client)
    assert isinstance(answered, Reply)
    assert answered.status == 307
    assert visited == []
    trap.close()


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with partner(reply(b"{}")) as (client, _):
        assert isinstance(await send(client), Reply)


@pytest.mark.parametrize("address", ["ftp://host", "file:///etc/passwd", "host:80", ""])
def test_only_http_addresses_are_called(address: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        HttpClient(PartnerSettings(base_url=address))


async def test_nothing_is_written_once_the_lease_has_run_out() -> None:
    async with partner(reply(b"{}")) as (client, heads):
        failure = await client.send(client.endpoint("/rows"), b"{}", Call("c", 2.0, may_send=lambda: False))
    assert isinstance(failure, Failure)
    assert not failure.sent
    assert heads == []


async def test_the_lease_is_looked_at_again_when_the_connection_is_there() -> None:
    looks = iter([True, False, False])
    async with partner(reply(b"{}")) as (client, heads):
        failure = await client.send(client.endpoint("/rows"), b"{}", Call("c", 2.0, may_send=lambda: next(looks)))
    assert isinstance(failure, Failure)
    assert not failure.sent
    assert failure.words == "the lease ran out before the request was written"
    assert heads == []


class Hangs(threading.Thread):
    """A partner in a thread of its own: it answers the first request of a connection, and hangs up when told to."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.tls = tls
        self.heard = 0
        self.hang_up, self.gone, self.over = threading.Event(), threading.Event(), threading.Event()

    def run(self) -> None:
        for hangs in (True, False):
            line, _ = self.listener.accept()
            with self.tls.wrap_socket(line, server_side=True) if self.tls else line as talk:
                while b"{}" not in talk.recv(4096):
                    pass
                self.heard += 1
                talk.sendall(reply(b"{}"))
                (self.hang_up if hangs else self.over).wait(5)
                if hangs and isinstance(talk, ssl.SSLSocket):
                    with contextlib.suppress(OSError):
                        talk.settimeout(0.2)
                        talk.unwrap()
            self.gone.set()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_connection_the_partner_has_hung_up_is_not_written_to(scheme: str, tmp_path: Path) -> None:
    """A busy loop hears that a connection was closed only after it has written to it, and what it wrote would be in doubt."""
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    theirs.load_cert_chain(self_signed(tmp_path / "server.pem"))
    ours.check_hostname, ours.verify_mode = False, ssl.CERT_NONE
    hangs = Hangs(theirs if scheme == "https" else None)
    hangs.start()
    client = HttpClient(PartnerSettings(base_url=f"{scheme}://127.0.0.1:{hangs.listener.getsockname()[1]}"))
    client._tls = ours if scheme == "https" else None
    assert isinstance(await send(client), Reply)
    hangs.hang_up.set()
    assert hangs.gone.wait(5)  # the loop sleeps meanwhile
    again = await send(client)
    await client.close()
    hangs.over.set()
    assert isinstance(again, Reply), again
    assert hangs.heard == 2


async def test_the_caller_is_told_the_head_of_an_answer_as_it_comes() -> None:
    heads: list[str] = []
    async with partner(reply(b"{}", b"Server-Timing: total;dur=7\r\n")) as (client, _):
        call = Call("c", 2.0, on_answer=lambda headers: heads.append(headers["server-timing"]))
        await client.send(client.endpoint("/x"), b"{}", call)
    assert heads == ["total;dur=7"]
