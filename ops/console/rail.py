"""What every page shows beside its own matter: how much waits on which page, and whether the office is open."""

from __future__ import annotations

from bus.clock import instant
from contracts.working_time import Calendar, YearMissing
from ops.console.text import Speech
from ops.console.views import failures, needs_person
from ops.house import House
from ops.people import Reader


async def counts(house: House, reader: Reader) -> dict[str, int]:
    """How many things wait, by page: things that need a person, groups of failures, tasks that wait for approval, codes that are missing.

    Of the reader's own partner alone where there is one. Raises LedgerBusy.
    """
    groups = await failures(house, reader.partner)
    waiting = await house.ledger.tasks().waiting(reader.partner)
    incidents = await house.ledger.incidents().open(reader.partner)
    people = sum(needs_person(group) for group in groups)
    gaps = {group.hold_key for group in groups if group.hold_key and group.cause.value == "code_gap"}
    things = people + len(incidents) + len(waiting)
    return {"worklist": things, "causes": len(groups), "tasks": len(waiting), "codes": len(gaps)}


def office(calendar: Calendar, say: Speech) -> str:
    """Whether the office is open now, in words; nothing in a year whose holidays are not known."""
    now = instant(say.now)
    try:
        return say("clock.office" if calendar.next_open(now) <= now else "clock.closed")
    except YearMissing:
        return ""
