"""Đối soát by itself: in the morning the day before is compared with every partner that offers it, once a day, in one process.

Some partners answer nothing by which a loss would show, such as the service-usage evaluation system (domain notes 3.9): then what was to
be told on the day is compared with what was taken. How many lines differ is kept, for the partner's trend and its incident.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import structlog

from bus.clock import instant
from bus.ledger.ledger import LedgerBusy
from bus.maintenance import VIETNAM
from ops.reconcile import day_number, reconcile

if TYPE_CHECKING:
    from ops.house import House

log = structlog.get_logger("ops.compared")

DUTY = "compare"
DUTY_S = 1800.0
PACE_S = 600.0
BEGINS = time(5, 0)
"""By then what the evening brought has long gone out, and no office works yet."""


async def each_morning(house: House) -> None:
    """Until cancelled. A partner that could not be asked about everything is asked again at the next turn."""
    while True:
        try:
            if await house.ledger.take_duty(DUTY, house.ledger.process, DUTY_S) is not None:
                await compare(house, instant(house.ledger.clock.now()).astimezone(VIETNAM))
        except LedgerBusy as busy:
            log.warning("comparison put off", error=str(busy))
        await asyncio.sleep(PACE_S)


async def compare(house: House, now: datetime) -> list[str]:
    """Compare the day before `now` (Vietnam) with those with whom it has not been yet; the partners compared. Raises LedgerBusy."""
    if now.time() < BEGINS:
        return []
    day: date = now.date() - timedelta(days=1)
    done = {reading.subject for reading in await house.ledger.incidents().readings("mismatch", day_number(day))}
    compared = []
    for name in house.enabled:
        if house.partners[name].reconcile is None or name in done:
            continue
        try:
            found = await reconcile(house, name, day, day)
        except LedgerBusy:
            raise
        except Exception as error:  # one partner's bad day keeps no other from being compared
            log.error("comparison failed", partner=name, error=type(error).__name__)
            continue
        compared.append(name)
        log.info("compared", partner=name, day=day.isoformat(), differences=len(found["differences"]))
    return compared
