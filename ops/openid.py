"""Signing in to the console at a provider (OpenID Connect): state, nonce and PKCE, then claims, then roles by the settings' table.

Between the steps nothing lives in this process or the ledger: what we must know again lies sealed in a cookie of the very browser that
left, so that a callback in another browser is worth nothing, and the code in it is good once at the provider.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from adapters.openid import OpenId
from adapters.single_sign_on.causes import Cause
from adapters.single_sign_on.causes import Refused as NotVouched
from bus.seal import SealError
from contracts.canonical.base import Shape
from ops.house import House
from ops.openid_settings import OpenIdSettings
from ops.people import Refused

log = structlog.get_logger("ops.openid")

CALLBACK = "/console/openid/callback"
RECORD = "console.openid"
WAY_S = 600.0
"""How long signing in there may take."""


class Way(Shape):
    """What we must know again when the browser comes back."""

    state: str
    nonce: str
    verifier: str
    back: str
    until: float


class OpenIdDoor:
    """The steps. Raises Refused with a word of the console: `provider` (it cannot be asked, or says no), `rights`, `name`, `taken`."""

    def __init__(self, house: House) -> None:
        own = house.settings.openid
        self._house, self._own, self._clock = house, own, house.ledger.clock
        self._provider = OpenId(
            own.issuer,
            own.client_id,
            own.secret,
            self._clock,
            scope=own.scope,
            algorithms=own.algorithms,
            ca_file=own.ca_file,
        )

    async def leave(self, back: str) -> tuple[str, str]:
        """Where to send the browser, and the cookie it takes along."""
        word = secrets.token_urlsafe
        way = Way(state=word(24), nonce=word(24), verifier=word(48), back=back, until=self._clock.now() + WAY_S)
        challenge = _text(hashlib.sha256(way.verifier.encode()).digest())
        try:
            address = await self._provider.authorize_url(way.state, way.nonce, challenge, self._redirect_uri)
        except NotVouched as no:
            raise self._refused(no) from None
        return address, _text(self._house.keys.seal(way.model_dump_json().encode(), RECORD))

    async def come_back(self, query: Mapping[str, str], cookie: str, old: str) -> tuple[str, str]:
        """A session's word, and where the reader wanted to go."""
        way = self._open(cookie)
        if way is None or way.until <= self._clock.now() or not hmac.compare_digest(way.state, query.get("state", "")):
            raise Refused("provider")
        try:
            if not query.get("code"):
                raise NotVouched(Cause.DENIED, "there is no code in the callback")
            claims = await self._provider.redeem(query["code"], way.verifier, way.nonce, self._redirect_uri)
        except NotVouched as no:
            raise self._refused(no) from None
        roles, partner = entitled(self._own, claims)
        if not roles:
            log.warning("no rights by the provider's claims", claim=self._own.roles_claim)
            raise Refused("rights")
        subject = f"{self._own.issuer}|{claims['sub']}"
        token = await self._house.people.enter(name_of(self._own, claims), subject, roles, partner, old)
        return token, way.back

    def _open(self, cookie: str) -> Way | None:
        try:
            sealed = base64.b64decode(cookie + "=" * (-len(cookie) % 4), altchars=b"-_", validate=True)
            return Way.model_validate_json(self._house.keys.open(sealed, RECORD))
        except (ValueError, IndexError, SealError):
            return None

    def _refused(self, no: NotVouched) -> Refused:
        log.warning("not vouched for", cause=no.cause, words=no.words)
        return Refused("provider")

    @property
    def _redirect_uri(self) -> str:
        return self._house.public_url + CALLBACK


def entitled(own: OpenIdSettings, claims: Mapping[str, Any]) -> tuple[frozenset[str], str]:
    """Roles by the claim's values, and the partner one of them binds to ("" is none). Two partners at once are no rights at all."""
    told = claims.get(own.roles_claim, [])
    values = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    bound = {own.partners[value] for value in _texts(values) if value in own.partners}
    if len(bound) > 1:
        return frozenset(), ""
    roles = frozenset(role for value in _texts(values) for role in own.roles.get(value, ()))
    return roles, next(iter(bound), "")


def name_of(own: OpenIdSettings, claims: Mapping[str, Any]) -> str:
    """The account's name: as the provider calls them, in the letters a name may have here."""
    said = str(claims.get(own.name_claim) or claims["sub"]).lower()
    return re.sub(r"[^a-z0-9._-]+", "-", said).strip("-._")[:40]


def _texts(values: Iterable[Any]) -> Iterable[str]:
    return (value for value in values if isinstance(value, str))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
