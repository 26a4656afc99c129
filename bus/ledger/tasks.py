"""Bulk actions as objects: made with a row per delivery, paused, approved, cancelled by people, and asked about.

Whoever holds the duty `tasks` turns them (`bus.ledger.turning`), under its fence. Every call raises LedgerBusy as the ledger does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from bus.ledger import duty
from bus.ledger.act import REFUSALS
from bus.ledger.book import Ask, Book, Write
from bus.ledger.editing import carry_out
from bus.ledger.people import Remark
from bus.ledger.task import DUTY, ENDED, SLICE, Item, ItemState, NewTask, Task, TaskRefused, Turned, record
from bus.ledger.turning import advance, keep, locked, move, task_of
from bus.ledger.words import ActionRow, Arrival, Filter
from bus.seal import Keyring


class TaskBook:
    """The operations, over the writer's turn (`write`) and the reading threads (`read`)."""

    def __init__(self, keys: Keyring, write: Write, read: Ask) -> None:
        self._keys = keys
        self._write = write
        self._read = read

    async def make(self, new: NewTask, rows: Sequence[ActionRow], seen_at: float) -> int:
        """A task over what a dry run answered; what has changed after `seen_at`, or is refused, is entered as such."""
        number: int = await self._write(lambda book: _add(book, new))
        items = [_item(place, row, seen_at) for place, row in enumerate(sorted(rows, key=_order), start=1)]
        for start in range(0, len(items), SLICE):
            await self._write(partial(_add_items, number=number, items=items[start : start + SLICE]))
        await self._write(lambda book: _made(book, number))
        return number

    async def pause(self, number: int, who: str, reason: str) -> None:
        """Nothing more is begun until it is resumed. Raises TaskRefused."""
        await self._turn(number, who, "pause", reason, _pause)

    async def resume(self, number: int, who: str, reason: str) -> None:
        """Go on; after a halt with a new canary. Raises TaskRefused."""
        await self._turn(number, who, "resume", reason, _resume)

    async def cancel(self, number: int, who: str, reason: str) -> None:
        """What has not been begun is dropped; what is on its way comes to its own end. Raises TaskRefused."""
        await self._turn(number, who, "cancel", reason, _cancel)

    async def approve(self, number: int, who: str, reason: str) -> None:
        """A second person lets it go on beyond its canary. Raises TaskRefused."""
        await self._turn(number, who, "approve", reason, _approve)

    async def _turn(
        self, number: int, who: str, verb: str, reason: str, change: Callable[[Book, Task, str], Task | str]
    ) -> None:
        def turning(book: Book) -> str:
            found = locked(book, number)
            if found is None:
                return "unknown"
            changed = "ended" if found.state in ENDED else change(book, found, who)
            if isinstance(changed, str):
                return changed
            move(book, found, changed, who, f"task {verb}", reason)
            return ""

        refused: str = await self._write(turning)
        if refused:
            raise TaskRefused(refused)

    async def turn(self, fence: int) -> Turned:
        """One turn of everything that goes on by itself. Raises FenceLost."""
        turned: Turned = await self._write(duty.under(DUTY, fence, advance))
        return turned

    async def carry_out(self, fence: int, number: int, arrival: Arrival) -> set[str]:
        """An edit that was approved, its event entering by the front door; the partners that have due work then. Raises FenceLost."""

        def carrying(book: Book) -> set[str]:
            found = locked(book, number)
            return set() if found is None or found.state != "running" else carry_out(book, found, arrival)

        ready: set[str] = await self._write(duty.under(DUTY, fence, carrying))
        return ready

    async def at_work(self) -> bool:
        """Whether a turn would find anything."""
        return bool(await self._read(lambda c: c.rows("task_at_work", {})))

    async def task(self, number: int) -> Task | None:
        found = await self._read(lambda c: c.rows("task", {"id": number}))
        return (await self._counted([task_of(row) for row in found]))[0] if found else None

    async def tasks(self, before: int = 2**62, limit: int = 50, partner: str = "") -> list[Task]:
        """The newest first, from below the number `before`; of one partner alone where it is given."""
        asked = {"before": before, "limit": limit, "partner": partner}
        return await self._counted([task_of(row) for row in await self._read(lambda c: c.rows("tasks", asked))])

    async def open(self, partner: str = "") -> int:
        """How many have not ended."""
        rows = await self._read(lambda c: c.rows("open_tasks", {"partner": partner}))
        return int(rows[0][0])

    async def waiting(self, partner: str = "") -> list[Task]:
        """Those a second person has to approve before they go on, the longest waiting first; at most a hundred."""
        found = await self._read(lambda c: c.rows("tasks_to_approve", {"partner": partner}))
        return await self._counted([task_of(row) for row in found]) if found else []

    async def reach(self, number: int) -> tuple[int, int]:
        """Over how many dossiers and partners it goes."""
        rows = await self._read(lambda c: c.rows("task_reach", {"id": number}))
        return int(rows[0][0]), int(rows[0][1])

    async def items(self, number: int, state: str = "", after: int = 0, limit: int = 50) -> list[Item]:
        """A page of its items in their order, behind the place `after`; in one state alone where it is given."""
        asked = {"task": number, "state": state, "after": after, "limit": limit}
        return [Item(*row) for row in await self._read(lambda c: c.rows("task_items", asked))]

    async def remarks(self, number: int) -> list[Remark]:
        """Who did what to it, in time order."""
        rows = await self._read(lambda c: c.rows("notes_about", {"dossier": record(number)}))
        return [Remark(*row) for row in rows]

    async def body(self, number: int) -> bytes:
        """The edited event of an edit that has not ended; empty otherwise."""
        rows = await self._read(lambda c: c.rows("task_body", {"id": number}))
        return self._keys.open(bytes(rows[0][0]), record(number)) if rows and rows[0][0] else b""

    async def _counted(self, tasks: list[Task]) -> list[Task]:
        counts: dict[int, dict[str, int]] = {one.id: {} for one in tasks}
        for number, state, n in await self._read(lambda c: c.rows("task_counts", {"ids": list(counts)})):
            counts[number][state] = int(n)
        return [replace(one, counts=counts[one.id]) for one in tasks]


