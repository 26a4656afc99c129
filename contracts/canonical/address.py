"""A place: a code is only worth something with its scheme and the day it was read (wards changed on 2025-07-01)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from contracts.canonical.base import Day, Shape
from contracts.identifier import Remark

UnitCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,5}$")]


class Address(Shape):
    """An address with the codes of the statistics office as they stood on `as_of`; no district after 2025-06-30."""

    province: UnitCode
    district: UnitCode | None = None
    ward: UnitCode | None = None
    scheme: Literal["gso"] = "gso"
    as_of: Day
    detail: Remark = ""
