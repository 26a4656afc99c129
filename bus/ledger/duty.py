"""Duties (who may sweep, seal, poll), who lives, and the partners' sealed tokens. Pure SQL inside a given transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bus.adapter import Kept, Token
from bus.ledger.book import Book
from bus.ledger.ledger import FenceLost


def take(book: Book, name: str, holder: str, ttl_s: float) -> int | None:
    """The duty's fence when it is (now) this holder's, None while another holds it."""
    params = {"name": name, "holder": holder, "until": book.now + ttl_s, "now": book.now}
    rows = book.db.rows("take_duty", params)
    return int(rows[0][0]) if rows else None


def check(book: Book, name: str, fence: int) -> None:
    """Raise FenceLost unless the duty still stands under this fence."""
    rows = book.db.rows("duty_standing", {"name": name})
    if not rows or rows[0][0] != fence or rows[0][2] <= book.now:
        raise FenceLost(f"the duty {name} went to another process")


def under(name: str, fence: int, work: Callable[[Book], Any]) -> Callable[[Book], Any]:
    """`work` as only the duty's holder may do it. Where the duty is lost its answer is FenceLost, which is raised at whoever asked and
    disturbs none of the others in its commit.
    """

    def fenced(book: Book) -> Any:
        try:
            check(book, name, fence)
        except FenceLost as lost:
            return lost
        return work(book)

    return fenced


def keep(book: Book, name: str, keeps: Sequence[Kept]) -> None:
    """Keep what a duty's holder brought; of two facts of one kind and key the later stands. The duty is locked."""
    latest = {(fact.kind, fact.key): fact for fact in keeps}
    last = int(book.db.rows("kept_last", {"duty": name})[0][0]) if latest else 0
    rows = [
        (name, fact.kind, fact.key, number, book.now, fact.body)
        for number, fact in enumerate(latest.values(), start=last + 1)
    ]
    if rows:
        book.db.many("keep", rows)


def beat(book: Book, worker: str, partners: str, since_s: float) -> int:
    """Say that a worker lives; how many do."""
    book.db.run("beat", {"name": worker, "partners": partners, "now": book.now})
    return int(book.db.rows("live_workers", {"since": book.now - since_s})[0][0])


def token_record(partner: str, name: str) -> str:
    """The associated data a token is sealed with."""
    return f"token|{partner}|{name}"


def begin_refresh(
    book: Book, partner: str, name: str, stale: int, refresher: str, ttl_s: float
) -> tuple[Token | None, bool]:
    """The token when it is good; else whether this caller may refresh it (no other is at it)."""
    book.db.run("touch_token", {"partner": partner, "name": name})
    at = {"partner": partner, "name": name}
    generation, value, expires_at, _holder, refresh_until = book.db.rows("token_standing", at)[0]
    fresh = value is not None and generation > stale and (expires_at is None or expires_at > book.now)
    if fresh:
        text = book.keys.open(bytes(value), token_record(partner, name)).decode()
        return Token(text, generation, expires_at), False
    if refresh_until > book.now:
        return None, False
    book.db.run("begin_refresh", {**at, "refresher": refresher, "until": book.now + ttl_s})
    return None, True


def store_token(
    book: Book, partner: str, name: str, refresher: str, value: str | None, expires_at: float | None
) -> None:
    """The refreshed token, or (None) the refresh given up so that another may try."""
    sealed = None if value is None else book.keys.seal(value.encode(), token_record(partner, name))
    params = {"partner": partner, "name": name, "value": sealed, "expires_at": expires_at, "refresher": refresher}
    book.db.run("store_token", params)
