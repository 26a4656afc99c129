"""When a newer full state makes an older one needless. Pure; the rules are design.md's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bus.ledger.words import State
from bus.outcome import Cause

REPLACEABLE = frozenset({State.PENDING, State.WAITING, State.DEAD})


@dataclass(frozen=True, slots=True)
class Holder:
    """A delivery that holds its lane, in the lane's order."""

    id: int
    number: int
    operation: str
    full_state: bool
    state: str
    cause: str


def superseded(holders: Sequence[Holder], *, has_full: bool) -> set[int]:
    """The ids that a newer full state of the same operation replaces.

    Never one that is sending, taken or in doubt, never a history operation, and never across a history row while the lane has
    delivered no full state yet: what follows the first create needs it.
    """
    gone: set[int] = set()
    newer: set[str] = set()
    for holder in reversed(holders):
        if not holder.full_state:
            if not has_full:
                newer.clear()
            continue
        if holder.operation in newer and holder.state in REPLACEABLE and holder.cause != Cause.TAKEN:
            gone.add(holder.id)
        newer.add(holder.operation)
    return gone
