"""The result rows of a bulk action as a table for spreadsheets: one line a delivery, in their order."""

from __future__ import annotations

from bus.ledger.sql_ledger import SqlLedger
from ops import queries
from ops.sheet import Cell, csv_of

NAMES = ("place", "delivery", "dossier", "partner", "state", "before", "after", "rule", "says", "acted_at", "ended_at")
AT_ONCE = 1000


async def sheet(ledger: SqlLedger, number: int) -> bytes | None:
    """All rows, `says` in the partner's own words; times are ISO 8601, UTC. None where there is no such task. Raises LedgerBusy."""
    rows: list[list[Cell]] = []
    after: int | None = 0
    while after is not None:
        told = await queries.task(ledger, number, "", after, AT_ONCE)
        if told is None:
            return None
        rows += [[item[name] for name in NAMES] for item in told["items"]]
        after = told["next"]
    return csv_of(NAMES, rows)
