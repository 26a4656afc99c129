"""The ISO system's messages as models, field names as in the WSDL; used for masking and for the simulator's book."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from contracts.marks import PERSONAL

Personal = Annotated[str, PERSONAL]


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow")


class TiepNhanHoSo(_Message):
    """Open a slip."""

    MaHoSo: str
    MaTTHC: str
    MaQuyTrinhISO: str
    MaDonVi: str
    NguoiTiepNhan: Personal
    NgayTiepNhan: str
    NgayHenTra: str | None = None


class CapNhatBuoc(_Message):
    """A step of a slip. MaHoSo + MaBuoc + BatDau identify it."""

    MaPhieu: str
    MaBuoc: str
    TenBuoc: str
    NguoiXuLy: Personal
    BatDau: str
    KetThuc: str | None = None
    HanXuLyGio: float | None = None
    KetQua: str
    GhiChu: Annotated[str | None, PERSONAL] = None


class KetThuc(_Message):
    """Close a slip."""

    MaPhieu: str
    MaHoSo: str
    TrangThai: int
    NgayKetThuc: str
    SoVanBan: str | None = None
    FileKetQua: str | None = None


class ThayDoi(_Message):
    """A change inside the ISO system, told or polled. `MaThayDoi` identifies it, `ThoiDiem` is when it was made."""

    MaThayDoi: str
    MaPhieu: str
    MaHoSo: str
    MaBuoc: str
    TenBuoc: str
    NguoiXuLy: Personal
    BatDau: str
    KetThuc: str | None = None
    HanXuLyGio: float | None = None
    KetQua: str
    GhiChu: Annotated[str | None, PERSONAL] = None
    ThoiDiem: str
