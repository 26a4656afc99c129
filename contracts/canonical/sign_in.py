"""One who signed in through a national provider (người đăng nhập), cut down to what a dossier needs to know."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.canonical.base import Shape
from contracts.canonical.person import Email
from contracts.identifier import TIDY, CitizenId, Key, Name, OldId, Phone, TaxCode
from contracts.marks import PERSONAL

Provider = Literal["vnconnect", "vneid"]
AccountKind = Literal["citizen", "enterprise", "organisation"]
Passport = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{5,20}$", to_upper=True), TIDY, PERSONAL]


class SignedIn(Shape):
    """Who signed in: identity, name, contact, account, level; nothing else leaves the bus.

    `account` is the stable account id (TechID; at VNeID without one, the personal id). An organisation's account tells the firm's tax
    code and the name of whoever uses it, never that person's ids: the clerk is not the firm. `level` is the assurance of the
    identity, 1 or 2, None where the provider does not say.
    """

    provider: Provider
    account: Annotated[Key, PERSONAL]
    kind: AccountKind
    name: Name
    organisation: Name | None = None
    citizen_id: CitizenId | None = None
    old_id: OldId | None = None
    passport: Passport | None = None
    tax_code: TaxCode | None = None
    email: Email | None = None
    phone: Phone | None = None
    level: Annotated[int, Field(strict=True, ge=1, le=9)] | None = None
