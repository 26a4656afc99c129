"""An OpenID Connect provider as a relying party meets it: discovery, the way to sign in, a code for verified claims.

Discovery tells paths and habits only: every address must lie at the host of the configured issuer, so that nothing a reply says leads us
elsewhere (reliability S07). Every method raises `Refused`; what a claim says never stands in its words.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote, urlencode, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, Field, ValidationError

from adapters.single_sign_on.causes import Cause, Refused
from adapters.single_sign_on.tokens import Expected, UnknownKey, claims_of
from adapters.transport.classify import Model, Unreadable, read_json
from adapters.transport.http import Failure, HttpClient
from bus.adapter import Call
from bus.clock import Clock
from bus.policy import PartnerSettings

WELL_KNOWN = "/.well-known/openid-configuration"
FORM = "application/x-www-form-urlencoded"
DEADLINE_S, FRESH_S, LEEWAY_S = 10.0, 3600.0, 120.0
Url = Annotated[str, Field(pattern=r"^https?://[^\s#]+$")]


class Discovered(BaseModel):
    """Of a provider's configuration what we use (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: Url
    token_endpoint: Url
    jwks_uri: Url
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Tokens(BaseModel):
    id_token: str


class OpenId:
    """One provider, for one client. `secret` empty: a public client, whose codes PKCE alone protects."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        secret: str,
        clock: Clock,
        *,
        scope: str = "openid",
        algorithms: tuple[str, ...] = ("RS256",),
        ca_file: str | None = None,
    ) -> None:
        self._issuer, self._client_id, self._secret = issuer, client_id, secret
        self._clock, self._scope, self._algorithms = clock, scope, algorithms
        self._origin = _origin(issuer)
        self._http = HttpClient(PartnerSettings(base_url=self._origin, ca_file=ca_file, concurrency=4))
        self._found: tuple[Discovered, float] | None = None
        self._keys: KeySet | None = None

    async def authorize_url(self, state: str, nonce: str, challenge: str, redirect_uri: str) -> str:
        """Where the browser goes to sign in."""
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": self._scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = (await self._discovered()).authorization_endpoint
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    async def redeem(self, code: str, verifier: str, nonce: str, redirect_uri: str) -> Mapping[str, Any]:
        """The verified claims of whom the code was given for."""
        found = await self._discovered()
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._client_id,
            "code_verifier": verifier,
        }
        headers = {}
        if self._secret and "client_secret_basic" in found.token_endpoint_auth_methods_supported:
            headers["Authorization"] = _basic(self._client_id, self._secret)
        elif self._secret:
            asked["client_secret"] = self._secret
        body = urlencode(asked).encode()
        told = _shaped(await self._ask(found.token_endpoint, "POST", body, headers), _Tokens)
        return await self._claims(told.id_token, nonce, found)

    async def _claims(self, token: str, nonce: str, found: Discovered) -> Mapping[str, Any]:
        """The id_token's; the keys are fetched once more for one signed with a key we do not know."""
        expected = Expected(self._issuer, self._client_id, nonce, self._clock.now(), LEEWAY_S)
        for again in (False, True):
            if self._keys is None or again:
                self._keys = _keys(await self._ask(found.jwks_uri, "GET"))
            try:
                return claims_of(token, self._keys, self._algorithms, expected)
            except UnknownKey:
                continue
        raise Refused(Cause.SIGNATURE, "the id_token is signed with a key the provider does not publish")

    async def _discovered(self) -> Discovered:
        """The provider's configuration, an hour old at most. Its issuer must be ours, letter for letter (Discovery 1.0, 4.3)."""
        now = self._clock.now()
        if self._found is None or now - self._found[1] >= FRESH_S:
            told = _shaped(await self._ask(self._issuer.rstrip("/") + WELL_KNOWN, "GET"), Discovered)
            if told.issuer != self._issuer:
                raise Refused(Cause.ISSUER, "the configuration is another issuer's")
            if any(
                _origin(url) != self._origin
                for url in (told.authorization_endpoint, told.token_endpoint, told.jwks_uri)
            ):
                raise Refused(Cause.ISSUER, "the configuration leads to another host")
            self._found = (told, now)
        return self._found[0]

    async def _ask(self, url: str, method: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Any:
        endpoint = self._http.endpoint(url.removeprefix(self._origin), FORM, method=method, Accept="application/json")
        reply = await self._http.send(endpoint, body, Call(secrets.token_hex(8), DEADLINE_S), headers)
        if isinstance(reply, Failure):
            raise Refused(Cause.UNREACHABLE, reply.words)
        if reply.status != 200:
            cause = Cause.CODE if reply.status == 400 else Cause.CREDENTIALS if reply.status == 401 else Cause.PROVIDER
            raise Refused(cause, f"status {reply.status}")
        try:
            return read_json(reply)
        except Unreadable as why:
            raise Refused(Cause.UNREADABLE, str(why)) from None

    async def close(self) -> None:
        await self._http.close()


def _shaped(told: Any, model: type[Model]) -> Model:
    try:
        return model.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Refused(Cause.UNREADABLE, f"not the agreed shape: {first['type']}") from None


def _keys(told: Any) -> KeySet:
    try:
        return KeySet.import_key_set(told)
    except (JoseError, ValueError, TypeError, KeyError):
        raise Refused(Cause.UNREADABLE, "the provider's keys cannot be read") from None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _basic(name: str, secret: str) -> str:
    """RFC 6749, 2.3.1: both parts percent-encoded first."""
    return "Basic " + b64encode(f"{quote(name, safe='')}:{quote(secret, safe='')}".encode()).decode()
