"""Fees and how they were paid. Money is whole đồng."""

from __future__ import annotations

from typing import Annotated, Literal

from contracts.canonical.base import Count, Day, Instant, Shape
from contracts.identifier import AgencyId, Key, Label, Name, Text, Title
from contracts.marks import PERSONAL, Searchable

Transaction = Annotated[Label, Searchable("transaction")]
"""What the platform or the bank calls a payment."""
PaidBy = Literal["none", "portal", "gateway", "offline"]
"""Not applicable, on the national portal, on the province's gateway, a fee that was not paid online."""


class Fine(Shape):
    """The decision an administrative fine (xử phạt vi phạm hành chính) rests on; each is paid by an order of its own."""

    kind_code: Label = ""
    kind: Title
    decision_number: Label
    decided_on: Day
    authority_code: Label = ""
    authority: Title
    treasury: Title
    budget_account: Label = ""
    violated_at: Instant | None = None
    violated_in: Text = ""
    violator: Annotated[Name, PERSONAL]


class Fee(Shape):
    """One fee: a charge (lệ phí), a fee proper (phí), or a fine. `payee` is whose account it goes to, where not the settling agency's.

    `id` tells it apart from another of the dossier that is alike in all the rest.
    """

    id: Label = ""
    title: Title
    code: Label = ""
    kind: Literal["charge", "fee"] = "charge"
    amount_vnd: Count
    collected: Literal["online", "cash", "transfer", ""] = ""
    payee: AgencyId | None = None
    fine: Fine | None = None


class Payment(Shape):
    """A payment that went through."""

    reference: Annotated[Key, Searchable("payment")]
    transaction: Transaction = ""
    amount_vnd: Count
    paid_by: PaidBy
    paid_at: Instant
