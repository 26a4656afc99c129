"""The console's door: which right each address takes, who shows which session, and what somebody is told who may not."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute

from ops.api.guard import Guard, Problem
from ops.console import rail
from ops.console.frame import SESSION, Frame, reader_of
from ops.house import House
from ops.people import DEMONSTRATION, Reader
from ops.rights import Right

Rule = Right | Literal["open", "session"]
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/static/{name}"): "open",
    ("GET", "/sign-in"): "open",
    ("POST", "/sign-in"): "open",
    ("GET", "/openid"): "open",
    ("GET", "/openid/callback"): "open",
    ("POST", "/sign-out"): "session",
    ("GET", "/code"): "session",
    ("POST", "/code"): "session",
    ("GET", "/password"): "session",
    ("POST", "/password"): "session",
    ("GET", "/enrol"): "session",
    ("POST", "/enrol"): "session",
    ("GET", "/"): "look",
    ("GET", "/live"): "look",
    ("GET", "/causes"): "look",
    ("POST", "/causes"): "act",
    ("GET", "/partners"): "look",
    ("GET", "/partners/{name}"): "look",
    ("POST", "/partners/{name}"): "act",
    ("GET", "/incidents"): "look",
    ("GET", "/incidents/{number}"): "look",
    ("POST", "/incidents/{number}"): "act",
    ("GET", "/expected"): "look",
    ("GET", "/training"): "look",
    ("POST", "/training"): "act",
    ("GET", "/deliveries"): "look",
    ("GET", "/dossiers/{code}"): "look",
    ("GET", "/exchanges/{delivery}"): "look",
    ("GET", "/codes"): "look",
    ("GET", "/views"): "look",
    ("POST", "/views"): "look",
    ("GET", "/codes/new"): "act",
    ("POST", "/codes"): "act",
    ("GET", "/mappings"): "look",
    ("GET", "/mappings/{partner}"): "look",
    ("GET", "/mappings/{partner}/try"): "look",
    ("GET", "/mappings/{partner}/replay"): "look",
    ("POST", "/search"): "look",
    ("GET", "/reveal"): "reveal",
    ("POST", "/reveal"): "reveal",
    ("GET", "/act"): "act",
    ("POST", "/act"): "act",
    ("GET", "/edit"): "act",
    ("POST", "/edit"): "act",
    ("GET", "/tasks"): "look",
    ("GET", "/tasks/{number}.csv"): "look",
    ("GET", "/tasks/{number}"): "look",
    ("POST", "/tasks/{number}"): "act",
    ("POST", "/tasks/{number}/approve"): "approve",
    ("GET", "/switch"): "act",
    ("POST", "/switch"): "act",
    ("GET", "/targets"): "targets",
    ("GET", "/targets.csv"): "targets",
    ("GET", "/targets.pdf"): "targets",
    ("GET", "/settings"): "settings",
    ("GET", "/people"): "people",
    ("POST", "/people"): "people",
    ("GET", "/audit"): "audit",
    ("POST", "/audit"): "audit",
    ("GET", "/audit.csv"): "audit",
    ("GET", "/looked"): "audit",
    ("GET", "/looked.csv"): "audit",
}
"""What every address of the console takes: a right, any session (`session`), or nothing (`open`). What is not here is not served."""
UNFRAMED = frozenset(path for _, path in RULES if path == "/live" or path.endswith((".csv", ".pdf")))
"""What is no page, so that nothing is counted for its rail."""
STEPS = {"code": "/code", "password": "/password", "enrol": "/enrol"}
FORM_BYTES = 256 * 1024
"""No form of ours is larger."""


class Stranger(Exception):
    """Nobody is signed in, or not any more."""


class Onward(Exception):
    """A step of signing in is still to be taken, on the page `path`."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Forbidden(Exception):
    """Signed in, and without the right."""


