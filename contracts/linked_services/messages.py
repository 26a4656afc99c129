"""The linked-services software's messages, field names as in domain notes 3.5. Results travel as JSON text, dossiers as XML text."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.marks import PERSONAL

Personal = Annotated[str, PERSONAL]
Number = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow")


class TraLoiToken(_Message):
    """Answer to `{username, password}`. Assumed: OAuth2's names; a live log-in would confirm them."""

    access_token: Annotated[str, Field(min_length=1)]
    expires_in: float | None = None


class HoSoMoi(_Message):
    """One line of the list of dossiers that were not acknowledged. Assumed: the list's shape is not public."""

    id: Number


class DanhSach(_Message):
    """The list; its lines are read one by one."""

    data: list[Any]


class ChiTiet(_Message):
    """`GET hosolienthong/{id}`: the dossier as XML text."""

    data: Annotated[str, PERSONAL]


class HoiHoSo(_Message):
    """`GET hosolienthong/{id}`: which dossier is asked for."""

    id: Number


class KetQuaCuTru(_Message):
    """`cuTru` of a dossier's XML (proposed): what the police decided of the residence; absent until they have."""

    trangThai: Literal["4", "6"]
    thoiGianThucHien: str
    noiCuTru: Personal = ""
    soDangKy: Personal = ""
    lyDo: Personal = ""


class XacNhan(_Message):
    """`PUT`: we have it."""

    maHoSo: str
    daNhan: Literal[True]


class TrangThai(_Message):
    """A status post."""

    maTTHC: str
    soHoSoLT: Annotated[str, Field(min_length=1)]
    coQuanXuLy: Literal[5]
    maHoSo: str
    trangThai: Literal[1, 2, 3, 4, 5, 6, 7]
    thoiGianThucHien: str
    ghiChu: Personal
    nguoiXuLy: Personal
    chucDanh: str
    phongBanXuLy: str
    noiDungXuLy: Personal
    ngayBatDau: str
    ngayKetThucTheoQuyDinh: str
    ngayHenTraTruoc: str
    ngayHenTraMoi: str
    hanBoSungHoSo: str
    ketQuaXuLy: Personal
