"""Every operator action once: the verbs of the console, with who and why, recorded with the delivery."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from bus.ledger.ledger import Ledger
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.task import NewTask
from bus.ledger.views import DeliveryView, EventView
from bus.ledger.words import Action, ActionRow, Filter, State, Verb
from contracts.canonical.events import EVENTS
from ops import causes
from ops import edit as editing
from ops.reach import Reach, Rules, reach

As = Literal["", "delivered", "not-taken"]
TaskTurn = Literal["pause", "resume", "cancel", "approve"]
TASK_ITEMS = 10_000
"""Deliveries one task takes at most."""


class Refused(Exception):
    """The action as a whole may not be done; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A verb over what a filter finds. `as_`, `reference`: how `resolve` settles it; `past`: also what later ones have passed."""

    verb: Verb
    where: Filter
    as_: As = ""
    reference: str = ""
    past: bool = False

    def meant(self) -> Filter:
        """The filter with the states the verb means. Raises Refused."""
        verb, where = self.verb, self.where
        if where == Filter():
            raise Refused("say which deliveries: by ids, dossier, partner, state or cause")
        if verb == "resolve" and not self.as_:
            raise Refused("resolve needs `--as delivered` or `--as not-taken`")
        if verb == "resolve" and self.as_ == "delivered" and not self.reference:
            raise Refused("resolve as delivered needs the partner's reference")
        if where.ids or where.states or where.cause or verb not in _USUAL:
            return where
        return replace(where, states=_USUAL[verb])


async def act(
    ledger: Ledger,
    deed: Deed,
    who: str,
    reason: str,
    *,
    limit: int = 500,
    dry_run: bool = False,
    seen: Mapping[int, float] | None = None,
    at_once: int | None = None,
) -> list[dict[str, Any]]:
    """Do it; a row per delivery, each done or refused in words. Raises Refused.

    `seen` holds what a preview told of each delivery's last change: what has moved since is refused. More than `at_once` deliveries of
    any dossier are a task, which others can see, stop and approve.
    """
    meant = deed.meant()
    action = Action(deed.verb, meant, who, reason, deed.as_, deed.reference, limit, dry_run, seen or {}, deed.past)
    if at_once is not None and not dry_run and not deed.where.dossier:
        found = await ledger.act(replace(action, limit=min(limit, at_once + 1), dry_run=True))
        if len(found) > at_once:
            raise Refused(f"more than {at_once} deliveries at once are a task: make one (POST /v1/tasks, or --task)")
    return [row_of(row) for row in await ledger.act(action)]


def row_of(row: ActionRow) -> dict[str, Any]:
    """What an action did, or would do, to one delivery."""
    return {
        "delivery": row.delivery,
        "dossier": row.dossier,
        "partner": row.partner,
        "done": row.done,
        "before": row.before.value,
        "after": row.after.value,
        "rule": row.rule,
        "refusal": row.refusal,
        "changed_at": row.changed_at,
    }


async def preview(ledger: Ledger, rules: Rules, deed: Deed) -> Reach:
    """How far it would reach, without doing anything. Raises Refused."""
    seen_at = ledger.clock.now()
    meant, most = deed.meant(), TASK_ITEMS + 1
    action = Action(deed.verb, meant, "", "", deed.as_, deed.reference, most, dry_run=True, past=deed.past)
    return reach(deed.verb, await ledger.act(action), seen_at, rules, TASK_ITEMS)


async def make_task(
    ledger: SqlLedger, rules: Rules, deed: Deed, who: str, reason: str, *, seen_at: float | None = None
) -> int:
    """The same over many as a task, by its number; what has changed after a preview's `seen_at` is refused. Raises Refused."""
    _because(reason)
    reached = await preview(ledger, rules, deed)
    if not reached.rows:
        raise Refused("the filter finds nothing")
    new = NewTask(
        verb=deed.verb,
        who=who,
        reason=reason,
        where=deed.where,
        partner=reached.partners[0] if len(reached.partners) == 1 else "",
        canary=rules.canary,
        rate_per_s=reached.rate_per_s,
        needs_approval=reached.needs_approval,
        as_=deed.as_,
        reference=deed.reference,
        past=deed.past,
    )
    return await ledger.tasks().make(new, reached.rows, reached.seen_at if seen_at is None else seen_at)


