"""What was paid, by our account and by the platform's (đối soát): every order is asked about, whatever we believe of it.

The platform has no list of a day's payments that we know of. So orders made in the days asked for, or within the thirty days before in
which they could still be paid, are asked about one by one; but for those we know to have been paid on another day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any

from adapters.online_payment.adapter import PaymentAdapter
from bus.adapter import Account, Call, Entry, Reconcile
from contracts.canonical.order import Order
from contracts.envelope import Envelope
from mappings.convert import as_day

AT_ONCE = 4
"""Questions under way together, beside what the bus has to do anyway."""


def note(event: Envelope) -> Order | Entry:
    """An order that was made, or money that came for one; it is the platform's money too when it has to be given back."""
    message: Any = event.message
    order: Order = message.order
    if not hasattr(message, "transaction"):
        return order
    return Entry(_key(order.reference, message.transaction), as_day(message.paid_at), order.amount_vnd)


async def theirs(
    adapter: PaymentAdapter, notes: Sequence[Order | Entry], first: date, last: date, call: Call
) -> Account:
    """The platform's account of the days."""
    elsewhere = {one.key.split("/")[0] for one in notes if isinstance(one, Entry) and not first <= one.day <= last}
    made = [one for one in notes if isinstance(one, Order) and as_day(one.requested_at) <= last]
    orders = {one.reference: one for one in made if one.reference not in elsewhere}
    gate = asyncio.Semaphore(AT_ONCE)

    async def asked(order: Order) -> Envelope | str | None:
        async with gate:
            return await adapter.paid(order, call)

    answers = await asyncio.gather(*map(asked, orders.values()))
    reports = [(_line(one), one) for one in answers if isinstance(one, Envelope)]
    entries = tuple(line for line, _ in reports if first <= line.day <= last)
    return Account(
        entries, tuple(one for one in answers if isinstance(one, str)), {line.key: (event,) for line, event in reports}
    )


def _line(event: Envelope) -> Entry:
    """The platform's line of a payment it reports."""
    report: Any = event.message
    return Entry(_key(report.reference, report.transaction), as_day(report.at), report.amount_vnd)


def _key(reference: str, transaction: str) -> str:
    return f"{reference}/{transaction}"


RECONCILE = Reconcile(
    events=tuple(f"vn.lienthong.payment.{name}.v1" for name in ("requested", "confirmed", "refund_due")),
    note=note,
    theirs=theirs,
    before_days=30,
)
