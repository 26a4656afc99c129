"""What every canonical shape shares: strict, frozen, in the house's own words."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from contracts.fault import refuse
from contracts.marks import Coded

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
STATUS = Coded("dvcqg.TrangThaiHoSo")
"""For a field that holds a dossier's status."""
YEARS = range(1900, 2200)
"""Years an event may speak of; everything else is a slip of the pen or breaks arithmetic on times."""


class Shape(BaseModel):
    """A canonical shape: unknown fields are refused, so that a misspelt one is noticed at the door."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _instant(value: Any) -> Any:
    """Numbers and `yyyyMMddHHmmss` are refused: read as Unix times, as pydantic does, they would be other moments."""
    if isinstance(value, str):
        value = _moment(value)
    if not isinstance(value, datetime):
        refuse("instant", "a time is written with its offset, such as 2026-07-01T08:30:00+07:00", "RFC 3339, 5.6")
    if value.year not in YEARS:
        refuse("instant_year", f"a time lies in the years {YEARS.start} to {YEARS.stop - 1}", "docs/events.md, limits")
    return value if value.tzinfo is None or value.tzinfo is UTC else value.astimezone(UTC)


@lru_cache(4096)
def _moment(text: str) -> datetime | None:
    """The moment in UTC, None for what is not written as one. An event writes one moment several times, the next event again."""
    if not _INSTANT.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        refuse("instant", "there is no such time of day or day of the month", "RFC 3339, 5.7")
    return moment.astimezone(UTC) if moment.year in YEARS else moment


Said = TypeVar("Said", bound=Shape)


def remembered(model: type[Said]) -> BeforeValidator:
    """For a `model` that is public and said over and over, as a province's agencies are: each is judged once, then shared."""

    @lru_cache(4096)
    def judged(*said: tuple[str, Any]) -> Said:
        return model.model_validate(dict(said))

    def known(value: Any) -> Any:
        if isinstance(value, dict):
            with suppress(TypeError, ValueError):
                return judged(*value.items())
        return value

    return BeforeValidator(known)


def _written_as_day(value: Any) -> Any:
    if isinstance(value, date) or (isinstance(value, str) and _DAY.match(value)):
        return value
    refuse("day", "a day is written yyyy-mm-dd", "RFC 3339, 5.6")


Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]
"""An aware instant, held in UTC; a time without an offset is refused."""

Day = Annotated[date, BeforeValidator(_written_as_day)]
"""A calendar day in Vietnam."""

Flag = Annotated[bool, Field(strict=True)]
"""true or false, and nothing that merely looks like it."""

Count = Annotated[int, Field(strict=True, ge=0, le=10**13)]
"""A whole number, or whole đồng; text and fractions are refused."""
