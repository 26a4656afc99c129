"""Keeping the terms of `[retention]`: the duty that lets go of what has served its term, what it would take, and removal on request."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog

from bus.ledger.ledger import LedgerBusy
from bus.ledger.retention import Terms
from bus.ledger.sql_ledger import SqlLedger
from bus.seal import Keyring

log = structlog.get_logger("ops.retention")

DUTY = "retention"
DUTY_S = 60.0
PACE_S = 3600.0
"""Between two laps."""
PAUSE_S = 0.1
"""Between two commits, so that deliveries go first."""


async def keep_terms(ledger: SqlLedger, terms: Terms) -> None:
    """Lap after lap, in whichever process holds the duty, until cancelled. Without terms there is nothing to do."""
    while terms != Terms():
        with contextlib.suppress(LedgerBusy):
            await _lap(ledger, terms)
        await asyncio.sleep(PACE_S)


async def _lap(ledger: SqlLedger, terms: Terms) -> None:
    """One lap, given up where another process has the duty."""
    if await ledger.take_duty(DUTY, ledger.process, DUTY_S) is None:
        return
    async with contextlib.aclosing(ledger.retention(terms).lap()) as lap:
        async for gone in lap:
            if +gone:
                log.info("removed what had served its term", **gone)
            await asyncio.sleep(PAUSE_S)
            if await ledger.take_duty(DUTY, ledger.process, DUTY_S) is None:
                return


async def preview(ledger: SqlLedger, terms: Terms) -> list[dict[str, Any]]:
    """Each rule, its days (null: kept for good), and how much a lap would take now; `complete` false: more than was counted."""
    return [
        {"rule": f"{due.rule}_days", "days": due.days, "due": due.count, "complete": due.complete}
        for due in await ledger.retention(terms).preview()
    ]


async def erase(
    ledger: SqlLedger, keys: Keyring, kind: str, value: str, who: str, reason: str, *, dry_run: bool
) -> dict[str, list[str]]:
    """Remove, on a person's request, the contents of every dossier at rest in which the identifier (citizen, tax, social) occurs.

    `erased` are the dossiers it concerns, `open` those with something left to be done: ask again when they are closed.
    """
    dossiers = await ledger.find(kind, value)
    digest = keys.digest(kind, value)
    rest, still = await ledger.retention(Terms()).erase(dossiers, digest, who, reason, dry_run=dry_run)
    return {"erased": rest, "open": still}
