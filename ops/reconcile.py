"""Ours against theirs, day by day and line by line, and what can be set right: generic over what a partner's room offers
(`bus.adapter.Reconcile`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from bus.adapter import Account, Call, Entry
from bus.ledger.views import DeliveryView
from bus.ledger.words import OPEN, Filter, State
from bus.maintenance import VIETNAM
from contracts.envelope import Envelope
from ops import desk

if TYPE_CHECKING:
    from ops.house import House

MAX_DAYS = 31
LATE_DAYS = 7
"""What a partner tells of a day may reach us so many days after it: at the next poll, when it answers again."""
PAGE = 1000
WEEK_S = 7 * 86400.0


class Refused(Exception):
    """It cannot be compared so; one sentence."""


async def reconcile(house: House, name: str, first: date, last: date) -> dict[str, Any]:
    """Both accounts of the days `first` to `last` (Vietnam, both included), and every line in which they differ.

    How many each day has is kept, for the partner's trend, where the partner has answered all. Raises Refused, LedgerBusy.
    """
    ours, account = await _accounts(house, name, first, last)
    differences = _differences(ours, account)
    if not account.unanswered:
        await house.ledger.incidents().keep("mismatch", mismatches(name, first, last, differences))
    return {
        "partner": name,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "agrees": not differences and not account.unanswered,
        "days": _days(first, last, ours, account.entries),
        "differences": differences,
        "unanswered": list(account.unanswered),
    }


async def repair(
    house: House, name: str, first: date, last: date, who: str, reason: str, *, dry_run: bool
) -> dict[str, Any]:
    """Set right what of the differences can be: who and why is kept. A dry run says what would be done to each, and does nothing.

    What only the partner has enters by the front door as its own statement, under the id under which it would have come by itself. What
    only we have, and is dead at the partner that was to be told, is sent again. All else is a person's. Raises Refused, LedgerBusy.
    """
    ours, account = await _accounts(house, name, first, last)
    differences = _differences(ours, account)
    owing = {} if account.events else await _undelivered(house, name, first)
    rows = [
        {"key": line["key"], "says": line["says"], **_plan(line, account, owing), "done": False} for line in differences
    ]
    for row in () if dry_run else rows:
        if row["does"] == "take_in":
            row["done"] = await _take_in(house, name, account.events[row["key"]], who, reason)
        elif row["does"] == "resend":
            row["done"] = await _resend(house, owing[row["key"]], who, reason)
    return {"partner": name, "rows": rows, "done": sum(row["done"] for row in rows), "dry_run": dry_run}


def mismatches(
    name: str, first: date, last: date, differences: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, int], float]:
    """How many lines differ on each day, by partner and the day's number."""
    counted = Counter(
        day for line in differences for day in {side["day"] for side in (line["ours"], line["theirs"]) if side}
    )
    days = (first + timedelta(days=place) for place in range((last - first).days + 1))
    return {(name, day_number(day)): float(counted[day.isoformat()]) for day in days}


def day_number(day: date) -> int:
    """The day's place in time, as kept counts name it."""
    return (day - date(1970, 1, 1)).days


def _plan(line: Mapping[str, Any], account: Account, owing: Mapping[str, DeliveryView]) -> dict[str, Any]:
    """What is to be done about a difference, and what by."""
    view = owing.get(line["key"])
    if line["ours"] is None and line["key"] in account.events:
        return {"does": "take_in", "by": [event.type for event in account.events[line["key"]]]}
    if line["theirs"] is None and view is not None:
        return {"does": "resend" if view.state is State.DEAD else "wait", "by": [f"{view.id} {view.state}"]}
    return {"does": "person", "by": []}


async def _take_in(house: House, name: str, events: Sequence[Envelope], who: str, reason: str) -> bool:
    """The partner's statement by the front door; whether any of it was new."""
    verdicts = await house.intake.accept(events, client=name)
    new = [event for event, verdict in zip(events, verdicts, strict=True) if verdict["status"] == "accepted"]
    for event in new:
        await house.ledger.remark(who, "reconcile: take in", reason, event.subject)
    return bool(new)


async def _resend(house: House, view: DeliveryView, who: str, reason: str) -> bool:
    rows = await desk.act(house.ledger, desk.Deed("resend", Filter(ids=(view.id,))), who, reason)
    house.wake({view.partner})
    return any(row["done"] for row in rows)


async def _undelivered(house: House, name: str, first: date) -> dict[str, DeliveryView]:
    """What a partner that cannot be asked is still owed, or was not given, by event; accepted since a week before the first day."""
    states = (*OPEN, State.DEAD)
    return {view.event_id: view async for view in _views(house, name, states, _midnight(first) - WEEK_S)}


async def _accounts(house: House, name: str, first: date, last: date) -> tuple[list[Entry], Account]:
    """Our account of the days and the partner's. Raises Refused."""
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
        return await _told(house, hook.events, since, first, last), await _delivered(house, name, since, first, last)
    notes = await house.ledger.events(hook.events, since, _midnight(last + timedelta(days=1 + LATE_DAYS)), hook.note)
    told = {one.key: one for one in notes if isinstance(one, Entry)}  # a line told again is the same line, as told last
    ours = [one for one in told.values() if first <= one.day <= last]
    call = Call(f"reconcile-{name}", house.partner_settings[name].timeout_s)
    return ours, await hook.theirs(house.adapter(name), notes, first, last, call)


async def _told(house: House, types: tuple[str, ...], since: float, first: date, last: date) -> list[Entry]:
    """The events of these types that happened on these days, a line each, as far as they were accepted after `since`."""
    told = [Entry(event, _day(at), 1) for event, at in await house.ledger.told(types, since)]
    return [entry for entry in told if first <= entry.day <= last]


async def _delivered(house: House, name: str, since: float, first: date, last: date) -> Account:
    """What a partner that cannot be asked was sent on these days, a line each event, as far as it was accepted after `since`."""
    views = _views(house, name, (State.DELIVERED,), since)
    sent = [Entry(view.event_id, _day(view.changed_at), 1) async for view in views]
    return Account(tuple(entry for entry in sent if first <= entry.day <= last))


async def _views(house: House, name: str, states: tuple[State, ...], since: float) -> AsyncIterator[DeliveryView]:
    """A partner's deliveries in these states, accepted after `since`, page by page."""
    where, cursor = Filter(partner=name, states=states, since=since), ""
    while True:
        views, cursor = await house.ledger.deliveries(where, cursor=cursor, limit=PAGE)
        for view in views:
            yield view
        if not cursor:
            return


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


def _differences(ours: Iterable[Entry], account: Account) -> list[dict[str, Any]]:
    """Lines that only one side has, or that differ in amount or day, by key; what the partner could not be asked about is none."""
    here, there = ({entry.key: entry for entry in side} for side in (ours, account.entries))
    found = []
    for key in sorted((here.keys() | there.keys()).difference(account.unanswered)):
        one, other = here.get(key), there.get(key)
        if one != other:
            says = "only_theirs" if one is None else "only_ours" if other is None else "differs"
            found.append({"key": key, "says": says, "ours": _line(one), "theirs": _line(other)})
    return found


def _line(entry: Entry | None) -> dict[str, Any] | None:
    return None if entry is None else {"day": entry.day.isoformat(), "amount": entry.amount}
