"""What a poll brought, committed as the poller commits it."""

from __future__ import annotations

from bus.adapter import Poll
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.words import Arrival


async def commit(ledger: SqlLedger, partner: str, polled: Poll) -> None:
    """Events, facts and cursor of one poll, in the partner's duty."""
    duty = f"poll:{partner}"
    fence = await ledger.take_duty(duty, "test", 3600)
    assert fence is not None
    arrivals = []
    for event in polled.events:
        body, at = event.to_json(), event.time.timestamp()
        arrivals.append(Arrival(event.source, event.id, event.type, event.subject, None, at, body, body, (), "test"))
    await ledger.accept_polled(duty, fence, polled.cursor, arrivals, polled.bad_rows, polled.keeps)
