"""Any interleaving of intake, claims, replies, crashes and officers keeps the promises (reliability G3 to G6, G9)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from bus.adapter import Job
from bus.ledger.sql_ledger import open_ledger
from bus.ledger.words import OPEN, Action, Arrival, Filter, Move, Stale, State, Status, Verb
from bus.outcome import Cause
from bus.seal import Keyring
from tests.bus.ledger.conftest import DELIVERED, LEASE_S, Desk, arrival
from tests.conftest import HandClock
from tests.ledgers import new_ledger

REPLIES = ("delivered", "delivered", "later", "taken", "refused", "unknown", "parked")
VERBS: tuple[Verb, ...] = ("ask", "resend", "reprocess", "skip", "hold", "release", "resolve", "cancel")
NUMBERS = st.integers(1, 6)
DOSSIERS = st.sampled_from(("A", "B"))
TOGETHER = 15
"""Examples on one ledger, beside what the earlier ones left there; its accounts are proved at every step, dearer the more there is."""
OUT = (State.SENDING, State.IN_DOUBT)


def reply_move(kind: str, job: Job, now: float) -> Move:
    """What the delivery rules make of a reply, in short."""
    return {
        "delivered": DELIVERED,
        "later": Move(State.WAITING, Cause.NOT_SENT, due_at=now + 10),
        "taken": Move(State.WAITING, Cause.TAKEN, "ask", due_at=now + 10, doubt=0),
        "refused": Move(State.DEAD, Cause.REFUSED, doubt=0),
        "unknown": Move(State.IN_DOUBT, Cause.UNKNOWN, "ask", now + 10, doubt=job.attempt),
        "parked": Move(State.IN_DOUBT, Cause.UNKNOWN, "ask", None, doubt=job.attempt),
    }[kind]


class Bus(RuleBasedStateMachine):
    """One partner, two dossiers, one ledger; what a careful witness would remember beside it."""

    def __init__(self, desk: Desk, loop: asyncio.AbstractEventLoop, partner: str) -> None:
        super().__init__()
        self.desk, self.loop, self.partner = desk, loop, partner
        self.accepted: dict[tuple[str, int], Arrival] = {}
        self.sending: dict[str, Job] = {}
        self.lost: list[Job] = []
        self.keys: dict[str, str] = {}
        self.done: defaultdict[str, int] = defaultdict(int)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def dossier(self, name: str) -> str:
        return f"{self.partner}-{name}"

    @rule(name=DOSSIERS, operations=st.lists(st.sampled_from(("row", "row", "state")), min_size=1, max_size=3))
    def accept_in_order(self, name: str, operations: list[str]) -> None:
        taken = {number for dossier, number in self.accepted if dossier == self.dossier(name)}
        for number, operation in zip((n for n in count(1) if n not in taken), operations, strict=False):
            self.accept(name, number, operation)

    @rule(name=DOSSIERS, number=NUMBERS, operation=st.sampled_from(("row", "state")))
    def accept(self, name: str, number: int, operation: str) -> None:
        dossier = self.dossier(name)
        known = self.accepted.get((dossier, number))
        event = known or arrival(number, operation, dossier=dossier, partner=self.partner)
        (verdict,) = self.run(self.desk.accept(event))
        assert verdict.status is (Status.DUPLICATE if known else Status.ACCEPTED)
        self.accepted[dossier, number] = event

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def contradict(self, data: st.DataObject) -> None:
        event = self.accepted[data.draw(st.sampled_from(sorted(self.accepted)))]
        (verdict,) = self.run(self.desk.accept(replace(event, content=b"another")))
        assert verdict.status is Status.CONFLICT

    @rule(rows=st.integers(1, 3))
    def claim(self, rows: int) -> None:
        for job in self.run(self.desk.claim(self.partner, rows)).jobs:
            assert job.dossier not in self.sending, "two in flight in one lane"
            assert job.number > self.done[job.dossier], "a later one was delivered before"
            assert job.number == self._first_holder(job.dossier), "not the head of its lane"
            assert self.keys.setdefault(job.envelope.id, job.key) == job.key, "a retry under another key"
            self.sending[job.dossier] = job

    @precondition(lambda self: self.sending)
    @rule(name=DOSSIERS, kind=st.sampled_from(REPLIES))
    def reply(self, name: str, kind: str) -> None:
        job = self.sending.pop(self.dossier(name), None) or self.sending.popitem()[1]
        assert self.run(self.desk.close(job, reply_move(kind, job, self.desk.clock.now())))
        self._delivered(job, kind)

    @precondition(lambda self: self.sending)
    @rule()
    def crash(self) -> None:
        """Every worker dies; the sweep finds what they held."""
        self.desk.clock.advance(LEASE_S + 1)

        def decide(stale: Stale) -> Move:
            return Move(State.IN_DOUBT, Cause.CRASHED, "ask", self.desk.clock.now(), doubt=stale.attempt)

        self.run(self.desk.ledger.sweep(decide, dead_after_s=20))
        self.lost += self.sending.values()
        self.sending.clear()

    @precondition(lambda self: self.lost)
    @rule(kind=st.sampled_from(REPLIES))
    def come_back_late(self, kind: str) -> None:
        job = self.lost.pop()
        before = self._state(job)
        counted = self.run(self.desk.close(job, reply_move(kind, job, self.desk.clock.now())))
        assert not counted or before is State.IN_DOUBT
        if counted:
            self._delivered(job, kind)
        else:
            assert self._state(job) is before, "a late record moved a delivery"

    @precondition(lambda self: self.sending)
    @rule(name=DOSSIERS)
    def release(self, name: str) -> None:
        job = self.sending.pop(self.dossier(name), None)
        if job is not None:
            self.run(self.desk.ledger.release([job]))

    @rule()
    def wait(self) -> None:
        self.desk.clock.advance(11)

    @rule(name=DOSSIERS, verb=st.sampled_from(VERBS), as_=st.sampled_from(("delivered", "not-taken")))
    def officer(self, name: str, verb: Verb, as_: Any) -> None:
        where = Filter(dossier=self.dossier(name), partner=self.partner)
        rows = self.run(self.desk.ledger.act(Action(verb, where, "an officer", "because", as_=as_)))
        views, _ = self.run(self.desk.ledger.deliveries(where))
        for row in rows:
            assert row.done != bool(row.refusal), "a silent no-op"
            assert not (row.done and row.before is State.SENDING and verb not in ("hold", "release"))
            assert not (verb == "cancel" and row.done and row.before in OUT)
            if row.done and verb == "reprocess":
                self.keys.clear()
            if row.done and row.after is State.DELIVERED:
                (number,) = [view.number for view in views if view.id == row.delivery]
                self.done[self.dossier(name)] = max(self.done[self.dossier(name)], number)

    @invariant()
    def the_books_agree(self) -> None:
        assert self.run(self.desk.ledger.verify()).holds
        views, _ = self.run(self.desk.ledger.deliveries(Filter(partner=self.partner)))
        assert len(views) == len(self.accepted), "a delivery was lost or doubled"
        assert all(
            view.number is not None or view.cause == Cause.GAP or view.state is State.CANCELLED for view in views
        )
        sending = {view.id for view in views if view.state is State.SENDING}
        assert sending == {job.delivery for job in self.sending.values()}

    def _first_holder(self, dossier: str) -> int:
        """The lowest number of the lane that is open, or dead and not skipped."""
        views, _ = self.run(self.desk.ledger.deliveries(Filter(partner=self.partner, dossier=dossier)))
        holding = (*OPEN, State.DEAD)
        first: int = min(v.number for v in views if v.number and v.state in holding and v.cause != Cause.SKIPPED)
        return first

    def _state(self, job: Job) -> State:
        views, _ = self.run(self.desk.ledger.deliveries(Filter(ids=(job.delivery,))))
        state: State = views[0].state
        return state

    def _delivered(self, job: Job, kind: str) -> None:
        if kind == "delivered":
            self.done[job.dossier] = max(self.done[job.dossier], job.number)


@pytest.mark.parametrize(
    ("kind", "examples"),
    [
        ("sqlite", 30),
        pytest.param("sqlite", 80, marks=pytest.mark.slow),
        pytest.param("postgres", 60, marks=pytest.mark.slow),
    ],
)
def test_any_interleaving_keeps_order_and_loses_nothing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, keys: Keyring, kind: str, examples: int
) -> None:
    loop, runs, desks = asyncio.new_event_loop(), count(), list[Desk]()

    def a_desk() -> Desk:
        postgres = kind == "postgres" and request.getfixturevalue("postgres")
        clock = HandClock()
        url = postgres.new_ledger() if postgres else new_ledger(tmp_path_factory.mktemp("machine"))
        return Desk(open_ledger(url, keys, clock=clock), clock)

    class Here(Bus):
        def __init__(self) -> None:
            number = next(runs)
            if number % TOGETHER == 0:
                desks.append(a_desk())
            super().__init__(desks[-1], loop, f"p{number}")

    try:
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    finally:
        for desk in desks:
            loop.run_until_complete(desk.ledger.close())
        loop.close()
