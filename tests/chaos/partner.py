"""The judge's partner: a process of its own that writes each request to its own file before it answers, and keeps its own effects.

Speaks the plain contract (ops/bench/plain.py) on raw sockets, so that it can do to a connection what real networks do. Paths:
`/key` drops repeated keys, `/query` and `/none` take whatever comes. `python -m tests.chaos.partner PORT FOLDER` serves until
killed, and goes on where it was when it is started again; the weather is read from FOLDER/weather.json whenever that changes.

Facts: `request` (before anything is done), `fault`, `effect`, `repeat` (a known key at `key`), `done` (keys confirmed in the good
answer that leaves now), `told` (a Retry-After), `token` (a login begins), `poll`, `end` (nothing of the request is under way any more).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import random
import socket
import struct
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

MALFORMED: dict[str, tuple[str, bytes]] = {
    "truncated": ("application/json", b'{"rows": [{"key": "'),
    "wrong_shape": ("application/json", b'{"lines": []}'),
    "html": ("text/html", b"<html>200 OK</html>"),
    "empty": ("application/json", b""),
    "text": ("text/plain", b'{"rows": []}'),
    "nan": ("application/json", b'{"rows": NaN}'),
    "null": ("application/json", b"null"),
    "fault": ("application/json", b'{"error": "server error"}'),
    "latin1": ("application/json; charset=latin-1", '{"rows": "đ"}'.encode("utf-16")),
    "doubled": ("application/json", b'{"rows": [], "rows": []}'),
    "bad_gzip": ("application/json", b"\x1f\x8b\x08\x00not gzip"),
    "deep": ("application/json", b"[" * 100_000),
    "truncated_xml": ("text/xml", b'<?xml version="1.0"?><rows><row'),
    "fault_with_200": ("text/xml", b"<Envelope><Body><Fault><faultcode>Server</faultcode></Fault></Body></Envelope>"),
    "verdict_unknown": ("application/json", b'{"rows": [{"key": "k", "verdict": "perhaps"}]}'),
}
BADLY_FRAMED: dict[str, bytes] = {
    "bad_chunk": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "two_lengths": b'Content-Length: 2\r\nContent-Length: 11\r\n\r\n{"rows": []}',
}


class Partner:
    """One process, one file of facts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._facts = (folder / "facts.jsonl").open("a", encoding="utf-8")
        self._done: dict[str, str] = {}
        self._seen: set[str] = set()
        self._number = 0
        for line in (folder / "facts.jsonl").read_text(encoding="utf-8").splitlines():
            fact = json.loads(line)
            if fact["kind"] == "effect":
                self._done[fact["mode"] + fact["key"]] = fact["hash"]
            elif fact["kind"] == "request":
                self._seen.update(fact["keys"])
                self._number = fact["number"]
        self.write("started")
        self._weather: dict[str, Any] = {}
        self._weather_at = 0.0
        self._rng = random.Random(0)
        self._token_ends_at: dict[str, float] = {}
        self._logins = 0

    def write(self, kind: str, **facts: Any) -> None:
        """A fact, in the file before anything else happens."""
        self._facts.write(json.dumps({"kind": kind, "at": time.time(), **facts}) + "\n")
        self._facts.flush()

    def _look_out(self) -> None:
        file = self._folder / "weather.json"
        with contextlib.suppress(OSError, ValueError):
            at = file.stat().st_mtime
            if at != self._weather_at:
                self._weather = json.loads(file.read_text())
                self._weather_at = at
                self._rng = random.Random(self._weather.get("seed", 0))

    def _fault(self, keys: list[str]) -> str:
        """The fault of this request: drawn for first tries alone unless the weather says `always`."""
        self._look_out()
        first = not self._seen & set(keys)
        self._seen |= set(keys)
        if not first and not self._weather.get("always"):
            return ""
        draw = self._rng.random()
        for name, share in self._weather.get("faults", {}).items():
            if draw < share and name != "reset_at_accept":
                return str(name)
            draw -= share
        return ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests of one connection until it ends."""
        self._look_out()
        if self._weather.get("faults", {}).get("reset_at_accept", 0) > self._rng.random():
            _reset(writer)
            return
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                path = head[0].split(" ")[1]
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self._number += 1
                number = self._number
                try:
                    if not await self._request(number, path, headers, body, reader, writer):
                        break
                finally:
                    self.write("end", number=number)
        with contextlib.suppress(ConnectionError):
            writer.close()

    async def _request(
        self,
        number: int,
        path: str,
        headers: dict[str, str],
        body: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """One request; False when the connection ends with it."""
        _, mode, what = path.split("/")
        if what == "token":
            return await self._login(number, mode, writer)
        told = json.loads(body)
        if what == "poll":
            self.write("poll", number=number, mode=mode, cursor=told["cursor"])
            await asyncio.sleep(self._weather.get("latency_s", 0.0))
            await _answer(
                writer, "200 OK", "application/json", json.dumps({"cursor": str(int(told["cursor"] or 0) + 1)}).encode()
            )
            return True
        rows = told.get("rows", [])
        keys = [row["key"] for row in rows] or told["keys"]
        facts = [
            {"key": r["key"], "event": r["event"], "dossier": r["dossier"], "sequence": r["sequence"], "hash": _hash(r)}
            for r in rows
        ]
        self.write(
            "request", number=number, mode=mode, what=what, rows=facts, keys=keys, trace=headers.get("traceparent", "")
        )
        fault = self._fault(keys)
        if fault:
            self.write("fault", number=number, fault=fault)
        if self._weather.get("token_lives_s") and not self._knows(headers.get("authorization", "")):
            await _answer(writer, "401 Unauthorized", "application/json", b"{}")
            return True
        if what == "ask":
            answer: Any = {"rows": [{"key": key, "known": mode + key in self._done} for key in keys]}
        else:
            if await self._before(fault, reader, writer):
                return False
            if fault.startswith(("busy", "before_")):
                return await self._bad_status(number, fault, writer)
            if self._weather.get("duplicate") and all(mode + key in self._done for key in keys):
                self.write("repeat", mode=mode, key=keys[0], event=rows[0]["event"], hash=_hash(rows[0]))
                await _answer(writer, "409 Conflict", "application/json", b'{"error": "already have it"}')
                return True
            verdicts = [{"key": row["key"], "verdict": self._do(mode, row, number), "receipt": "r"} for row in rows]
            answer = {"rows": verdicts}
        if self._weather.get("latency_s"):
            await asyncio.sleep(self._weather["latency_s"])
        if not fault:
            good = [row["key"] for row in answer["rows"] if row.get("known") or row.get("verdict") == "done"]
            self.write("done", number=number, mode=mode, keys=good)
        return await self._after(fault, answer, reader, writer)

    def _knows(self, authorization: str) -> bool:
        return time.monotonic() < self._token_ends_at.get(authorization.removeprefix("Bearer "), 0.0)

    async def _login(self, number: int, mode: str, writer: asyncio.StreamWriter) -> bool:
        """A new token; the one before it is void, as with systems that know one session."""
        self.write("token", number=number, mode=mode)
        self._look_out()
        await asyncio.sleep(self._weather.get("token_delay_s", 0.0))
        self._logins += 1
        if self._logins <= self._weather.get("token_failures", 0):
            await _answer(writer, "500 Bad", "text/plain", b"server error")
            return True
        lives_s = self._weather.get("token_lives_s", 3600.0)
        self._token_ends_at = {f"token-{number}": time.monotonic() + lives_s}
        await _answer(
            writer, "200 OK", "application/json", json.dumps({"token": f"token-{number}", "lives_s": lives_s}).encode()
        )
        return True

    def _do(self, mode: str, row: dict[str, Any], number: int) -> str:
        """The effect, or for a key that is known its repeat."""
        if row["event"].endswith(self._weather.get("refuse", "\0")):
            return "refused"
        known = self._done.get(mode + row["key"])
        if known is not None and mode == "key":
            self.write("repeat", mode=mode, key=row["key"], event=row["event"], hash=_hash(row))
        else:
            facts = {"event": row["event"], "dossier": row["dossier"], "sequence": row["sequence"]}
            self.write("effect", mode=mode, key=row["key"], number=number, hash=_hash(row), **facts)
            self._done[mode + row["key"]] = _hash(row)
        return "done"

    async def _hang(self, reader: asyncio.StreamReader) -> None:
        """Say nothing until the caller gives up, at most the weather's time."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            await asyncio.wait_for(reader.read(1), self._weather.get("hang_s", 3.0))

    async def _before(self, fault: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Faults before anything is done; True when the connection is over."""
        if fault == "timeout_before":
            await self._hang(reader)
            return True
        if fault in ("reset_after_headers", "reset_after_body"):
            _reset(writer)
            return True
        return False

    async def _bad_status(self, number: int, fault: str, writer: asyncio.StreamWriter) -> bool:
        if fault.startswith("busy"):
            status = "429 Too Many Requests" if self._rng.random() < 0.5 else "503 Service Unavailable"
            told, told_s = _retry_after(str(self._weather.get("retry_after", "1")))
            self.write("told", number=number, told_s=told_s)
            await _answer(writer, status, "text/plain", b"busy", {"Retry-After": told})
        else:
            await _answer(writer, f"{fault.removeprefix('before_')} Bad", "text/plain", b"server error")
        return True

    async def _after(self, fault: str, answer: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """The answer, or what becomes of it after the work is done."""
        body = json.dumps(answer).encode()
        if fault == "timeout_after":
            await self._hang(reader)
            return False
        if fault == "reset_mid_reply":
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n" + body[:10]
            )
            await writer.drain()
            _reset(writer)
            return False
        if fault == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n")
            for letter in body[:60]:
                writer.write(bytes([letter]))
                await writer.drain()
                await asyncio.sleep(0.2)
            return False
        if fault.startswith("after_"):
            await _answer(writer, f"{fault.removeprefix('after_')} Bad", "text/plain", b"server error")
            return True
        if fault in BADLY_FRAMED:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + BADLY_FRAMED[fault])
            await writer.drain()
            return False
        if fault in MALFORMED:
            kind, text = MALFORMED[fault]
            await _answer(writer, "200 OK", kind, text, {"Content-Encoding": "gzip"} if fault == "bad_gzip" else {})
            return True
        await _answer(writer, "200 OK", "application/json", body)
        return True


def _hash(row: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]


def _retry_after(form: str) -> tuple[str, float]:
    """The header's value and how long it tells the caller to wait. "date:5" is the date five seconds from now; rubbish tells nothing."""
    if form.startswith("date:"):
        at = int(time.time() + float(form.removeprefix("date:")))
        return formatdate(at, usegmt=True), max(0.0, at - time.time())
    return form, float(form) if form.isdigit() else 0.0


async def _answer(
    writer: asyncio.StreamWriter, status: str, kind: str, body: bytes, extra: dict[str, str] | None = None
) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in (extra or {}).items())
    writer.write(head.encode() + b"\r\n" + body)
    await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def main(port: int, folder: Path) -> None:
    """Serve until killed."""
    partner = Partner(folder)
    server = await asyncio.start_server(partner.serve, "127.0.0.1", port, limit=2**24, backlog=512)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
