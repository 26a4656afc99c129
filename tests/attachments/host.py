"""A file host on loopback: answers each path with a piece of HTTP written by hand, of any length, and notes what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

PIECE = bytes(64 * 1024)


@dataclass
class Answer:
    """A head, and pieces of a body; `tail` is what is left out of it at the end, though its length was told."""

    pieces: list[bytes]
    status: str = "200 OK"
    more: str = ""
    left_out: int = 0
    told: bool = True

    def sent(self) -> Iterator[bytes]:
        length = sum(map(len, self.pieces)) + self.left_out
        yield f"HTTP/1.1 {self.status}\r\n".encode()
        if self.told:
            yield f"Content-Length: {length}\r\n".encode()
        yield f"{self.more}Connection: close\r\n\r\n".encode()
        yield from self.pieces


@dataclass
class Host:
    files: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def put(self, path: str, *pieces: bytes, status: str = "200 OK", more: str = "", left_out: int = 0) -> str:
        self.files[path] = Answer(list(pieces), status, more, left_out)
        return self.url + path

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ")[1]
            self.asked.append(path)
            for piece in self.files.get(path, Answer([], "404 Not Found")).sent():
                writer.write(piece)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[Host]:
    """The host at work."""
    host = Host()
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    host.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield host
    finally:
        server.close()
