"""Every operator action once: the verbs of the console, with who and why, recorded with the delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from bus.ledger.ledger import Ledger
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.words import Action, Filter, State, Verb


class Refused(Exception):
    """The action as a whole may not be done; the text says what is missing."""


async def act(
    ledger: Ledger,
    verb: Verb,
    where: Filter,
    who: str,
    reason: str,
    as_: Literal["", "delivered", "not-taken"] = "",
    reference: str = "",
    *,
    limit: int = 500,
    dry_run: bool = False,
    seen: Mapping[int, float] | None = None,
) -> list[dict[str, Any]]:
    """Do one verb to what a filter finds; a row per delivery, each done or refused in words. Raises Refused.

    `seen` holds what a preview told of each delivery's last change: what has moved since is refused.
    """
    if where == Filter():
        raise Refused("say which deliveries: by ids, dossier, partner, state or cause")
    if verb == "resolve" and not as_:
        raise Refused("resolve needs `--as delivered` or `--as not-taken`")
    if verb == "resolve" and as_ == "delivered" and not reference:
        raise Refused("resolve as delivered needs the partner's reference")
    if (
        not where.ids
        and verb in ("ask", "resend", "reprocess", "skip", "resolve", "cancel")
        and not where.states
        and not where.cause
    ):
        where = replace(where, states=_USUAL[verb])
    rows = await ledger.act(Action(verb, where, who, reason, as_, reference, limit, dry_run, seen or {}))
    return [
        {
            "delivery": row.delivery,
            "dossier": row.dossier,
            "partner": row.partner,
            "done": row.done,
            "before": row.before.value,
            "after": row.after.value,
            "refusal": row.refusal,
            "changed_at": row.changed_at,
        }
        for row in rows
    ]


PEOPLE = ("citizen", "tax", "social")
"""What a person or firm is found by, as keyed digests (contracts.marks.Finder)."""


async def search(ledger: SqlLedger, asked: str, who: str) -> list[str]:
    """The dossiers of a person or firm by an identifier. Who searched is kept, what for is not."""
    found = {dossier for kind in PEOPLE for dossier in await ledger.find(kind, asked)}
    await ledger.remark(who, "search", f"{len(found)} dossiers found by a person's identifier")
    return sorted(found)


_USUAL: dict[str, tuple[State, ...]] = {
    "ask": (State.IN_DOUBT, State.WAITING),
    "resend": (State.DEAD, State.WAITING, State.IN_DOUBT),
    "reprocess": (State.DEAD, State.WAITING),
    "skip": (State.DEAD, State.IN_DOUBT, State.WAITING),
    "resolve": (State.IN_DOUBT, State.DEAD),
    "cancel": (State.PENDING, State.WAITING, State.DEAD),
}
"""Which states a verb means when a filter names none."""
