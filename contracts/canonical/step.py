"""One step of an agency's internal workflow, as the electronic ISO system counts it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.canonical.base import Instant, Shape
from contracts.identifier import Key, Name, Remark, Title


class Step(Shape):
    """A step with its owner and its time budget in working hours."""

    code: Key
    title: Title
    officer: Name
    started_at: Instant
    ended_at: Instant | None = None
    budget_hours: float | None = Field(default=None, ge=0, le=10_000)
    result: Literal["passed", "sent_back", "paused"] = "passed"
    note: Remark = ""
