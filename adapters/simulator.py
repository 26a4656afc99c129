"""What every simulator shares: a book of its own, and weather it can be told to make.

A simulator sees its partner's contract and nothing of our mapping, so that no misreading agrees with itself. The book is written to a
file before an answer leaves and read back at start.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import time
import weakref
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.transport.http import HttpClient, Reply
from adapters.weather import MODES, Weather, panel
from bus.adapter import Call
from bus.policy import PartnerSettings

Handler = Callable[[Request], Awaitable[Response]]

BUS_LIMIT_S = 5.0


@dataclass
class Book:
    """What this partner knows: its entries in order, kept in a file when one is given.

    A book with a file may be told to `keep` only so many of the last entries at hand, so that a long run does not fill the memory.
    """

    file: Path | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)
    keep: int | None = None
    _open: int | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.file is not None and self.file.exists():
            self.entries = [
                json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines() if line.endswith("}")
            ]

    def write(self, kind: str, **facts: Any) -> dict[str, Any]:
        """Add an entry, on disk first."""
        entry = {"at": time.time(), "kind": kind, **facts}
        if self.file is not None:
            os.write(self._written(self.file), orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE))
        self.entries.append(entry)
        if self.keep is not None and self.file is not None and len(self.entries) > 2 * self.keep:
            del self.entries[: -self.keep]
        return entry

    def _written(self, file: Path) -> int:
        """The file, open for adding lines for as long as the book lives: opening it for each was half of what a line cost."""
        if self._open is None:
            self._open = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            weakref.finalize(self, os.close, self._open)
        return self._open

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["kind"] == kind]


class Simulator:
    """A partner's side: routes wrapped in weather, with controls under /_sim.

    `effects` names the kinds of entries that are effects, and of which operation; repeats and look-ups are none. `whose` is the field
    of such an entry that names the dossier. `modes` are troubles that only this partner makes; `now` is its clock (seconds since the
    epoch). The module of a simulator offers `application(book)` and `DEMO`, the settings of its partner in the demo but for the address.
    """

    effects: ClassVar[Mapping[str, str]] = {}
    modes: ClassVar[Mapping[str, str]] = {}
    whose: ClassVar[str] = "subject"

    def __init__(self, book: Path | None = None) -> None:
        self.book = Book(book)
        self.weather = Weather(MODES | dict(self.modes))
        self.bus_url = ""
        self.now: Callable[[], float] = time.time
        self._routes: list[Route] = [
            Route("/_sim", self._panel, methods=["GET"]),
            Route("/_sim/book", self._show, methods=["GET"]),
            Route("/_sim/misbehave", self._misbehave, methods=["POST"]),
            Route("/_sim/bus", self._told_of_bus, methods=["POST"]),
        ]

    def route(self, path: str, handler: Handler, methods: tuple[str, ...] = ("POST",), *, weather: bool = True) -> None:
        """Serve `path`; with weather, trouble may come before or after the handler, and the answer says how long it was worked on."""
        self._routes.append(Route(path, self._weathered(handler) if weather else handler, methods=list(methods)))

    def app(self) -> Starlette:
        """The web app; its state holds this simulator."""
        app = Starlette(routes=self._routes)
        app.state.simulator = self
        return app

    def _weathered(self, handler: Handler) -> Handler:
        async def serve(request: Request) -> Response:
            before = await self.weather.before()
            if before is not None:
                return before
            if self.weather.takes("says"):
                return self.say(self.weather.code, self.weather.words)
            began = time.perf_counter()
            response = await handler(request)
            response.headers["Server-Timing"] = f"total;dur={(time.perf_counter() - began) * 1000:.2f}"
            if self.weather.takes("lost"):
                await asyncio.sleep(self.weather.seconds)
            if self.weather.takes("lost_500"):
                return Response("server error", 500, media_type="text/plain")
            return response

        return serve

    def say(self, code: str, words: str) -> Response:
        """A refusal as this partner words it: what the mode `says` answers. A partner with a failure table says each of its lines."""
        return JSONResponse({"code": code, "message": words}, 422)

    def done(self) -> Counter[tuple[str, str]]:
        """(operation, dossier) of every effect in the book, and how often it stands there."""
        return Counter((self.effects[e["kind"]], e[self.whose]) for e in self.book.entries if e["kind"] in self.effects)

    async def _show(self, request: Request) -> Response:
        kind = request.query_params.get("kind")
        return JSONResponse(self.book.of(kind) if kind else self.book.entries)

    async def _misbehave(self, request: Request) -> Response:
        """`{"mode": ..., "times": n, "share": s, "seed": n, "retry_after": "...", "seconds": s, "row": "...", "code": "...",
        "words": "..."}`, or a form's."""
        body = await request.body()
        form = body.lstrip()[:1] not in (b"{", b"[") and "form" in request.headers.get("content-type", "")
        try:
            told = dict(parse_qsl(body.decode())) if form else json.loads(body)
            if not isinstance(told, dict):
                raise ValueError("an object with mode and times is wanted")
            self.weather.tell(told)
        except ValueError as error:
            return JSONResponse({"title": "No such weather", "detail": str(error)}, 422)
        if form:
            return RedirectResponse("/_sim", 303)
        return JSONResponse({"weather": self.weather.left | self.weather.shares})

    async def _panel(self, request: Request) -> Response:
        """The fault panel: a page for people, JSON for programs."""
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(panel(type(self).__name__, self.weather))
        return JSONResponse(
            {
                "modes": dict(self.weather.modes),
                "weather": self.weather.left | self.weather.shares,
                "effects": dict(self.effects),
            }
        )

    async def _told_of_bus(self, request: Request) -> Response:
        """`{"url": "http://127.0.0.1:8080"}`: where the bus is called."""
        self.meet_bus(str((await request.json()).get("url", "")))
        return JSONResponse({"bus": self.bus_url})

    def meet_bus(self, url: str) -> None:
        """From now on this partner knows where to call the bus."""
        self.bus_url = url.rstrip("/")

    async def call_bus(self, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        """Post JSON to the bus: its status and answer; status 0 when it cannot be reached or is not known. `_` in a header is `-`."""
        if not self.bus_url:
            return 0, b""
        client = HttpClient(PartnerSettings(base_url=self.bus_url))
        try:
            reply = await client.send(client.endpoint(path, **headers), body, Call("simulator", BUS_LIMIT_S))
        finally:
            await client.close()
        return (reply.status, reply.body) if isinstance(reply, Reply) else (0, b"")


class GatewaySimulator(Simulator):
    """A partner behind the national bus' gateway: client credentials, a bearer token on every call, a quota (domain notes 2.1).

    Told an access key at /_sim/access_key, it gives no tokens any more: each call shows the key's five values, as a province's own
    bus wants them.
    """

    def __init__(self, book: Path | None = None) -> None:
        super().__init__(book)
        self.account = ("sim", "sim")
        self.access_key: dict[str, str] = {}
        self._tokens: set[str] = set()
        self.quota: int | None = None
        self.entitled = True
        self.route("/token", self._token)
        self.route("/_sim/access_key", self._told_access_key, weather=False)

    async def _told_access_key(self, request: Request) -> Response:
        """`{"AppName": "...", "AccessKey": "...", "SecretKey": "...", "PartnerCode": "...", "PartnerCodeCus": "..."}`, or `{}`."""
        self.access_key = await request.json()
        return JSONResponse({"wants": list(self.access_key) or "token"})

    async def _token(self, request: Request) -> Response:
        if self.access_key:
            return Response("no such service", 404, media_type="text/plain")
        basic = base64.b64encode(":".join(self.account).encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        token = secrets.token_hex(16)
        self._tokens.add(token)
        self.book.write("token")
        return JSONResponse({"access_token": token, "scope": "default", "token_type": "Bearer", "expires_in": 3600})

    def stopped(self, request: Request) -> Response | None:
        """What the gateway answers instead of the partner: 401 to a stranger, 403 to one not entitled, 429 when the quota is used up.

        None: go on.
        """
        if self.weather.takes("session"):
            self._tokens.clear()
        if not self._knows(request.headers):
            return Response("Invalid Credentials", 401, media_type="text/plain")
        if not self.entitled:
            return Response("Resource forbidden", 403, media_type="text/plain")
        if self.quota is not None:
            if self.quota <= 0:
                headers = {"Retry-After": self.weather.retry_after}
                return Response("Message throttled out", 429, headers, "text/plain")
            self.quota -= 1
        return None

    def _knows(self, shown: Mapping[str, str]) -> bool:
        """Whether the headers show a token given here, or the access key."""
        if self.access_key:
            return all(shown.get(name) == value for name, value in self.access_key.items())
        return shown.get("authorization", "").removeprefix("Bearer ") in self._tokens


class EnvelopeSimulator(GatewaySimulator):
    """A partner behind the national portal's envelope, by both ways in at once (domain notes 3.1).

    Sessions by login with one address for all services, and a province's façade with an address for each under the gateway's token.
    The service's own class answers `serve` for a request that was let in.
    """

    credentials: ClassVar[tuple[str, str]] = ("sim", "sim")
    service: ClassVar[str] = "/xuly"
    facade: ClassVar[str] = "/KetNoiMotCuaQuocGia"

    def __init__(self, book: Path | None = None) -> None:
        super().__init__(book)
        self._sessions: set[str] = set()
        self.route("/dangnhap", self._log_in)
        self.route(self.service, self._serve)
        self.route(self.facade + "/{service}", self._serve_facade)

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

    async def _serve_facade(self, request: Request) -> Response:
        stopped = self.stopped(request)
        if stopped is not None:
            return stopped
        told = await request.json()
        if "session" in told:
            return enveloped("-1", "session không được nhận ở đây")
        return self.serve(told | {"service": request.path_params["service"]})

    def say(self, code: str, words: str) -> Response:
        return enveloped(code, words)

    def serve(self, told: dict[str, Any]) -> Response:
        """Answer one service call."""
        raise NotImplementedError


def enveloped(code: str, message: str, result: Any = None) -> Response:
    """An answer in the portal's envelope. The live portal answers codes as text here, as numbers there."""
    body: dict[str, Any] = {"error_code": code, "message": message}
    if result is not None:
        body["result"] = result
    return JSONResponse(body)
