"""How far an action would reach, before it is done: over what, with which verdict each, how long, and one example of the request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bus.adapter import Partner
from bus.ledger.ledger import Ledger
from bus.ledger.task import FOLLOWED, TaskVerb
from bus.ledger.words import ActionRow, State
from ops import causes, dossiers

Verdict = Literal["go", "ask", "mend", "behind", "held", "refused"]
"""go: at once. ask: the partner first. mend: it would be refused again until something is mended. behind: after an earlier one of its
dossier that stands. held: a person holds the lane. refused: not at all."""
ORDER: tuple[Verdict, ...] = ("go", "ask", "mend", "behind", "held", "refused")


@dataclass(frozen=True, slots=True)
class Rules:
    """How bulk actions go here: `canary` first; above `approve_above` items a second person; `rate_per_s` at most, and at most what a
    partner's own rate (`rates`) allows.
    """

    canary: int
    approve_above: int
    rate_per_s: float
    rates: Mapping[str, float | None]

    def rate(self, partners: Sequence[str]) -> float:
        """Items a second over these partners."""
        own = [rate for rate in map(self.rates.get, partners) if rate]
        return min([self.rate_per_s, *own])


@dataclass(frozen=True, slots=True)
class Reach:
    """What an action would do, from a dry run begun at `seen_at` (seconds since the epoch). `more`: there is more than a task takes."""

    verb: TaskVerb
    rows: Sequence[ActionRow]
    seen_at: float
    verdicts: Sequence[tuple[Verdict, str, int]]
    partners: Sequence[str]
    dossiers: int
    doubled: int
    rate_per_s: float
    needs_approval: bool
    canary: int
    more: bool

    @property
    def goes(self) -> int:
        """Deliveries it would do something to."""
        return sum(row.done for row in self.rows)

    @property
    def takes_s(self) -> float:
        """How long that takes at the allowed rate."""
        return self.goes / self.rate_per_s

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "verb": self.verb,
            "count": len(self.rows),
            "goes": self.goes,
            "dossiers": self.dossiers,
            "doubled": self.doubled,
            "partners": list(self.partners),
            "verdicts": [{"verdict": verdict, "rule": rule, "count": n} for verdict, rule, n in self.verdicts],
            "rate_per_s": self.rate_per_s,
            "takes_s": self.takes_s,
            "needs_approval": self.needs_approval,
            "canary": self.canary,
            "seen_at": self.seen_at,
            "more": self.more,
        }


def reach(verb: TaskVerb, rows: Sequence[ActionRow], seen_at: float, rules: Rules, limit: int) -> Reach:
    """What a dry run of at most one more than `limit` deliveries tells."""
    kept = rows[:limit]
    moving = {(row.partner, row.dossier) for row in kept if row.done and not row.stands}
    found = Counter((_verdict(verb, row, moving), row.rule) for row in kept)
    partners = sorted({row.partner for row in kept})
    each = Counter((row.partner, row.dossier) for row in kept)
    return Reach(
        verb=verb,
        rows=kept,
        seen_at=seen_at,
        verdicts=[(verdict, rule, n) for (verdict, rule), n in sorted(found.items(), key=_place)],
        partners=partners,
        dossiers=len({row.dossier for row in kept}),
        doubled=sum(n > 1 for n in each.values()),
        rate_per_s=rules.rate(partners),
        needs_approval=sum(row.done for row in kept) > rules.approve_above,
        canary=rules.canary,
        more=len(rows) > limit,
    )


def _place(entry: tuple[tuple[Verdict, str], int]) -> tuple[int, int]:
    (verdict, _rule), n = entry
    return ORDER.index(verdict), -n


def _verdict(verb: TaskVerb, row: ActionRow, moving: set[tuple[str, str]]) -> Verdict:
    if not row.done:
        return "refused"
    if verb not in FOLLOWED:
        return "go"
    if row.stands == "held":
        return "held"
    if row.stands == "behind" and (row.partner, row.dossier) not in moving:
        return "behind"
    if row.before is State.IN_DOUBT or verb == "ask":
        return "ask"
    known = row.cause and causes.entry(row.partner, row.cause.value, row.code).resend
    return "mend" if verb == "resend" and known == "fix" else "go"


async def example(ledger: Ledger, partners: Mapping[str, Partner], row: ActionRow) -> dict[str, Any] | None:
    """The last request of a delivery, masked, as it would be sent again; None where none was made yet."""
    return await example_of(ledger, partners, {"dossier": row.dossier, "delivery": row.delivery})


async def example_of(ledger: Ledger, partners: Mapping[str, Partner], item: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same of a row of a task."""
    told = await dossiers.story(ledger, partners, item["dossier"])
    found = next((d for d in told["deliveries"] if d["id"] == item["delivery"]), None) if told else None
    sent = [attempt for attempt in found["attempts"] if "request" in attempt] if found else []
    if found is None or not sent:
        return None
    names = ("dossier", "partner", "operation")
    return {name: found[name] for name in names} | {"request": sent[-1]["request"]}
