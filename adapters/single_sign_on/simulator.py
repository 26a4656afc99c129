"""Two sign-in providers as a province meets them: a login page with invented people, codes, tokens, userinfo, introspection, logout.

VNConnect under /vnconnect gives an id_token; VNeID under /vneid wraps what it says, gives none, and has `+` in its codes. Sessions in the
browser are a cookie, as there. Told so by weather, each thing a relying party must notice goes wrong once.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from adapters.simulator import Simulator
from adapters.single_sign_on import mint
from adapters.single_sign_on.people import ACCOUNTS

CLIENT_ID, CLIENT_SECRET = "tinh-vinh-long", "sim-sso-secret"
ISSUER = "https://sso.simulator.example/{brand}"
CALLBACK_PATH = "/v1/sign-in/callback"
"""Any loopback address with this path counts as registered."""
CODE_S = 60.0
COOKIE = "sim_sso"
DEMO: dict[str, Any] = {
    "providers": [
        {
            "provider": "vnconnect",
            "issuer": ISSUER.format(brand="vnconnect"),
            "client_id": CLIENT_ID,
            "credentials": {"client_secret": CLIENT_SECRET},
            **{
                f"{name}_path": f"/vnconnect/{path}"
                for name, path in {
                    "authorize": "oauth2/authorize",
                    "token": "oauth2/token",
                    "userinfo": "oauth2/userinfo",
                    "jwks": "oauth2/jwks",
                    "introspect": "oauth2/introspect",
                    "revoke": "oauth2/revoke",
                    "logout": "oidc/logout",
                }.items()
            },
            "pkce": True,
        },
        {
            "provider": "vneid",
            "issuer": ISSUER.format(brand="vneid"),
            "client_id": CLIENT_ID,
            "credentials": {"client_secret": CLIENT_SECRET, "private_key": mint.pem("province")},
            "authorize_path": "/vneid/oauth2/authorize",
            "token_path": "/vneid/oauth2/token",
            "userinfo_path": "/vneid/oauth2/userinfo",
            "logout_path": "/vneid/oidc/logout",
        },
    ]
}


@dataclass
class Grant:
    """One sign-in: asked for by a client, given to a person, redeemed once."""

    brand: str
    asked: dict[str, str]
    person: str = ""
    at: float = field(default_factory=time.time)
    used: bool = False
    access_token: str = ""
    ended: bool = False


class SsoSimulator(Simulator):
    """Both providers. `person`: who signs in without the login page being shown, by the name in people.py."""

    modes: ClassVar[Mapping[str, str]] = {
        "expired_code": "refuses a good code as expired",
        "wrong_state": "brings the browser back with another's state",
        "nonce": "puts another's nonce into the id_token",
        "alg_none": "leaves the id_token unsigned",
        "wrong_key": "signs the id_token with a key nobody published",
        "new_key": "changes the key it signs with and publishes",
        "wrong_aud": "makes the id_token out to another client",
        "wrong_iss": "names another issuer in the id_token",
        "skew": "has a clock that is some seconds ahead (negative: behind)",
        "other_sub": "tells userinfo of somebody else",
        "inactive": "calls the token inactive",
        "no_account": "leaves the account's id out of userinfo",
        "damaged_wrap": "wraps a reply so that it cannot be opened (VNeID)",
        "encrypt_code": "encrypts the code too (VNeID)",
    }

    def __init__(self, book: Path | None = None) -> None:
        super().__init__(book)
        self.person = ""
        self.key = mint.signing_key()
        self._asked: dict[str, Grant] = {}
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, Grant] = {}
        self._browsers: dict[str, tuple[str, str]] = {}
        self.route("/{brand}/oauth2/authorize", self._authorize, ("GET",), weather=False)
        self.route("/{brand}/login", self._login, weather=False)
        self.route("/{brand}/oauth2/token", self._token)
        self.route("/{brand}/oauth2/userinfo", self._userinfo, ("GET", "POST"))
        self.route("/{brand}/oauth2/introspect", self._introspect)
        self.route("/{brand}/oauth2/revoke", self._revoke)
        self.route("/{brand}/oauth2/jwks", self._jwks, ("GET",))
        self.route("/{brand}/oidc/logout", self._logout, ("GET",), weather=False)
        self.route("/_sim/person", self._choose, weather=False)

    async def _authorize(self, request: Request) -> Response:
        """Check the client, then ask who it is, unless that is known or nobody may be bothered."""
        brand, asked = request.path_params["brand"], dict(request.query_params)
        if asked.get("client_id") != CLIENT_ID or not _registered(asked.get("redirect_uri", "")):
            return HTMLResponse("<h1>Ứng dụng chưa đăng ký</h1>", 400)
        if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
            return _back(asked, {"error": "invalid_request"})
        grant = Grant(brand, asked)
        known_brand, known = self._browsers.get(request.cookies.get(COOKIE, ""), ("", ""))
        person = self.person or (known if known_brand == brand else "")
        if person in ACCOUNTS[brand]:
            return self._admit(grant, person)
        if asked.get("prompt") == "none":
            return _back(asked, {"error": "login_required"})
        ticket = secrets.token_hex(16)
        self._asked[ticket] = grant
        return _login_page(brand, ticket)

    async def _login(self, request: Request) -> Response:
        brand, told = request.path_params["brand"], await _form(request)
        grant = self._asked.pop(told.get("request", ""), None)
        if grant is None or grant.brand != brand:
            return HTMLResponse("<h1>Phiên đăng nhập đã hết</h1>", 400)
        if told.get("person") not in ACCOUNTS[brand]:
            return _back(grant.asked, {"error": "access_denied"})
        return self._admit(grant, told["person"])

    def _admit(self, grant: Grant, person: str) -> Response:
        """Send the browser back with a code. VNeID's is Base64 and goes out as it is."""
        grant.person, grant.at = person, time.time()
        code = (
            base64.b64encode(b"\xfb\xef" + secrets.token_bytes(31)).decode()
            if grant.brand == "vneid"
            else secrets.token_urlsafe(32)
        )
        self._codes[code] = grant
        self.book.write("code", brand=grant.brand, person=person)
        if grant.brand == "vneid" and self.weather.takes("encrypt_code"):
            sealed = mint.wrapped(code.encode())
            response = _back(grant.asked, {"code": sealed["data"], "encrypt_key": sealed["key"]}, raw=True)
        else:
            asked = grant.asked | ({"state": "somebody-elses"} if self.weather.takes("wrong_state") else {})
            response = _back(asked, {"code": code}, raw=grant.brand == "vneid")
        browser = secrets.token_hex(16)
        self._browsers[browser] = (grant.brand, person)
        response.set_cookie(COOKIE, browser, httponly=True, samesite="lax")
        return response

    async def _token(self, request: Request) -> Response:
        brand, told = request.path_params["brand"], await _form(request)
        if (told.get("client_id"), told.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return self._say(brand, {"error": "invalid_client"}, 401)
        grant = self._codes.get(told.get("code", ""))
        if grant is not None and grant.used:
            grant.ended = True  # RFC 6749, 4.1.2: what was given for a code used twice is taken back
        if grant is None or grant.brand != brand or not self._redeemable(grant, told):
            self.book.write("code_refused", brand=brand)
            return self._say(brand, {"error": "invalid_grant", "error_description": "Mã không hợp lệ"}, 400)
        grant.used, grant.access_token = True, secrets.token_urlsafe(32)
        self._tokens[grant.access_token] = grant
        self.book.write("token", brand=brand, person=grant.person)
        said: dict[str, Any] = {
            "access_token": grant.access_token,
            "token_type": "Bearer",
            "expires_in": mint.ID_TOKEN_S,
        }
        if brand == "vnconnect":
            said["id_token"] = self._id_token(grant)
        return self._say(brand, said)

    def _redeemable(self, grant: Grant, told: dict[str, str]) -> bool:
        if told.get("grant_type") != "authorization_code" or told.get("redirect_uri") != grant.asked["redirect_uri"]:
            return False
        if (challenge := grant.asked.get("code_challenge")) is not None:
            hashed = hashlib.sha256(told.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(hashed).rstrip(b"=").decode() != challenge:
                return False
        late = time.time() - grant.at > CODE_S or self.weather.takes("expired_code")
        return not (grant.used or late)

    def _id_token(self, grant: Grant) -> str:
        """`skew`: the provider's clock is `weather.seconds` ahead of ours (negative: behind)."""
        now = int(time.time() + (self.weather.seconds if self.weather.takes("skew") else 0))
        if self.weather.takes("new_key"):
            self.key = mint.next_key(self.key)
        claims: dict[str, Any] = {
            "iss": "https://elsewhere.example" if self.weather.takes("wrong_iss") else ISSUER.format(brand=grant.brand),
            "sub": ACCOUNTS[grant.brand][grant.person].claims["sub"],
            "aud": "another-province" if self.weather.takes("wrong_aud") else [CLIENT_ID],
            "azp": CLIENT_ID,
            "iat": now,
            "exp": now + mint.ID_TOKEN_S,
        }
        if "nonce" in grant.asked:
            claims["nonce"] = "another-sign-ins" if self.weather.takes("nonce") else grant.asked["nonce"]
        spoilt = next((mode for mode in ("alg_none", "wrong_key") if self.weather.takes(mode)), "")
        return mint.id_token(claims, self.key, spoilt)

    async def _userinfo(self, request: Request) -> Response:
        brand, grant = request.path_params["brand"], self._bearer(request)
        if grant is None or request.method != ("POST" if brand == "vnconnect" else "GET"):
            return self._say(brand, {"error": "invalid_token"}, 401)
        claims = dict(ACCOUNTS[brand][grant.person].claims)
        if self.weather.takes("other_sub"):
            claims["sub"] = "somebody.else"
        if self.weather.takes("no_account"):
            claims |= {"TechID": None, "citizenPid": None, "SoDinhDanh": None}
        return self._say(brand, claims)

    async def _introspect(self, request: Request) -> Response:
        told = await _form(request)
        grant = self._tokens.get(told.get("token", ""))
        if told.get("state") != "0" or self._bearer(request) is None or grant is None or self.weather.takes("inactive"):
            return JSONResponse({"active": False})
        return JSONResponse({"client_id": CLIENT_ID, "exp": int(grant.at) + mint.ID_TOKEN_S})

    async def _revoke(self, request: Request) -> Response:
        told = await _form(request)
        if (told.get("client_id"), told.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        if (grant := self._tokens.get(told.get("token", ""))) is not None:
            grant.ended = True
            self.book.write("revoked", person=grant.person)
        return JSONResponse({})

    async def _jwks(self, request: Request) -> Response:
        self.book.write("keys", kid=self.key.kid)
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _logout(self, request: Request) -> Response:
        """End the browser's session and every token of the person; then back to where the client says."""
        brand, person = self._browsers.pop(request.cookies.get(COOKIE, ""), ("", ""))
        for grant in self._tokens.values():
            grant.ended = grant.ended or (grant.brand, grant.person) == (brand, person)
        hinted = bool(request.query_params.get("id_token_hint"))
        self.book.write("logout", brand=request.path_params["brand"], hinted=hinted)
        response = RedirectResponse(request.query_params.get("post_logout_redirect_uri", "/"), 302)
        response.delete_cookie(COOKIE)
        return response

    async def _choose(self, request: Request) -> Response:
        """`{"person": "an"}`: signs in without the page from now on; empty: the page again."""
        self.person = str((await request.json()).get("person", ""))
        return JSONResponse({"person": self.person})

    def _bearer(self, request: Request) -> Grant | None:
        grant = self._tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        return None if grant is None or grant.ended else grant

    def _say(self, brand: str, said: dict[str, Any], status: int = 200) -> Response:
        """VNeID wraps its good answers."""
        if brand == "vneid" and status == 200:
            said = mint.wrapped(json.dumps(said, ensure_ascii=False).encode())
            if self.weather.takes("damaged_wrap"):
                said["data"] = base64.b64encode(b"\0" * 32).decode()
        return JSONResponse(said, status)


def _registered(address: str) -> bool:
    return address.startswith("http://127.0.0.1:") and address.endswith(CALLBACK_PATH)


def _back(asked: dict[str, str], said: dict[str, str], *, raw: bool = False) -> Response:
    """To the client's address; `raw` leaves Base64 unescaped, as VNeID does."""
    state = {"state": asked["state"]} if "state" in asked else {}
    fields = said | state
    query = "&".join(f"{name}={value}" for name, value in fields.items()) if raw else urlencode(fields)
    return Response(status_code=302, headers={"Location": f"{asked['redirect_uri']}?{query}"})


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


def _login_page(brand: str, ticket: str) -> Response:
    buttons = "".join(
        f"<p><button name='person' value='{name}'>{html.escape(account.label)}</button></p>"
        for name, account in ACCOUNTS[brand].items()
    )
    return HTMLResponse(
        f"<!doctype html><meta charset='utf-8'><title>Đăng nhập {brand} (giả lập)</title><h1>Đăng nhập {brand} (giả lập)</h1>"
        f"<form method='post' action='/{brand}/login'><input type='hidden' name='request' value='{ticket}'>{buttons}"
        "<p><button name='person' value=''>Hủy</button></p></form>"
    )


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app."""
    return SsoSimulator(book).app()
