"""A place: a code is only worth something with its scheme and the day it was read (wards changed on 2025-07-01)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from contracts.canonical.base import Day, Shape
from contracts.identifier import Remark
from contracts.marks import Coded

UnitCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,5}$")]
Province = Annotated[UnitCode, Coded("province")]
District = Annotated[UnitCode, Coded("district")]
Ward = Annotated[UnitCode, Coded("ward")]


class Address(Shape):
    """An address with the codes of the statistics office as they stood on `as_of`; no district after 2025-06-30."""

    province: Province
    district: District | None = None
    ward: Ward | None = None
    scheme: Literal["gso"] = "gso"
    as_of: Day
    detail: Remark = ""
