"""A payment from the fees a desk asks for to the receipt (thu phí, lệ phí trực tuyến): the events of one payment order."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from contracts.canonical.base import Count, Instant, Shape
from contracts.canonical.document import FileUrl
from contracts.canonical.dossier import Dossier
from contracts.canonical.payment import Fee, Transaction
from contracts.canonical.registration import FileContent
from contracts.fault import refuse
from contracts.identifier import AgencyId, DossierCode, Label, Text
from contracts.marks import Searchable

Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,50}$"), Searchable("payment")]
"""What names an order at the payment platform (mã tham chiếu): letters and digits alone."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^$|^[0-9a-f]{64}$")]


class Order(Shape):
    """One payment asked for: the fees of a dossier that go to the account of one agency, `payee`."""

    reference: Reference
    payee: AgencyId
    fees: tuple[Fee, ...] = Field(min_length=1, max_length=100)
    amount_vnd: Annotated[Count, Field(ge=1)]
    requested_at: Instant

    @model_validator(mode="after")
    def _the_sum_is_right(self) -> Order:
        if sum(fee.amount_vnd for fee in self.fees) != self.amount_vnd:
            refuse("order_sum", "the fees of an order add up to its amount", "domain notes 3.4")
        return self


class OrderEvent(Shape):
    """Fees a desk asked for, made into an order."""

    dossier: Dossier
    order: Order


class LinkEvent(Shape):
    """The payment platform has the order; the citizen pays at `url`."""

    dossier_code: DossierCode
    order: Order
    url: FileUrl
    at: Instant


class ReportEvent(Shape):
    """What the platform says of an order, by calling us or when asked; not yet compared with what was asked for.

    `dossier_code` is absent where the reference is none of ours. `lapsed`: nobody paid for so long that we stopped asking.
    """

    dossier_code: DossierCode | None = None
    reference: Reference
    state: Literal["paid", "failed", "lapsed"]
    transaction: Transaction = ""
    code: Label = ""
    amount_vnd: Count
    currency: Label = ""
    bank: Label = ""
    at: Instant


class ConfirmedEvent(Shape):
    """An order was paid, in full and once."""

    dossier_code: DossierCode
    order: Order
    transaction: Transaction
    bank: Label = ""
    paid_at: Instant


class FailedEvent(Shape):
    """An order was not paid: the payment failed, or nobody tried."""

    dossier_code: DossierCode
    order: Order
    state: Literal["failed", "lapsed"]
    code: Label = ""
    at: Instant


class RefundEvent(Shape):
    """Money came for an order that wanted none any more: the dossier is over, another order took its place, or it was paid before."""

    dossier_code: DossierCode
    order: Order
    transaction: Transaction
    bank: Label = ""
    reason: Literal["closed", "replaced", "paid_before"]
    paid_at: Instant


class DisputedEvent(Shape):
    """The platform reports a payment that does not fit what was asked for; it is not applied, and a person looks into it."""

    dossier_code: DossierCode | None = None
    reference: Reference
    transaction: Transaction = ""
    amount_vnd: Count
    currency: Label = ""
    reason: Literal["unknown", "amount", "currency"]
    order: Order | None = None
    at: Instant


class ReceiptEvent(Shape):
    """The platform's receipt (biên lai) of a payment, its bytes as they came."""

    dossier_code: DossierCode
    reference: Reference
    transaction: Transaction
    file: FileContent | None = None
    file_sha256: Sha256 = ""
    file_fault: Text = ""
    at: Instant
