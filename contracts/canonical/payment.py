"""Fees and how they were paid. Money is whole đồng."""

from __future__ import annotations

from typing import Literal

from contracts.canonical.base import Count, Instant, Shape
from contracts.identifier import AgencyId, Key, Label, Title

PaidBy = Literal["none", "portal", "gateway", "offline"]
"""Not applicable, on the national portal, on the province's gateway, a fee that was not paid online."""


class Fee(Shape):
    """One fee: a charge (lệ phí) or a fee proper (phí). `payee` is whose account it goes to, where not the settling agency's."""

    title: Title
    code: Label = ""
    kind: Literal["charge", "fee"] = "charge"
    amount_vnd: Count
    collected: Literal["online", "cash", "transfer", ""] = ""
    payee: AgencyId | None = None


class Payment(Shape):
    """A payment that went through."""

    reference: Key
    transaction: Label = ""
    amount_vnd: Count
    paid_by: PaidBy
    paid_at: Instant
