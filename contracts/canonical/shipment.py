"""A postal item on its way: results to the citizen, or papers to the desk; and what a person at the desk has to do about it."""

from __future__ import annotations

from typing import Annotated, Literal

from contracts.canonical.base import Instant, Shape
from contracts.canonical.dossier import Dossier
from contracts.identifier import DossierCode, Key, Label, Remark
from contracts.marks import Searchable

ShipmentState = Literal[
    "created",
    "picked_up",
    "in_transit",
    "delivering",
    "failed",
    "delivered",
    "returning",
    "returned",
    "cancelled",
    "unknown",
]
"""`unknown`: the post told a code that nobody has described; it stands in `code`."""


class Shipment(Shape):
    """Where a postal item is; `purpose` result goes to the citizen, papers to the desk. `code` and `words` are the post's own."""

    tracking: Annotated[Label, Searchable("tracking")] = ""
    purpose: Literal["result", "papers"] = "result"
    state: ShipmentState
    changed_at: Instant
    code: Label = ""
    words: Remark = ""


class ShipmentEvent(Shape):
    """A postal item of a dossier moved."""

    dossier_code: DossierCode
    shipment: Shipment


class CollectionEvent(Shape):
    """The desk asks the post to fetch a dossier's papers from the applicant (thu gom)."""

    dossier: Dossier
    note: Remark = ""


class TaskEvent(Shape):
    """A partner leaves something for a person at the desk to do."""

    dossier_code: DossierCode
    task: Key
    partner: Key
    reason: Remark
    at: Instant
