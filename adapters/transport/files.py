"""Files fetched from the province's own hosts, piece by piece: never whole in memory, never from anywhere else (reliability S07).

Only an origin (scheme, host, port) of the settings is called, or the inner one that stands there for it. What a name resolves to is
looked at when the connection is made: an inner address only from the networks of the settings, so that no name is bent into the house.
No redirects, no proxies, no cookies. Size and kind are judged while the bytes come.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from adapters.transport.http import CONNECT_LIMIT_S, USER_AGENT
from contracts.canonical.document import FILE_KINDS
from contracts.canonical.result_file import Problem

PIECE_BYTES = 64 * 1024
HEAD_BYTES = max(map(len, FILE_KINDS))
LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole file: its size, its kind by its first bytes, its SHA-256 in hex."""

    size_bytes: int
    kind: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Unfetched:
    """Why there is no file, and whether it may be there `later`. `words` never hold the address."""

    problem: Problem
    words: str
    later: bool = False


class _Bad(Exception):
    def __init__(self, problem: Problem, words: str) -> None:
        super().__init__(words)
        self.found = Unfetched(problem, words)


class _InnerAddress(OSError):
    """A name led to an address that no setting allows."""


class _Guard(AbstractResolver):
    """Resolves names, and refuses one that leads to an inner address outside `networks`."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self._networks = networks
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for one in found:
            address = ip_address(one["host"].partition("%")[0])
            mapped = getattr(address, "ipv4_mapped", None) or address
            if not mapped.is_global and not any(mapped in network for network in self._networks):
                raise _InnerAddress("the name leads to an inner address that is not allowed")
        return found

    async def close(self) -> None:
        await self._inner.close()


class FileFetcher:
    """Fetches from the origins allowed and from no others; `inside` names where the bus reaches one, if elsewhere.

    A host that the settings name by its number needs no network.
    """

    def __init__(
        self,
        origins: Collection[str],
        *,
        max_bytes: int,
        inside: Mapping[str, str] | None = None,
        networks: Sequence[IPv4Network | IPv6Network] = (),
        ca_file: str | None = None,
    ) -> None:
        self._reach = {URL(origin).origin(): URL(origin).origin() for origin in origins}
        self._reach |= {URL(origin).origin(): URL(there).origin() for origin, there in (inside or {}).items()}
        self._max_bytes = max_bytes
        self._networks = networks
        self._tls = ssl.create_default_context(cafile=ca_file)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2

    async def fetch(self, address: str, sink: Callable[[bytes], None], deadline_s: float) -> Fetched | Unfetched:
        """GET one file; each piece goes to `sink` as it comes. What the sink has is of no use unless this answers `Fetched`.

        `address` is escaped already, and asked for letter by letter.
        """
        try:
            url = URL(address, encoded=True)
            there = self._reach.get(url.origin()) if url.user is None else None
        except ValueError:
            there = None
        if there is None:
            return Unfetched("not_allowed", "the file's host is not one of [attachments] hosts")
        try:
            async with asyncio.timeout(deadline_s):
                return await self._get(_at(there, url), sink)
        except _Bad as bad:
            return bad.found
        except TimeoutError:
            return Unfetched("unreachable", f"no whole file within {deadline_s:g} s", later=True)
        except aiohttp.ClientConnectorDNSError as error:
            if isinstance(error.os_error, _InnerAddress):
                return Unfetched("not_allowed", str(error.os_error))
            return Unfetched("unreachable", "the host's name is not known", later=True)
        except aiohttp.ClientPayloadError:
            return Unfetched("cut_short", "the file broke off before its end", later=True)
        except (aiohttp.ClientError, OSError) as error:
            return Unfetched("unreachable", f"no connection ({type(error).__name__})", later=True)

    async def _get(self, url: URL, sink: Callable[[bytes], None]) -> Fetched | Unfetched:
        connector = aiohttp.TCPConnector(
            ssl=self._tls, resolver=_Guard(self._networks), use_dns_cache=False, force_close=True
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                read_bufsize=PIECE_BYTES,
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_LIMIT_S),
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
            ) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            if response.status != 200:
                later = response.status >= 500 or response.status in LATER
                return Unfetched("unreachable" if later else "refused", f"the host says {response.status}", later)
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                return Unfetched("wrong_type", "the file comes packed, which was not asked for")
            return await self._take(response, sink)

    async def _take(self, response: aiohttp.ClientResponse, sink: Callable[[bytes], None]) -> Fetched:
        if (response.content_length or 0) > self._max_bytes:
            raise _Bad("too_large", f"more than {self._max_bytes} bytes")
        digest, size, head, kind = hashlib.sha256(), 0, b"", ""
        async for part in response.content.iter_chunked(PIECE_BYTES):
            size += len(part)
            if size > self._max_bytes:
                raise _Bad("too_large", f"more than {self._max_bytes} bytes")
            if not kind:
                head += part[:HEAD_BYTES]
                kind = _kind(head, whole=len(head) >= HEAD_BYTES)
            digest.update(part)
            sink(part)
        return Fetched(size, kind or _kind(head, whole=True), digest.hexdigest())


def _at(there: URL, url: URL) -> URL:
    """The same path and query, letter by letter, at another origin."""
    path, query = url.raw_path, url.raw_query_string
    return URL.build(
        scheme=there.scheme, host=there.raw_host or "", port=there.port, path=path, query_string=query, encoded=True
    )


def _kind(head: bytes, *, whole: bool) -> str:
    """The kind of a file that begins so; empty while too little has come to tell."""
    for begins, kind in FILE_KINDS.items():
        if head.startswith(begins):
            return kind
    if whole:
        raise _Bad("wrong_type", "the file is no PDF, JPEG, PNG or office document")
    return ""
