"""Registrations the registry said it took, and those its answers still have a row for, by the day it took them.

`layKetQua` answers about up to 1,000 dossiers of one kind and province (domain notes 3.5). A registration without a row is a person's
matter: sending it again is an officer's act.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from adapters.civil_registry.adapter import RegistryAdapter
from adapters.transport.classify import TOO_LARGE
from bus.adapter import Account, Call, Entry, Reconcile
from bus.outcome import Outcome
from contracts.civil_registry import MODULES
from contracts.envelope import Envelope
from mappings.convert import as_day

MOST = 1000
"""Dossiers a question is about."""


def note(event: Envelope) -> Entry:
    """A line for each registration the registry said it took: the dossier's code, and what it is asked by."""
    message: Any = event.message
    return Entry(f"{message.dossier_code}/{MODULES[message.kind]}/{message.province}", as_day(message.at), 1)


async def theirs(adapter: RegistryAdapter, notes: Sequence[Entry], first: date, last: date, call: Call) -> Account:
    """Those of our lines that the registry has a row for."""
    latest = {line.key: line for line in notes}
    lines = [line for line in latest.values() if first <= line.day <= last]
    asked: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines:
        code, _, switch = line.key.partition("/")
        asked[switch].append(code)
    known: dict[str, bool] = {}
    for switch, codes in asked.items():
        for start in range(0, len(codes), MOST):
            there = await _known(adapter, codes[start : start + MOST], switch, call)
            known |= {f"{code}/{switch}": has for code, has in there.items()}
    return Account(
        tuple(line for line in lines if known.get(line.key)),
        tuple(line.key for line in lines if line.key not in known),
    )


async def _known(adapter: RegistryAdapter, codes: Sequence[str], switch: str, call: Call) -> dict[str, bool]:
    """Which registrations have a row and which not; none where there was no answer. An answer too large is asked for in halves."""
    rows = await adapter.rows_of(codes, switch, call)
    if not isinstance(rows, Outcome):
        return {code: code in rows for code in codes}
    if rows.code != TOO_LARGE or len(codes) == 1:
        return {}
    half = len(codes) // 2
    return await _known(adapter, codes[:half], switch, call) | await _known(adapter, codes[half:], switch, call)


RECONCILE = Reconcile(events=("vn.lienthong.registration.accepted.v1",), note=note, theirs=theirs)
