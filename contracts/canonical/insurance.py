"""Social and health insurance (bảo hiểm xã hội, bảo hiểm y tế): insured people as looked up, and a child's card on its way."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.canonical.address import Address, UnitCode
from contracts.canonical.base import Day, Instant, Shape
from contracts.canonical.registration import FileContent, LinkedCode
from contracts.identifier import (
    DossierCode,
    Label,
    Name,
    PartialDay,
    ProcedureCode,
    Remark,
    SocialInsuranceNumber,
    Text,
)
from contracts.marks import PERSONAL, Searchable

Sex = Annotated[Literal["male", "female", "other"], PERSONAL]
BirthUnit = Annotated[UnitCode, PERSONAL]


class NumberQuestion(Shape):
    """An insured person, by the social insurance number."""

    number: SocialInsuranceNumber


class CriteriaQuestion(Shape):
    """The numbers of people who fit: several may, and none is ever chosen."""

    name: Name
    born_on: PartialDay
    sex: Sex = Field(examples=["female"])
    birth_province: BirthUnit | None = None
    birth_district: BirthUnit | None = None
    birth_ward: BirthUnit | None = None


class InsuredPerson(Shape):
    """A person as the insurance knows them; the place of birth in the codes of that time."""

    number: SocialInsuranceNumber
    name: Name
    old_book: Annotated[Label, PERSONAL] = ""
    born_on: PartialDay | None = None
    sex: Sex | None = None
    birth_place: Annotated[Address | None, PERSONAL] = None
    status: Text = ""


class InsuranceNumber(Shape):
    """One number that fits."""

    number: SocialInsuranceNumber


CardState = Literal["received", "supplement", "issued", "refused"]


class CardEvent(Shape):
    """How the health insurance card of a child under six stands (thẻ BHYT)."""

    dossier_code: DossierCode
    linked_code: LinkedCode = ""
    procedure_code: ProcedureCode
    state: CardState
    at: Instant
    number: SocialInsuranceNumber | None = None
    card: Annotated[str, StringConstraints(pattern=r"^$|^[A-Z0-9]{10,15}$"), PERSONAL] = ""
    valid_from: Day | None = None
    valid_until: Day | None = None
    words: Remark = ""
    reference: Annotated[Label, Searchable("reference")] = ""
    file: FileContent | None = None
    file_fault: Text = ""
