"""Fees and how they were paid. Money is whole đồng."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.canonical.base import Instant, Shape
from contracts.identifier import Title

PaidBy = Literal["none", "portal", "gateway", "offline"]
"""Not applicable, on the national portal, on the province's gateway, a fee that was not paid online."""


class Fee(Shape):
    """One fee: a charge (lệ phí) or a fee proper (phí)."""

    title: Title
    code: str = Field(default="", max_length=60)
    kind: Literal["charge", "fee"] = "charge"
    amount_vnd: int = Field(ge=0, le=10**13)
    collected: Literal["online", "cash", "transfer", ""] = ""


class Payment(Shape):
    """A payment that went through."""

    reference: str = Field(min_length=1, max_length=100)
    transaction: str = Field(default="", max_length=100)
    amount_vnd: int = Field(ge=0, le=10**13)
    paid_by: PaidBy
    paid_at: Instant
