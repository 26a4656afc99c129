"""`[office]`: when the province's offices are open; limits that run in office hours, and silence of a source, are counted by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from contracts.working_time import OFFICE_HOURS, VIETNAMESE, Calendar


def _span(value: str) -> str:
    begins, ends = (time.fromisoformat(part) for part in value.split("-"))
    if not begins < ends or begins.tzinfo or ends.tzinfo:
        raise ValueError(f"{value} does not end after it begins")
    return value


def _in_order(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value or any(a.split("-")[1] > b.split("-")[0] for a, b in pairwise(value)):
        raise ValueError("name the hours of a day in their order, none within another")
    return value


Span = Annotated[str, AfterValidator(_span)]
"""`07:00-11:30`, Vietnamese time."""


class OfficeSettings(BaseModel):
    """`[office]`: `hours` of a working day, in Vietnamese time. The days are the calendar's (contracts/codes/holidays.csv)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hours: Annotated[tuple[Span, ...], AfterValidator(_in_order)] = tuple(
        f"{a:%H:%M}-{b:%H:%M}" for a, b in OFFICE_HOURS
    )

    @property
    def calendar(self) -> Calendar:
        """Working time as it runs in these offices."""
        spans = (span.split("-") for span in self.hours)
        return replace(VIETNAMESE, hours=tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in spans))
