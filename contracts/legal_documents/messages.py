"""The database's messages as models, field names as in the WSDL; used for masking what was sent."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contracts.marks import PERSONAL


class VanBanLienQuan(BaseModel):
    """A related document."""

    model_config = ConfigDict(extra="allow")

    itemId: str
    quanHe: str


class GuiVanBan(BaseModel):
    """`guiVanBan`: a document the province posts. soKyHieu + coQuanBanHanh identify it."""

    model_config = ConfigDict(extra="allow")

    soKyHieu: str
    trichYeu: str
    loaiVanBan: str
    coQuanBanHanh: str
    nguoiKy: Annotated[str, PERSONAL]
    ngayBanHanh: str
    ngayHieuLuc: str | None = None
    ngayHetHieuLuc: str | None = None
    linhVuc: list[str] = Field(default_factory=list)
    vanBanLienQuan: list[VanBanLienQuan] = Field(default_factory=list)
    toanVanUrl: Annotated[str, PERSONAL]


class VanBan(BaseModel):
    """A document as the database tells it; `ngayCapNhat` is when it changed there."""

    model_config = ConfigDict(extra="allow")

    itemId: str
    soKyHieu: str
    trichYeu: str
    loaiVanBan: str
    coQuanBanHanh: str
    nguoiKy: Annotated[str, PERSONAL]
    ngayBanHanh: str
    ngayHieuLuc: str | None = None
    ngayHetHieuLuc: str | None = None
    tinhTrangHieuLuc: str
    linhVuc: list[str] = Field(default_factory=list)
    vanBanLienQuan: list[VanBanLienQuan] = Field(default_factory=list)
    toanVanUrl: str | None = None
    ngayCapNhat: str
