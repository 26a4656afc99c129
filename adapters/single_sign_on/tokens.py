"""The id_token: signed by whom it says, for us, for this very sign-in, now. Anything else is refused, each for a cause of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, OctKey

from adapters.single_sign_on.causes import Cause, Refused


class UnknownKey(Exception):
    """Signed with a key we have not seen: the provider may have changed its keys."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a good id_token says. `nonce` empty: none was asked for. Times are seconds since the epoch."""

    issuer: str
    client_id: str
    nonce: str
    now: float
    leeway_s: float


def claims_of(token: str, keys: KeySet | OctKey, algorithms: tuple[str, ...], expected: Expected) -> Mapping[str, Any]:
    """The verified claims. `alg` must be one of `algorithms`, so `none` never is. Raises Refused, or UnknownKey."""
    try:
        claims = jwt.decode(token, keys, algorithms=list(algorithms)).claims
    except InvalidKeyIdError:
        raise UnknownKey from None
    except (JoseError, ValueError, TypeError) as error:
        raise Refused(Cause.SIGNATURE, f"id_token: {type(error).__name__}") from None
    _check_parties(claims, expected)
    _check_times(claims, expected)
    if expected.nonce and claims.get("nonce") != expected.nonce:
        raise Refused(Cause.NONCE, "the id_token's nonce is missing or not ours")
    return claims


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    """OpenID Connect Core, 3.1.3.7: issuer, audience, and of several audiences the one it was given to."""
    if claims.get("iss") != expected.issuer:
        raise Refused(Cause.ISSUER, "the id_token's iss is not the configured issuer")
    audience = claims.get("aud")
    several = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in several:
        raise Refused(Cause.AUDIENCE, "the id_token is not for our client_id")
    given_to = claims.get("azp", expected.client_id if len(several) == 1 else None)
    if given_to != expected.client_id:
        raise Refused(Cause.AUDIENCE, "the id_token was given to another client")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise Refused(Cause.SUBJECT, "the id_token names nobody")


def _check_times(claims: Mapping[str, Any], expected: Expected) -> None:
    """Both clocks may be off by the leeway, either way. `nbf` may be left out."""
    begins = claims.get("iat"), claims.get("nbf", claims.get("iat"))
    times = [_time(at) for at in (claims.get("exp"), *begins)]
    if times[0] <= expected.now - expected.leeway_s:
        raise Refused(Cause.CLOCK, "the id_token has expired")
    if max(times[1:]) > expected.now + expected.leeway_s:
        raise Refused(Cause.CLOCK, "the id_token was issued in the future")


def _time(at: Any) -> float:
    if isinstance(at, bool) or not isinstance(at, int | float):
        raise Refused(Cause.CLOCK, "the id_token's exp, iat or nbf is no time")
    return float(at)
