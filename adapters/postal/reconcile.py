"""Orders VNPost took by our account and by its cursor, by the day: one that is missing there never reaches the citizen."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from pydantic import ValidationError

from adapters.postal.adapter import PostalAdapter
from bus.adapter import Account, Call, Entry, Reconcile
from bus.maintenance import VIETNAM
from bus.outcome import Outcome
from contracts.envelope import Envelope
from contracts.fault import Refusal
from contracts.postal.messages import TrangThaiBuuGui
from mappings.convert import as_day
from mappings.postal.inbound import is_order, moved, order_of, state_of, written_at


def note(event: Envelope) -> Entry | None:
    """A line for each order VNPost said it took; None for what it told of an item later."""
    message: Any = event.message
    shipment = message.shipment
    if not is_order(event):
        return None
    return Entry(order_of(message.dossier_code, shipment.purpose), as_day(shipment.changed_at), 1)


async def theirs(adapter: PostalAdapter, _notes: Sequence[Entry], first: date, last: date, call: Call) -> Account:
    """Orders of ours created on these days, as the cursor over everybody's orders tells them, read beside the walk that follows items."""
    cursor, end = _key(first), _key(last + timedelta(days=1))
    found: dict[str, Entry] = {}
    events: dict[str, tuple[Envelope, ...]] = {}
    while cursor < end:
        page = await adapter.page(cursor, call)
        if isinstance(page, Outcome):
            return Account(tuple(found.values()), (f"tracking behind {cursor}",), events)
        rows = [row for row in map(_read, page) if row is not None]
        for row in rows:
            at = written_at(row.id.oid)
            if row.id.oid < end and adapter.owns(row.orderNumber) and state_of(row.statusCode, at) == "created":
                found.setdefault(row.orderNumber, Entry(row.orderNumber, as_day(at), 1))
                with contextlib.suppress(Refusal):
                    events.setdefault(row.orderNumber, moved(row))
        before, cursor = cursor, max((row.id.oid for row in rows), default=cursor)
        if cursor == before:
            break
    return Account(tuple(found.values()), (), events)


def _key(day: date) -> str:
    """The cursor's key at the beginning of a day in Vietnam."""
    return f"{int(datetime.combine(day, time(), VIETNAM).timestamp()):08x}{'0' * 16}"


def _read(line: Any) -> TrangThaiBuuGui | None:
    """A row; None for one that cannot be read, which the walk keeps."""
    try:
        return TrangThaiBuuGui.model_validate(line)
    except ValidationError:
        return None


RECONCILE = Reconcile(events=("vn.lienthong.postal.shipment_changed.v1",), note=note, theirs=theirs)
