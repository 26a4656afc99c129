"""The worker: wakes, claims what can start now, calls, records. One loop per partner, nothing shared but the ledger.

From worker to socket: `worker.run > worker._call > adapter.deliver > client.<operation> > transport.send`. A ring is acked when the
claim it caused is committed; a claim that came back full rings once more, so that many workers share a backlog.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Protocol, TypeVar

import structlog

from bus import crash, tracing
from bus.adapter import Adapter, Call, Job, Operation, Partner, Row
from bus.bulkhead import Health, Limit, overload
from bus.clock import Clock
from bus.delivery import FATAL_CRASHES, each_its_own, settle
from bus.ledger.exchange import NOTHING
from bus.ledger.ledger import Ledger, LedgerBusy
from bus.ledger.words import Arrival, Claim, Claimed, PartnerChange, Result, State
from bus.maintenance import closed_until
from bus.outcome import Cause, Contract, Delivered, Outcome, Permanent, Unknown
from bus.policy import PartnerSettings
from bus.quarantine import Quarantine
from bus.trip import Trip
from contracts.envelope import Envelope

log = structlog.get_logger("bus.worker")
Written = TypeVar("Written")

LEASE_SLACK_S = 15.0
"""A lease outlasts the call's total deadline by this much (design.md, "Claim what can start now")."""
IDLE_S = 30.0
"""The longest sleep without a ring: the sweep rings within this anyway."""
BUSY_RETRY_S = 0.5
"""Pause before asking a busy ledger again."""
GONE = Operation("", "", "", dedupe="none")
"""Stands for an operation that a newer version no longer has: what an older one owed by it is dead at once, and said to be."""


class Ring(Protocol):
    """A ring of the bell: acked when the claim it caused is committed."""

    def ack(self) -> None: ...


ReplyToArrival = Callable[[Envelope, Job], Arrival]
RefusalToReplies = Callable[[Job, Outcome], tuple[Envelope, ...]]
"""What is told of a delivery its partner refused for good; the bus does not know to whom."""
Observe = Callable[[Job, Outcome, float], None]
"""(job, outcome, seconds): called once per row, for metrics and screens."""


