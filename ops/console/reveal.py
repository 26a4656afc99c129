"""What a reader sees in clear of an applicant, for as long as it was revealed to them."""

from __future__ import annotations

from ops import dossiers
from ops.house import House
from ops.people import Reader


async def revealed(house: House, who: Reader, dossier: str) -> dict[str, tuple[str, float]]:
    """Each revealed field with its value and its end (seconds since the epoch)."""
    fields = await house.people.revealed(who, dossier)
    told = await dossiers.applicant(house.ledger, dossier) if fields else {}
    return {field: (told[field], until) for field, until in fields.items() if field in told}
