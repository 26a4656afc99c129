"""The pool of item codes: filled from the settings, taken from the ledger, one code a delivery over all processes."""

from __future__ import annotations

import asyncio
import contextlib
import json

import structlog

from adapters.postal.client import PostalSettings
from bus.adapter import Row, Stock
from bus.ledger.ledger import LedgerBusy
from bus.outcome import Cause, Held, Outcome, Transient
from contracts.postal.item_code import expand

log = structlog.get_logger("adapters.postal")
EMPTY = Held(
    cause=Cause.OWN,
    key="setting:postal.item_codes",
    words="the pool of item codes is empty; put new ones into [partners.postal] item_codes and restart",
)


class ItemCodes:
    """Where the settings name none, the province has no pool and orders go without a code."""

    def __init__(self, settings: PostalSettings, stock: Stock) -> None:
        self._settings = settings
        self._stock = stock
        self._filling = asyncio.Lock()
        self._filled = False

    async def put_into(self, row: Row) -> bytes | Outcome:
        """The order's body with a code of the pool, the same one for every attempt; or why it cannot leave without."""
        order = json.loads(row.body)
        if not self._settings.item_codes or order["ItemCode"]:
            return row.body
        try:
            await self._fill()
            code = await self._stock.take(row.job.key)
        except LedgerBusy as busy:
            return Transient(cause=Cause.OWN, words=str(busy))
        if code is None and self._settings.without_item_code == "hold":
            return EMPTY
        return json.dumps(order | {"ItemCode": code or ""}, ensure_ascii=False, separators=(",", ":")).encode()

    async def look(self) -> None:
        """Say so when the pool runs low."""
        if not self._settings.item_codes:
            return
        with contextlib.suppress(LedgerBusy):
            await self._fill()
            left = await self._stock.left()
            if left < self._settings.item_codes_low:
                log.warning("item codes run low", partner="postal", left=left)

    async def _fill(self) -> None:
        async with self._filling:
            if not self._filled:
                await self._stock.fill([code for one in self._settings.item_codes for code in expand(one)])
                self._filled = True
