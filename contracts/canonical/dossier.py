"""The dossier (hồ sơ): one application of one person or firm for one administrative procedure, in its full present state."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from contracts.canonical.base import STATUS, Instant, Shape, remembered
from contracts.canonical.document import OtherPaper, Paper, ResultPaper, Supplement
from contracts.canonical.enterprise import HouseholdBusiness
from contracts.canonical.payment import Fee, PaidBy
from contracts.canonical.person import Applicant
from contracts.fault import refuse
from contracts.identifier import TIDY, AgencyId, DossierCode, Key, Label, Name, ProcedureCode, Remark, Text, Title
from contracts.marks import PERSONAL, Searchable

Status = Annotated[int, Field(strict=True, ge=1, le=10), STATUS]
"""1 filed, 2 received, 3 refused at reception, 4 in processing, 5 supplement asked, 6 fee asked, 7 withdrawn, 8 stopped,
9 processed, 10 result returned (national portal, TrangThaiHoSo)."""


class Procedure(Shape):
    """The administrative procedure (thủ tục hành chính) asked for; its field (lĩnh vực) as the portal's catalogue names it."""

    code: ProcedureCode
    name: Title
    field_code: Key
    field_name: Title


class Agency(Shape):
    """The agency that settles the dossier."""

    id: AgencyId
    name: Title


class Dossier(Shape):
    """The full state of a dossier. Times are aware instants; what has not happened yet is absent."""

    code: DossierCode
    other_code: Annotated[Label, Searchable("elsewhere")] = ""
    procedure: Annotated[Procedure, remembered(Procedure)]
    agency: Annotated[Agency, remembered(Agency)]
    channel: Literal["counter", "online", "post"]
    filed_on: Literal["portal", "local"]
    status: Status
    filed_at: Instant
    received_at: Instant | None = None
    due_at: Instant | None = None
    finished_at: Instant | None = None
    returned_at: Instant | None = None
    refused_at: Instant | None = None
    applicant: Applicant
    summary: Annotated[str, StringConstraints(min_length=1, max_length=4000), TIDY, PERSONAL]
    return_method: Literal["counter", "post", "carrier"] = "counter"
    return_note: Remark = ""
    paid_by: PaidBy = "none"
    databases: tuple[Key, ...] = Field(default=(), max_length=50)
    papers: tuple[Paper, ...] = Field(default=(), max_length=200)
    other_papers: tuple[OtherPaper, ...] = Field(default=(), max_length=200)
    fees: tuple[Fee, ...] = Field(default=(), max_length=100)
    supplements: tuple[Supplement, ...] = Field(default=(), max_length=50)
    results: tuple[ResultPaper, ...] = Field(default=(), max_length=100)
    business: HouseholdBusiness | None = None
    receipt_number: Annotated[Label, Searchable("receipt")] = ""
    other_information: Remark = ""
    note: Remark = ""

    @model_validator(mode="after")
    def _received_dossiers_have_a_time_of_reception(self) -> Dossier:
        if self.received_at is None and self.status in (2, 4, 8, 9, 10):
            refuse(
                "received_at",
                f"a dossier in status {self.status} has a time of reception (received_at)",
                "QĐ 766/QĐ-TTg, indicators 1.4 and 2.1",
            )
        return self

    @model_validator(mode="after")
    def _the_id_of_a_fee_names_one(self) -> Dossier:
        named = [fee.id for fee in self.fees if fee.id]
        if len(named) != len(set(named)):
            refuse("fee_id", "two fees of a dossier have two ids, or none", "docs/events.md")
        return self


class Change(Shape):
    """Who changed the dossier, when, from where to where: one line of its processing history."""

    from_status: Status | None = None
    to_status: Status
    at: Instant
    officer: Name
    position: Text = ""
    department: Text = ""
    note: Remark = ""
    started_at: Instant | None = None
    deadline_at: Instant | None = None
