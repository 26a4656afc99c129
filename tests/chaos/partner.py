"""The judge's partner: a process of its own that writes each request to its own file before it answers, and keeps its own effects.

Speaks the plain contract (ops/bench/plain.py) on raw sockets, so that it can do to a connection what real networks do. Paths: `/key`
drops repeated keys, `/query` and `/none` take whatever comes. `python -m tests.chaos.partner PORT FOLDER` serves until killed; the weather
is read from FOLDER/weather.json whenever that file changes.
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
}


class Partner:
    """One process, one file of facts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._facts = (folder / "facts.jsonl").open("a", encoding="utf-8")
        self._done: dict[str, str] = {}
        for line in (folder / "facts.jsonl").read_text(encoding="utf-8").splitlines():
            fact = json.loads(line)
            if fact["kind"] == "effect":
                self._done[fact["mode"] + fact["key"]] = fact["hash"]
        self._weather: dict[str, Any] = {}
        self._weather_at = 0.0
        self._rng = random.Random(0)
        self._seen: set[str] = set()
        self._number = 0

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
            if draw < share:
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
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self._number += 1
                number = self._number
                try:
                    if not await self._request(number, path, headers, body, writer):
                        break
                finally:
                    self.write("end", number=number)
        with contextlib.suppress(ConnectionError):
            writer.close()

    async def _request(self, number: int, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> bool:
        """One request; False when the connection ends with it."""
        _, mode, what = path.split("/")
        told = json.loads(body)
        rows = told.get("rows", [])
        keys = [row["key"] for row in rows] or told["keys"]
        facts = [{"key": r["key"], "event": r["event"], "dossier": r["dossier"], "sequence": r["sequence"], "hash": _hash(r)} for r in rows]
        self.write("request", number=number, mode=mode, what=what, rows=facts, keys=keys, trace=headers.get("traceparent", ""))
        fault = self._fault(keys)
        if fault:
            self.write("fault", number=number, fault=fault)
        if what == "ask":
            answer: Any = {"rows": [{"key": key, "known": mode + key in self._done} for key in keys]}
        else:
            if await self._before(fault, writer):
                return False
            if fault.startswith(("busy", "before_")):
                return await self._bad_status(fault, writer)
            verdicts = [{"key": row["key"], "verdict": self._do(mode, row, number), "receipt": "r"} for row in rows]
            answer = {"rows": verdicts}
        if self._weather.get("latency_s"):
            await asyncio.sleep(self._weather["latency_s"])
        return await self._after(fault, answer, writer)

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

    async def _before(self, fault: str, writer: asyncio.StreamWriter) -> bool:
        """Faults before anything is done; True when the connection is over."""
        if fault == "timeout_before":
            await asyncio.sleep(self._weather.get("hang_s", 3.0))
            return True
        if fault in ("reset_after_headers", "reset_after_body"):
            _reset(writer)
            return True
        return False

    async def _bad_status(self, fault: str, writer: asyncio.StreamWriter) -> bool:
        if fault.startswith("busy"):
            status = "429 Too Many Requests" if self._rng.random() < 0.5 else "503 Service Unavailable"
            await _answer(writer, status, "text/plain", b"busy", {"Retry-After": str(self._weather.get("retry_after", "1"))})
        else:
            await _answer(writer, f"{fault.removeprefix('before_')} Bad", "text/plain", b"server error")
        return True

    async def _after(self, fault: str, answer: Any, writer: asyncio.StreamWriter) -> bool:
        """The answer, or what becomes of it after the work is done."""
        body = json.dumps(answer).encode()
        if fault == "timeout_after":
            await asyncio.sleep(self._weather.get("hang_s", 3.0))
            return False
        if fault == "reset_mid_reply":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n" + body[:10])
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
        if fault in MALFORMED:
            kind, text = MALFORMED[fault]
            await _answer(writer, "200 OK", kind, text, {"Content-Encoding": "gzip"} if fault == "bad_gzip" else {})
            return True
        await _answer(writer, "200 OK", "application/json", body)
        return True


def _hash(row: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]


async def _answer(writer: asyncio.StreamWriter, status: str, kind: str, body: bytes, extra: dict[str, str] | None = None) -> None:
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
