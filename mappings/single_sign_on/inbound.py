"""Claims in, one who signed in out. What no row names goes no further: the tables are the whole list of what is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from contracts.canonical.person import Email
from contracts.canonical.sign_in import Provider, SignedIn
from contracts.identifier import Phone
from contracts.single_sign_on import ACCOUNT_KINDS, VNEID_KINDS
from contracts.single_sign_on.messages import VnconnectClaims, VneidClaims
from mappings.convert import Converter, choice
from mappings.table import Table, Unmappable, read, row, table

DOC = "domain notes 3.3"
S1 = f"{DOC}, S1"
S2 = f"{DOC}, S2"
S8 = f"{DOC}, S8"


def contact(kind: Any, says: str) -> Converter:
    """A way to reach somebody, left out where it cannot be one: nobody is kept from signing in by a mistyped number."""
    judge = TypeAdapter[str](kind)

    def back(value: Any) -> str | None:
        try:
            return judge.validate_python(value)
        except ValidationError:
            return None

    return Converter(f"{says}, left out where unreadable", lambda value, _message: value, back)


def level() -> Converter:
    """The highest number in what a provider says of the assurance of an identity; nothing where it says none."""

    def back(value: Any) -> int | None:
        return max(_levels(value), default=None)

    return Converter("the highest number named, 1 to 9", lambda value, _message: value, back)


def _levels(value: Any) -> Iterator[int]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _levels(one)
    elif not isinstance(value, bool) and (match := re.search(r"([1-9])(?:\.0)?\Z", str(value), re.ASCII)):
        yield int(match[1])


VNCONNECT = table(
    row("account", "TechID", source=S1, required=True),
    row("kind", "LoaiTaiKhoan", choice(ACCOUNT_KINDS), source=S1, required=True),
    row("name", "HoVaTen", source=S1),
    row("organisation", "TenDoanhNghiep", source=S1),
    row("citizen_id", "SoDinhDanh", source=S1),
    row("old_id", "SoCMND", source=S1),
    row("passport", "HoChieu", source=S1),
    row("tax_code", "MaSoDoanhNghiep", source=f"{S1}: where MaSoThue is empty"),
    row("tax_code", "MaSoThue", source=S1),
    row("email", "ThuDienTu", contact(Email, "email"), source=S1),
    row("phone", "SoDienThoai", contact(Phone, "phone"), source=S1),
    row("level", "loAs", level(), source=f"{S1}. Assumed: loAs holds the levels of assurance"),
    of=SignedIn,
    to=VnconnectClaims,
    beside=("provider",),
)
VNEID = table(
    row("kind", "accountType", choice(VNEID_KINDS), source=f"{S8}. Assumed: 1 a person, 2 an organisation"),
    row("name", "HoVaTen", source=S2),
    row("name", "fullName", source=S8),
    row("citizen_id", "SoDinhDanh", source=S2),
    row("citizen_id", "citizenPid", source=S8),
    row("account", "TechID", source=S2),
    row("level", "IAL", level(), source=S2),
    row("level", "accountLevel", level(), source=S8),
    of=SignedIn,
    to=VneidClaims,
    beside=("provider",),
)
TABLES: Mapping[Provider, Table] = {"vnconnect": VNCONNECT, "vneid": VNEID}
OF_PERSONS = ("citizen_id", "old_id", "passport")
OF_ORGANISATIONS = ("organisation", "tax_code")


def signed_in(provider: Provider, claims: Mapping[str, Any]) -> SignedIn:
    """The person or organisation behind the claims. Raises Unmappable naming the claim, never its value."""
    mapping = TABLES[provider]
    found = read(mapping, claims)
    if provider == "vneid":
        found.setdefault("kind", "citizen")  # S2's shape has no accountType
    _sort_ids(found)
    if provider == "vneid" and "citizen_id" in found:
        found.setdefault("account", found["citizen_id"])
    of_organisation = found.get("kind") != "citizen"
    if of_organisation and "organisation" in found:
        found.setdefault("name", found["organisation"])
    for name in OF_PERSONS if of_organisation else OF_ORGANISATIONS:
        found.pop(name, None)
    try:
        return SignedIn.model_validate({"provider": provider, **found})
    except ValidationError as error:
        raise _unmappable(mapping, error) from None


def _sort_ids(found: dict[str, Any]) -> None:
    """One field often holds the other's number: the 12 digits under SoCMND since everybody has them, the 9 under SoDinhDanh before."""
    given = [found.pop(name) for name in ("citizen_id", "old_id") if found.get(name)]
    for number in given:
        found.setdefault("old_id" if len(number.strip()) == 9 else "citizen_id", number)


def owner_keys(person: SignedIn) -> tuple[tuple[str, str], ...]:
    """By what an account of this person is found, as (kind, value): the account that signs in first, which is certain; then what only
    suggests one. A firm's account suggests the firm's by its tax code, never that of the person who uses it.
    """
    suggesting = {
        "citizen": person.citizen_id,
        "old": person.old_id,
        "passport": person.passport,
        "tax": person.tax_code,
    }
    return (("account", person.account), *((kind, value) for kind, value in suggesting.items() if value))


def _unmappable(mapping: Table, error: ValidationError) -> Unmappable:
    first = error.errors(include_url=False, include_input=False)[0]
    path = str(first["loc"][0]) if first["loc"] else ""
    fields = [line.field for line in mapping if line.path == path]
    return Unmappable(
        " or ".join(fields) or "the claims", path, "missing" if first["type"] == "missing" else str(first["type"])
    )
