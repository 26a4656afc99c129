"""The dossier system's page for citizens, as its vendor would build it on docs/sign-in.md: sign in over the bus, say whose account it is.

Part of the simulator. It keeps a visit per browser, believes nothing but a verified assertion, and knows its own accounts.
"""

from __future__ import annotations

import html
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from adapters.transport.http import HttpClient, Reply
from bus.adapter import Call
from bus.policy import PartnerSettings
from contracts.single_sign_on.assertion import TYPE, Assertion

COOKIE = "mcdt"
HOME, BACK = "/citizens", "/citizens/back"
CALL_S = 15.0


@dataclass(frozen=True, slots=True)
class Bus:
    """Where the bus is, and as whom we call it."""

    url: str
    client: str
    key: str


@dataclass(slots=True)
class Visit:
    """One browser: the state it left with, and who came back."""

    state: str = ""
    who: Assertion | None = None
    account: str = ""
    trouble: str = ""


@dataclass
class Citizens:
    """The pages. `home` is our own address as browsers see it; without a bus nobody can sign in."""

    bus: Bus | None = None
    home: str = ""
    accounts: dict[str, str] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)

    def add_to(self, route: Callable[..., None]) -> None:
        """Serve the pages by a simulator's `route`."""
        route(HOME, self._home, ("GET",), weather=False)
        route("/citizens/start", self._start, ("GET",), weather=False)
        route(BACK, self._back, ("GET",), weather=False)
        route("/citizens/account", self._account, weather=False)
        route("/citizens/out", self._out, weather=False)

    async def _home(self, request: Request) -> Response:
        return HTMLResponse(_page(self._visit(request), connected=self.bus is not None))

    async def _start(self, request: Request) -> Response:
        """Off to the bus, with a state that only this browser's visit knows."""
        if self.bus is None:
            return RedirectResponse(HOME, 303)
        visit, word = Visit(state=secrets.token_urlsafe(16)), secrets.token_urlsafe(16)
        self.visits[word] = visit
        asked = {"return_to": self.home + BACK, "state": visit.state}
        asked |= {
            name: request.query_params[name] for name in ("provider", "vnconnect") if name in request.query_params
        }
        response = RedirectResponse(f"{self.bus.url}/v1/sign-in/start?{urlencode(asked)}", 303)
        response.set_cookie(COOKIE, word, httponly=True, samesite="lax")
        return response

    async def _back(self, request: Request) -> Response:
        """From the bus: the state must be this browser's, the ticket brings the assertion."""
        visit, said = self._visit(request), request.query_params
        if not visit.state or not secrets.compare_digest(visit.state, said.get("state", "")):
            return HTMLResponse("<p>Phiên đăng nhập không khớp, hãy đăng nhập lại</p>", 400)
        visit.state, visit.trouble = "", said.get("error", "")
        if "ticket" in said:
            visit.who = await self._redeemed(said["ticket"])
            visit.trouble = "" if visit.who is not None else "assertion"
        if visit.who is not None and visit.who.link.state == "linked":
            visit.account = visit.who.link.accounts[0]
        return RedirectResponse(HOME, 303)

    async def _account(self, request: Request) -> Response:
        """The person says which account is theirs; none of them: a new one is made."""
        visit, told = self._visit(request), dict(parse_qsl((await request.body()).decode()))
        if visit.who is None or visit.account:
            return RedirectResponse(HOME, 303)
        chosen = told.get("account", "")
        account = chosen if chosen in visit.who.link.accounts else f"tk-{len(self.accounts) + 1:04}"
        self.accounts.setdefault(account, visit.who.person.name)
        await self._ask("links", {"session": visit.who.sid, "account": account})
        visit.account = account
        return RedirectResponse(HOME, 303)

    async def _out(self, request: Request) -> Response:
        """Signed out here, at the bus and at the provider."""
        visit = self.visits.pop(request.cookies.get(COOKIE, ""), Visit())
        told: Any = {}
        if visit.who is not None:
            told = await self._ask("logout", {"session": visit.who.sid, "return_to": self.home + HOME})
        return RedirectResponse(told.get("url") or HOME, 303)

    async def _redeemed(self, ticket: str) -> Assertion | None:
        """The ticket's assertion if it is the bus's, for us, and good now; None otherwise."""
        assert self.bus is not None
        token = (await self._ask("assertion", {"ticket": ticket})).get("assertion", "")
        published: Any = await self._call("GET", "/.well-known/jwks.json", b"")
        try:
            read = jwt.decode(token, KeySet.import_key_set(published), algorithms=["ES256"])
            told = Assertion.model_validate(read.claims)
        except (JoseError, ValidationError, ValueError, KeyError):
            return None
        for_us = (read.header.get("typ"), told.iss, told.aud) == (TYPE, self.bus.url, self.bus.client)
        return told if for_us and told.iat - 60 <= time.time() < told.exp else None

    async def _ask(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        return await self._call("POST", f"/v1/sign-in/{path}", json.dumps(body).encode())

    async def _call(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        """The bus's answer; empty when it says no."""
        assert self.bus is not None
        client = HttpClient(PartnerSettings(base_url=self.bus.url))
        endpoint = client.endpoint(path, method=method, Authorization=f"Bearer {self.bus.key}")
        try:
            reply = await client.send(endpoint, body, Call(secrets.token_hex(8), CALL_S))
        finally:
            await client.close()
        told = json.loads(reply.body) if isinstance(reply, Reply) and reply.status == 200 else {}
        return told if isinstance(told, dict) else {}

    def _visit(self, request: Request) -> Visit:
        return self.visits.get(request.cookies.get(COOKIE, ""), Visit())


def _page(visit: Visit, *, connected: bool) -> str:
    """The page for the state of a visit."""
    if not connected:
        inside = "<p>Chưa kết nối trục liên thông.</p>"
    elif visit.who is None:
        trouble = f"<p>Chưa đăng nhập được ({html.escape(visit.trouble)}).</p>" if visit.trouble else ""
        links = "".join(
            f"<p><a href='/citizens/start?{query}'>{label}</a></p>"
            for query, label in (
                ("provider=vnconnect", "Đăng nhập bằng Cổng Dịch vụ công quốc gia"),
                ("provider=vneid", "Đăng nhập bằng VNeID"),
                ("vnconnect=1", "Tôi đã đăng nhập ở Cổng Dịch vụ công quốc gia"),
            )
        )
        inside = trouble + links
    else:
        inside = _signed_in(visit, visit.who)
    return f"<!doctype html><meta charset='utf-8'><title>Một cửa (giả lập)</title><h1>Một cửa điện tử (giả lập)</h1>{inside}"


def _signed_in(visit: Visit, who: Assertion) -> str:
    name = html.escape(who.person.organisation or who.person.name)
    filing = "được nộp hồ sơ" if who.may_file else "chưa đủ mức định danh để nộp hồ sơ"
    out = "<form method='post' action='/citizens/out'><button>Đăng xuất</button></form>"
    if visit.account:
        return f"<p>Xin chào {name}, tài khoản <b>{html.escape(visit.account)}</b>, {filing}.</p>{out}"
    theirs = "".join(
        f"<button name='account' value='{html.escape(one)}'>{html.escape(one)} là của tôi</button> "
        for one in who.link.accounts
    )
    fresh = "<button name='account' value=''>Tạo tài khoản mới</button>"
    return (
        f"<p>Xin chào {name}, {filing}.</p><form method='post' action='/citizens/account'>{theirs}{fresh}</form>{out}"
    )
