"""What every canonical shape shares: strict, frozen, in the house's own words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


class Shape(BaseModel):
    """A canonical shape: unknown fields are refused, so that a misspelt one is noticed at the door."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
"""An aware instant, held in UTC; a time without an offset is refused."""
