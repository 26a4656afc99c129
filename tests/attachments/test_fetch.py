"""Fetching: from the hosts of the settings alone, piece by piece, judged while the bytes come (reliability S07, G8)."""

from __future__ import annotations

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest

from adapters.transport.files import Fetched, FileFetcher, Unfetched
from tests.attachments.host import PIECE, Host, served

MIB = 2**20
PDF = b"%PDF-1.7\n"


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with served() as found:
        yield found


async def fetch(
    url: str, *hosts: str, max_bytes: int = MIB, deadline_s: float = 5.0, **more: Any
) -> Fetched | Unfetched:
    fetcher = FileFetcher(hosts, max_bytes=max_bytes, **more)
    return await fetcher.fetch(url, lambda _part: None, deadline_s)


async def test_a_file_comes_whole_with_its_size_kind_and_digest(host: Host) -> None:
    body = PDF + bytes(range(256)) * 1000
    url = host.put("/t%E1%BB%87p/a.pdf?so=1%2F2", body[:3], body[3:])
    parts: list[bytes] = []
    found = await FileFetcher([host.url], max_bytes=MIB).fetch(url, parts.append, 5.0)
    assert found == Fetched(len(body), "application/pdf", hashlib.sha256(body).hexdigest())
    assert b"".join(parts) == body


async def test_memory_stays_flat_while_200_megabytes_pass(host: Host) -> None:
    url = host.put("/big.pdf", PDF, *[PIECE] * (200 * MIB // len(PIECE)))
    tracemalloc.start()
    try:
        found = await fetch(url, host.url, max_bytes=201 * MIB, deadline_s=60.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(found, Fetched)
    assert found.size_bytes == 200 * MIB + len(PDF)
    assert peak < 4 * MIB


@pytest.mark.parametrize("told", [True, False])
async def test_one_byte_too_many_is_refused_and_the_last_allowed_one_is_not(host: Host, told: bool) -> None:
    limit = 300_000
    for over, says in ((0, Fetched), (1, Unfetched)):
        url = host.put(f"/{over}.pdf", PDF, bytes(limit - len(PDF) + over))
        host.files[f"/{over}.pdf"].told = told
        found = await fetch(url, host.url, max_bytes=limit)
        assert isinstance(found, says)
    assert isinstance(found, Unfetched)
    assert (found.problem, found.later) == ("too_large", False)


@pytest.mark.parametrize("body", [b"<html>Dang nhap</html>", b"", b"%PD", b"MZ\x90\x00 a program"])
async def test_what_is_no_paper_is_refused(host: Host, body: bytes) -> None:
    found = await fetch(host.put("/a.pdf", body), host.url)
    assert isinstance(found, Unfetched)
    assert found.problem == "wrong_type"


async def test_half_a_file_is_none_and_may_come_whole_later(host: Host) -> None:
    found = await fetch(host.put("/a.pdf", PDF + bytes(1000), left_out=500), host.url)
    assert isinstance(found, Unfetched)
    assert (found.problem, found.later) == ("cut_short", True)


async def test_a_file_that_comes_packed_is_refused(host: Host) -> None:
    found = await fetch(host.put("/a.pdf", PDF, more="Content-Encoding: gzip\r\n"), host.url)
    assert isinstance(found, Unfetched)
    assert found.problem == "wrong_type"


@pytest.mark.parametrize(
    ("status", "problem", "later"),
    [
        ("404 Not Found", "refused", False),
        ("403 Forbidden", "refused", False),
        ("206 Partial Content", "refused", False),
        ("429 Too Many Requests", "unreachable", True),
        ("502 Bad Gateway", "unreachable", True),
    ],
)
async def test_every_status_says_whether_to_come_again(host: Host, status: str, problem: str, later: bool) -> None:
    found = await fetch(host.put("/a.pdf", PDF, status=status), host.url)
    assert isinstance(found, Unfetched)
    assert (found.problem, found.later) == (problem, later)


async def test_a_redirect_is_not_followed_even_to_the_same_host(host: Host) -> None:
    host.put("/there.pdf", PDF)
    url = host.put("/a.pdf", status="302 Found", more=f"Location: {host.url}/there.pdf\r\n")
    found = await fetch(url, host.url)
    assert isinstance(found, Unfetched)
    assert found.problem == "refused"
    assert host.asked == ["/a.pdf"]


async def test_nothing_is_asked_of_a_host_that_is_not_in_the_settings(host: Host) -> None:
    port = host.url.rpartition(":")[2]
    others = (
        f"http://localhost:{port}/a",
        f"http://2130706433:{port}/a",
        f"http://[::1]:{port}/a",
        f"http://[::ffff:127.0.0.1]:{port}/a",
        f"http://127.1:{port}/a",
        f"https://127.0.0.1:{port}/a",
        f"http://hoso.example.com@127.0.0.1:{port}/a",
        "http://169.254.169.254/latest/meta-data",
        "http://hoso.example.com:8080/a",
        "http://hoso.example.com.evil.example/a",
        "file:///etc/passwd",
        "http://",
        "no address",
    )
    for url in others:
        found = await fetch(url, "http://hoso.example.com")
        assert isinstance(found, Unfetched), url
        assert found.problem == "not_allowed", url
    assert host.asked == []


async def test_a_name_that_leads_inside_is_refused_unless_its_network_is_allowed(host: Host) -> None:
    host.put("/a.pdf", PDF)
    named = host.url.replace("127.0.0.1", "localhost")
    refused = await fetch(f"{named}/a.pdf", named)
    assert isinstance(refused, Unfetched)
    assert (refused.problem, refused.later) == ("not_allowed", False)
    assert host.asked == []
    networks = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    assert isinstance(await fetch(f"{named}/a.pdf", named, networks=networks), Fetched)


async def test_a_host_is_reached_where_the_settings_say_under_the_same_path(host: Host) -> None:
    host.put("/t%E1%BB%87p/a.pdf?so=1%2F2", PDF)
    public = "https://hoso.example.com"
    found = await fetch(f"{public}/t%E1%BB%87p/a.pdf?so=1%2F2", public, inside={public: host.url})
    assert isinstance(found, Fetched)
    assert host.asked == ["/t%E1%BB%87p/a.pdf?so=1%2F2"]


async def test_silence_is_borne_for_a_while_only() -> None:
    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    found = await fetch(f"{url}/a.pdf", url, deadline_s=0.1)
    server.close()
    assert isinstance(found, Unfetched)
    assert (found.problem, found.later) == ("unreachable", True)


async def test_proxies_of_the_environment_are_not_used(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert isinstance(await fetch(host.put("/a.pdf", PDF), host.url), Fetched)
