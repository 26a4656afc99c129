"""Claim: open attempts on due lane heads of one partner, within the province's budget for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import orjson

from bus.adapter import Job, Step
from bus.ledger import exchange
from bus.ledger.book import SENDING, Book, attempt_record, lane_record
from bus.ledger.database import Rows
from bus.ledger.words import Claim, Claimed
from contracts.envelope import Envelope

LEVELS = (0, 1, 2)
LOWER_SHARE = 8
"""Every so many rows of a claim, one is kept for each lower priority, so that a flood of urgent work starves nobody;
of claims smaller than that, those of one second in so many look at the lowest first."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What the partner allows now: `calls` may begin; `tokens` is what is left before they are paid for; `wait_until` else."""

    calls: int
    tokens: float
    probe: bool = False
    wait_until: float | None = None
    why: str = ""


def claim(book: Book, asked: Claim) -> Claimed:
    """Due heads become sending, each with an open attempt. See `bus.ledger.ledger.Ledger.claim`."""
    due = {"partner": asked.partner, "now": book.now}
    standing = book.db.ask("lock_partner", {"name": asked.partner})
    ready = book.db.ask("ready_lanes", {**due, "rows": asked.rows})
    next_ready = book.db.ask("next_ready", due)
    budget = _budget(book, asked, standing())
    if budget.calls <= 0:
        return Claimed((), budget.wait_until, why=budget.why)
    heads = _due(book, ready(), 1 if budget.probe else asked.rows)
    rows = _claimable(book, heads)
    chosen, calls = _fit(rows, heads, asked, 1 if budget.probe else budget.calls)
    if asked.rate_per_s is not None and chosen:
        book.db.run("spend_tokens", {"name": asked.partner, "tokens": budget.tokens - calls, "now": book.now})
    if budget.probe and chosen:
        book.db.run("move_probe", {"name": asked.partner, "until": book.now + asked.lease_s})
    jobs = _open(book, asked, chosen, heads) if chosen else ()
    full = len(chosen) == asked.rows or len(chosen) < len(rows)
    if len(chosen) < len(rows) and asked.rate_per_s is not None and budget.tokens - calls < 1:
        return Claimed(jobs, book.now + 1.0 / asked.rate_per_s, probe=budget.probe, why="rate")
    next_at = None if full else next_ready()[0][0]
    return Claimed(jobs, next_at, full=full and not budget.probe, probe=budget.probe and bool(chosen))


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a call that no delivery owes may begin now; if not, `why` as in `Claimed`, and until when, where that is known.

    `probe`: the breaker is open, and this call holds the one right to try.
    """

    granted: bool
    probe: bool = False
    wait_until: float | None = None
    why: str = ""


def admit(book: Book, asked: Claim) -> Admission:
    """The right to one call that no delivery owes, under the same switches and from the same rate budget as deliveries."""
    budget = _budget(book, asked, book.db.rows("lock_partner", {"name": asked.partner}))
    if budget.calls <= 0:
        return Admission(False, wait_until=budget.wait_until, why=budget.why)
    if asked.rate_per_s is not None:
        book.db.run("spend_tokens", {"name": asked.partner, "tokens": budget.tokens - 1, "now": book.now})
    if budget.probe:
        book.db.run("move_probe", {"name": asked.partner, "until": book.now + asked.lease_s})
    return Admission(True, probe=budget.probe)


def _budget(book: Book, asked: Claim, rows: Rows) -> Budget:
    """The partner's switches, which `lock_partner` read and locked: paused, told to wait, breaker open, rate used up."""
    burst = float(asked.burst)
    if not rows:
        book.db.run("touch_partner", {"name": asked.partner, "tokens": burst, "now": book.now})
        rows = book.db.rows("lock_partner", {"name": asked.partner})
    tokens, refilled_at, open_until, not_before, paused = rows[0]
    if paused:
        return Budget(0, 0, why="paused")
    if not_before is not None and not_before > book.now:
        return Budget(0, 0, wait_until=not_before, why="not_before")
    if open_until is not None and open_until > book.now:
        return Budget(0, 0, wait_until=open_until, why="breaker")
    if asked.rate_per_s is None:
        return Budget(asked.calls, 0, probe=open_until is not None)
    if refilled_at > book.now:  # written by a clock that ran ahead
        book.db.run("spend_tokens", {"name": asked.partner, "tokens": tokens, "now": book.now})
    tokens = min(burst, tokens + max(0.0, book.now - refilled_at) * asked.rate_per_s)
    if tokens < 1:
        return Budget(0, tokens, wait_until=book.now + (1 - tokens) / asked.rate_per_s, why="rate")
    return Budget(min(asked.calls, int(tokens)), tokens, probe=open_until is not None)


