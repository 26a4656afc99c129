"""What is wrong just now: one question for each kind of incident, asked of ledger and machine, each answered with conditions."""

from __future__ import annotations

import contextlib
import math
import shutil
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import structlog

from adapters.transport import certificate
from bus.adapter import Partner
from bus.clock import instant
from bus.ledger.chain import START, Start
from bus.ledger.incidents import Condition, IncidentBook, Reading
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.views import PartnerView
from bus.ledger.words import State
from bus.maintenance import VIETNAM, closed_until
from bus.policy import PartnerSettings
from contracts.working_time import Calendar, YearMissing
from ops.incidents_own import failing, fallen
from ops.incidents_settings import IncidentSettings
from ops.reconcile import day_number

log = structlog.get_logger("ops.incidents")

OURS = "lienthong"
"""The subject of what concerns no partner but us."""
CERTIFICATES_S = 6 * 3600.0
CHAIN_DAY_S = 86_400.0
"""The whole chain is gone through again after so long; in between only what is new."""
LATE_S = {"sweep": 30.0, "sealer": 30.0}
"""How long ago a duty may have run out."""
ASK_AT_LEAST_S = 900.0
HOLIDAYS_AHEAD = timedelta(days=60)
"""So long before a year its holidays are wanted: they are published in autumn."""
SLOT_S = 300
"""Deliveries settled are kept by five minutes, for the forecast."""
KEEP_SLOTS = 3 * 3600 // SLOT_S
DAY_S = 86_400.0
GIGA = 2**30
COMPARED_DAYS = timedelta(days=7)
TRIES = 3
"""A notice that failed so often has a channel in trouble."""


@dataclass(frozen=True, slots=True)
class Concern:
    """Whom and what to look at: the enabled partners with their settings, where the ledger lies, our own certificate.

    `steady`: the clock runs evenly; where it is set forward (training), nothing can be told from how long something has been silent.
    """

    partners: Mapping[str, Partner]
    settings: Mapping[str, PartnerSettings]
    enabled: Collection[str]
    incidents: IncidentSettings
    ledger_url: str
    tls_certificate: str | None
    calendar: Calendar
    steady: bool = True


