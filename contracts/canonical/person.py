"""The applicant (chủ hồ sơ): a citizen, an enterprise, an agency or another organisation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from contracts.canonical.address import Address
from contracts.canonical.base import Flag, Shape
from contracts.fault import refuse
from contracts.identifier import TIDY, CitizenId, Label, Name, OldId, PartialDay, Phone, TaxCode
from contracts.marks import PERSONAL

ApplicantKind = Literal["citizen", "enterprise", "agency", "other"]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$"), TIDY, PERSONAL]


class Applicant(Shape):
    """Who the dossier belongs to.

    A citizen may have neither id (a newborn, a foreigner); what a partner then does with it is the mapping's affair. `account` is
    the TechID of the national portal's account, `verified` whether VNeID stands behind it.
    """

    kind: ApplicantKind
    name: Name
    citizen_id: CitizenId | None = None
    old_id: OldId | None = None
    tax_code: TaxCode | None = None
    born_on: PartialDay | None = None
    email: Email | None = None
    phone: Phone | None = None
    fax: Phone | None = None
    account: Annotated[Label, PERSONAL] | None = None
    verified: Flag = False
    address: Address | None = None

    @model_validator(mode="after")
    def _organisations_have_a_tax_code(self) -> Applicant:
        if self.kind == "enterprise" and self.tax_code is None:
            refuse(
                "enterprise_tax_code",
                "an enterprise is known by its tax code",
                "Luật Doanh nghiệp 59/2020/QH14, Article 29",
            )
        return self
