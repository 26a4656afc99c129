"""What an officer watches here: items that are still on their way after a week (domain notes 8, row 10)."""

from __future__ import annotations

from typing import Any

from bus.adapter import Stand, Watch
from contracts.envelope import Envelope
from mappings.postal.inbound import order_of

ENDS = frozenset({"delivered", "returned", "cancelled"})
DAY_S = 86400.0


def item(event: Envelope) -> Stand:
    """Where an item is, under its order number."""
    message: Any = event.message
    shipment, code = message.shipment, message.dossier_code
    return Stand(
        order_of(code, shipment.purpose), code, shipment.changed_at, shipment.state not in ENDS, shipment.state
    )


WATCHES = (
    Watch(
        name="undelivered",
        title_vi="Bưu gửi quá 7 ngày chưa phát xong",
        title_en="Items under way for more than seven days",
        events=("vn.lienthong.postal.shipment_changed.v1",),
        note=item,
        after_s=7 * DAY_S,
    ),
)
