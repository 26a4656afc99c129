"""What the business register decides of a household business' registration (đăng ký hộ kinh doanh), and which names it has already."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.canonical.address import Ward
from contracts.canonical.base import STATUS, Day, Instant, Shape
from contracts.canonical.registration import FileContent
from contracts.identifier import TIDY, DossierCode, Remark, TaxCode, Text

HouseholdState = Literal["waiting", "supplement", "processing", "registered", "refused"]


class HouseholdDecision(Shape):
    """How the registration stands at the register. `number` is the certificate's: since 2025-07-01 the owner's personal id."""

    dossier_code: DossierCode
    state: HouseholdState
    status: Annotated[int, Field(strict=True, ge=3, le=9), STATUS]
    at: Instant
    reason: Remark = ""
    deadline_on: Day | None = None
    number: TaxCode | None = None
    issued_on: Day | None = None
    file: FileContent | None = None
    file_sha256: Annotated[str, StringConstraints(pattern=r"^$|^[0-9a-f]{64}$")] = ""
    file_fault: Text = ""


class HouseholdNameQuestion(Shape):
    """Household businesses of a commune whose name is the one asked for, however it is written."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=500), TIDY] = Field(examples=["Hộ kinh doanh Mẫu"])
    ward: Ward = Field(examples=["29557"])
