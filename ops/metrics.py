"""Figures for Prometheus, with bounded labels: partner, operation, state, cause, outcome; never anything of a dossier."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bus.adapter import Job
from bus.broker import Bell
from bus.clock import instant
from bus.ledger.incidents import IncidentBook
from bus.ledger.sql_ledger import SqlLedger
from bus.maintenance import VIETNAM
from bus.outcome import Outcome
from contracts.envelope import Envelope
from ops.incidents_signs import free_bytes
from ops.unposted import DUES, counted

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """One process's figures; totals of the province are read from the ledger's tally when asked."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._events = Counter(
            "lienthong_events_accepted", "Events accepted by this process", ["type"], registry=self.registry
        )
        self._rows = Counter(
            "lienthong_attempts",
            "Rows attempted by this process",
            ["partner", "operation", "outcome", "cause"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "lienthong_call_seconds",
            "Duration of partner calls",
            ["partner", "operation"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._deliveries = Gauge(
            "lienthong_deliveries", "Deliveries in the ledger", ["partner", "state", "cause"], registry=self.registry
        )
        self._breaker = Gauge(
            "lienthong_breaker_open", "1 while the partner's breaker is open", ["partner"], registry=self.registry
        )
        self._paused = Gauge(
            "lienthong_partner_paused", "1 while the partner is paused", ["partner"], registry=self.registry
        )
        self._numbers = Gauge(
            "lienthong_numbers_left",
            "Numbers a partner gave us beforehand and we have not used",
            ["partner"],
            registry=self.registry,
        )
        self._lookups = Counter(
            "lienthong_lookups",
            "Look-ups answered or not by this process",
            ["partner", "lookup", "ending", "cached"],
            registry=self.registry,
        )
        self._lookup_seconds = Histogram(
            "lienthong_lookup_seconds",
            "Time a caller waited for a look-up",
            ["partner", "lookup"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._sign_ins = Counter(
            "lienthong_sign_ins", "Sign-ins by how they ended", ["provider", "outcome"], registry=self.registry
        )
        self._unlinked = Gauge(
            "lienthong_sign_in_unlinked",
            "People who signed in and whose account a client has not linked yet",
            ["client", "provider", "link"],
            registry=self.registry,
        )
        self._unposted = Gauge(
            "lienthong_documents_unposted",
            "The province's legal documents not posted yet: past their deadline, near it (five days), or later",
            ["due"],
            registry=self.registry,
        )
        self._overdue = Gauge(
            "lienthong_expected_overdue",
            "Expected steps of dossiers that stand raised: at risk, late, missing, or not to be counted for want of a calendar",
            ["partner", "step", "stand"],
            registry=self.registry,
        )
        self._incidents = Gauge(
            "lienthong_incidents_open", "Incidents open now", ["kind", "partner"], registry=self.registry
        )
        self._notices = Gauge(
            "lienthong_notices_waiting", "Notices of incidents that are due and not sent", registry=self.registry
        )
        self._waiting = Gauge(
            "lienthong_dossiers_waiting", "Dossiers that wait for a partner", ["partner"], registry=self.registry
        )
        self._oldest = Gauge(
            "lienthong_oldest_waiting_timestamp_seconds",
            "Since when the first of them could have gone",
            ["partner"],
            registry=self.registry,
        )
        self._succeeded = Gauge(
            "lienthong_last_success_timestamp_seconds",
            "When the partner last gave a good answer",
            ["partner"],
            registry=self.registry,
        )
        self._heard = Gauge(
            "lienthong_last_event_timestamp_seconds",
            "When a source that must not fall silent last brought an event",
            ["source"],
            registry=self.registry,
        )
        self._ends = Gauge(
            "lienthong_certificate_end_timestamp_seconds",
            "When a certificate ends: a partner's, or our own (lienthong)",
            ["partner"],
            registry=self.registry,
        )
        self._duties = Gauge(
            "lienthong_duty_until_timestamp_seconds",
            "Until when a duty in the background is held",
            ["duty"],
            registry=self.registry,
        )
        self._failing = Gauge(
            "lienthong_failing_seconds",
            "For how long a part of this process has failed each time it began",
            ["part"],
            registry=self.registry,
        )
        self._queue = Gauge(
            "lienthong_ledger_queue", "Rows that wait for this process's writer", registry=self.registry
        )
        self._free = Gauge(
            "lienthong_ledger_free_bytes", "Free space on the disk of a ledger that is a file", registry=self.registry
        )
        self._events_of = cache(self._events.labels)
        self._rows_of, self._seconds_of = cache(self._rows.labels), cache(self._seconds.labels)
        self._broker = Gauge("lienthong_broker_connected", "1 while the bell is connected", registry=self.registry)

    def came_in(self, envelope: Envelope, _owed: int) -> None:
        self._events_of(envelope.type).inc()

    def went_out(self, job: Job, outcome: Outcome, seconds: float) -> None:
        self._rows_of(job.partner, job.operation, type(outcome).__name__, outcome.cause).inc()
        self._seconds_of(job.partner, job.operation).observe(seconds)

    def looked_up(self, partner: str, lookup: str, ending: str, cached: bool, seconds: float) -> None:
        self._lookups.labels(partner, lookup, ending, str(cached).lower()).inc()
        self._lookup_seconds.labels(partner, lookup).observe(seconds)

    def signed_in(self, provider: str, outcome: str) -> None:
        self._sign_ins.labels(provider, outcome).inc()

    def failed(self, failing: Mapping[str, float]) -> None:
        """The parts that are failing now, and for how many seconds each."""
        self._failing.clear()
        for part, lasted_s in failing.items():
            self._failing.labels(part).set(lasted_s)

    async def refresh(self, ledger: SqlLedger, bell: Bell, ledger_url: str) -> None:
        """Bring the gauges up to the ledger's tally."""
        totals, views = await ledger.totals(), await ledger.partners()
        self._deliveries.clear()
        for (partner, state, cause), n in totals.counts.items():
            self._deliveries.labels(partner, state, cause).set(n)
        self._overdue.clear()
        for (partner, name), n in totals.overdue.items():
            self._overdue.labels(partner, *name.rsplit(".", 1)).set(n)
        for view in views:
            self._breaker.labels(view.partner).set(view.breaker_open)
            self._paused.labels(view.partner).set(view.paused)
            if view.last_success_at is not None:
                self._succeeded.labels(view.partner).set(view.last_success_at)
        for partner, (left, _all) in (await ledger.stocks()).items():
            self._numbers.labels(partner).set(left)
        waiting_documents = await counted(ledger, instant(ledger.clock.now()).astimezone(VIETNAM).date())
        for name in DUES:
            self._unposted.labels(name).set(waiting_documents[name])
        self._unlinked.clear()
        for waiting in await ledger.sign_ins().waiting():
            self._unlinked.labels(waiting.client, waiting.provider, waiting.link).set(waiting.people)
        self._broker.set(bell.connected)
        self._queue.set(ledger.waiting)
        if (free := free_bytes(await ledger.incidents().folder(ledger_url))) is not None:
            self._free.set(free)
        await self._watched(ledger.incidents())

    async def _watched(self, book: IncidentBook) -> None:
        """What is looked at for incidents, and those that are open."""
        self._incidents.clear()
        for one in await book.open():
            self._incidents.labels(one.kind, one.partner).inc()
        self._notices.set(len(await book.owed()))
        self._waiting.clear()
        self._oldest.clear()
        for partner, (dossiers, since) in (await book.waiting()).items():
            self._waiting.labels(partner).set(dossiers)
            self._oldest.labels(partner).set(since)
        for heard in await book.readings("heard"):
            self._heard.labels(heard.subject).set(heard.at)
        for end in await book.readings("certificate"):
            self._ends.labels(end.subject).set(end.value)
        for duty, until in (await book.duties()).items():
            self._duties.labels(duty).set(until)
