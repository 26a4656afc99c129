"""The province's legal documents that the national database does not have yet, and how long there is to post them (NĐ 52/2015/NĐ-CP)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Literal

from bus.ledger.ledger import Ledger
from bus.ledger.views import DeliveryView
from bus.ledger.words import OPEN, Filter, State
from contracts.envelope import DEADLINE

NEAR_DAYS = 5
PAGE = 1000
Due = Literal["past", "near", "later"]
DUES: tuple[Due, ...] = ("past", "near", "later")


async def unposted(ledger: Ledger) -> list[tuple[date, DeliveryView]]:
    """What still has to reach the database by a day, waiting or dead, the nearest day first."""
    found: list[tuple[date, DeliveryView]] = []
    cursor = ""
    while True:
        where = Filter(partner="legal_documents", states=(*OPEN, State.DEAD))
        views, cursor = await ledger.deliveries(where, cursor=cursor, limit=PAGE)
        for view in views:
            days = [flag.removeprefix(DEADLINE) for flag in view.flags if flag.startswith(DEADLINE)]
            found += [(date.fromisoformat(day), view) for day in days]
        if not cursor:
            return sorted(found, key=lambda line: (line[0], line[1].id))


def due(deadline_on: date, today: date) -> Due:
    """Whether a deadline has passed, is near (the alarm), or lies further off."""
    left = (deadline_on - today).days
    return "past" if left < 0 else "near" if left <= NEAR_DAYS else "later"


async def counted(ledger: Ledger, today: date) -> Counter[Due]:
    """How many are past their deadline, near it, or have time."""
    return Counter(due(deadline_on, today) for deadline_on, _view in await unposted(ledger))
