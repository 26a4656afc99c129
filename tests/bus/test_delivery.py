"""Each outcome, each dedupe, each doubt: the arrow that follows."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.adapter import Dedupe, Job, Operation
from bus.delivery import FATAL_CRASHES, crashed, each_its_own, settle
from bus.ledger.words import Move, Stale, State
from bus.outcome import Absent, Cause, Contract, Delivered, Held, Outcome, Permanent, Taken, Transient, Unknown
from bus.policy import RetryPolicy
from tests.builders import a_job

NOW = 1_700_000_000.0
POLICY = RetryPolicy(base_s=2, cap_s=60, max_attempts=5, max_age_s=1000)
OUTCOMES: tuple[Outcome, ...] = (
    Delivered(),
    Taken(),
    Transient(),
    Transient(cause=Cause.BUSY, retry_after_s=30),
    Held(cause=Cause.FORBIDDEN),
    Held(cause=Cause.CODE_GAP, key="code:ward:1:2025-07-01"),
    Permanent(),
    Permanent(whole=True),
    Contract(),
    Contract(whole=True),
    Unknown(),
    Absent(),
)
DEDUPES: tuple[Dedupe, ...] = ("key", "query", "none")


def operation(dedupe: Dedupe = "key", *, partial: bool = False) -> Operation:
    return Operation("put", "ghi", "put", dedupe, batch=10, partial=partial)


def decide(job: Job, outcome: Outcome, op: Operation | None = None, group: int = 1) -> Move:
    return settle(job, outcome, op or operation(), POLICY, NOW, random.Random(1), group=group)


def test_a_confirmed_delivery_is_closed() -> None:
    assert decide(a_job(in_doubt=True), Delivered()) == Move(State.DELIVERED, Cause.NONE, doubt=0)


def test_what_is_taken_is_asked_for_later_and_never_sent_again() -> None:
    move = decide(a_job(), Taken(ask_after_s=90))
    assert (move.state, move.step, move.due_at) == (State.WAITING, "ask", NOW + 90)


@pytest.mark.parametrize(
    ("dedupe", "step", "scheduled"), [("key", "send", True), ("query", "ask", True), ("none", "ask", False)]
)
def test_an_unknown_outcome_is_settled_as_the_operation_declares(dedupe: Dedupe, step: str, scheduled: bool) -> None:
    move = decide(a_job(attempt=3), Unknown(), operation(dedupe))
    assert (move.state, move.step, move.due_at is not None, move.doubt) == (State.IN_DOUBT, step, scheduled, 3)


def test_an_unknown_answer_to_an_ask_keeps_the_older_doubt() -> None:
    move = decide(a_job(step="ask", attempt=4, in_doubt=True), Unknown(), operation("query"))
    assert (move.state, move.step, move.doubt) == (State.IN_DOUBT, "ask", None)


def test_a_refused_connection_does_not_end_an_older_doubt() -> None:
    assert decide(a_job(in_doubt=True), Transient()).state is State.IN_DOUBT
    assert decide(a_job(in_doubt=False), Transient()).state is State.WAITING


def test_what_the_partner_does_not_have_is_sent_again_at_once() -> None:
    move = decide(a_job(step="ask", in_doubt=True), Absent(), operation("query"))
    assert (move.state, move.step, move.due_at, move.doubt) == (State.PENDING, "send", NOW, 0)


def test_retry_after_is_never_undercut_and_a_day_is_capped() -> None:
    for told_s, least in ((30.0, 30.0), (86400.0, POLICY.retry_after_cap_s)):
        move = decide(a_job(), Transient(cause=Cause.BUSY, retry_after_s=told_s))
        assert move.due_at is not None
        assert least <= move.due_at - NOW <= least + POLICY.cap_s
        assert not move.counted


def test_patience_ends_dead_but_a_doubt_is_parked_for_a_person() -> None:
    worn = a_job(tries=POLICY.max_attempts - 1)
    assert decide(worn, Transient()).state is State.DEAD
    doubted = a_job(tries=POLICY.max_attempts - 1, in_doubt=True)
    move = decide(doubted, Transient())
    assert (move.state, move.cause, move.due_at) == (State.IN_DOUBT, Cause.GIVEN_UP, None)


def test_a_refused_array_goes_back_uncounted_in_halves_until_a_refusal_stands_alone() -> None:
    job, sizes, group = a_job(), [], 10
    while group > 1:
        move = decide(job, Permanent(whole=True), group=group)
        assert (move.state, move.cause, move.counted) == (State.PENDING, Cause.SPLIT, False)
        assert move.group_size is not None
        group = move.group_size
        sizes.append(group)
    assert sizes == [5, 2, 1]
    assert decide(job, Permanent(whole=True), group=1).state is State.DEAD


def test_rows_of_a_refused_array_that_may_have_been_taken_are_asked_for_first() -> None:
    move = decide(a_job(), Permanent(whole=True), operation("query", partial=True), group=4)
    assert (move.state, move.step, move.due_at) == (State.IN_DOUBT, "ask", NOW)
    parked = decide(a_job(), Permanent(whole=True), operation("none", partial=True), group=4)
    assert (parked.state, parked.due_at) == (State.IN_DOUBT, None)


def test_a_missing_code_waits_uncounted_for_its_row() -> None:
    move = decide(a_job(), Held(cause=Cause.CODE_GAP, key="code:ward:1:2025-07-01"))
    assert (move.state, move.due_at, move.hold_key, move.counted) == (
        State.WAITING,
        None,
        "code:ward:1:2025-07-01",
        False,
    )


@given(
    outcome=st.sampled_from(OUTCOMES),
    dedupe=st.sampled_from(DEDUPES),
    partial=st.booleans(),
    group=st.integers(1, 40),
    tries=st.integers(0, 80),
    in_doubt=st.booleans(),
    step=st.sampled_from(["send", "ask"]),
    seed=st.integers(),
)
def test_no_arrow_ever_resends_what_only_a_person_may_settle(
    outcome: Outcome, dedupe: Dedupe, partial: bool, group: int, tries: int, in_doubt: bool, step: str, seed: int
) -> None:
    job = a_job(tries=tries, in_doubt=in_doubt, step=step)
    move = settle(job, outcome, operation(dedupe, partial=partial), POLICY, NOW, random.Random(seed), group=group)
    assert move.state is not State.SENDING
    assert move.due_at is None or move.due_at >= NOW
    if isinstance(outcome, Unknown) and dedupe == "none" and step == "send":
        assert move.due_at is None
    if isinstance(outcome, Unknown) and dedupe == "query":
        assert move.step == "ask"
    if isinstance(outcome, Unknown) and step == "ask" and not in_doubt:
        assert (move.state, move.cause, move.step) == (State.WAITING, Cause.TAKEN, "ask")
    if isinstance(outcome, Unknown) and step == "ask" and not in_doubt:
        assert (move.state, move.cause, move.step) == (State.WAITING, Cause.TAKEN, "ask")
    if in_doubt and not isinstance(outcome, Delivered | Permanent | Contract | Absent | Taken):
        assert move.state is State.IN_DOUBT


@pytest.mark.parametrize("dedupe", DEDUPES)
def test_a_delivery_open_at_three_deaths_of_its_worker_is_poison(dedupe: Dedupe) -> None:
    def stale(crashes: int) -> Stale:
        return Stale("plain", "put", "send", 1, 0, crashes, False, NOW)

    first = crashed(stale(0), operation(dedupe), POLICY, NOW, random.Random(1))
    assert (first.state, first.cause) == (State.IN_DOUBT, Cause.CRASHED)
    last = crashed(stale(FATAL_CRASHES - 1), operation(dedupe), POLICY, NOW, random.Random(1))
    assert (last.state, last.cause) == (State.DEAD, Cause.POISON)


@pytest.mark.parametrize("dedupe", DEDUPES)
def test_what_was_taken_stays_taken_when_the_worker_that_asked_dies(dedupe: Dedupe) -> None:
    asked = Stale("plain", "put", "ask", 2, 1, 0, False, NOW)
    move = crashed(asked, operation(dedupe), POLICY, NOW, random.Random(1))
    assert (move.state, move.cause, move.step) == (State.WAITING, Cause.TAKEN, "ask")


def test_an_answer_to_a_whole_array_is_kept_only_with_the_row_it_names() -> None:
    jobs = [a_job(dossier=f"H59-{place}") for place in (1, 2, 3)]
    refused = Permanent(code="3", words="Hồ sơ H59-1 chưa có trên Cổng", reply=b'{"message": "H59-1"}', whole=True)
    told = each_its_own(jobs, [refused] * 3)
    assert [(one.code, one.words, one.reply) for one in told] == [
        ("3", refused.words, refused.reply),
        ("3", "", b""),
        ("3", "", b""),
    ]
    busy = [Transient(words="quá tải")] * 3
    assert each_its_own(jobs, busy) == busy
    own = [Delivered(words=f"H59-{place}", reply=b"H59-1") for place in (1, 2, 3)]
    assert each_its_own(jobs, own) == own, "what was taken was told row by row"
