"""What a person may do to a delivery: each verb one rule, each use a note with who and why, each refusal in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bus.ledger import keys
from bus.ledger.book import Book, idempotency_key
from bus.ledger.words import OPEN, Action, ActionRow, Stands, State
from bus.outcome import Cause

_COLUMNS = (
    *(
        "id",
        "lane",
        "number",
        "partner",
        "dossier",
        "operation",
        "full_state",
        "state",
        "cause",
        "step",
        "revision",
        "holds",
    ),
    *("hold_key", "code", "changed_at", "source", "event_id", "erased_at", "held", "head", "head_number"),
)


REFUSALS = {
    "changed": "it has changed since you looked; look again",
    "gap": "it waits for an earlier event of its dossier; close the gap first",
    "sending": "it is being sent just now; look again in a moment",
    "ask": "only what is in doubt or taken can be asked for; this is {state}",
    "resend": "only what is dead, waiting or in doubt can be resent; this is {state}",
    "reprocess": "only what is known not to be taken can be reprocessed; this is {state}: settle it first",
    "skip": "only the head of a lane can be skipped; this is {state}",
    "release": "nothing holds it; it is {state}",
    "passed": "{n} later deliveries of this dossier have passed it; resending would overtake them",
    "unsettled": "a later delivery of this dossier has passed it and is not settled yet",
    "newer": "the partner has a newer full state of this dossier; resending would put the old one over it",
    "resolve": "only what is in doubt, dead or held can be settled by hand; this is {state}",
    "erased": "its contents were removed when their term was over; there is nothing left to send",
    "later": "a newer state of this dossier has come; correct that one",
    "how": "say how it ended: as delivered or as not-taken",
    "cancel": "what is sent, taken, in doubt or settled cannot be cancelled; this is {state}",
}
"""Why a verb does not fit a delivery, by rule."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a verb does: the new standing, or why not."""

    state: State | None = None
    cause: Cause = Cause.NONE
    step: str = "send"
    due: bool = False
    holds: bool = True
    reprocess: bool = False
    keeps_doubt: bool = False
    lane_held: bool | None = None
    refusal: str = ""
    rule: str = ""


def _refused(rule: str, **facts: object) -> Change:
    return Change(refusal=REFUSALS[rule].format(**facts), rule=rule)


def act(book: Book, action: Action, ids: Sequence[int]) -> list[ActionRow]:
    """Apply the action to the deliveries `ids`; nothing changes in a dry run."""
    chosen = book.db.rows("chosen", {"ids": list(ids)})
    lanes = sorted({lane for _, lane in chosen if lane})
    book.db.rows("lock_lanes", {"ids": lanes})
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in book.db.rows("acted_on", {"ids": list(ids)})]
    answers = [_one(book, action, row) for row in rows]
    if not action.dry_run:
        book.set_heads(lanes)
    return answers


def _one(book: Book, action: Action, row: dict[str, Any]) -> ActionRow:
    change = _change(book, action, row)
    before = State(row["state"])
    after = before if change.refusal or change.state is None else change.state
    if not change.refusal and not action.dry_run:
        _write(book, action, row, change, after)
    done = not change.refusal
    return ActionRow(
        delivery=row["id"],
        dossier=row["dossier"],
        partner=row["partner"],
        done=done,
        before=before,
        after=after,
        refusal=change.refusal,
        changed_at=row["changed_at"],
        rule=change.rule,
        cause=Cause(row["cause"]),
        code=row["code"],
        stands=_stands(row, change),
    )


def _stands(row: dict[str, Any], change: Change) -> Stands:
    """What keeps the delivery from going out, whatever was done to it."""
    if row["held"] and change.lane_held is None:
        return "held"
    return "behind" if row["head"] not in (None, row["id"]) and row["number"] > row["head_number"] else ""


def _change(book: Book, action: Action, row: dict[str, Any]) -> Change:
    state, cause = State(row["state"]), row["cause"]
    if action.seen.get(row["id"], row["changed_at"]) != row["changed_at"]:
        return _refused("changed")
    if state is State.SENDING and action.verb not in ("hold", "release"):
        return _refused("sending")
    match action.verb:
        case "hold":
            return Change(lane_held=True)
        case "release":
            return _release(row, state, for_code=action.where.hold_key is not None)
        case "ask":
            if state is State.IN_DOUBT or cause == Cause.TAKEN:
                return Change(state, Cause(cause), "ask", due=True, keeps_doubt=True)
            return _refused("ask", state=state)
        case "resend":
            return _resend(book, action, row, state)
        case "reprocess":
            if cause == Cause.GAP:
                return _refused("gap")
            if state is State.DEAD or (state is State.WAITING and cause != Cause.TAKEN) or state is State.PENDING:
                return _again(book, action, row, reprocess=True)
            return _refused("reprocess", state=state)
        case "skip":
            if row["head"] != row["id"]:
                return _refused("skip", state=state)
            return Change(State.DEAD, Cause.SKIPPED, holds=False)
        case "resolve":
            return _resolve(book, action, row, state)
        case "cancel":
            if state in (State.PENDING, State.DEAD) or (state is State.WAITING and cause != Cause.TAKEN):
                return Change(State.CANCELLED, holds=False)
            return _refused("cancel", state=state)


