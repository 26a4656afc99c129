"""Sweep: what nobody else will do. Attempts of vanished workers turn unknown, old gaps close, far due times are pulled back."""

from __future__ import annotations

from collections.abc import Callable

from bus.ledger.accept import close_gap
from bus.ledger.book import SENDING, Book
from bus.ledger.claim import LEVELS
from bus.ledger.database import Database
from bus.ledger.record import Closing, moving
from bus.ledger.words import Move, Stale, Swept
from bus.outcome import Cause

PAGE = 500
"""Attempts, and gaps of a source, that one round looks at."""
FAR_S = 7 * 86400.0
"""No due time may lie further ahead than this (the policy's caps are below it)."""
FORGET_WORKER_S = 3600.0
KEEP_MATTERS_S = 90 * 86400.0
"""How long a matter that ended is remembered, for an event of it that comes late."""
BACK_S = 60.0
"""How far the clock may stand behind what the ledger wrote last before its times are turned back with it."""
WAITS = (
    *("lanes", "deliveries", "partners", "tokens", "gaps", "briefs", "sessions", "tries", "reveals", "looks", "tasks"),
    *("incidents", "notices", "readings"),
)


def sweep(book: Book, decide: Callable[[Stale], Move], *, dead_after_s: float, gap_waits: dict[str, float]) -> Swept:
    """One round, of a page of each kind; `more` when a page was full."""
    more = False
    closed = 0
    for source, wait_s in sorted(gap_waits.items()):
        gaps = book.db.rows("old_gaps", {"source": source, "before": book.now - wait_s, "page": PAGE})
        more |= len(gaps) == PAGE
        for (dossier,) in gaps:
            closed += 1
            close_gap(book, source, dossier)
            book.moves.append([0, "gap_closed", source, dossier, "gap_wait_s"])
    crashed = _crashed(book, decide, dead_after_s)
    book.db.run("forget_workers", {"before": book.now - FORGET_WORKER_S})
    book.db.run("forget_matters", {"before": book.now - KEEP_MATTERS_S})
    waiting = book.db.rows("partners_waiting", {"now": book.now})
    for partner, _ in waiting:
        for level in LEVELS:
            book.db.run("far_lanes", {"partner": partner, "level": level, "cap": book.now + FAR_S})
    ready = {partner for partner, due in waiting if due} | book.ready
    return Swept(crashed, closed, tuple(sorted(ready)), more=more or crashed == PAGE)


def _crashed(book: Book, decide: Callable[[Stale], Move], dead_after_s: float) -> int:
    """Close the open attempts of the dead as crashed and move their deliveries as `decide` says."""
    at = {"now": book.now, "dead_before": book.now - dead_after_s, "page": PAGE}
    lanes = sorted({row[1] for row in book.db.rows("stale", at)})
    if not lanes:
        return 0
    book.db.rows("lock_lanes", {"ids": lanes})
    rows = [row for row in book.db.rows("stale", at) if row[1] in set(lanes)]
    moves, closings = [], []
    for number, _lane, partner, operation, step, attempt, tries, crashes, doubt, accepted_at, owner, opened_at in rows:
        move = decide(Stale(partner, operation, step, attempt, tries, crashes, doubt > 0, accepted_at))
        moves.append(moving(book, number, move, mapped=0, crashes=crashes + 1))
        closings.append(
            Closing(number, attempt, step, owner, opened_at, None, book.now, "Unknown", Cause.CRASHED.value)
        )
        book.moved(number, partner, SENDING, (move.state, move.cause))
        book.ready.add(partner)
    if moves:
        book.db.many("move_delivery", moves)
        book.db.many("close_attempt", closings)
        book.set_heads(lanes)
    return len(rows)


def turn_back(database: Database, now: float) -> float:
    """The clock was set back since the ledger was last written: move what waits by the same span, so that it waits as long as
    was meant, and let whoever held a duty go (reliability G12). For a ledger no other process has open. Seconds moved.
    """
    back = set_back_s(database, now)
    if back:
        database.begin()
        for what in WAITS:
            database.run(f"turn_back_{what}", {"back": back})
        database.commit()
        take_over(database)
    return back


def set_back_s(database: Database, now: float) -> float:
    """How many seconds `now` stands behind the last moment the ledger knows of; 0 for what clocks differ by anyway."""
    latest = database.rows("latest_instant", {})[0][0]
    return float(latest - now) if latest is not None and latest - now > BACK_S else 0.0


def take_over(database: Database) -> None:
    """We are alone on this ledger: whoever worked on it before is gone, its duties are free, and the first sweep takes over."""
    database.begin()
    for query in ("forget_duties", "forget_refreshes"):
        database.run(query, {})
    database.run("forget_workers", {"before": float("inf")})
    database.commit()