class PartnerWorker:
    """Delivers to one partner within its bulkhead until told to stop."""

    def __init__(
        self,
        *,
        worker: str,
        partner: Partner,
        adapter: Adapter,
        settings: PartnerSettings,
        ledger: Ledger,
        clock: Clock,
        rng: random.Random,
        ready: Callable[[Iterable[str]], None],
        ring_others: Callable[[str], None],
        arrival: ReplyToArrival,
        observe: Observe,
        quarantine: Quarantine,
        refusal: RefusalToReplies = lambda _job, _outcome: (),
        edition: Callable[[], Mapping[str, str]] = lambda: NOTHING,
    ) -> None:
        self.partner = partner
        self.settings = settings
        self.limit = Limit(settings.concurrency)
        self.health = Health(partner.name, settings.breaker, settings.retry)
        self.why = ""
        self._worker = worker
        self._adapter = adapter
        self._ledger = ledger
        self._clock = clock
        self._rng = rng
        self._ready = ready
        self._ring_others = ring_others
        self._arrival = arrival
        self._observe = observe
        self._quarantine = quarantine
        self._refusal = refusal
        self._edition = edition
        self._operations = {operation.name: operation for operation in partner.operations}
        self._batches = {o.name: min(o.batch, settings.batch or o.batch) for o in partner.operations}
        self._rows_per_call = max(self._batches.values())
        self._rings: list[Ring] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._abandoned = False
        self._others = True
        self._calls: set[asyncio.Task[None]] = set()
        self._deadlines: set[asyncio.Timeout] = set()

    def wake(self, ring: Ring | None = None) -> None:
        """There may be due work."""
        if ring is not None:
            self._rings.append(ring)
        self._wake.set()

    def share(self, live_workers: int) -> None:
        """The concurrency is the province's: divide it by the workers alive."""
        self._others = live_workers > 1
        self.limit.ceiling = max(1, self.settings.concurrency // max(1, live_workers))
        self._wake.set()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping = True
        self._wake.set()

    def abandon(self) -> None:
        """Wait no longer for the calls under way, nor for a busy ledger: their outcome is unknown."""
        self._abandoned = True
        now = asyncio.get_running_loop().time()
        for deadline in self._deadlines:
            deadline.reschedule(now)

    async def run(self) -> None:
        """Claim and deliver until stopped; then wait for the calls under way."""
        while not self._stopping:
            self._wake.clear()
            wait_s = await self._turn()
            if wait_s > 0 and not self._stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), wait_s)
        if self._calls:
            await asyncio.wait(self._calls)

    async def _turn(self) -> float:
        """One look for work; how many seconds to sleep unless woken."""
        await self._quarantine.wait_open()
        now = self._clock.now()
        until = max(closed_until(self.settings.maintenance, now), self.health.closed_until)
        if until > now:
            self.why = "closed"
            self._ack()
            return min(until - now, IDLE_S)
        free = 1 - self.limit.in_flight if self.health.wary() else self.limit.free()
        if free <= 0 or len(self._calls) >= 4 * self.limit.ceiling:
            self._ack()
            return IDLE_S  # the end of a call wakes us
        rings, self._rings = self._rings, []
        sends_until = now + LEASE_SLACK_S
        try:
            claimed = await self._ledger.claim(
                Claim(
                    partner=self.partner.name,
                    worker=self._worker,
                    calls=free,
                    rows=free * self._rows_per_call,
                    lease_s=self.settings.timeout_s + LEASE_SLACK_S,
                    batches=self._batches,
                    rate_per_s=self.settings.rate_per_s,
                    burst=self.settings.burst or max(1, int(self.settings.rate_per_s or 1)),
                )
            )
        except LedgerBusy:
            self._rings += rings
            return BUSY_RETRY_S
        for ring in rings:
            ring.ack()
        self.why = claimed.why
        await self._begin(claimed, sends_until)
        if claimed.full:
            if self._others:
                self._ring_others(self.partner.name)
            return 0.0
        return IDLE_S if claimed.next_at is None else min(IDLE_S, max(0.001, claimed.next_at - self._clock.now()))

    def _ack(self) -> None:
        rings, self._rings = self._rings, []
        for ring in rings:
            ring.ack()

    async def _begin(self, claimed: Claimed, sends_until: float) -> None:
        """Start what was claimed: rows mapped, grouped into calls, each call a task; a suspect alone.

        After `sends_until` the lease no longer outlasts a call's deadline: a worker that was stopped meanwhile sends nothing
        (reliability G6).
        """
        jobs = claimed.jobs
        suspects = [job for job in jobs if job.crashes >= FATAL_CRASHES - 1]
        if suspects:
            await self._run_alone(suspects, sends_until)
            jobs = tuple(job for job in jobs if job.crashes < FATAL_CRASHES - 1)
        if claimed.probe and not await self._probe(jobs):
            return
        for rows in self._group(self._prepare(jobs)):
            self._start(self._call(rows, sends_until, probe=claimed.probe))

    async def _run_alone(self, suspects: Sequence[Job], sends_until: float) -> None:
        """The first suspect by itself, the others back to the ledger, uncounted."""
        first, *others = suspects
        if self._quarantine.alone:
            others = list(suspects)
        if others:
            await self._release(others)
        if first in others:
            return
        await self._quarantine.enter_alone()
        try:
            for rows in self._group(self._prepare([first])):
                await self._call(rows, sends_until, alone=True)
        finally:
            await self._quarantine.leave_alone()

    async def _probe(self, jobs: Sequence[Job]) -> bool:
        """Try the open breaker with the partner's harmless call, where it has one; False when it stays open."""
        outcome = await self._guard(
            self._adapter.probe(Call(f"{self._rng.getrandbits(64):016x}", self.settings.timeout_s))
        )
        if outcome is None or isinstance(outcome, Delivered):
            return True
        change = self.health.judge([outcome], self._clock.now(), probe=True)
        await self._release(jobs)
        await self._record([], [change] if change else [])
        return False

    def _prepare(self, jobs: Sequence[Job]) -> list[Row]:
        """Map each job, or settle it at once where it cannot be mapped."""
        rows: list[Row] = []
        unsent: list[Result] = []
        edition = self._edition()
        for job in jobs:
            job.facts = NOTHING if job.request else edition
            prepared: Row | Outcome
            try:
                self.partner.operation(job.operation)
                prepared = self._adapter.prepare(job)
            except Exception as error:
                log.error(
                    "mapping failed", partner=self.partner.name, delivery=job.delivery, error=type(error).__name__
                )
                prepared = Contract(cause=Cause.POISON, code=type(error).__name__)
            if isinstance(prepared, Row):
                rows.append(prepared)
            else:
                unsent.append(self._result(job, prepared, "", self._clock.now(), self._clock.now(), 1))
        if unsent:
            self._start(self._record(unsent, []))
        return rows

    def _group(self, rows: Sequence[Row]) -> list[list[Row]]:
        """Rows that may share one call: same operation, step, switch and group size, at most a batch each."""

        def kind(row: Row) -> tuple[str, str, str, int]:
            return row.job.operation, row.job.step, row.switch, row.job.group_size or self._batches[row.job.operation]

        groups: list[list[Row]] = []
        for (_, _, _, size), alike in groupby(sorted(rows, key=kind), key=kind):
            members = list(alike)
            groups += [members[i : i + size] for i in range(0, len(members), size)]
        return groups

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _call(self, rows: Sequence[Row], sends_until: float, *, probe: bool = False, alone: bool = False) -> None:
        """The one call, for one row or many, from the gate to the record."""
        jobs = [row.job for row in rows]
        now = self._clock.now()
        shut = self.health.shut(now) and not probe
        if self._stopping or shut or now > sends_until or (self._quarantine.alone and not alone):
            await self._release(jobs)
            return
        self.limit.begin()
        self._quarantine.begin()
        extra = [0]
        step = jobs[0].step
        send = self._adapter.ask if step == "ask" else self._adapter.deliver
        outcomes: Sequence[Outcome] = ()
        traced, trip = tracing.begin_call(self.partner.name, jobs), Trip(self._clock.now)
        call = Call(
            id=f"{self._rng.getrandbits(64):016x}",
            deadline_s=self.settings.timeout_s,
            traceparent=traced.traceparent,
            on_extra_call=lambda: extra.__setitem__(0, extra[0] + 1),
            may_send=lambda: trip.leave() <= sends_until,
            on_answer=trip.answered,
        )
        crash.reach("call.before")
        started_at = self._clock.now()
        try:
            outcomes = await self._guard_rows(send(rows, call), len(rows))
        finally:
            crash.reach("call.after")
            self.limit.end(overload=overload(outcomes))
            await self._quarantine.end()
            traced.end(outcomes)
        ended_at = self._clock.now()
        outcomes = each_its_own(jobs, outcomes)
        change = self.health.judge(outcomes, ended_at, probe=probe, extra_calls=extra[0])
        times = trip.facts(ended_at)
        for job in jobs:
            job.facts = {**job.facts, **times}
        results = [
            self._result(job, outcome, call.id, started_at, ended_at, len(rows))
            for job, outcome in zip(jobs, outcomes, strict=True)
        ]
        self._wake.set()
        await self._record(results, [change] if change else [])

    async def _guard_rows(self, calling: Coroutine[Any, Any, Sequence[Outcome]], rows: int) -> Sequence[Outcome]:
        """Every row an outcome, whatever the adapter does: a bug after sending is Unknown, and so is a call past its deadline."""
        deadline = asyncio.timeout(self.settings.timeout_s + 1.0)
        self._deadlines.add(deadline)
        try:
            async with deadline:
                outcomes = await calling
            if len(outcomes) == rows:
                return outcomes
            log.error(
                "adapter answered a wrong number of rows", partner=self.partner.name, rows=rows, got=len(outcomes)
            )
        except TimeoutError:
            log.warning("call past its deadline", partner=self.partner.name)
        except Exception as error:
            log.error("adapter failed", partner=self.partner.name, error=type(error).__name__)
        finally:
            self._deadlines.discard(deadline)
        return [Unknown()] * rows

    async def _guard(self, calling: Coroutine[Any, Any, Outcome | None]) -> Outcome | None:
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                return await calling
        except Exception as error:
            log.warning("probe failed", partner=self.partner.name, error=type(error).__name__)
            return Unknown()

    def _result(
        self, job: Job, outcome: Outcome, call_id: str, started_at: float, ended_at: float, group: int
    ) -> Result:
        operation = self._operations.get(job.operation, GONE)
        move = settle(job, outcome, operation, self.settings.retry, self._clock.now(), self._rng, group=group)
        self._observe(job, outcome, ended_at - started_at)
        delivered = outcome if isinstance(outcome, Delivered) else None
        refused = isinstance(outcome, Permanent) and move.state is State.DEAD
        replies = delivered.replies if delivered else self._refusal(job, outcome) if refused else ()
        return Result(
            job=job,
            move=move,
            outcome=type(outcome).__name__,
            code=outcome.code,
            request=outcome.request,
            reply=outcome.reply,
            words=outcome.words,
            call_id=call_id,
            started_at=started_at,
            ended_at=ended_at,
            receipt=delivered.receipt if delivered else "",
            memo=delivered.memo if delivered else {},
            replies=tuple(self._arrival(reply, job) for reply in replies),
            facts=job.facts,
        )

    async def _record(self, results: Sequence[Result], changes: Sequence[PartnerChange]) -> None:
        """Second commit: the outcome is known and must not be lost."""
        recorded = await self._insist(lambda: self._ledger.record(results, changes))
        if recorded is not None:
            self._ready(recorded.ready)

    async def _release(self, jobs: Sequence[Job]) -> None:
        """Give back what was not begun, and look again. It must not be taken for sent."""
        if jobs:
            await self._insist(lambda: self._ledger.release(jobs))
            self._wake.set()

    async def _insist(self, write: Callable[[], Coroutine[Any, Any, Written]]) -> Written | None:
        """Ask a busy ledger again until it answers; None once we are abandoned: then the lease decides, what was open turns unknown."""
        while True:
            try:
                return await write()
            except LedgerBusy:
                if self._abandoned:
                    return None
                await asyncio.sleep(BUSY_RETRY_S)