def _release(row: dict[str, Any], state: State, *, for_code: bool) -> Change:
    """Open a held lane, or let the delivery go on; released for its code, a lane that a person holds stays held."""
    if row["held"] and not for_code:
        return Change(lane_held=False)
    if state is State.WAITING and row["cause"] not in (Cause.TAKEN, Cause.GAP):
        return Change(State.WAITING, Cause(row["cause"]), row["step"], due=True)
    return _refused("release", state=state)


def _resend(book: Book, action: Action, row: dict[str, Any], state: State) -> Change:
    if state is State.IN_DOUBT:
        return Change(
            State.IN_DOUBT, Cause(row["cause"]), "ask" if row["step"] == "ask" else "send", due=True, keeps_doubt=True
        )
    if state is State.WAITING and row["cause"] not in (Cause.TAKEN, Cause.GAP):
        return Change(State.WAITING, Cause(row["cause"]), "send", due=True)
    if state is not State.DEAD:
        return _refused("resend", state=state)
    return _again(book, action, row)


def _again(book: Book, action: Action, row: dict[str, Any], *, reprocess: bool = False) -> Change:
    """Back to its place in the lane. Have later ones been delivered meanwhile (it was skipped), a person must want it all the same; it
    never goes out beside one that is not settled, nor an old full state over a newer one.
    """
    if row["erased_at"] is not None:
        return _refused("erased")
    place = {name: row[name] for name in ("dossier", "lane", "number", "operation")}
    passed, newer, unsettled = book.db.rows("later_begun", place)[0]
    if newer and row["full_state"]:
        return _refused("newer")
    if unsettled:
        return _refused("unsettled")
    if passed and not action.past:
        return _refused("passed", n=passed)
    return Change(State.PENDING, due=True, reprocess=reprocess)


def _resolve(book: Book, action: Action, row: dict[str, Any], state: State) -> Change:
    if state not in (State.IN_DOUBT, State.DEAD) and not row["hold_key"]:
        return _refused("resolve", state=state)
    if action.as_ == "delivered":
        return Change(State.DELIVERED, holds=False)
    if action.as_ == "not-taken":
        return _again(book, action, row)
    return _refused("how")


def _write(book: Book, action: Action, row: dict[str, Any], change: Change, after: State) -> None:
    if change.lane_held is not None:
        book.db.run("hold_lane", {"id": row["lane"], "held": int(change.lane_held)})
    elif change.state is not None:
        revision = row["revision"] + int(change.reprocess)
        key = idempotency_key(row["source"], row["event_id"], row["partner"], row["operation"], revision)
        book.db.run(
            "act_delivery",
            {
                "id": row["id"],
                "state": after,
                "cause": change.cause,
                "step": change.step,
                "due_at": book.now if change.due else None,
                "holds": int(change.holds and after in (*OPEN, State.DEAD)),
                "key": key,
                "revision": revision,
                "doubt": None if change.keeps_doubt else 0,
                "mapped": 0 if change.reprocess else 1,
                "receipt": action.reference[:200] if action.verb == "resolve" else "",
                "now": book.now,
            },
        )
        book.moved(
            row["id"],
            row["partner"],
            (row["state"], row["cause"]),
            (after, change.cause),
            f"{action.who}: {action.verb}",
        )
        book.ready.add(row["partner"])
        if action.verb == "resolve":
            book.search.add(keys.key(keys.RECEIPT, action.reference, row["dossier"]))
    book.db.run(
        "write_note",
        {
            "at": book.now,
            "who": action.who,
            "verb": action.verb,
            "reason": action.reason,
            "dossier": row["dossier"],
            "delivery": row["id"],
            "before": f"{row['state']} {row['cause']}".strip(),
            "after": "held" if change.lane_held else "released" if change.lane_held is False else str(after),
        },
    )
