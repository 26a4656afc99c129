"""One provider: where browsers are sent, and one method per address we call. No discovery: every address comes from the settings.

Every method raises Refused; what a reply or a claim says never stands in its words.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, overload
from urllib.parse import urlencode

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey
from pydantic import ValidationError

from adapters.single_sign_on.causes import Cause, Refused, of_error
from adapters.single_sign_on.settings import ProviderSettings, SsoSettings
from adapters.single_sign_on.tokens import Expected, UnknownKey, claims_of
from adapters.single_sign_on.wrapping import unwrap
from adapters.transport.classify import Model, Unreadable, read_json
from adapters.transport.http import Endpoint, Failure, HttpClient, Reply
from bus.adapter import Call
from bus.clock import Clock
from contracts.single_sign_on.messages import (
    ErrorReply,
    Introspection,
    TokenReply,
    VnconnectClaims,
    VneidClaims,
    WrappedReply,
)

FORM = "application/x-www-form-urlencoded"
KEYS_FRESH_S = 3600.0
KEYS_AGAIN_S = 30.0
"""How soon keys are fetched again for a token signed with an unknown one."""
CLAIMS: Mapping[str, type[VnconnectClaims | VneidClaims]] = {"vnconnect": VnconnectClaims, "vneid": VneidClaims}


class ProviderClient:
    """Speaks with one provider for one client_id."""

    def __init__(self, settings: ProviderSettings, partner: SsoSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._private_key = settings.private_key()
        base = (settings.base_url or partner.base_url).rstrip("/")
        self._browser = (settings.browser_url or base).rstrip("/")
        self._http = HttpClient(partner.model_copy(update={"base_url": base}))
        method = settings.userinfo_method or ("POST" if settings.provider == "vnconnect" else "GET")
        self._token = self._form_endpoint(settings.token_path)
        self._userinfo = self._http.endpoint(settings.userinfo_path, method=method, Accept="application/json")
        self._jwks = self._http.endpoint(settings.jwks_path, method="GET", Accept="application/json")
        self._introspect = self._form_endpoint(settings.introspect_path)
        self._revoke = self._form_endpoint(settings.revoke_path)
        self._keys: KeySet | None = None
        self._keys_at = 0.0
        self._fetching = asyncio.Lock()

    def authorize_url(self, state: str, nonce: str, challenge: str, redirect_uri: str, *, silent: bool) -> str:
        """Where the browser goes to sign in; `silent` asks that nobody be bothered who is signed in there already."""
        own = self.settings
        asked = {
            "response_type": "code",
            "client_id": own.client_id,
            "redirect_uri": redirect_uri,
            "scope": own.scope,
            "acr_values": own.acr_values,
            "state": state,
            "nonce": nonce if own.asks_nonce else "",
            "code_challenge": challenge if own.pkce else "",
            "code_challenge_method": "S256" if own.pkce else "",
            "prompt": "none" if silent and own.silent else "",
        }
        return f"{self._browser}{own.authorize_path}?{_form(asked)}"

    def logout_url(self, id_token: str, return_to: str) -> str:
        """Where the browser goes to sign out there too; empty when the provider has no such address."""
        if self.settings.logout_path is None:
            return ""
        said = {"id_token_hint": id_token, "client_id": "" if id_token else self.settings.client_id}
        return f"{self._browser}{self.settings.logout_path}?{_form(said | {'post_logout_redirect_uri': return_to})}"

    def open_code(self, code: str, encrypt_key: str) -> str:
        """The code as the token end wants it: VNeID may hand it over encrypted, its key beside it (S8)."""
        if self.settings.provider != "vneid":
            return code
        code = code.replace(" ", "+")  # Base64 has no blanks: somebody on the way read + as one
        if not encrypt_key:
            return code
        try:
            return unwrap(self._private_key, code, encrypt_key.replace(" ", "+")).decode()
        except UnicodeDecodeError:
            raise Refused(Cause.WRAPPED, "the code is no text") from None

    async def token(self, code: str, verifier: str, redirect_uri: str, call: Call) -> TokenReply:
        """Redeem the code."""
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.settings.client_id,
            "client_secret": self.settings.secret("client_secret"),
            "code_verifier": verifier if self.settings.pkce else "",
        }
        return self._read(await self._http.send(self._token, _form(body).encode(), call), TokenReply)

    async def id_claims(self, token: str, nonce: str, call: Call) -> Mapping[str, Any]:
        """The verified claims of an id_token; the keys are fetched once more for one signed with a key we do not know."""
        own = self.settings
        expected = Expected(own.issuer, own.client_id, nonce if own.asks_nonce else "", self._clock.now(), own.leeway_s)
        if own.algorithms[0].startswith("HS"):
            return claims_of(token, OctKey.import_key(own.secret("client_secret")), own.algorithms, expected)
        for older_than_s in (KEYS_FRESH_S, KEYS_AGAIN_S):
            try:
                return claims_of(token, await self._provider_keys(older_than_s, call), own.algorithms, expected)
            except UnknownKey:
                continue
        raise Refused(Cause.SIGNATURE, "the id_token is signed with a key the provider does not publish")

    async def userinfo(self, access_token: str, call: Call) -> VnconnectClaims | VneidClaims:
        """Everything the provider knows of the person; cut down by the mapping at once."""
        bearer = {"Authorization": f"Bearer {access_token}"}
        return self._read(await self._http.send(self._userinfo, b"", call, bearer), CLAIMS[self.settings.provider])

    async def introspect(self, access_token: str, call: Call) -> bool | None:
        """Whether the token is still good and ours; None when the provider cannot be asked."""
        if self._introspect is None:
            return None
        bearer = {"Authorization": f"Bearer {access_token}"}
        body = _form({"token": access_token, "state": "0"}).encode()
        said = self._read(await self._http.send(self._introspect, body, call, bearer), Introspection)
        ours = said.client_id in (None, self.settings.client_id)
        lives = said.exp is None or said.exp > self._clock.now() - self.settings.leeway_s
        known = said.active is not None or said.client_id is not None
        return said.active is not False and known and ours and lives

    async def revoke(self, access_token: str, call: Call) -> None:
        """Tell the provider to forget the token."""
        if self._revoke is None:
            return
        body = {
            "token": access_token,
            "token_type_hint": "access_token",
            "client_id": self.settings.client_id,
            "client_secret": self.settings.secret("client_secret"),
        }
        reply = await self._http.send(self._revoke, _form(body).encode(), call)
        if not isinstance(reply, Reply) or reply.status != 200:
            raise Refused(Cause.UNREACHABLE, "the token could not be revoked")

    async def close(self) -> None:
        await self._http.close()

    @overload
    def _form_endpoint(self, path: str) -> Endpoint: ...
    @overload
    def _form_endpoint(self, path: str | None) -> Endpoint | None: ...
    def _form_endpoint(self, path: str | None) -> Endpoint | None:
        """An address that takes a form; None where the provider has none."""
        return None if path is None else self._http.endpoint(path, FORM, Accept="application/json")

    async def _provider_keys(self, older_than_s: float, call: Call) -> KeySet:
        """The provider's published keys, fetched when ours are older than that; one fetch for all who wait."""
        async with self._fetching:
            if self._keys is None or self._clock.now() - self._keys_at >= older_than_s:
                told = self._json(await self._http.send(self._jwks, b"", call))
                try:
                    self._keys = KeySet.import_key_set(told)
                except (JoseError, ValueError, TypeError, KeyError):
                    raise Refused(Cause.UNREADABLE, "the provider's keys cannot be read") from None
                self._keys_at = self._clock.now()
            return self._keys

    def _read(self, reply: Reply | Failure, model: type[Model]) -> Model:
        told = self._json(reply)
        if self.settings.provider == "vneid" and isinstance(told, dict) and told.keys() >= {"data", "key"}:
            told = self._unwrapped(_model(told, WrappedReply))
        return _model(told, model)

    def _unwrapped(self, wrapped: WrappedReply) -> Any:
        text = unwrap(self._private_key, wrapped.data, wrapped.key)
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise Refused(Cause.WRAPPED, "what was wrapped is no JSON") from None

    def _json(self, reply: Reply | Failure) -> Any:
        """A good reply as JSON; an OAuth error by its code, anything else by what it is."""
        if isinstance(reply, Failure):
            raise Refused(Cause.UNREACHABLE, reply.words)
        if reply.status == 429 or reply.status >= 500:
            raise Refused(Cause.PROVIDER, f"status {reply.status}")
        try:
            told = read_json(reply)
        except Unreadable as why:
            raise Refused(Cause.UNREADABLE, f"{why}, status {reply.status}") from None
        if reply.status == 200:
            return told
        try:
            code = ErrorReply.model_validate(told).error
        except ValidationError:
            code = ""
        cause = of_error(code) if code or reply.status != 401 else Cause.CREDENTIALS
        raise Refused(cause, f"status {reply.status}")


def _form(fields: Mapping[str, str]) -> str:
    """The fields that have something to say, percent-encoded."""
    return urlencode({name: value for name, value in fields.items() if value})


def _model(told: Any, model: type[Model]) -> Model:
    try:
        return model.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Refused(Cause.UNREADABLE, f"not the agreed shape: {first['type']}") from None
