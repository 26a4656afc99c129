"""The insurance's messages, field names exactly as it spells them, inside the envelope of the national bus."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from contracts.marks import PERSONAL


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow")


def _text(value: Any) -> Any:
    return "" if value is None else str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _members(value: Any) -> Any:
    return [] if value in (None, "") else value if isinstance(value, list) else [value]


Loose = Annotated[str, BeforeValidator(_text)]
LoosePersonal = Annotated[str, BeforeValidator(_text), PERSONAL]
Number = Annotated[str, Field(pattern=r"^\d{10}$"), PERSONAL]
Precision = Annotated[Literal["0", "1", "2"], BeforeValidator(_text), PERSONAL]
SexCode = Annotated[Literal["1", "2", "3"], BeforeValidator(_text), PERSONAL]
Birthday = Annotated[str, Field(pattern=r"^\d{8}$"), PERSONAL]


class HoiTheoSo(_Message):
    """`TraCuuThongTinHoGiaDinh`: by number."""

    maSoBhxh: Number


class HoiTheoTieuChi(_Message):
    """`TraCuuMaSoBhxhTheoTieuChi`: by criteria; `loaiNgaySinh` says how much of `ngaySinh` is known."""

    hoTen: Annotated[str, Field(min_length=1), PERSONAL]
    ngaySinh: Birthday
    loaiNgaySinh: Precision
    gioiTinh: SexCode
    maTinhKs: LoosePersonal = ""
    maHuyenKs: LoosePersonal = ""
    maXaKs: LoosePersonal = ""


class ThongTinHgd(_Message):
    """`dataThongTinHgd`: a person."""

    hoTen: Annotated[str, Field(min_length=1), PERSONAL]
    soSoCu: LoosePersonal = ""
    ngaySinh: LoosePersonal = ""
    loaiNgaySinh: Annotated[Literal["", "0", "1", "2"], BeforeValidator(_text)] = ""
    gioiTinh: Annotated[Literal["", "1", "2", "3"], BeforeValidator(_text), PERSONAL] = ""
    maTinhKs: LoosePersonal = ""
    maHuyenKs: LoosePersonal = ""
    maXaKs: LoosePersonal = ""
    trangThai: Loose = ""


class NguoiThan(_Message):
    """A parent."""

    hoTen: Annotated[str, Field(min_length=1), PERSONAL]
    soDinhDanh: LoosePersonal = ""


class TreEm(_Message):
    """The child; without a personal id there is no card."""

    hoTen: Annotated[str, Field(min_length=1), PERSONAL]
    ngaySinh: Birthday
    gioiTinh: SexCode
    soDinhDanh: Annotated[str, Field(pattern=r"^\d{12}$"), PERSONAL]
    soGiayKhaiSinh: Annotated[str, Field(min_length=1), PERSONAL]
    quyenSo: Annotated[str, PERSONAL]
    ngayDangKy: Annotated[str, Field(pattern=r"^\d{8}$")]


class DangKyTheBHYT(_Message):
    """`dangKyTheBHYT` (proposed): the card of a child under six. `noiKCB` is where it is treated first, five digits or empty."""

    maHoSoLT: Annotated[str, Field(min_length=1)]
    treEm: Annotated[TreEm, PERSONAL]
    cha: Annotated[NguoiThan | None, PERSONAL] = None
    me: Annotated[NguoiThan | None, PERSONAL] = None
    diaChiThuongTru: Annotated[dict[str, str], PERSONAL]
    noiKCB: Annotated[str, Field(pattern=r"^(\d{5})?$")] = ""


class HoiTheBHYT(_Message):
    """`traCuuTheBHYT` (proposed): how a card stands."""

    maHoSoLT: Annotated[str, Field(min_length=1)]


class ThanhCong(_Message):
    """`successful` of every operation: the answer, or an `errorCode`."""

    errorCode: Loose = ""
    errorMessage: LoosePersonal = ""


class TraLoiThongTin(ThanhCong):
    """A person, or none."""

    dataThongTinHgd: Annotated[list[ThongTinHgd], BeforeValidator(_members), PERSONAL] = Field(default_factory=list)


class TraLoiMaSo(ThanhCong):
    """Numbers that fit. Assumed: the field's name; the page says no more than "code(s)"."""

    maSoBhxh: Annotated[list[Number], BeforeValidator(_members), PERSONAL] = Field(default_factory=list)


class TraLoiThe(ThanhCong):
    """A card: 1 received, 2 supplement, 4 issued, 6 refused; days are yyyyMMdd."""

    trangThai: Annotated[Literal["", "1", "2", "4", "6"], BeforeValidator(_text)] = ""
    maSoBHXH: LoosePersonal = ""
    soTheBHYT: LoosePersonal = ""
    giaTriTu: Loose = ""
    giaTriDen: Loose = ""
    ghiChu: LoosePersonal = ""
    fileThe: LoosePersonal = ""


class PhanHoi(_Message):
    """One operation's part of an answer."""

    successful: dict[str, Any]


class TraLoi(_Message):
    """The envelope: HTTP-like `code`, processing `status`, and under `response` the part of the one operation asked."""

    code: Annotated[str, BeforeValidator(_text), Field(min_length=1)]
    status: Loose = ""
    correlationId: Loose = ""
    response: dict[str, PhanHoi] | None = None
