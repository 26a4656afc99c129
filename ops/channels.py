"""Telling people of incidents: which message goes to whom and when, and how it left. The notices owed lie in the ledger.

A message is sent and then recorded, so that one cut off in between is sent twice and none is lost. Only one process tells at a time
(the duty of `ops.incidents_duty`).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import structlog

from bus.clock import Clock
from bus.ledger.incidents import Ending, Incident, IncidentBook, Notice, Telling
from bus.maintenance import closed_until
from ops.channels_message import Message, compose, direct, trial_message
from ops.channels_way import Lost, Way, ways
from ops.incidents import Names, kinds
from ops.incidents_settings import IncidentSettings, RecipientSettings

log = structlog.get_logger("ops.channels")

HOUR_S = 3600.0
CAP_WAIT_S = 300.0
RETRY_S, RETRY_CAP_S = 60.0, 1800.0
GIVE_UP = 150
"""Tries, about three days, after which a notice is given up; its incident of kind `notices` stays open until then."""


class Parcel(NamedTuple):
    """What one message tells: a notice of each incident in it, and the older ones of the same that it makes needless."""

    recipient: str
    notices: tuple[Notice, ...]
    merged: tuple[Notice, ...]


@dataclass(slots=True)
class Plan:
    """What becomes of the notices owed: messages to send, notices that end without one, notices put off until later."""

    parcels: list[Parcel]
    ended: dict[int, Ending]
    delayed: dict[int, tuple[float, bool]]


def plan(
    owed: Sequence[Notice],
    incidents: Mapping[int, Incident],
    told: Mapping[int, frozenset[str]],
    recipients: Mapping[str, RecipientSettings],
    sent: Mapping[str, int],
    now: float,
) -> Plan:
    """Decide on the notices owed. `told`: who has had a message of each incident; `sent`: how many in the last hour. Pure."""
    made = Plan([], {}, {})
    queues: dict[str, dict[int, list[Notice]]] = defaultdict(lambda: defaultdict(list))
    for notice in owed:
        recipient, incident = recipients.get(notice.recipient), incidents.get(notice.incident)
        if recipient is None or incident is None or _needless(notice, incident, told):
            made.ended[notice.id] = "dropped"
        elif until := _quiet_until(recipient, incident, now):
            made.delayed[notice.id] = (until, False)
        else:
            queues[notice.recipient][notice.incident].append(notice)
    for name, queue in queues.items():
        _parcel(made, name, queue, incidents, recipients[name].per_hour - sent.get(name, 0), now)
    return made


def _needless(notice: Notice, incident: Incident, told: Mapping[int, frozenset[str]]) -> bool:
    """An escalation is needless once somebody took the incident on or it is over, and so is what follows one that was not sent."""
    if not notice.escalated:
        return False
    if notice.event == "opened":
        return not incident.open or incident.acknowledged_at is not None
    return notice.recipient not in told.get(notice.incident, frozenset())


def _quiet_until(recipient: RecipientSettings, incident: Incident, now: float) -> float:
    if recipient.urgent and kinds()[incident.kind].urgent:
        return 0.0
    return closed_until(recipient.quiet, now)


def _parcel(
    made: Plan, name: str, queue: Mapping[int, list[Notice]], incidents: Mapping[int, Incident], left: int, now: float
) -> None:
    """One message an incident while the cap allows; the last one that it allows sums up all the others."""
    if left <= 0:
        made.delayed |= {one.id: (now + CAP_WAIT_S, False) for notices in queue.values() for one in notices}
        return
    order = sorted(queue.values(), key=lambda notices: not kinds()[incidents[notices[0].incident].kind].urgent)
    alone = len(order) if len(order) <= left else left - 1
    groups = [[notices] for notices in order[:alone]] + ([order[alone:]] if order[alone:] else [])
    for group in groups:
        newest = tuple(notices[-1] for notices in group)
        made.parcels.append(Parcel(name, newest, tuple(one for notices in group for one in notices[:-1])))


class Teller:
    """Tells the recipients of the settings; `ways` how each is reached, `names` what partners are called, `link` where the console is."""

    def __init__(
        self,
        settings: IncidentSettings,
        book: IncidentBook,
        clock: Clock,
        ways: Mapping[str, Way],
        names: Names,
        link: str,
    ) -> None:
        self._recipients = {one.name: one for one in settings.recipients}
        self._book = book
        self._clock = clock
        self._ways = ways
        self._names = names
        self._link = link

    def tellings(self) -> list[Telling]:
        """Who is to be told of what, for the ledger to owe it."""
        return [Telling(one.name, frozenset(kinds()), one.after_s) for one in self._recipients.values()]

    async def tell(self, hold: Callable[[], Awaitable[int | None]]) -> None:
        """Send what is owed and due, while `hold` says that the right to is still ours. Raises LedgerBusy."""
        owed = await self._book.owed()
        if not owed:
            return
        numbers = sorted({notice.incident for notice in owed})
        incidents = {n: one for n in numbers if (one := await self._book.one(n)) is not None}
        told = {n: await self._told(n) for n in numbers}
        now = self._clock.now()
        made = plan(owed, incidents, told, self._recipients, await self._book.sent_since(now - HOUR_S), now)
        if made.ended or made.delayed:
            await self._book.settle(made.ended, made.delayed)
        for parcel in made.parcels:
            if await hold() is None:
                return
            await self._send(parcel, incidents)

    async def _told(self, incident: int) -> frozenset[str]:
        notices = await self._book.notices(incident)
        return frozenset(one.recipient for one in notices if one.ending in ("sent", "merged"))

    async def _send(self, parcel: Parcel, incidents: Mapping[int, Incident]) -> None:
        """One message, then its record."""
        items = [(notice, incidents[notice.incident]) for notice in parcel.notices]
        message = compose(items, self._names, self._link, self._clock.now())
        covered = (*parcel.notices, *parcel.merged)
        if await self._deliver(parcel.recipient, message):
            ended: dict[int, Ending] = {one.id: "merged" for one in covered}
            await self._book.settle(ended | {parcel.notices[0].id: "sent"})
            return
        given_up: dict[int, Ending] = {one.id: "failed" for one in covered if one.tries + 1 >= GIVE_UP}
        now = self._clock.now()
        later = {one.id: (now + _wait_s(one.tries), True) for one in covered if one.id not in given_up}
        await self._book.settle(given_up, later)

    async def tell_directly(self, kind: str, since: float, part: str = "") -> None:
        """Tell those who are told first, without a record: when the ledger, or the lookout (the `part`), is itself what is wrong."""
        message = direct(kind, part, since, self._link, self._clock.now())
        for name, recipient in self._recipients.items():
            if not recipient.after_s:
                await self._deliver(name, replace(message, id=f"{message.id}-{name}"))

    async def _deliver(self, name: str, message: Message) -> bool:
        try:
            await self._ways[name].send(message)
        except Lost as lost:
            log.warning("notice not sent", recipient=name, why=str(lost))
            return False
        return True


def _wait_s(tries: int) -> float:
    """Until the next try: a minute, then twice as long each time, half an hour at most.

    >>> [_wait_s(n) for n in (0, 1, 4, 5, 100)]
    [60.0, 120.0, 960.0, 1800.0, 1800.0]
    """
    return min(RETRY_CAP_S, RETRY_S * 2.0 ** min(tries, 10))


async def trial(settings: IncidentSettings) -> dict[str, str]:
    """Tell every recipient that this is a trial: by name, why one was not reached (empty: reached)."""
    told: dict[str, str] = {}
    for name, way in ways(settings).items():
        try:
            await way.send(trial_message(name, time.time()))
            told[name] = ""
        except Lost as lost:
            told[name] = str(lost)
    return told
