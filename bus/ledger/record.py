"""Record: close attempts, move their deliveries, let the lanes go on, accept the replies; and give back what was never begun."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from bus.adapter import Job, Step
from bus.ledger import exchange, keys
from bus.ledger.accept import accept, lock_threads, supersede
from bus.ledger.book import HOLDING, SENDING, Book, attempt_record, lane_record
from bus.ledger.database import Row
from bus.ledger.supersede import REPLACEABLE
from bus.ledger.words import Move, PartnerChange, Result, State
from bus.outcome import Cause
from bus.seal import Keyring


class Standing(NamedTuple):
    """How a delivery stands while its lane is locked."""

    lane: int
    state: str
    attempt: int
    doubt: int
    cause: str
    partner: str
    full_state: int


class Closing(NamedTuple):
    """The values of `close_attempt`, in its order."""

    delivery: int
    number: int
    step: Step
    worker: str
    opened_at: float
    started_at: float | None
    closed_at: float
    outcome: str
    cause: str = ""
    code: str = ""
    call_id: str = ""
    late: int = 0
    secret: bytes | None = None


class Told(NamedTuple):
    """A result, and sealed what was exchanged in its attempt; nothing where nothing was."""

    result: Result
    secret: bytes | None


def sealed(keys: Keyring, results: Sequence[Result]) -> list[Told]:
    """Ready for the writer, whose thread everybody waits for, while the caller's has time."""
    return [Told(result, _sealed(keys, result)) for result in results]


def _sealed(keys: Keyring, result: Result) -> bytes | None:
    secret = exchange.pack(result.request, result.reply, result.words, result.facts)
    return keys.seal(secret, attempt_record(result.job.delivery, result.job.attempt)) if secret else None


def record(book: Book, told: Sequence[Told], changes: Sequence[PartnerChange]) -> tuple[bool, ...]:
    """Per result whether it counted; a late one is kept with its attempt alone."""
    results = [one.result for one in told]
    replies = [reply for result in results for reply in result.replies]
    threads = lock_threads(book, replies)
    change_partners(book, changes)
    if not results:
        return ()
    locked = _lock(book, results)
    standing = _standing(book, [result.job.delivery for result in results])
    counted = tuple(_open_still(result, standing) for result in results)
    book.db.many("close_attempt", [_closing(book, one, late=not ok) for one, ok in zip(told, counted, strict=True)])
    taken = [result for result, ok in zip(results, counted, strict=True) if ok]
    if taken:
        _apply(book, taken, standing, locked)
        if replies := [reply for result in taken for reply in result.replies]:
            accept(book, replies, threads)
    return counted


def _lock(book: Book, results: Sequence[Result]) -> dict[int, Row]:
    """Lock the lanes where others write too; their memos and names where there is something to remember."""
    ids = {"ids": sorted({result.job.lane for result in results})}
    if any(result.memo for result in results):
        return {row[0]: row[1:] for row in book.db.rows("lock_lanes", ids)}
    if book.db.shared:
        book.db.run("lock_lanes", ids)
    return {}


def _standing(book: Book, ids: Sequence[int]) -> dict[int, Standing]:
    return {number: Standing(*row) for number, *row in book.db.rows("standing", {"ids": list(ids)})}


def _open_still(result: Result, standing: dict[int, Standing]) -> bool:
    """The fence: still sending under this attempt, or in doubt over this very one."""
    now = standing[result.job.delivery]
    if now.state == State.SENDING and now.attempt == result.job.attempt:
        return True
    return now.state == State.IN_DOUBT and now.doubt == result.job.attempt and result.job.step == "send"


def _closing(book: Book, told: Told, *, late: bool) -> Closing:
    result = told.result
    job = result.job
    return Closing(
        job.delivery,
        job.attempt,
        job.step,
        job.worker,
        job.opened_at,
        result.started_at,
        book.now,
        result.outcome,
        result.move.cause.value,
        result.code[:80],
        result.call_id,
        int(late),
        told.secret,
    )


