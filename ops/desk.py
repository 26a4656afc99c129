"""Every operator action once: the verbs of the console, with who and why, recorded with the delivery."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from bus.ledger.ledger import Ledger
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
) -> list[dict[str, Any]]:
    """Do one verb to what a filter finds; a row per delivery, each done or refused in words. Raises Refused."""
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
    rows = await ledger.act(Action(verb, where, who, reason, as_, reference, limit, dry_run))
    return [
        {
            "delivery": row.delivery,
            "dossier": row.dossier,
            "partner": row.partner,
            "done": row.done,
            "before": row.before.value,
            "after": row.after.value,
            "refusal": row.refusal,
        }
        for row in rows
    ]


_USUAL: dict[str, tuple[State, ...]] = {
    "ask": (State.IN_DOUBT, State.WAITING),
    "resend": (State.DEAD, State.WAITING, State.IN_DOUBT),
    "reprocess": (State.DEAD, State.WAITING),
    "skip": (State.DEAD, State.IN_DOUBT, State.WAITING),
    "resolve": (State.IN_DOUBT, State.DEAD),
    "cancel": (State.PENDING, State.WAITING, State.DEAD),
}
"""Which states a verb means when a filter names none."""
