"""What every simulator shares: a book of its own, and weather it can be told to make.

A simulator sees its partner's contract and nothing of our mapping, so that no misreading agrees with itself. The book is written to a
file before an answer leaves and read back at start.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Handler = Callable[[Request], Awaitable[Response]]
MODES = (
    "500",
    "502_page",
    "busy",
    "html",
    "empty",
    "slow",
    "hang",
    "lost",
    "lost_500",
    "session",
    "refuse_row",
    "keep_doubles",
    "down",
)
"""lost: done, then silence; lost_500: done, then a 500; the rest before anything is done. The last four are the partner's own."""


@dataclass
class Book:
    """What this partner knows: its entries in order, kept in a file when one is given."""

    file: Path | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.file is not None and self.file.exists():
            self.entries = [
                json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines() if line.endswith("}")
            ]

    def write(self, kind: str, **facts: Any) -> dict[str, Any]:
        """Add an entry, on disk first."""
        entry = {"at": time.time(), "kind": kind, **facts}
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.entries.append(entry)
        return entry

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["kind"] == kind]


@dataclass
class Weather:
    """Trouble to come: {mode: how many times}, and what goes with it."""

    left: dict[str, int] = field(default_factory=dict)
    retry_after: str = "2"
    seconds: float = 5.0
    row: str = ""

    def takes(self, mode: str) -> bool:
        """True, and one less, while the mode lasts; -1 lasts until told otherwise."""
        left = self.left.get(mode, 0)
        if left > 0:
            self.left[mode] = left - 1
        return left != 0


class Simulator:
    """A partner's side: routes wrapped in weather, with controls under /_sim.

    `effects` names the kinds of entries that are effects, and of which operation; repeats and look-ups are none. `whose` is the field
    of such an entry that names the dossier. The module of a simulator offers `application(book)` and `DEMO`, the settings of its
    partner in the demo but for the address.
    """

    effects: ClassVar[Mapping[str, str]] = {}
    whose: ClassVar[str] = "subject"

    def __init__(self, book: Path | None = None) -> None:
        self.book = Book(book)
        self.weather = Weather()
        self._routes: list[Route] = [
            Route("/_sim/book", self._show, methods=["GET"]),
            Route("/_sim/misbehave", self._misbehave, methods=["POST"]),
        ]

    def route(self, path: str, handler: Handler, methods: tuple[str, ...] = ("POST",), *, weather: bool = True) -> None:
        """Serve `path`; with weather, trouble may come before or after the handler."""
        self._routes.append(Route(path, self._weathered(handler) if weather else handler, methods=list(methods)))

    def app(self) -> Starlette:
        """The web app; its state holds this simulator."""
        app = Starlette(routes=self._routes)
        app.state.simulator = self
        return app

    def _weathered(self, handler: Handler) -> Handler:
        async def serve(request: Request) -> Response:
            before = await self._before()
            if before is not None:
                return before
            response = await handler(request)
            if self.weather.takes("lost"):
                await asyncio.sleep(self.weather.seconds)
            if self.weather.takes("lost_500"):
                return Response("server error", 500, media_type="text/plain")
            return response

        return serve

    async def _before(self) -> Response | None:
        weather = self.weather
        if weather.takes("hang"):
            await asyncio.sleep(weather.seconds)
            return Response(status_code=504)
        if weather.takes("slow"):
            await asyncio.sleep(weather.seconds)
        if weather.takes("busy"):
            return Response("quá tải", 429, {"Retry-After": weather.retry_after}, "text/plain; charset=utf-8")
        if weather.takes("down"):
            return Response("Service Unavailable", 503, media_type="text/plain")
        if weather.takes("500"):
            return Response("server error", 500, media_type="text/plain")
        if weather.takes("502_page"):
            return Response("<html><h1>502 Bad Gateway</h1></html>", 502, media_type="text/html")
        if weather.takes("html"):
            return Response("<html>Đang bảo trì</html>", 200, media_type="text/html")
        if weather.takes("empty"):
            return Response(b"", 200, media_type="application/json")
        return None

    def done(self) -> Counter[tuple[str, str]]:
        """(operation, dossier) of every effect in the book, and how often it stands there."""
        return Counter((self.effects[e["kind"]], e[self.whose]) for e in self.book.entries if e["kind"] in self.effects)

    async def _show(self, request: Request) -> Response:
        kind = request.query_params.get("kind")
        return JSONResponse(self.book.of(kind) if kind else self.book.entries)

    async def _misbehave(self, request: Request) -> Response:
        """`{"mode": ..., "times": n, "retry_after": "...", "seconds": s, "row": "..."}`; times 0 mends it, -1 is for ever."""
        told = await request.json()
        if told.get("mode") not in MODES:
            return JSONResponse({"error": f"mode is one of {', '.join(MODES)}"}, 422)
        self.weather.left[told["mode"]] = int(told.get("times", 1))
        self.weather.retry_after = str(told.get("retry_after", self.weather.retry_after))
        self.weather.seconds = float(told.get("seconds", self.weather.seconds))
        self.weather.row = str(told.get("row", self.weather.row))
        return JSONResponse({"weather": self.weather.left})


class EnvelopeSimulator(Simulator):
    """A partner behind the national portal's envelope: sessions by login, one address for all its services.

    The service's own class answers `serve` for a request whose session is good.
    """

    credentials: ClassVar[tuple[str, str]] = ("sim", "sim")

    def __init__(self, book: Path | None = None) -> None:
        super().__init__(book)
        self._sessions: set[str] = set()
        self.route("/dangnhap", self._log_in)
        self.route("/xuly", self._serve)

    async def _log_in(self, request: Request) -> Response:
        told = await request.json()
        if (told.get("username"), told.get("password")) != self.credentials:
            return enveloped("-1", "Sai tên đăng nhập hoặc mật khẩu")
        session = secrets.token_hex(16)
        self._sessions.add(session)
        self.book.write("login")
        return JSONResponse({"session": session, "error_code": 0})

    async def _serve(self, request: Request) -> Response:
        told = await request.json()
        if self.weather.takes("session"):
            self._sessions.clear()
        if told.get("session") not in self._sessions:
            return enveloped("-2", "Phiên làm việc không hợp lệ, vui lòng đăng nhập lại")
        return self.serve(told)

    def serve(self, told: dict[str, Any]) -> Response:
        """Answer one service call."""
        raise NotImplementedError


def enveloped(code: str, message: str, result: Any = None) -> Response:
    """An answer in the portal's envelope. The live portal answers codes as text here, as numbers there."""
    body: dict[str, Any] = {"error_code": code, "message": message}
    if result is not None:
        body["result"] = result
    return JSONResponse(body)