class Head(NamedTuple):
    """What a job needs of its lane: that it has delivered a full state, its sealed memo, its name."""

    has_full: bool
    memo: bytes | None
    name: str


Heads = dict[int, Head]
"""By delivery."""


def _due(book: Book, ready: Rows, limit: int) -> Heads:
    """Of the heads that are ready at most `limit`, urgent ones first, with a share kept for each lower level that has something due."""
    by_level: dict[int, list[tuple[int, Head]]] = {level: [] for level in LEVELS}
    for level, head, has_full, memo, name in ready:
        by_level[level].append((head, Head(bool(has_full), None if memo is None else bytes(memo), name)))
    found: Heads = {}
    spare: Heads = {}
    lowest_first = limit < LOWER_SHARE and int(book.now) % LOWER_SHARE == 0
    for before, level in enumerate(LEVELS[::-1] if lowest_first else LEVELS, start=1):
        room = limit - len(found)
        kept = (limit // LOWER_SHARE) * (len(LEVELS) - before)
        found.update(by_level[level][: max(0, room - kept)])
        spare.update(by_level[level][max(0, room - kept) : room])
    found.update(islice(spare.items(), limit - len(found)))
    return found


class Due(NamedTuple):
    """One due head with its event, as `claimable` answers it."""

    id: int
    lane: int
    number: int
    operation: str
    step: Step
    dossier: str
    key: str
    attempt: int
    tries: int
    crashes: int
    doubt: int
    group_size: int | None
    mapped: int
    accepted_at: float
    state: str
    cause: str
    event: int
    traceparent: str
    correlation_id: str


def _claimable(book: Book, heads: Heads) -> list[Due]:
    """The heads' deliveries, in the order in which they fell due."""
    if not heads:
        return []
    by_id = {row[0]: Due._make(row) for row in book.db.rows("claimable", {"ids": list(heads)})}
    return [by_id[head] for head in heads]


def _kind(row: Due, heads: Heads) -> tuple[str, str, bool, int | None]:
    """Rows alike in this may share a call."""
    return row.operation, row.step, heads[row.id].has_full, row.group_size


def _fit(rows: Sequence[Due], heads: Heads, asked: Claim, calls: int) -> tuple[list[Due], int]:
    """As many rows, in order, as go into `calls` calls; and how many calls they make."""
    chosen: list[Due] = []
    seats: dict[Any, int] = {}
    begun = 0
    for row in rows:
        kind = _kind(row, heads)
        free = seats.get(kind, 0)
        if free == 0:
            if begun == calls:
                continue
            begun += 1
            free = max(1, row.group_size or asked.batches.get(row.operation, 1))
        seats[kind] = free - 1
        chosen.append(row)
    return chosen, begun


def _open(book: Book, asked: Claim, rows: Sequence[Due], heads: Heads) -> tuple[Job, ...]:
    """Mark as sending, and hand over what a call needs."""
    book.db.run("unready_lanes", {"ids": sorted(row.lane for row in rows)})
    begun = {"worker": asked.worker, "lease_at": book.now + asked.lease_s, "now": book.now}
    book.db.run("begin_deliveries", {"ids": sorted(row.id for row in rows), **begun})
    requests = _requests(book, [row.id for row in rows if row.mapped])
    envelopes = book.envelopes([row.event for row in rows])
    for row in rows:
        book.moved(row.id, asked.partner, (row.state, row.cause), SENDING)
    return tuple(_job(book, asked, row, heads[row.id], envelopes[row.event], requests.get(row.id, b"")) for row in rows)


def _requests(book: Book, ids: list[int]) -> dict[int, bytes]:
    """The newest request sealed with an earlier attempt of each delivery."""
    found: dict[int, bytes] = {}
    for delivery, number, secret in book.db.rows("sealed_requests", {"ids": ids}) if ids else ():
        told = exchange.unpack(book.keys.open(bytes(secret), attempt_record(delivery, number)))
        if told.request:
            found[delivery] = told.request
    return found


def _job(book: Book, asked: Claim, row: Due, head: Head, envelope: Envelope, request: bytes) -> Job:
    memo = book.keys.open(head.memo, lane_record(asked.partner, head.name)) if head.memo else b"{}"
    return Job(
        delivery=row.id,
        attempt=row.attempt + 1,
        lane=row.lane,
        partner=asked.partner,
        operation=row.operation,
        step=row.step,
        dossier=row.dossier,
        number=row.number,
        key=row.key,
        envelope=envelope,
        memo=orjson.loads(memo),
        has_full=head.has_full,
        request=request,
        tries=row.tries,
        crashes=row.crashes,
        group_size=row.group_size,
        in_doubt=row.doubt > 0,
        accepted_at=row.accepted_at,
        traceparent=row.traceparent,
        worker=asked.worker,
        opened_at=book.now,
        correlation_id=row.correlation_id,
    )
