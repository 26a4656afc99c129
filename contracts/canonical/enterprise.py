"""Firms: what a registry tells of an enterprise (doanh nghiệp), and what a dossier says of a household business (hộ kinh doanh)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from contracts.canonical.address import Address, UnitCode, Ward
from contracts.canonical.base import Count, Day, Flag, Shape
from contracts.fault import refuse
from contracts.identifier import TIDY, CitizenId, Label, Name, TaxCode, Text, tax_code
from contracts.marks import PERSONAL, Finder

FirmName = Annotated[str, StringConstraints(max_length=500), TIDY]
"""A firm's name stands in a public register; blanks doubled there are made one."""


EnterpriseCode = Annotated[str, StringConstraints(max_length=20), TIDY, Finder("tax")]
"""A code of the register: an enterprise's 10 digits, a branch's 10-3, a place of business' 5; never a household's 12."""


def _asked(value: str) -> str:
    code = tax_code(value)
    if len(code) == 12:
        refuse(
            "enterprise_code",
            "12 digits are a person's id: look the household up by its owner",
            "TT 86/2024/TT-BTC",
            personal=True,
        )
    return code


class EnterpriseQuestion(Shape):
    """An enterprise or branch, by its code."""

    code: Annotated[str, TIDY, AfterValidator(_asked), Finder("tax")] = Field(examples=["0100109106"])


class HouseholdQuestion(Shape):
    """A household business, by its owner: since 2025-07-01 the owner's personal id is its tax code."""

    owner_id: CitizenId


Unit = Literal["enterprise", "branch", "place", "household"]
Standing = Literal["active", "suspended", "moved", "dissolving", "dissolved", "revoked", "unknown"]


class Seat(Shape):
    """Where a firm sits, in the codes of the day it was written down; `ward_now` is the commune of today where that is certain.

    Of an old commune that was split the heirs are named, and none is chosen: the address must tell.
    """

    country: Label = ""
    address: Address | None = None
    province: Label = ""
    district: Label = ""
    ward: Label = ""
    detail: Text = ""
    ward_now: Ward | None = None
    ward_now_name: Label = ""
    ward_heirs: tuple[UnitCode, ...] = ()


class LegalStatus(Shape):
    """One line of a firm's legal status (tình trạng pháp lý), the registry's word kept; a suspension has its days."""

    standing: Standing
    words: Text = ""
    code: Label = ""
    suspended_from: Day | None = None
    suspended_until: Day | None = None
    reason: Text = ""


class Representative(Shape):
    """A legal representative (đại diện pháp luật)."""

    name: Name
    paper_kind: Label = ""
    paper_number: Annotated[Label, PERSONAL, Finder("citizen")] = ""
    paper_issued_on: Annotated[Day | None, PERSONAL] = None
    paper_issued_by: Annotated[Text, PERSONAL] = ""
    nationality: Label = ""


class Activity(Shape):
    """A line of business (ngành, nghề)."""

    code: Label = ""
    name: Text = ""
    main: Flag = False


class Enterprise(Shape):
    """An entry of the business register.

    `code` is as the registry shows it; `parent_code` the enterprise a branch belongs to, whose tax code it is. A household's code is its
    owner's personal id since 2025-07-01, and stands in `owner_id` alone. `change` counts the registered changes.
    """

    unit: Unit
    code: EnterpriseCode = ""
    parent_code: EnterpriseCode = ""
    owner_id: CitizenId | None = None
    register_number: Label = ""
    certificate_number: Label = ""
    kind: Text = ""
    kind_code: Label = ""
    name: FirmName
    foreign_name: FirmName = ""
    short_name: FirmName = ""
    registered_on: Day | None = None
    changed_on: Day | None = None
    change: int | None = Field(default=None, ge=0)
    standing: Standing
    legal_statuses: tuple[LegalStatus, ...] = ()
    representatives: Annotated[tuple[Representative, ...], PERSONAL] = ()
    seat: Seat | None = None
    activities: tuple[Activity, ...] = ()


class HouseholdBusiness(Shape):
    """What a dossier applies for or has been granted: the household business it is about."""

    name: Name
    owner_id: CitizenId | None = None
    activities: tuple[Activity, ...] = Field(default=(), max_length=200)
    place: Annotated[Address | None, PERSONAL] = None
    capital_vnd: Count | None = None
    number: TaxCode | None = None
