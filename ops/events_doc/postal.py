"""The examples that speak of the post: an item on its way, and one that came back."""

from __future__ import annotations

from contracts.envelope import Envelope
from contracts.postal.messages import TrangThaiBuuGui
from mappings.postal.inbound import moved

DOSSIER = "000.00.17.H59-260702-0001"


def postal_events() -> list[Envelope]:
    """A result that nobody took in, and the task that makes of it."""
    row = {
        "_id": {"$oid": "6a4b1c2f5e2b8c0001000001"},
        "orderNumber": DOSSIER,
        "statusCode": "601",
        "statusMessage": "Chuyển hoàn: người nhận đi vắng",
    }
    return [*moved(TrangThaiBuuGui.model_validate(row))]