class Door:
    """Lets readers of one house in."""

    def __init__(self, house: House, guard: Guard, frame: Frame) -> None:
        self._house = house
        self._guard = guard
        self._frame = frame

    async def admit(self, request: Request) -> None:
        """Runs before every page: puts the reader into the request's state. Raises Stranger, Onward, Forbidden, Problem."""
        path: str = request.scope["route"].path
        rule = RULES[request.method, path]
        self._guard.meet(request, self._house.settings.http.requests_per_s)
        if request.method == "POST":
            _bounded(request)
        reader = request.state.reader = await self.reader(request)
        if rule == "open":
            return
        if reader is None:
            raise Stranger
        if reader.step and path not in ("/sign-out", STEPS[reader.step]):
            raise Onward(STEPS[reader.step])
        if rule != "session" and not reader.may(rule):
            raise Forbidden
        if request.method == "GET" and path not in UNFRAMED:
            request.state.rail = await rail.counts(self._house, reader)

    async def reader(self, request: Request) -> Reader | None:
        """Who asks. A page that renews itself does not count as somebody at work."""
        if self._guard.demonstration(request):
            return DEMONSTRATION
        token = self._frame.cookie(request, SESSION)
        by_itself = "hx-request" in request.headers or request.url.path.endswith("/live")
        return await self._house.people.reader(token, touch=not by_itself)

    def add(self, app: FastAPI) -> None:
        """Say no in the console's words. Raises LookupError for an address without a rule."""
        served = {(method, r.path) for r in app.routes if isinstance(r, APIRoute) for method in r.methods or ()}
        if served != RULES.keys():
            raise LookupError(f"addresses and rules differ: {sorted(served ^ RULES.keys())}")

        @app.exception_handler(Stranger)
        async def stranger(request: Request, _error: Stranger) -> Response:
            return sign_in_page(self._frame, request, 401, back=_here(request))

        @app.exception_handler(Onward)
        async def onward(_request: Request, error: Onward) -> Response:
            return RedirectResponse(f"/console{error.path}", 303)

        @app.exception_handler(Forbidden)
        async def forbidden(request: Request, _error: Forbidden) -> Response:
            return self._frame.failed(request, 403, "error.right")


def sign_in_page(
    frame: Frame, request: Request, status: int = 200, back: str = "/console/", key: str = "", wait_s: float = 0.0
) -> Response:
    """The form to sign in with; afterwards the browser goes `back`."""
    say = frame.speech(request)
    wrong = say(f"refused.{key}", span=say.span(wait_s + 1)) if key else ""
    elsewhere = f"/console/openid?{urlencode({'back': back})}" if frame.house.settings.openid.issuer else ""
    response = frame.page(request, "sign_in.html", "", status, say=say, back=back, wrong=wrong, elsewhere=elsewhere)
    response.headers["HX-Refresh"] = "true"  # a page that renews itself is replaced as a whole
    if wait_s:
        response.headers["Retry-After"] = str(int(wait_s) + 1)
    return response


def reader(request: Request) -> Reader:
    """Who reads this page. Raises Stranger."""
    found = reader_of(request)
    if found is None:
        raise Stranger
    return found


def way_back(asked: str) -> str:
    """Where to go after signing in: a page of the console, whatever the form says."""
    inside = asked.startswith("/console/") and "\\" not in asked and all(char > " " for char in asked)
    return asked if inside else "/console/"


def _here(request: Request) -> str:
    """This page, to come back to; the home page after a form, or after a page that renewed itself."""
    if request.method != "GET" or "hx-request" in request.headers:
        return "/console/"
    query = urlencode([pair for pair in request.query_params.multi_items() if pair[0] != "lang"])
    return way_back(request.url.path + (f"?{query}" if query else ""))


def _bounded(request: Request) -> None:
    """A form says how long it is, and is not long. Raises Problem."""
    declared = request.headers.get("content-length", "")
    if not declared.isdigit() or int(declared) > FORM_BYTES:
        raise Problem(413, "Content Too Large", f"a form may have {FORM_BYTES} bytes")
