"""Carry out an edit that was approved: the old event's deliveries are closed, the edited event enters and takes their place. Pure SQL
in a given transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from bus.ledger.accept import accept
from bus.ledger.act import REFUSALS, act
from bus.ledger.book import Book
from bus.ledger.task import Task, record
from bus.ledger.turning import move
from bus.ledger.words import Action, Arrival, Filter, State, Status
from bus.outcome import Cause


class Owed(NamedTuple):
    """A delivery of the event that is edited."""

    id: int
    partner: str
    operation: str
    full_state: int
    state: str
    cause: str
    lane: int
    number: int | None


def carry_out(book: Book, task: Task, arrival: Arrival) -> set[str]:
    """The partners that have due work then. What is edited must stand as it was seen, and no newer state of its dossier may have come;
    of what had changed already while the task was made, nothing is left to do.

    What a partner has, or may have, of the old event is not owed to it again, unless it is a full state: that replaces what it has.
    """
    found = book.db.rows("items_to_do", {"task": task.id, "limit": 1})
    if not found:
        _done(book, task, f"refused: {REFUSALS['changed']}")
        return set()
    place, delivery, seen_at = found[0]
    newer = book.db.rows("later_full", {"id": delivery})[0][0]
    rule = "later" if newer else _close(book, task, [delivery], {delivery: seen_at})
    if rule:
        _tick(book, task, place, ("refused", "", rule, REFUSALS[rule]), f"refused: {REFUSALS[rule]}")
        return set()
    _close(book, task, [owed.id for owed in _owed(book, delivery)], {})
    stands = _owed(book, delivery)
    kept = {(owed.partner, owed.operation) for owed in stands if _has(owed) and not owed.full_state}
    debts = tuple(debt for debt in arrival.debts if (debt.partner, debt.operation) not in kept)
    (verdict,) = accept(book, [replace(arrival, debts=debts)])
    if verdict.status is Status.ACCEPTED:
        _take_place(book, next(owed for owed in stands if owed.id == delivery), arrival)
    _tick(book, task, place, ("passed", State.CANCELLED.value, "edited", arrival.id), arrival.id)
    return set(verdict.ready)


def _owed(book: Book, delivery: int) -> list[Owed]:
    """All deliveries of the event of this one."""
    return [Owed(*row) for row in book.db.rows("owed_together", {"id": delivery})]


def _has(owed: Owed) -> bool:
    """The partner has it, or may have it."""
    return owed.state in (State.DELIVERED, State.SENDING, State.IN_DOUBT) or owed.cause == Cause.TAKEN


def _close(book: Book, task: Task, ids: list[int], seen: Mapping[int, float]) -> str:
    """Cancel what can be; the rule on which the first could not (empty: it could)."""
    reason = f"{task.reason} ({record(task.id)})"
    answers = act(book, Action("cancel", Filter(ids=tuple(ids)), task.who, reason, seen=seen), ids)
    return answers[0].rule if answers else "changed"


def _take_place(book: Book, old: Owed, arrival: Arrival) -> None:
    """What replaces a delivery stands in its lane where that one stood, before all that waits behind it."""
    found = book.db.rows("owed_of", {"source": arrival.source, "event": arrival.id})
    for number, partner, operation, lane in found:
        if (partner, operation, lane) == (old.partner, old.operation, old.lane) and old.number is not None:
            book.db.run("take_place", {"id": number, "number": old.number})
            book.set_heads([lane])


def _tick(book: Book, task: Task, place: int, row: tuple[Any, ...], says: str) -> None:
    """The only item is settled, and so is the task."""
    state, after, rule, words = row
    book.db.many("move_items", [(task.id, place, state, "", after, rule, words, book.now, book.now)])
    _done(book, task, says)


def _done(book: Book, task: Task, says: str) -> None:
    book.db.run("seal_task", {"id": task.id, "body": None})
    move(book, task, replace(task, state="done"), "bus", "task done", says)
