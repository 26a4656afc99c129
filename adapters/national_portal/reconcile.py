"""Dossiers the portal said it took, and those it still knows, by the day it took them: one it lost counts in no indicator.

The portal has no list of dossiers that we know of, so those of the days asked for are asked about one by one. One that is missing is a
person's matter: creating it again is an officer's act.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any

from adapters.national_portal.adapter import PortalAdapter
from bus.adapter import Account, Call, Entry, Reconcile
from bus.outcome import Outcome
from contracts.envelope import Envelope
from mappings.convert import as_day

AT_ONCE = 4
"""Questions under way together, beside what the bus has to do anyway."""
TURNS = 2
"""A question without an answer is asked again after the others: one lost line leaves no day to be asked about all over again."""


def note(event: Envelope) -> Entry:
    """A line for each dossier the portal said it took."""
    message: Any = event.message
    return Entry(message.dossier_code, as_day(message.at), 1)


async def theirs(adapter: PortalAdapter, notes: Sequence[Entry], first: date, last: date, call: Call) -> Account:
    """Those of our lines that the portal knows."""
    latest = {line.key: line for line in notes}
    lines = [line for line in latest.values() if first <= line.day <= last]
    known: dict[str, bool] = {}
    for _ in range(TURNS):
        known |= await _known(adapter, [line.key for line in lines if line.key not in known], call)
    return Account(
        tuple(line for line in lines if known.get(line.key)),
        tuple(line.key for line in lines if line.key not in known),
    )


async def _known(adapter: PortalAdapter, codes: Sequence[str], call: Call) -> dict[str, bool]:
    """Which dossiers the portal has and which not, as far as it says. Where it answers none of a group, it is asked about no more."""
    known: dict[str, bool] = {}
    for start in range(0, len(codes), AT_ONCE):
        group = codes[start : start + AT_ONCE]
        answers = await asyncio.gather(*(adapter.holds(code, call) for code in group))
        known |= {code: there for code, there in zip(group, answers, strict=True) if isinstance(there, bool)}
        if all(isinstance(there, Outcome) for there in answers):
            break
    return known


RECONCILE = Reconcile(events=("vn.lienthong.portal.dossier_synced.v1",), note=note, theirs=theirs)
