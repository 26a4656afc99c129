"""Questions about single exchanges: its neighbours within a filter, and what a delivery would be mapped from today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import orjson

from bus.ledger.book import Ask, lane_record
from bus.ledger.database import Connection
from bus.ledger.reading import conditions
from bus.ledger.views import DeliveryView
from bus.ledger.words import Filter
from bus.seal import Keyring


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the delivery's lane knows today: its memo, whether a full state was delivered, and the delivery's idempotency key."""

    lane: int
    memo: Mapping[str, str]
    has_full: bool
    key: str


class Exchanges:
    """The questions, over the reading threads. Every call raises LedgerBusy."""

    def __init__(self, keys: Keyring, ask: Ask) -> None:
        self._keys = keys
        self._ask = ask

    async def beside(self, where: Filter, delivery: int) -> tuple[int | None, int | None]:
        """The deliveries before and after this one in the list of a filter, newest first; None at its ends."""
        found: tuple[int | None, int | None] = await self._ask(lambda c: _beside(c, where, delivery))
        return found

    async def remembered(self, view: DeliveryView) -> Remembered:
        """What the lane of a delivery remembers now."""
        rows = await self._ask(lambda c: c.rows("lane_memo", {"delivery": view.id}))
        lane, name, memo, has_full, key = rows[0]
        opened = self._keys.open(bytes(memo), lane_record(view.partner, name)) if memo else b"{}"
        return Remembered(int(lane), orjson.loads(opened), bool(has_full), key)


def _beside(connection: Connection, where: Filter, delivery: int) -> tuple[int | None, int | None]:
    clauses, params = conditions(replace(where, ids=()))

    def next_one(comparison: str, order: str) -> int | None:
        told = " AND ".join([*clauses, f"d.id {comparison} :delivery"])
        sql = f"SELECT d.id FROM delivery d WHERE {told} ORDER BY d.id {order} LIMIT 1"
        rows = connection.rows(sql, {**params, "delivery": delivery})
        return int(rows[0][0]) if rows else None

    return next_one(">", "ASC"), next_one("<", "DESC")
