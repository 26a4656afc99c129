"""Dossiers the portal said it took, and those it still knows, by the day it took them: one it lost counts in no indicator.

The portal has no list of dossiers that we know of, so those of the days asked for are asked about one by one. One that is missing is a
person's matter: creating it again is an officer's act.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from itertools import zip_longest
from typing import Any

from adapters.national_portal.adapter import PortalAdapter
from bus.adapter import Account, Call, Entry, Reconcile
from bus.outcome import Outcome
from contracts.envelope import Envelope
from mappings.convert import as_day

AT_ONCE = 4
"""Questions under way together, beside what the bus has to do anyway."""


def note(event: Envelope) -> Entry:
    """A line for each dossier the portal said it took."""
    message: Any = event.message
    return Entry(message.dossier_code, as_day(message.at), 1)


async def theirs(adapter: PortalAdapter, notes: Sequence[Entry], first: date, last: date, call: Call) -> Account:
    """Those of our lines that the portal knows. Where it answers none of a group, it is asked about no more."""
    latest = {line.key: line for line in notes}
    lines = [line for line in latest.values() if first <= line.day <= last]
    answers: list[bool | Outcome | None] = []
    for start in range(0, len(lines), AT_ONCE):
        group = await asyncio.gather(*(adapter.holds(line.key, call) for line in lines[start : start + AT_ONCE]))
        answers += group
        if all(isinstance(answer, Outcome) for answer in group):
            break
    said = list(zip_longest(lines, answers))
    return Account(
        tuple(line for line, answer in said if answer is True),
        tuple(line.key for line, answer in said if not isinstance(answer, bool)),
    )


RECONCILE = Reconcile(events=("vn.lienthong.portal.dossier_synced.v1",), note=note, theirs=theirs)
