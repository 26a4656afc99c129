"""The duty that looks at dossiers for steps that are late or missing, and raises each once; and what stands raised, for people."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import structlog

from bus.clock import when
from bus.ledger.expected import DUTY, Looked, Outlook, Raised, RaisedStep
from bus.ledger.ledger import FenceLost, LedgerBusy
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.views import Totals
from contracts.working_time import VIETNAMESE, Calendar
from ops import expected
from ops.expected import RAISED, Step

log = structlog.get_logger("ops.deadlines")

PACE_S = 10.0
DUTY_S = 2 * PACE_S + 5.0
PAGE = 100
"""Dossiers looked at by one commit."""


async def watch(ledger: SqlLedger, calendar: Calendar) -> None:
    """Look for ever, where this process holds the duty; a busy ledger only delays. `calendar`: the office's hours."""
    while True:
        with contextlib.suppress(LedgerBusy, FenceLost):
            while await look(ledger, calendar):
                pass
        await asyncio.sleep(PACE_S)


async def look(ledger: SqlLedger, calendar: Calendar = VIETNAMESE) -> bool:
    """One page of dossiers whose time has come; True when there may be more. Raises LedgerBusy, FenceLost."""
    fence = await ledger.take_duty(DUTY, ledger.process, DUTY_S)
    if fence is None:
        return False
    book = ledger.expectations()
    outlooks = await book.due(PAGE, expected.tells)
    if outlooks:
        now = ledger.clock.now()
        await book.settle(fence, [_looked(outlook, now, calendar) for outlook in outlooks])
    return len(outlooks) == PAGE


def _looked(outlook: Outlook, now: float, calendar: Calendar = VIETNAMESE) -> Looked:
    """What stands late; a dossier that cannot be judged is looked at later and keeps no other from being looked at."""
    try:
        found = expected.steps(outlook.events, outlook.owing, expected.facts(outlook.body), now, calendar=calendar)
    except Exception as error:
        log.error("expected steps cannot be told", dossier=outlook.dossier, error=type(error).__name__)
        return Looked(outlook.dossier, outlook.seen, (), now + expected.NO_CALENDAR_S)
    return Looked(outlook.dossier, outlook.seen, tuple(raised(found)), expected.next_look(found, now))


def raised(found: Sequence[Step]) -> list[Raised]:
    """What of these steps has to be raised."""
    return [
        Raised(step.step, step.partner, stand, step.since, step.since if step.due_at is None else step.due_at)
        for step in found
        for stand in RAISED
        if step.stand == stand
    ]


def counted(totals: Totals, only: str = "") -> dict[tuple[str, str], int]:
    """How many steps stand raised, by step and how they stand, of the partner `only` where it is given; from the tally."""
    found: dict[tuple[str, str], int] = {}
    for (partner, name), n in totals.overdue.items():
        if n and only in ("", partner):
            step, _, stand = name.rpartition(".")
            found[step, stand] = found.get((step, stand), 0) + n
    return found


async def overdue(ledger: SqlLedger, only: str, shown: int) -> list[dict[str, Any]]:
    """Raised steps as `ops.overdue` tells what is overdue: an entry a step and partner, its `shown` most pressing dossiers."""
    totals = await ledger.totals()
    told = []
    for rule in {rule.step: rule for rule in expected.rules()}.values():
        if only not in ("", rule.partner):
            continue
        counts = {stand: n for (step, stand), n in counted(totals).items() if step == rule.step}
        if not counts:
            continue
        items: list[RaisedStep] = await ledger.expectations().raised(shown, step=rule.step)
        told.append(
            {
                "partner": rule.partner,
                "watch": rule.step,
                "title_vi": rule.title_vi,
                "title_en": rule.title_en,
                "open": sum(counts.values()),
                "overdue": sum(n for stand, n in counts.items() if stand != "risk"),
                "items": [
                    {"key": one.step, "dossier": one.dossier, "since": when(one.since), "state": one.state}
                    | {"due_at": when(one.due_at)}
                    for one in items
                ],
            }
        )
    return told
