"""What ought to have come to an end and has not, partner by partner: generic over what a room watches (`bus.adapter.Watch`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bus.adapter import Partner, Watch
from bus.clock import when
from bus.intake import matter_of
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.words import Matter

LOOK_BACK_S = 90 * 86400.0
"""Of a watch that is new nothing older is looked for."""
AHEAD_S = 86400.0
"""A partner's clock may be ahead of ours."""
SHOWN = 200


async def overdue(ledger: SqlLedger, partners: Iterable[Partner]) -> list[dict[str, Any]]:
    """Each watch of these partners, with the matters that are overdue, the oldest first. Raises LedgerBusy."""
    return [
        {"partner": partner.name, **await _looked(ledger, partner.name, watch)}
        for partner in partners
        for watch in partner.watches
    ]


async def _looked(ledger: SqlLedger, partner: str, watch: Watch) -> dict[str, Any]:
    now, matters = ledger.clock.now(), ledger.matters()

    async def earlier() -> list[Matter]:
        found = await ledger.events(
            watch.events, now - LOOK_BACK_S, now + AHEAD_S, lambda event: matter_of(partner, watch, event)
        )
        return [matter for matter in found if matter is not None]

    name = f"{partner}.{watch.name}"
    await matters.begin(name, earlier)
    found = await matters.open(name, now - watch.after_s, SHOWN)
    return {
        "watch": watch.name,
        "title_vi": watch.title_vi,
        "title_en": watch.title_en,
        "after_s": watch.after_s,
        "open": found.still,
        "overdue": found.late,
        "items": [
            {"key": one.key, "dossier": one.dossier, "since": when(one.since), "state": one.state}
            for one in found.first
        ],
    }