def _add(book: Book, new: NewTask) -> int:
    chosen = {name: value for name, value in _plain(new.where).items() if value}
    values = {
        "verb": new.verb,
        "settle_as": new.as_,
        "reference": new.reference,
        "past": int(new.past),
        "who": new.who,
        "reason": new.reason,
        "chosen": json.dumps(chosen),
        "partner": new.partner,
        "canary": new.canary,
        "rate_per_s": new.rate_per_s,
        "needs_approval": int(new.needs_approval),
        "now": book.now,
    }
    number = int(book.db.rows("add_task", values)[0][0])
    if new.body:
        book.db.run("seal_task", {"id": number, "body": book.keys.seal(new.body, record(number))})
    book.note(new.who, "make task", new.reason, record(number), after=new.verb)
    return number


def _plain(where: Filter) -> dict[str, Any]:
    """A filter to be read again; chosen one by one, only how many."""
    told = {name: getattr(where, name) for name in Filter.__dataclass_fields__}
    return told | {"ids": len(where.ids), "states": [state.value for state in where.states]}


def _order(row: ActionRow) -> tuple[bool, int]:
    """What can go out now first: a canary shall tell something soon. Within a lane its head is the first of all."""
    return row.stands != "", row.delivery


def _item(place: int, row: ActionRow, seen_at: float) -> tuple[Any, ...]:
    rule, says = ("changed", REFUSALS["changed"]) if row.changed_at > seen_at else (row.rule, row.refusal)
    state: ItemState = "refused" if rule else "waiting"
    return place, row.delivery, row.dossier, row.partner, row.changed_at, state, row.before.value, rule, says


def _add_items(book: Book, number: int, items: Sequence[tuple[Any, ...]]) -> None:
    book.db.many("add_items", [(number, *item, book.now if item[5] == "refused" else None) for item in items])


def _made(book: Book, number: int) -> None:
    found = locked(book, number)
    if found is not None:
        keep(book, replace(found, state=found.onward))


def _pause(_book: Book, task: Task, _who: str) -> Task | str:
    return replace(task, state="paused") if task.state in ("canary", "approval", "running") else "state"


def _resume(book: Book, task: Task, _who: str) -> Task | str:
    if task.state not in ("paused", "halted"):
        return "state"
    todo = book.db.rows("items_to_do", {"task": task.id, "limit": 1})
    since = task.since if task.state == "paused" or not todo else todo[0][0]
    return replace(task, state=task.onward, since=since)


def _cancel(book: Book, task: Task, _who: str) -> Task | str:
    book.db.run("drop_items", {"task": task.id, "now": book.now})
    book.db.run("seal_task", {"id": task.id, "body": None})
    return replace(task, state="cancelled")


def _approve(book: Book, task: Task, who: str) -> Task | str:
    if not task.needs_approval or task.approved_by:
        return "needless"
    if who == task.who:
        return "same"
    approved = replace(task, approved_by=who, approved_at=book.now)
    return replace(approved, state=approved.onward) if task.state == "approval" else approved