def _apply(book: Book, results: Sequence[Result], standing: dict[int, Standing], locked: dict[int, Row]) -> None:
    moves: list[Row] = []
    confirmed: list[Row] = []
    full: list[int] = []
    partners: set[str] = set()
    for result in results:
        delivery, move = result.job.delivery, result.move
        before = standing[delivery]
        mapped = int(bool(result.request or result.job.request))
        book.moved(delivery, before.partner, (before.state, before.cause), (move.state, move.cause))
        if move.state is State.DELIVERED:
            confirmed.append((delivery, result.code[:80], mapped, result.receipt[:200], book.now))
            partners.add(before.partner)
            if result.receipt:
                book.search.add(keys.key(keys.RECEIPT, result.receipt, result.job.dossier))
            if before.full_state:
                full.append(before.lane)
        else:  # an attempt that was closed in good order clears the crashes: only deaths in a row name a poison
            moves.append(moving(book, delivery, move, code=result.code, mapped=mapped, crashes=0))
        if result.memo:
            _remember(book, result, locked[before.lane])
    book.db.many("confirm_delivery", confirmed)
    book.db.many("move_delivery", moves)
    for result in results:
        before = standing[result.job.delivery]
        if before.full_state and result.move.state in REPLACEABLE:  # a newer one may have come while it was under way
            supersede(book, before.lane, before.partner, has_full=result.job.has_full)
    if full:
        book.db.run("set_full", {"ids": full})
    for name in sorted(partners):
        book.db.run("partner_succeeded", {"name": name, "now": book.now})
    book.set_heads([result.job.lane for result in results])
    book.ready |= {standing[result.job.delivery].partner for result in results}


def moving(book: Book, delivery: int, move: Move, *, code: str = "", mapped: int, crashes: int) -> Row:
    """A Move as the values of `move_delivery`."""
    return (
        delivery,
        move.state.value,
        move.cause.value,
        code[:80],
        move.hold_key,
        move.step,
        move.due_at,
        int(move.state in HOLDING),
        int(move.counted),
        crashes,
        move.doubt,
        move.group_size,
        mapped,
        book.now,
    )


def _remember(book: Book, result: Result, lane: Row) -> None:
    """Add to the lane's memo what the partner told us and wants back."""
    memo, partner, dossier = lane
    name = lane_record(partner, dossier)
    known = orjson.loads(book.keys.open(bytes(memo), name)) if memo else {}
    book.db.run(
        "set_memo", {"id": result.job.lane, "memo": book.keys.seal(orjson.dumps(known | dict(result.memo)), name)}
    )


def release(book: Book, jobs: Sequence[Job]) -> None:
    """Back to where they were, the attempt closed as never begun; the lane is due at once."""
    lanes = sorted({job.lane for job in jobs})
    book.db.rows("lock_lanes", {"ids": lanes})
    standing = _standing(book, [job.delivery for job in jobs])
    for job in jobs:
        state, cause = _before(job)
        params = {"id": job.delivery, "attempt": job.attempt, "state": state, "cause": cause, "now": book.now}
        if book.db.rows("give_back", params):
            book.moved(job.delivery, standing[job.delivery].partner, SENDING, (state, cause))
    book.db.many(
        "close_attempt",
        [Closing(j.delivery, j.attempt, j.step, j.worker, j.opened_at, None, book.now, "Released") for j in jobs],
    )
    book.set_heads(lanes)
    book.ready |= {job.partner for job in jobs}


def _before(job: Job) -> tuple[State, Cause]:
    """How a job stood before its claim: what is asked for and not in doubt was taken, and must never be sent again."""
    if job.in_doubt:
        return State.IN_DOUBT, Cause.NONE
    return (State.WAITING, Cause.TAKEN) if job.step == "ask" else (State.PENDING, Cause.NONE)


def change_partners(book: Book, changes: Sequence[PartnerChange]) -> None:
    """Write what calls taught about whole partners; a longer Retry-After is never shortened by a shorter one."""
    for change in sorted(changes, key=lambda c: c.partner):
        book.db.run("touch_partner", {"name": change.partner, "tokens": 1.0, "now": book.now})
        _, open_until, not_before, paused = book.db.rows("partner_standing", {"name": change.partner})[0]
        if change.close:
            open_until = None
        elif change.open_until is not None:
            open_until = change.open_until
        if change.not_before is not None:
            not_before = max(change.not_before, not_before or 0.0)
        waits = {
            "name": change.partner,
            "open_until": open_until,
            "not_before": not_before,
            "spent": change.extra_calls,
        }
        book.db.run("set_waits", waits)
        if change.pause is not None and not paused:
            book.db.run("pause_by_bus", {"name": change.partner, "cause": change.pause})
            book.moves.append([0, "paused", change.partner, change.pause])
