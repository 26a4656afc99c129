"""What VNPost tells becomes events. Ids come from the cursor's own keys, so a row read twice is a duplicate."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Literal

from contracts import codes
from contracts.codes import CodeGap
from contracts.envelope import Envelope, make
from contracts.identifier import agency_levels
from contracts.postal import COLLECTION_MARK
from contracts.postal.messages import TrangThaiBuuGui

SOURCE = "urn:lienthong:postal"
UNKNOWN = "unknown"
ORDERED = "ordered-"
"""Begins the id of the event that tells of an order."""
Purpose = Literal["result", "papers"]


def written_at(oid: str) -> datetime:
    """When a row of the cursor was written: the first four bytes of its ObjectId are seconds since 1970.

    >>> written_at("64477a2f5e2b8c0001000001").isoformat()
    '2023-04-25T06:58:55+00:00'
    """
    return datetime.fromtimestamp(int(oid[:8], 16), UTC)


def is_ours(order: str, provinces: Collection[str]) -> bool:
    """Whether an order is of an agency of these province letters. The cursor runs over everybody's orders."""
    return agency_levels(order.partition("-")[0])[0] in provinces


def dossier_of(order: str) -> tuple[str, Purpose]:
    """The dossier an order number stands for, and which way the item goes."""
    if order.endswith(COLLECTION_MARK):
        return order.removesuffix(COLLECTION_MARK), "papers"
    return order, "result"


def order_of(dossier: str, purpose: Purpose) -> str:
    """The order number of a dossier's item, the way back of `dossier_of`."""
    return f"{dossier}{COLLECTION_MARK}" if purpose == "papers" else dossier


def is_order(event: Envelope) -> bool:
    """Whether a shipment's event says that VNPost took our order; others tell where the item is."""
    return event.id.startswith(ORDERED)


def state_of(code: str, on: datetime) -> str:
    """Our word for VNPost's status code, `unknown` where the list `postal_status` has none."""
    try:
        return codes.lookup("postal_status", code, on.date()).name_vi.lower()
    except CodeGap:
        return UNKNOWN


def moved(row: TrangThaiBuuGui) -> tuple[Envelope, ...]:
    """A row of the cursor: the item moved; a result that came back is a task for the desk besides. Raises Refusal."""
    oid, at = row.id.oid, written_at(row.id.oid)
    dossier, purpose = dossier_of(row.orderNumber)
    state = state_of(row.statusCode, at)
    shipment = {
        "purpose": purpose,
        "state": state,
        "changed_at": at.isoformat(),
        "code": row.statusCode[:100],
        "words": row.statusMessage[:4000],
    }
    told = _event("postal.shipment_changed.v1", f"shipment-{oid}", dossier, at, {"shipment": shipment})
    if state != "returned" or purpose != "result":
        return (told,)
    return told, _task(f"task-{oid}", dossier, "result_returned", row.statusMessage, at)


def ordered(dossier: str, purpose: Purpose, item_code: str, key: str, at: datetime) -> Envelope:
    """VNPost took an order; the dossier stays in its status (domain notes 3.10). `key` is the delivery's."""
    shipment = {"tracking": item_code, "purpose": purpose, "state": "created", "changed_at": at.isoformat()}
    return _event("postal.shipment_changed.v1", f"{ORDERED}{key}", dossier, at, {"shipment": shipment})


def ordered_before(dossier: str, words: str, key: str, at: datetime) -> Envelope:
    """An order of that number stood there before we sent ours: a person looks whether a second item is to go out."""
    return _task(f"ordered-before-{key}", dossier, "ordered_before", words, at)


def _task(number: str, dossier: str, task: str, reason: str, at: datetime) -> Envelope:
    data = {"task": task, "partner": "postal", "reason": reason[:4000], "at": at.isoformat()}
    return _event("desk.task_opened.v1", number, dossier, at, data)


def _event(name: str, number: str, dossier: str, at: datetime, data: dict[str, Any]) -> Envelope:
    return make(f"vn.lienthong.{name}", number, SOURCE, dossier, at, {"dossier_code": dossier, **data})
