"""The ministry's messages. Proposed: the schema is not public, so names and shapes are those of domain notes 3.6."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from contracts.marks import PERSONAL


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow")


def _text(value: Any) -> Any:
    """Numbers come as numbers and as text, nothing as null or as empty text."""
    return "" if value is None else str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Loose = Annotated[str, BeforeValidator(_text)]
LoosePersonal = Annotated[str, BeforeValidator(_text), PERSONAL]
Moment = Annotated[Loose, Field(pattern=r"^$|^\d\d/\d\d/\d{4} \d\d:\d\d:\d\d$")]
Day = Annotated[Loose, Field(pattern=r"^$|^\d\d/\d\d/\d{4}$")]
Code = Annotated[Loose, Field(pattern=r"^$|^[0-9]{7}$")]


class TraLoi(_Message):
    """The envelope of every answer: 00 is success."""

    maLoi: Annotated[Loose, Field(min_length=1)]
    moTa: Loose = ""
    duLieu: Any = None


class HoiDonVi(_Message):
    """`traCuu`, by one of the three."""

    maDVQHNS: str = ""
    maSoThue: Annotated[str, PERSONAL] = ""
    tenDonVi: str = ""


class DonVi(_Message):
    """A unit. capDuToan 0 to 4; trangThai 1 active, 2 closed."""

    maDVQHNS: Annotated[Loose, Field(pattern=r"^[0-9]{7}$")]
    tenDonVi: Annotated[Loose, Field(min_length=1)]
    loaiHinhDonVi: Loose = ""
    maChuong: Annotated[Loose, Field(pattern=r"^$|^[0-9]{3}$")] = ""
    capDuToan: Annotated[Loose, Field(pattern=r"^[0-4]?$")] = ""
    maDVQHNSCapTren: Code = ""
    maTinh: Loose = ""
    maXa: Loose = ""
    diaChi: Loose = ""
    soQuyetDinhThanhLap: Loose = ""
    ngayQuyetDinh: Day = ""
    coQuanQuyetDinh: Loose = ""
    trangThai: Annotated[Literal["1", "2"], BeforeValidator(_text)]
    ngayCap: Day = ""


class HoiDanhSach(_Message):
    """`danhSachHoSo`: dossiers that changed from `tuNgay` to `denNgay`, both included; pages begin at 1."""

    tuNgay: Annotated[str, Field(pattern=r"^\d\d/\d\d/\d{4} \d\d:\d\d:\d\d$")]
    denNgay: Annotated[str, Field(pattern=r"^\d\d/\d\d/\d{4} \d\d:\d\d:\d\d$")]
    trang: Annotated[int, Field(ge=1)]


class HoSoBTC(_Message):
    """One row: a dossier filed on the ministry's system. The certificate is a PDF in Base64; it may come later than the code."""

    maHoSoBTC: Annotated[Loose, Field(pattern=r"^[\x21-\x7e]{1,100}$")]
    loaiDichVu: Annotated[Literal["1", "2", "3", "4", "5", "6"], BeforeValidator(_text)]
    tenDonVi: Annotated[Loose, Field(min_length=1)]
    nguoiNop: LoosePersonal = ""
    ngayNop: Moment
    ngayTiepNhan: Moment = ""
    ngayHenTra: Moment = ""
    trangThai: Annotated[Literal["1", "2", "3", "4", "5", "9"], BeforeValidator(_text)]
    lyDo: LoosePersonal = ""
    maDVQHNS: Code = ""
    fileGiayChungNhan: LoosePersonal = ""


class XacNhan(_Message):
    """`xacNhan`: we have seen this dossier in this state."""

    maHoSoBTC: Annotated[str, Field(min_length=1)]
    trangThai: Literal["1", "2", "3", "4", "5", "9"]
