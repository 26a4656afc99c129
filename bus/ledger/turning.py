"""One turn of the bulk actions: follow what was acted on, try a few, then go on at the task's pace. Pure SQL in a given transaction.

A task acts and remembers that it did in one commit, so that a crash neither loses nor repeats an item.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bus.ledger.act import REFUSALS, act
from bus.ledger.book import Book
from bus.ledger.database import Row
from bus.ledger.task import FOLLOWED, MADE_WITHIN_S, SLICE, UNDER_WAY, ItemState, Task, Turned, record
from bus.ledger.words import Action, ActionRow, Filter, State
from bus.outcome import Cause


def advance(book: Book) -> Turned:
    ready: set[str] = set()
    looks: list[float] = []
    edits: list[int] = []
    for (number,) in book.db.rows("tasks_at_work", {}):
        task = locked(book, number)
        if task is None:
            continue
        _follow(book, task)
        if task.verb == "edit" and task.state == "running":
            edits.append(task.id)
        elif task.state == "making":
            if book.now - task.created_at > MADE_WITHIN_S:
                book.db.run("drop_items", {"task": task.id, "now": book.now})
                move(book, task, replace(task, state="cancelled"), "bus", "task cancel", "its making was broken off")
        elif task.state in ("canary", "running"):
            partners, task = _step(book, task)
            ready |= partners
            if task.state in ("canary", "running") and task.next_at > book.now:
                looks.append(task.next_at)
    return Turned(frozenset(ready), min(looks, default=None), tuple(edits))


def _follow(book: Book, task: Task) -> None:
    """What became of the deliveries that were acted on."""
    ended = [_ended(book, task, *row) for row in book.db.rows("items_ended", {"task": task.id})]
    if ended:
        book.db.many("move_items", ended)


def _ended(book: Book, task: Task, place: int, state: str, cause: str, code: str, step: str) -> tuple[Any, ...]:
    end: ItemState = "failed"
    rule, says = cause, code
    if state == State.DELIVERED:
        end, rule, says = "passed", "had" if step == "ask" else "", ""
    elif state in (State.CANCELLED, State.SUPERSEDED) or cause == Cause.SKIPPED:
        end = "moot"
    return task.id, place, end, "", state, rule, says, None, book.now


def _step(book: Book, task: Task) -> tuple[set[str], Task]:
    """Do what may be done now; the partners that have due work, and how the task stands."""
    counts: Counter[str] = Counter(dict(book.db.rows("count_items", {"task": task.id, "since": 0})))
    if not counts["waiting"] and not counts["acted"]:
        return set(), _moved(book, task, replace(task, state="done"), _sums(counts))
    room = UNDER_WAY - counts["acted"]
    if task.state == "canary":
        tried: Counter[str] = Counter(dict(book.db.rows("count_items", {"task": task.id, "since": task.since})))
        if tried["failed"]:
            return set(), _moved(book, task, replace(task, state="halted"), _sums(tried))
        if tried["passed"] >= task.canary:
            passed = replace(task, tried_at=book.now)
            return set(), _moved(book, task, replace(passed, state=passed.onward), _sums(tried))
        room = min(room, task.canary - tried["passed"] - tried["acted"])
    elif task.next_at > book.now:
        return set(), task
    else:
        room = min(room, SLICE, max(1, int(task.rate_per_s)))
    rows = book.db.rows("items_to_do", {"task": task.id, "limit": max(0, room)})
    partners = _do(book, task, rows)
    after = replace(task, next_at=book.now + len(rows) / task.rate_per_s) if task.state == "running" else task
    if rows:
        keep(book, after)
    return partners, after


def _moved(book: Book, before: Task, after: Task, says: str) -> Task:
    move(book, before, after, "bus", f"task {after.state}", says)
    return after


def _sums(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {state}" for state, n in sorted(counts.items()) if n)


def _do(book: Book, task: Task, rows: Sequence[Row]) -> set[str]:
    """Act on some items and say of each what came of it; one delivery's change is no other's, so each is judged as it was seen."""
    if not rows:
        return set()
    action = Action(
        verb=task.verb if task.verb != "edit" else "cancel",
        where=Filter(hold_key=task.chosen.get("hold_key")),
        who=task.who,
        reason=f"{task.reason} ({record(task.id)})",
        as_=task.as_,
        reference=task.reference,
        seen={delivery: seen_at for _, delivery, seen_at in rows},
        past=task.past,
    )
    answers = {answer.delivery: answer for answer in act(book, action, list(action.seen))}
    book.db.many("move_items", [_answered(book, task, place, answers.get(delivery)) for place, delivery, _ in rows])
    return {answer.partner for answer in answers.values()}


def _answered(book: Book, task: Task, place: int, answer: ActionRow | None) -> tuple[Any, ...]:
    if answer is None:  # purged since
        return task.id, place, "refused", "", "", "changed", REFUSALS["changed"], book.now, book.now
    state: ItemState = "passed" if answer.done else "refused"
    if answer.done and (task.verb in FOLLOWED or task.as_ == "not-taken") and answer.after is not State.DELIVERED:
        state = "acted"
    ended_at = None if state == "acted" else book.now
    before, after = answer.before.value, answer.after.value
    return task.id, place, state, before, after, answer.rule, answer.refusal, book.now, ended_at


def locked(book: Book, number: int) -> Task | None:
    rows = book.db.rows("locked_task", {"id": number})
    return task_of(rows[0]) if rows else None


def task_of(row: Row) -> Task:
    values: dict[str, Any] = dict(zip(list(Task.__dataclass_fields__)[:-1], row, strict=True))
    values |= {"past": bool(values["past"]), "needs_approval": bool(values["needs_approval"])}
    return Task(**values | {"chosen": json.loads(values["chosen"])})


def keep(book: Book, task: Task) -> None:
    names = ("id", "state", "tried_at", "since", "approved_by", "approved_at", "next_at")
    book.db.run("move_task", {name: getattr(task, name) for name in names} | {"now": book.now})


def move(book: Book, before: Task, after: Task, who: str, verb: str, reason: str = "") -> None:
    """Keep a change of standing, with who and why."""
    keep(book, after)
    book.note(who, verb, reason, record(after.id), before=before.state, after=after.state)
