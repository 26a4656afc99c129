"""From an outcome to the delivery's next state: the one place where the failure taxonomy becomes arrows. Pure.

```
            claim                 record
pending ------------> sending -----------> delivered | dead | waiting | in_doubt | pending
waiting ------------^   |  lease expired, worker gone
in_doubt -----------^   +----------------> in_doubt (dead after the third time)
```
docs/states.md draws every arrow; the ledger applies the `Move` and nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from bus.adapter import Job, Operation, Step
from bus.ledger.words import Move, Stale, State
from bus.outcome import (
    Absent,
    Cause,
    Contract,
    Delivered,
    Held,
    Outcome,
    Permanent,
    Taken,
    Transient,
    Unknown,
)
from bus.policy import RetryPolicy
from bus.retry import backoff_s, next_attempt, told

FATAL_CRASHES = 3
"""A delivery that was open at this many deaths of its worker is poison (reliability, "poison")."""


def settle(
    job: Job,
    outcome: Outcome,
    operation: Operation,
    policy: RetryPolicy,
    now: float,
    rng: random.Random,
    *,
    group: int = 1,
) -> Move:
    """Where `job` goes after `outcome`. `group` is the number of rows its call carried; `now` in seconds since the epoch."""
    tries = job.tries + 1
    open_state = State.IN_DOUBT if job.in_doubt else State.WAITING
    match outcome:
        case Delivered():
            return Move(State.DELIVERED, Cause.NONE, doubt=0)
        case Taken(ask_after_s=pace):
            return Move(State.WAITING, Cause.TAKEN, "ask", now + pace)
        case Held(key=""):
            return Move(open_state, outcome.cause, job.step, now, counted=False)
        case Held(key=key):
            return Move(open_state, outcome.cause, job.step, None, counted=False, hold_key=key)
        case Permanent(whole=True) | Contract(whole=True) if group > 1:
            return _split(job, operation, now, group)
        case Permanent():
            return Move(State.DEAD, Cause.REFUSED, doubt=0)
        case Contract():
            return Move(State.DEAD, outcome.cause, doubt=0)
        case Absent():
            return Move(State.PENDING, Cause.ABSENT, "send", now, counted=False, doubt=0)
        case Transient(cause=Cause.BUSY, retry_after_s=after):
            pause_s = max(told(after, policy), backoff_s(1, policy, rng))
            return Move(open_state, Cause.BUSY, job.step, now + pause_s, counted=False, group_size=job.group_size)
        case Transient(retry_after_s=after):
            due_at = next_attempt(tries, job.accepted_at, policy, now, rng, told_s=after)
            if due_at is None:
                return _given_up(job.in_doubt, job.step)
            return Move(open_state, outcome.cause, job.step, due_at, group_size=job.group_size)
        case Unknown():
            due_at = next_attempt(tries, job.accepted_at, policy, now, rng)
            if job.step == "ask" and not job.in_doubt:
                return Move(State.WAITING, Cause.TAKEN, "ask", due_at)
            return _doubt(operation, job.step, None if job.step == "ask" else job.attempt, outcome.cause, due_at)
        case _:
            raise TypeError(f"no arrow for {type(outcome).__name__}")


def crashed(stale: Stale, operation: Operation, policy: RetryPolicy, now: float, rng: random.Random) -> Move:
    """Where an open attempt goes whose worker is gone: unknown, like a read timeout; poison the third time."""
    if stale.crashes + 1 >= FATAL_CRASHES:
        return Move(State.DEAD, Cause.POISON, doubt=0)
    due_at = next_attempt(stale.tries + 1, stale.accepted_at, policy, now, rng)
    if stale.step == "ask" and not stale.in_doubt:
        return Move(State.WAITING, Cause.TAKEN, "ask", due_at)
    return _doubt(operation, stale.step, None if stale.step == "ask" else stale.attempt, Cause.CRASHED, due_at)


def _doubt(operation: Operation, step: Step, doubt: int | None, cause: Cause, due_at: float | None) -> Move:
    """In doubt, settled as `dedupe` says: ask, send again under the same key, or wait for a person."""
    if operation.dedupe == "none" and step == "send":
        return Move(State.IN_DOUBT, cause, "ask", None, doubt=doubt)
    if due_at is None:
        return Move(State.IN_DOUBT, Cause.GIVEN_UP, "ask", None, doubt=doubt)
    return Move(State.IN_DOUBT, cause, "ask" if operation.dedupe == "query" else "send", due_at, doubt=doubt)


def _split(job: Job, operation: Operation, now: float, group: int) -> Move:
    """An array refused as a whole: back uncounted, half the group; asked for first where part of it may have been taken."""
    half = max(1, group // 2)
    if not operation.partial:
        state = State.IN_DOUBT if job.in_doubt else State.PENDING
        return Move(state, Cause.SPLIT, job.step, now, counted=False, group_size=half)
    step: Step = "send" if operation.dedupe == "key" else "ask"
    due_at = None if operation.dedupe == "none" else now
    return Move(State.IN_DOUBT, Cause.SPLIT, step, due_at, counted=False, group_size=half, doubt=job.attempt)


def each_its_own(jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """The outcomes of a call's rows without a bad answer that names the dossier of another row: a story shows its own alone.

    One answer to a whole array is kept with each of its rows, and may say which of them it is about.
    """
    dossiers = {job.dossier for job in jobs}
    said = {(one.words, one.reply) for one in outcomes if not isinstance(one, Delivered | Taken)} - {("", b"")}
    named = {(words, reply): {d for d in dossiers if d in words or d.encode() in reply} for words, reply in said}
    return [
        replace(one, words="", reply=b"") if named.get((one.words, one.reply), set()) - {job.dossier} else one
        for job, one in zip(jobs, outcomes, strict=True)
    ]


def _given_up(in_doubt: bool, step: Step) -> Move:
    """Patience at an end: dead, or parked for a person when an earlier attempt may have been taken."""
    if in_doubt:
        return Move(State.IN_DOUBT, Cause.GIVEN_UP, "ask", None)
    return Move(State.DEAD, Cause.GIVEN_UP, step)