async def edit(
    ledger: SqlLedger,
    delivery: int,
    changes: Mapping[str, str],
    who: str,
    reason: str,
    *,
    personal: bool = False,
    partner: str = "",
) -> int:
    """Correct the event of a delivery and send it anew, as a task that another person approves; by its number.

    `personal`: whoever asks may see personal data, and so change it; `partner` bounds them to one. Raises Refused, edit.Wrong.
    """
    _because(reason)
    view, event = await edited_one(ledger, delivery, partner)
    seen_at = ledger.clock.now()
    envelope = editing.edited(event, changes, personal=personal, number=secrets.token_hex(4))
    if not editing.difference(event, envelope.data):
        raise Refused("nothing was changed")
    rows = await ledger.act(Action("cancel", Filter(ids=(delivery,)), "", "", dry_run=True))
    if not rows[0].done:
        raise Refused(rows[0].refusal)
    new = NewTask(
        verb="edit",
        who=who,
        reason=reason,
        where=Filter(ids=(delivery,)),
        partner=view.partner,
        canary=0,
        rate_per_s=1.0,
        needs_approval=True,
        body=envelope.to_json(),
    )
    return await ledger.tasks().make(new, rows, seen_at)


async def difference(ledger: SqlLedger, number: int) -> list[dict[str, str]]:
    """What an edit that has not ended would change, personal values masked; nothing for other tasks."""
    asked = await asked_edit(ledger, number)
    return editing.difference(*asked) if asked else []


async def asked_edit(ledger: SqlLedger, number: int) -> tuple[EventView, dict[str, Any]] | None:
    """The event that an edit which has not ended is to correct, and its new data; None for other tasks."""
    body = await ledger.tasks().body(number)
    items = await ledger.tasks().items(number, limit=1) if body else []
    if not items:
        return None
    _, event = await edited_one(ledger, items[0].delivery)
    return event, json.loads(body)["data"]


async def edited_one(ledger: Ledger, delivery: int, partner: str = "") -> tuple[DeliveryView, EventView]:
    """A delivery and its event, opened; of the one partner where it is given. Raises Refused."""
    found, _ = await ledger.deliveries(Filter(ids=(delivery,), partner=partner or None), limit=1)
    story = await ledger.story(found[0].dossier) if found else None
    for event in story.events if story else ():
        if (event.source, event.event_id) == (found[0].source, found[0].event_id) and event.type in EVENTS:
            return found[0], event
    raise Refused(f"there is no delivery {delivery} whose event could be edited")


async def turn_task(ledger: SqlLedger, turn: TaskTurn, number: int, who: str, reason: str) -> None:
    """Pause, resume, cancel or approve a task. Raises Refused, TaskRefused."""
    _because(reason)
    book = ledger.tasks()
    turns = {"pause": book.pause, "resume": book.resume, "cancel": book.cancel, "approve": book.approve}
    await turns[turn](number, who, reason)


def _because(reason: str) -> None:
    if len(reason.strip()) < 3:
        raise Refused("say why")


async def note_cause(ledger: SqlLedger, fingerprint: str, owner: str, note: str, who: str) -> bool:
    """Keep who sees to a group of failures and what was found out, both empty: nothing; recorded. Whether a failure of it is open."""
    await ledger.groups().keep(fingerprint, owner, note, who)
    return any(causes.fingerprint_of(group) == fingerprint for group in await ledger.causes())


_USUAL: dict[str, tuple[State, ...]] = {
    "ask": (State.IN_DOUBT, State.WAITING),
    "resend": (State.DEAD, State.WAITING, State.IN_DOUBT),
    "reprocess": (State.DEAD, State.WAITING),
    "skip": (State.DEAD, State.IN_DOUBT, State.WAITING),
    "resolve": (State.IN_DOUBT, State.DEAD),
    "cancel": (State.PENDING, State.WAITING, State.DEAD),
}
"""Which states a verb means when a filter names none."""
