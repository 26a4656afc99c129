"""Ours against theirs, day by day and line by line: generic over what a partner's room offers (`bus.adapter.Reconcile`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from bus.adapter import Account, Call, Entry
from bus.ledger.words import Filter, State
from bus.maintenance import VIETNAM
from ops.house import House

MAX_DAYS = 31
PAGE = 1000


class Refused(Exception):
    """It cannot be compared so; one sentence."""


async def reconcile(house: House, name: str, first: date, last: date) -> dict[str, Any]:
    """Both accounts of the days `first` to `last` (Vietnam, both included), and every line in which they differ.

    Raises Refused, LedgerBusy.
    """
    hook = house.partners[name].reconcile
    if hook is None:
        offered = ", ".join(known for known, partner in house.partners.items() if partner.reconcile)
        raise Refused(f"nothing is compared with {name}; with these it is: {offered}")
    if not 0 <= (last - first).days < MAX_DAYS:
        raise Refused(f"say from which day to which, at most {MAX_DAYS} days")
    if name not in house.enabled:
        raise Refused(f"{name} is not enabled in the settings")
    since = _midnight(first - timedelta(days=hook.before_days))
    if hook.note is None or hook.theirs is None:
        ours = await _told(house, hook.events, since, first, last)
        account = await _delivered(house, name, since, first, last)
    else:
        notes = await house.ledger.events(hook.events, since, _midnight(last + timedelta(days=1)), hook.note)
        ours = [one for one in notes if isinstance(one, Entry) and first <= one.day <= last]
        call = Call(f"reconcile-{name}", house.partner_settings[name].timeout_s)
        account = await hook.theirs(house.adapter(name), notes, first, last, call)
    differences = _differences(ours, account.entries)
    return {
        "partner": name,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "agrees": not differences and not account.unanswered,
        "days": _days(first, last, ours, account.entries),
        "differences": differences,
        "unanswered": list(account.unanswered),
    }


async def _told(house: House, types: tuple[str, ...], since: float, first: date, last: date) -> list[Entry]:
    """The events of these types that happened on these days, a line each, as far as they were accepted after `since`."""
    told = [Entry(event, _day(at), 1) for event, at in await house.ledger.told(types, since)]
    return [entry for entry in told if first <= entry.day <= last]


async def _delivered(house: House, name: str, since: float, first: date, last: date) -> Account:
    """What a partner that cannot be asked was sent on these days, a line each event, as far as it was accepted after `since`."""
    sent: list[Entry] = []
    cursor = ""
    while True:
        where = Filter(partner=name, states=(State.DELIVERED,), since=since)
        views, cursor = await house.ledger.deliveries(where, cursor=cursor, limit=PAGE)
        sent += [Entry(view.event_id, _day(view.changed_at), 1) for view in views]
        if not cursor:
            return Account(tuple(entry for entry in sent if first <= entry.day <= last))


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, VIETNAM).date()


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), VIETNAM).timestamp()


def _days(first: date, last: date, ours: Iterable[Entry], theirs: Iterable[Entry]) -> list[dict[str, Any]]:
    """Count and sum of each day on both sides."""
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    told = [{"day": day.isoformat(), "ours": _sum(ours, day), "theirs": _sum(theirs, day)} for day in days]
    return [line | {"agrees": line["ours"] == line["theirs"]} for line in told]


def _sum(entries: Iterable[Entry], day: date) -> dict[str, int]:
    amounts = [entry.amount for entry in entries if entry.day == day]
    return {"count": len(amounts), "sum": sum(amounts)}


def _differences(ours: Iterable[Entry], theirs: Iterable[Entry]) -> list[dict[str, Any]]:
    """Lines that only one side has, or that differ in amount or day, by key."""
    here, there = ({entry.key: entry for entry in side} for side in (ours, theirs))
    found = []
    for key in sorted(here.keys() | there.keys()):
        one, other = here.get(key), there.get(key)
        if one != other:
            says = "only_theirs" if one is None else "only_ours" if other is None else "differs"
            found.append({"key": key, "says": says, "ours": _line(one), "theirs": _line(other)})
    return found


def _line(entry: Entry | None) -> dict[str, Any] | None:
    return None if entry is None else {"day": entry.day.isoformat(), "amount": entry.amount}
