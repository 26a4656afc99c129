"""A small OpenID Connect provider on loopback: discovery, codes bound to PKCE, signed id_tokens; spoilt as told."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.single_sign_on import mint

CLIENT, SECRET = "lienthong", "a secret / with % signs"


@dataclass
class Provider:
    """Signs in whoever `claims` describes, at the `clock`'s time. `spoil` changes an id_token's claims, `signature` how it is signed."""

    clock: Callable[[], float]
    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    spoil: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    signature: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/realm/.well-known/openid-configuration", self._configuration),
                Route("/realm/authorize", self._authorize),
                Route("/realm/token", self._token, methods=["POST"]),
                Route("/realm/keys", self._keys),
            ]
        )

    @property
    def issuer(self) -> str:
        return f"{self.url}/realm"

    async def _configuration(self, _request: Request) -> Response:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return JSONResponse(told | self.configuration)

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    async def _token(self, request: Request) -> Response:
        told = dict(parse_qsl((await request.body()).decode()))
        asked = self.codes.pop(told.get("code", ""), None)
        known = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        if known != "lienthong:a%20secret%20%2F%20with%20%25%20signs":
            return JSONResponse({"error": "invalid_client"}, 401)
        hashed = base64.urlsafe_b64encode(hashlib.sha256(told.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if asked is None or asked["code_challenge"] != hashed.decode() or asked["redirect_uri"] != told["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(self.clock())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        token = mint.id_token(claims | self.claims | self.spoil, mint.signing_key(), self.signature)
        return JSONResponse({"id_token": token, "access_token": "x", "token_type": "Bearer"})

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse({"keys": [mint.signing_key().as_dict(private=False)]})
