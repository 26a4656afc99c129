"""A postal item on its way: results to the citizen, or papers to the desk."""

from __future__ import annotations

from typing import Literal

from contracts.canonical.base import Instant, Shape
from contracts.identifier import Label

ShipmentState = Literal[
    "created", "picked_up", "in_transit", "delivering", "failed", "delivered", "returning", "returned", "cancelled"
]


class Shipment(Shape):
    """Where a postal item is; `purpose` result goes to the citizen, papers to the desk."""

    tracking: Label = ""
    purpose: Literal["result", "papers"] = "result"
    state: ShipmentState
    changed_at: Instant
