"""What a recorded delivery would be sent as today: today's mapping and code lists over the event as it came. Nothing leaves."""

from __future__ import annotations

from bus.adapter import Job, Row
from bus.ledger.views import DeliveryView
from bus.outcome import Cause, Contract, Outcome
from contracts.envelope import Envelope
from ops.house import House


async def today(house: House, view: DeliveryView, body: bytes) -> Row | Outcome | None:
    """The row that would leave, or the outcome why none would; None for a partner that is not at work here.

    `body` is the delivery's event as the ledger tells it. Raises LedgerBusy.
    """
    if view.partner not in house.enabled:
        return None
    lane = await house.ledger.exchanges().remembered(view)
    job = Job(
        delivery=view.id,
        attempt=view.attempt,
        lane=lane.lane,
        partner=view.partner,
        operation=view.operation,
        step="send",
        dossier=view.dossier,
        number=view.number or 0,
        key=lane.key,
        envelope=Envelope.trusted(body),
        memo=lane.memo,
        has_full=lane.has_full,
        request=b"",
        tries=view.tries,
        crashes=0,
        group_size=None,
        in_doubt=False,
        accepted_at=view.accepted_at,
        traceparent="",
    )
    try:
        return house.adapter(view.partner).prepare(job)
    except Exception as error:
        return Contract(cause=Cause.POISON, code=type(error).__name__)
