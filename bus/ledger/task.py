"""The words of bulk actions: what goes into a task and what is told of it. Data only; times are seconds since the epoch (UTC).

```
making -> canary -> (approval) -> running -> done        halted: one of the canary failed; resume tries the next ones
          any of the three <-> paused                    cancelled: what is not done yet is dropped
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bus.ledger.words import Filter, Verb

DUTY = "tasks"
SLICE = 200
"""Items acted on, or written, in one commit."""
UNDER_WAY = 500
"""A task lets no more of its items than this be on their way at once: behind a partner that stands still it stands still too."""
MADE_WITHIN_S = 300.0
"""Making takes seconds; one that takes longer was broken off with its process."""
ENDED = ("done", "cancelled")
FOLLOWED = ("ask", "resend", "reprocess", "release")
"""Verbs that are only done when the partner has it; the others are done when they are."""

TaskVerb = Verb | Literal["edit"]
TaskState = Literal["making", "canary", "approval", "running", "paused", "halted", "done", "cancelled"]
ItemState = Literal["waiting", "acted", "passed", "failed", "refused", "moot", "dropped"]
"""acted: on its way. passed: at its good end. moot: settled meanwhile by something else. dropped: the task was cancelled before it."""


class TaskRefused(Exception):
    """It cannot be done to the task as it stands; `rule` says why in one word, the text in a sentence."""

    def __init__(self, rule: str) -> None:
        super().__init__(TASK_REFUSALS[rule])
        self.rule = rule


TASK_REFUSALS = {
    "unknown": "there is no such task",
    "ended": "the task has ended",
    "state": "the task does not stand so that this could be done",
    "same": "whoever made a task cannot approve it",
    "needless": "the task needs no approval, or has it",
}


@dataclass(frozen=True, slots=True)
class NewTask:
    """What a person wants done to many deliveries. `partner` where there is only one. `body`: an edited event as JSON, stored sealed."""

    verb: TaskVerb
    who: str
    reason: str
    where: Filter
    partner: str
    canary: int
    rate_per_s: float
    needs_approval: bool
    as_: Literal["", "delivered", "not-taken"] = ""
    reference: str = ""
    past: bool = False
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Task:
    """A bulk action as it stands. Times are seconds since the epoch. `tried_at`: when the canary had passed. `counts` by item state."""

    id: int
    verb: TaskVerb
    as_: Literal["", "delivered", "not-taken"]
    reference: str
    past: bool
    who: str
    reason: str
    chosen: Mapping[str, Any]
    partner: str
    canary: int
    rate_per_s: float
    needs_approval: bool
    state: TaskState
    tried_at: float | None
    since: int
    approved_by: str
    approved_at: float | None
    created_at: float
    changed_at: float
    next_at: float
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """All its items."""
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        """Items not acted on yet."""
        return self.counts.get("waiting", 0)

    @property
    def onward(self) -> TaskState:
        """How it goes on from here: through a canary, an approval, or at its pace."""
        if self.verb == "edit":
            return "running" if self.approved_by else "approval"
        if self.tried_at is None:
            return "canary"
        return "approval" if self.needs_approval and not self.approved_by else "running"


@dataclass(frozen=True, slots=True)
class Item:
    """One delivery of a task and what became of it: `rule` and `says` are of a refusal, or the cause and code of a failure."""

    place: int
    delivery: int
    dossier: str
    partner: str
    state: ItemState
    before: str
    after: str
    rule: str
    says: str
    acted_at: float | None
    ended_at: float | None


@dataclass(frozen=True, slots=True)
class Turned:
    """What a turn did: the partners that have due work, when to look again (None: when something changes), edits that are due."""

    ready: frozenset[str]
    next_at: float | None
    edits: tuple[int, ...] = ()


def record(number: int) -> str:
    """What the notes about a task are found by, as those about a dossier are by its code; and what its body is sealed with."""
    return f"task:{number}"
