"""Units with a budget relation (đơn vị có quan hệ với ngân sách): how their dossiers stand, and the codes they are given."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from contracts.canonical.base import STATUS, Day, Instant, Shape
from contracts.canonical.registration import FileContent
from contracts.fault import refuse
from contracts.identifier import BudgetUnitCode, Key, Label, Name, Remark, TaxCode, Text, Title
from contracts.marks import Searchable

BudgetService = Literal[
    "unit", "other_unit", "project_preparation", "project_execution", "phase_change", "information_change"
]
BudgetState = Literal["new", "received", "refused", "processing", "supplement", "issued"]
UnitWarning = Literal["closed", "before_decision", "superior_missing", "not_looked_up"]
"""closed: the code is not to be used any more; before_decision: given before the decision that founded the unit; superior_missing: a unit
below another without its code; not_looked_up: the register gave no answer when the code came."""


class BudgetUnitQuestion(Shape):
    """A unit, by its code."""

    code: BudgetUnitCode


class BudgetUnitSearch(Shape):
    """Units, by tax code or by name: exactly one of them."""

    tax_code: TaxCode | None = None
    name: Title | None = None

    @model_validator(mode="after")
    def _by_one(self) -> BudgetUnitSearch:
        if (self.tax_code is None) == (self.name is None):
            refuse("budget_unit_search", "a unit is looked for by tax code or by name", "domain notes 3.6")
        return self


class BudgetUnit(Shape):
    """A unit as the ministry's register has it; `warnings` say what a user of the code has to know."""

    code: BudgetUnitCode
    name: Title
    kind: Text = ""
    chapter: Label = ""
    level: Label = ""
    superior: BudgetUnitCode | None = None
    province: Label = ""
    ward: Label = ""
    address: Text = ""
    decision_number: Text = ""
    decided_on: Day | None = None
    decided_by: Text = ""
    state: Literal["active", "closed"]
    issued_on: Day | None = None
    warnings: tuple[UnitWarning, ...] = ()


class BudgetDossierEvent(Shape):
    """A dossier on the ministry's system came to a state; the dossier system mirrors it under `btc_code`.

    `warnings`: registered_twice, another open or granted dossier of the same service has a unit of the same name.
    """

    btc_code: Annotated[Key, Searchable("elsewhere")]
    service: BudgetService
    unit_name: Title
    applicant: Name | None = None
    filed_at: Instant
    received_at: Instant | None = None
    due_at: Instant | None = None
    state: BudgetState
    status: Annotated[int, Field(strict=True, ge=1, le=9), STATUS]
    reason: Remark = ""
    warnings: tuple[Literal["registered_twice"], ...] = ()
    at: Instant


class CodeIssuedEvent(Shape):
    """A unit has its code; told once more when the certificate comes later than the code."""

    btc_code: Annotated[Key, Searchable("elsewhere")]
    service: BudgetService
    unit_name: Title
    unit_code: BudgetUnitCode
    unit: BudgetUnit | None = None
    certificate: FileContent | None = None
    file_sha256: Annotated[str, StringConstraints(pattern=r"^$|^[0-9a-f]{64}$")] = ""
    file_fault: Text = ""
    warnings: tuple[UnitWarning, ...] = ()
    at: Instant
