"""What every page shows beside its own matter: how much waits on which page, and whether the office is open."""

from __future__ import annotations

import asyncio

from bus.clock import instant
from bus.outcome import Cause
from contracts.working_time import Calendar, YearMissing
from ops.console.text import Speech
from ops.console.views import needs_person
from ops.house import House
from ops.people import Reader


async def counts(house: House, reader: Reader) -> dict[str, int]:
    """How many things wait, by page: things that need a person, groups of failures, tasks that wait for approval, codes that are missing.

    Of the reader's own partner alone where there is one. Raises LedgerBusy.
    """
    ledger, only = house.ledger, reader.partner
    standing, waiting, incidents = await asyncio.gather(
        ledger.groups().standing(), ledger.tasks().waiting(only), ledger.incidents().open(only)
    )
    groups = [one for one in standing if one.cause is not Cause.NONE and only in ("", one.partner)]
    people = sum(needs_person(group) for group in groups)
    gaps = {group.hold_key for group in groups if group.hold_key and group.cause is Cause.CODE_GAP}
    things = people + len(incidents) + len(waiting)
    return {"worklist": things, "causes": len(groups), "tasks": len(waiting), "codes": len(gaps)}


def office(calendar: Calendar, say: Speech) -> str:
    """Whether the office is open now, in words; nothing in a year whose holidays are not known."""
    now = instant(say.now)
    try:
        return say("clock.office" if calendar.next_open(now) <= now else "clock.closed")
    except YearMissing:
        return ""
