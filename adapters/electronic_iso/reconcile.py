"""Two clocks for the same dossier: the due day we told the ISO system, and the day its own step runs to (domain notes 3.12; 8, row 12).

Nobody is asked: a step's deadline is its start and its time budget in office hours, as its changes were told. A paused step has none.
Where a step runs past the dossier's due day, the two accounts differ in the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from adapters.electronic_iso.adapter import IsoAdapter
from bus.adapter import Account, Call, Entry, Reconcile
from contracts.canonical.events import SlipEvent
from contracts.envelope import Envelope
from contracts.working_time import VIETNAMESE, YearMissing
from mappings.convert import as_day


class Deadline(NamedTuple):
    """The day on which a step of a dossier is to be done by the ISO system's clock; None while it stands."""

    dossier: str
    day: date | None


def note(event: Envelope) -> Entry | Deadline | None:
    """A due day told to the ISO system, or the deadline of a step there."""
    message: Any = event.message
    if isinstance(message, SlipEvent):
        return Entry(message.dossier_code, as_day(message.due_at), 1) if message.due_at else None
    step = message.step
    if step.budget_hours is None or step.result == "paused":
        return Deadline(message.dossier_code, None)
    try:
        until = VIETNAMESE.add(step.started_at, timedelta(hours=step.budget_hours))
    except YearMissing:
        return Deadline(message.dossier_code, None)
    return Deadline(message.dossier_code, as_day(until))


async def theirs(
    _adapter: IsoAdapter, notes: Sequence[Entry | Deadline | None], first: date, last: date, _call: Call
) -> Account:
    """Each dossier on its due day, or on the later day its last step there runs to."""
    due = {one.key: one for one in notes if isinstance(one, Entry)}
    runs_to = {one.dossier: one.day for one in notes if isinstance(one, Deadline)}
    told = [one._replace(day=max(one.day, runs_to.get(key) or one.day)) for key, one in due.items()]
    return Account(tuple(entry for entry in told if first <= due[entry.key].day <= last))


RECONCILE = Reconcile(
    events=("vn.lienthong.iso.slip_opened.v1", "vn.lienthong.iso.step_changed.v1"),
    note=note,
    theirs=theirs,
    before_days=60,
)