class Signs:
    """Looks, and remembers between looks what is asked seldom."""

    def __init__(self, ledger: SqlLedger, concern: Concern) -> None:
        self._ledger = ledger
        self._book: IncidentBook = ledger.incidents()
        self._concern = concern
        self._began_at = ledger.clock.now()
        self._certificates_at = -math.inf
        self._chain_at = self._began_at
        self._chain: Start = START
        self._chain_broken = ""
        self._disk_told = False

    async def found(self) -> list[Condition]:
        """Every condition that holds now, of every kind. Raises LedgerBusy."""
        now = self._ledger.clock.now()
        views = {view.partner: view for view in await self._ledger.partners() if view.partner in self._concern.enabled}
        waiting = await self._book.waiting()
        await self._keep_settled(now)
        stuck = await failing(self._book, views, waiting, now)
        found = [
            *self._switches(views, waiting),
            *await self._failures(),
            *await self._broken_chain(now),
            *await self._disk(),
            *self._holidays(now),
            *await self._untold(),
            *await self._unapproved(),
            *await fallen(self._book, now),
            *stuck,
            *await self._mismatches(now),
        ]
        if not self._concern.steady:
            return found
        return [
            *found,
            *self._slow(views, waiting, stuck, now),
            *await self._silence(now),
            *await self._certificates(now),
            *await self._pollers(views, now),
            *await self._duties(now),
        ]

    def _switches(self, views: Mapping[str, PartnerView], waiting: Mapping[str, tuple[int, float]]) -> list[Condition]:
        """Breakers that are open, partners on hold. What anybody wrote as the reason is not told on."""
        found = []
        for name, view in views.items():
            if view.breaker_open:
                found.append(Condition("breaker", name))
            if view.paused and view.pause_cause:
                found.append(Condition("paused", name, facts={"cause": view.pause_cause}))
            elif view.paused:
                found.append(Condition("held", name))
        return [
            replace(one, dossiers=waiting.get(one.partner, (0, 0.0))[0], deliveries=views[one.partner].backlog)
            for one in found
        ]

    def _slow(
        self,
        views: Mapping[str, PartnerView],
        waiting: Mapping[str, tuple[int, float]],
        stuck: Collection[Condition],
        now: float,
    ) -> list[Condition]:
        """What could go has waited for too long, though the partner is open and answers, and our worker does not fail."""
        late = now - self._concern.incidents.slow_s
        ours = {one.partner for one in stuck if one.about == "worker"}
        return [
            Condition("slow", name, dossiers=dossiers, deliveries=views[name].backlog if name in views else dossiers)
            for name, (dossiers, since) in waiting.items()
            if name in self._concern.enabled
            and since < late
            and name not in ours
            and not self._barred(name, views, now)
        ]

    def _barred(self, name: str, views: Mapping[str, PartnerView], now: float) -> bool:
        """It is known why nothing goes to the partner: on hold, breaker open, closed by its calendar."""
        view = views.get(name)
        switched = view is not None and (view.paused or view.breaker_open)
        return switched or closed_until(self._concern.settings[name].maintenance, now) > 0

    async def _failures(self) -> list[Condition]:
        """Causes that have stopped many deliveries and that only a person can end."""
        found: dict[tuple[str, str], Condition] = {}
        for group in await self._ledger.causes():
            if group.state is State.WAITING and not group.hold_key:
                continue
            about = ".".join(filter(None, (group.state.value, group.cause.value, group.code, group.hold_key)))
            before = found.get((group.partner, about))
            found[group.partner, about] = Condition(
                "failures",
                group.partner,
                about,
                {"cause": group.cause.value, "code": group.code, "state": group.state.value},
                dossiers=group.dossiers + (before.dossiers if before else 0),
                deliveries=group.count + (before.deliveries if before else 0),
            )
        return [one for one in found.values() if one.deliveries >= self._concern.incidents.failures]

    async def _silence(self, now: float) -> list[Condition]:
        """Sources that brought nothing for too much working time. In a year without holidays nobody can say."""
        heard = await self._book.heard()
        kept = {one.subject: one for one in await self._book.readings("heard")}
        counts = {source: heard.get(source, 0) for source in self._concern.incidents.silence}
        moved = {s: n for s, n in counts.items() if s not in kept or kept[s].value != n}
        await self._book.keep("heard", {(source, 0): n for source, n in moved.items()})
        found = []
        for source, silent_s in self._concern.incidents.silence.items():
            since = now if source in moved else kept[source].at
            try:
                quiet = self._concern.calendar.between(instant(since), instant(now)).total_seconds()
            except YearMissing:
                continue
            if quiet >= silent_s:
                found.append(Condition("silence", about=source, facts={"source": source}, since=since))
        return found

    async def _certificates(self, now: float) -> list[Condition]:
        """Certificates that end soon: our own, and those the partners show us."""
        if now - self._certificates_at >= CERTIFICATES_S:
            self._certificates_at = now
            await self._book.keep("certificate", {(name, 0): at for name, at in (await self._ends()).items()})
        within = now + self._concern.incidents.certificate_days * DAY_S
        return [
            Condition(
                "certificate",
                "" if one.subject == OURS else one.subject,
                facts={"on": f"{instant(one.value).astimezone(VIETNAM):%d/%m/%Y}"},
            )
            for one in await self._book.readings("certificate")
            if one.value < within and one.subject in (OURS, *self._concern.enabled)
        ]

    async def _ends(self) -> dict[str, float]:
        """When each certificate ends that can be seen now."""
        asked = {
            name: await certificate.ends_at(self._concern.settings[name].base_url) for name in self._concern.enabled
        }
        if self._concern.tls_certificate:
            asked[OURS] = certificate.file_ends_at(Path(self._concern.tls_certificate).read_bytes())
        return {name: at for name, at in asked.items() if at is not None}

    async def _pollers(self, views: Mapping[str, PartnerView], now: float) -> list[Condition]:
        """Partners that are to be asked regularly and were not, though nothing bars it."""
        polled = {one.subject: one for one in await self._book.readings("polled")}
        found = []
        for name in self._concern.enabled:
            every_s = self._concern.partners[name].polls_every_s
            if every_s is None or self._barred(name, views, now):
                continue
            since = self._last(polled.get(name))
            if now - since > max(3 * every_s, ASK_AT_LEAST_S):
                found.append(Condition("poller", name, since=since))
        return found

    def _last(self, polled: Reading | None) -> float:
        """The last good turn of a poller, no earlier than we began to look: a bus that was down has not failed to ask."""
        return max(polled.at if polled else 0.0, self._began_at)

    async def _duties(self, now: float) -> list[Condition]:
        """Background work nobody does."""
        until = await self._book.duties()
        late = {duty: max(until.get(duty, 0.0), self._began_at) for duty in LATE_S}
        return [
            Condition("sweep", about=duty, facts={"duty": duty}, since=at)
            for duty, at in late.items()
            if now - at > LATE_S[duty]
        ]

    async def _broken_chain(self, now: float) -> list[Condition]:
        """The record's chain, followed a piece at a time; all of it anew every day."""
        if not self._chain_broken:
            if now - self._chain_at >= CHAIN_DAY_S:
                self._chain_at, self._chain = now, START
            self._chain, self._chain_broken = await self._book.follow_chain(self._chain)
        return [Condition("chain", facts={"entry": self._chain.number})] if self._chain_broken else []

    async def _disk(self) -> list[Condition]:
        """The disk of a ledger that lies on this machine; that another one's is not watched is said once."""
        free = free_bytes(await self._book.folder(self._concern.ledger_url))
        if free is None and not self._disk_told:
            self._disk_told = True
            log.warning("the disk of the ledger is not watched from here: watch it where the database server runs")
        if free is None or free >= self._concern.incidents.free_bytes:
            return []
        return [Condition("disk", facts={"free": f"{free / GIGA:.1f} GB"})]

    def _holidays(self, now: float) -> list[Condition]:
        """Years whose holidays are needed now or soon and are not known."""
        today: date = instant(now).astimezone(VIETNAM).date()
        years = {today.year, (today + HOLIDAYS_AHEAD).year} - self._concern.calendar.years
        return [Condition("holidays", about=str(year), facts={"year": year}) for year in sorted(years)]

    async def _mismatches(self, now: float) -> list[Condition]:
        found = await mismatches(self._book, now)
        return [Condition("mismatch", name, facts={"lines": n}) for name, n in sorted(found.items())]

    async def _untold(self) -> list[Condition]:
        """Recipients whom no notice has reached for some tries."""
        lost = sorted({one.recipient for one in await self._book.owed(math.inf) if one.tries >= TRIES})
        return [Condition("notices", about=name, facts={"recipient": name}) for name in lost]

    async def _unapproved(self) -> list[Condition]:
        """Bulk actions that stand because no second person has approved them."""
        waiting = await self._ledger.tasks().waiting()
        return [
            Condition("approval", about=str(one.id), facts={"task": one.id}, deliveries=one.count, since=one.changed_at)
            for one in waiting
        ]

    async def _keep_settled(self, now: float) -> None:
        """How many deliveries each partner has settled in all, by five minutes."""
        slot = int(now) // SLOT_S
        settled: dict[str, int] = dict.fromkeys(self._concern.enabled, 0)
        for (partner, state, _), n in (await self._ledger.totals()).counts.items():
            if partner in settled and state in (State.DELIVERED, State.SUPERSEDED, State.CANCELLED, State.DEAD):
                settled[partner] += n
        values = {(partner, slot): float(n) for partner, n in settled.items()}
        await self._book.keep("settled", values, forget_before=slot - KEEP_SLOTS)


async def mismatches(book: IncidentBook, now: float) -> dict[str, int]:
    """Partners whose books and ours differ over one of the last days, until they are set right and compared again: in how many lines."""
    since = day_number(instant(now).astimezone(VIETNAM).date() - COMPARED_DAYS)
    lines: Counter[str] = Counter()
    for reading in await book.readings("mismatch", since):
        lines[reading.subject] += int(reading.value)
    return dict(+lines)


def free_bytes(folder: Path | None) -> int | None:
    """What is free on the disk that holds a folder, which we need not be allowed to look into; None where it is not on this machine."""
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free if folder is not None else None
    return None
