"""The assertion the bus hands to the dossier system: a JWT (RFC 7519) signed with ES256, good for a minute, once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contracts.canonical.base import Flag, Shape
from contracts.canonical.sign_in import SignedIn
from contracts.marks import PERSONAL

LIFETIME_LIMIT_S = 60
TYPE = "sign-in+jwt"
"""The header's `typ`, so that no token made for another purpose is taken for this one (RFC 8725, 3.11)."""


class Link(Shape):
    """How the person stands to the client's own accounts: `linked` to one, `mapping` (may be one of these: ask), `create` (none)."""

    state: Literal["linked", "mapping", "create"]
    accounts: tuple[Annotated[str, PERSONAL], ...] = ()


class Assertion(Shape):
    """The claims. `sub` is a pseudonym of the account, the same at every sign-in for one client; times are seconds since the epoch.

    `sid` names the session here, for linking and for signing out. `may_file`: the level is the one that filing needs. `vnconnect`:
    the person came from the national portal, already signed in there.
    """

    iss: str
    aud: str
    sub: str
    iat: int
    exp: int
    jti: Annotated[str, Field(min_length=16)]
    sid: Annotated[str, Field(min_length=16)]
    may_file: Flag
    vnconnect: Flag
    person: SignedIn
    link: Link
