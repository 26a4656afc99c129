"""What ought to have come to an end and has not, partner by partner: generic over what a room watches (`bus.adapter.Watch`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bus.adapter import Partner, Stand, Watch
from bus.ledger.ledger import Ledger
from ops.queries import when

LOOK_BACK_S = 90 * 86400.0
"""Nothing older is looked for."""
AHEAD_S = 86400.0
"""A partner's clock may be ahead of ours."""
SHOWN = 200


async def overdue(ledger: Ledger, partners: Iterable[Partner]) -> list[dict[str, Any]]:
    """Each watch of these partners, with the matters that are overdue, the oldest first. Raises LedgerBusy."""
    return [
        {"partner": partner.name, **await _looked(ledger, watch)} for partner in partners for watch in partner.watches
    ]


async def _looked(ledger: Ledger, watch: Watch) -> dict[str, Any]:
    now = ledger.clock.now()
    stands = await ledger.events(watch.events, now - LOOK_BACK_S, now + AHEAD_S, watch.note)
    still = open_since([stand for stand in stands if stand is not None])
    late = [stand for stand in still if stand.at.timestamp() < now - watch.after_s]
    return {
        "watch": watch.name,
        "title_vi": watch.title_vi,
        "title_en": watch.title_en,
        "after_s": watch.after_s,
        "open": len(still),
        "overdue": len(late),
        "items": [
            {"key": one.key, "dossier": one.dossier, "since": when(one.at.timestamp()), "state": one.state}
            for one in late[:SHOWN]
        ],
    }


def open_since(stands: list[Stand]) -> list[Stand]:
    """Matters that are open with their newest stand, each since it was opened, the oldest first."""
    still: dict[str, Stand] = {}
    for stand in sorted(stands, key=lambda one: one.at):
        before = still.pop(stand.key, stand)
        if stand.open:
            still[stand.key] = stand._replace(at=before.at)
    return sorted(still.values(), key=lambda one: (one.at, one.key))
