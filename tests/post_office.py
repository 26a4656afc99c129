"""A mail server and a webhook for tests: real ones on loopback, that keep what they are given and can be told to refuse."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


@dataclass
class MailServer:
    """Speaks as much SMTP as a client needs. `refuses`: answers each letter with this line instead of taking it.

    `breaks`: takes it, and the line is lost before the answer. `tls`: offered on the plain connection. `accounts` (names and passwords):
    a letter is taken from nobody else. `came`: who handed each letter in, and whether the line was sealed.
    """

    letters: list[EmailMessage] = field(default_factory=list)
    refuses: str = ""
    breaks: bool = False
    tls: ssl.SSLContext | None = None
    accounts: dict[str, str] = field(default_factory=dict)
    came: list[tuple[str, bool]] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        who = ""
        say("220 thu.tinh.gov.vn")
        while line := (await reader.readline()).decode().strip():
            verb = line[:4].upper()
            sealed = writer.get_extra_info("ssl_object") is not None
            if verb == "EHLO":
                offered = ["thu.tinh.gov.vn", *(["STARTTLS"] if self.tls and not sealed else []), "AUTH PLAIN"]
                for name in offered[:-1]:
                    say(f"250-{name}")
                say(f"250 {offered[-1]}")
            elif verb == "STAR" and self.tls:
                say("220 begin")
                await writer.drain()
                await writer.start_tls(self.tls)
            elif verb == "AUTH":
                _, name, password = base64.b64decode(line.split()[2]).decode().split("\0")
                who = name if self.accounts.get(name) == password else ""
                say("235 welcome" if who else "535 no")
            elif verb == "DATA" and self.accounts and not who:
                say("530 who are you")
            elif verb == "DATA":
                say("354 go on")
                self.came.append((who, sealed))
                await self._letter(reader)
                if self.breaks:
                    break
                say(self.refuses or "250 taken")
            else:
                say("221 bye" if verb == "QUIT" else "250 thu.tinh.gov.vn")
            if verb == "QUIT":
                break
        writer.close()

    async def _letter(self, reader: asyncio.StreamReader) -> None:
        lines = []
        while (line := await reader.readline()) not in (b".\r\n", b""):
            lines.append(line)
        if not self.refuses:
            self.letters.append(message_from_bytes(b"".join(lines), policy=policy.default))

    @property
    def subjects(self) -> list[str]:
        return [str(letter["Subject"]) for letter in self.letters]


@dataclass
class Hook:
    """A webhook: keeps headers and bodies."""

    taken: list[tuple[dict[str, str], dict[str, Any], bytes]] = field(default_factory=list)
    status: int = 204
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.taken.append((headers, json.loads(body), body))
        writer.write(f"HTTP/1.1 {self.status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def mail_server(
    starttls: ssl.SSLContext | None = None, always: ssl.SSLContext | None = None, **accounts: str
) -> AsyncIterator[MailServer]:
    """A server that offers TLS on the plain connection, speaks it from the start, or neither."""
    office = MailServer(tls=starttls, accounts=accounts)
    server = await asyncio.start_server(office.serve, "127.0.0.1", 0, ssl=always)
    office.port = server.sockets[0].getsockname()[1]
    async with server:
        yield office


@asynccontextmanager
async def hook() -> AsyncIterator[Hook]:
    made = Hook()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks/lienthong"
    async with server:
        yield made
