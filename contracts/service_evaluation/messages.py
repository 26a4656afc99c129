"""EMC's one message, field names and words exactly as it spells them. It answers by status alone."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.marks import PERSONAL

Personal = Annotated[str, PERSONAL]
Filled = Annotated[str, Field(min_length=1)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow")


class SuKien(_Message):
    """`TrackingMCDT`: one change of one dossier. `User` is a `NguoiDung` as JSON text."""

    CodeProfile: Filled
    SiteId: Annotated[int, Field(strict=True, ge=1)]
    CodeTTHC: Filled
    NameTTHC: Filled
    MaHoSo: Filled
    Status: Literal["0", "1", "2", "3", "4"]
    FormsReception: Literal["1", "2"]
    FormsPayments: Literal["0", "1", "2"]
    Level: Literal["0", "1", "3", "4"]
    IsFromDVCQG: Literal["0", "1"]
    IsDVCBC: Literal["0", "1", "2"]
    Data: Any = None
    User: Personal


class NguoiDung(_Message):
    """What stands in `User`: the person by the province's and by the national portal's id, the kind, the province."""

    ID_local: Personal
    ID_QG: Personal
    TYPE: Literal["1", "2"]
    LOCATION: Annotated[str, Field(pattern=r"^([0-9]{2})?$")]
