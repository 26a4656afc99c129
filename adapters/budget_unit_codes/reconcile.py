"""Dossiers filed with the ministry by our account and by its list, by the day of filing: one we missed has no mirror at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError

from adapters.budget_unit_codes.adapter import BudgetAdapter
from bus.adapter import Account, Call, Entry, Reconcile
from bus.outcome import Outcome
from contracts.budget_unit_codes import PAGE
from contracts.budget_unit_codes.messages import HoSoBTC
from contracts.envelope import Envelope
from mappings.budget_unit_codes.inbound import filed_on
from mappings.convert import as_day
from mappings.table import Unmappable


def note(event: Envelope) -> Entry:
    """A line for each dossier, by the day it was filed; told again with every state it comes to."""
    message: Any = event.message
    return Entry(message.btc_code, as_day(message.filed_at), 1)


async def theirs(adapter: BudgetAdapter, _notes: Sequence[Entry], first: date, last: date, call: Call) -> Account:
    """The ministry's dossiers filed on these days. Its list goes by the change, and what was filed since has changed since."""
    found: dict[str, Entry] = {}
    events: dict[str, tuple[Envelope, ...]] = {}
    page = 1
    while True:
        rows = await adapter.changed_since(first, page, call)
        if isinstance(rows, Outcome):
            return Account(tuple(found.values()), (f"page {page} of the dossiers since {first:%d/%m/%Y}",), events)
        for line in rows:
            entry = _entry(line)
            if entry is not None and first <= entry.day <= last:
                found[entry.key] = entry
                events[entry.key] = await adapter.told_of(line, call)
        if len(rows) < PAGE:
            return Account(tuple(found.values()), (), events)
        page += 1


def _entry(line: Any) -> Entry | None:
    """A row's line; None for one that cannot be read, which the poller keeps."""
    try:
        row = HoSoBTC.model_validate(line)
        return Entry(row.maHoSoBTC, filed_on(row), 1)
    except (ValidationError, Unmappable):
        return None


RECONCILE = Reconcile(events=("vn.lienthong.budget.dossier_changed.v1",), note=note, theirs=theirs)
