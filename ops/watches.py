"""What a house watches beside its work: lists that grow, signatures that turn out good, events without search keys."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bus.ledger import backfill
from bus.ledger.ledger import FenceLost, LedgerBusy
from contracts import codes
from ops import attachments, codebook
from ops.catalogue import code_rows

if TYPE_CHECKING:
    from ops.house import House

log = structlog.get_logger("ops.watches")

CODES_PACE_S = 15.0
FILL_S, FILL_PACE_S = 30.0, 0.2
"""How long a process has the right to fill in search keys, and its pause between two pages."""


async def catalogue(house: House) -> None:
    """What is pulled of procedures is what our mappings know of them, in every process; who waited for one goes on."""
    loaded = 0
    while True:
        with contextlib.suppress(LedgerBusy):
            known = await house.shelved.catalogue()
            if known.seen != loaded:
                loaded = known.seen
                codes.load_pulled("procedure", code_rows(known))
                freed = await codebook.release(
                    house.ledger,
                    "bus",
                    "the catalogue has the procedure now",
                    lambda gap: gap.code_list == "procedure",
                )
                house.wake({row["partner"] for row in freed})
        await asyncio.sleep(CODES_PACE_S)


async def results(house: House) -> None:
    """What waits for a good signature goes on when there is one, or when none is wanted any more."""
    while True:
        with contextlib.suppress(LedgerBusy):
            house.wake(await attachments.release(house.ledger, wanted=house.settings.attachments.require_signature))
        if not house.settings.attachments.require_signature:
            return
        await asyncio.sleep(attachments.PACE_S)


async def fill_search_keys(house: House) -> None:
    """Events from before there were search keys get theirs, a page after the other, by one process at a time."""
    more = True
    while more:
        with contextlib.suppress(LedgerBusy, FenceLost):
            fence = await house.ledger.take_duty(backfill.DUTY, house.ledger.process, FILL_S)
            more = fence is None or await house.ledger.search_keys().fill(fence)
        await asyncio.sleep(FILL_PACE_S)


async def province_codes(house: House, folder: Path) -> None:
    """When the province adds a row to a file by hand, exactly the deliveries that waited for it become due."""
    said = ""
    while True:
        try:
            codes.load_extra(folder)
            said = ""
        except (ValueError, OSError) as error:
            if str(error) != said:
                log.error("code list not read", error=str(error))
            said = str(error)
        with contextlib.suppress(LedgerBusy):
            freed = await codebook.release(house.ledger, "bus", "the code list has the row now")
            house.wake({row["partner"] for row in freed})
        await asyncio.sleep(CODES_PACE_S)
