"""The catalogue's rows, field names exactly as it spells them (upper case). Values travel as text or numbers; absent ones as "" or null.

Verified: `LayThuTuc`, `LayDanhMucCoQuan`, `LayDanhMucLinhVuc` (S1, S2). Assumed, a live exchange would confirm them: the rows of
`LayDanhSachTTHC`, `LayQDCB`, `LayDanhMucNhomThuTuc` and `LayDanhMucThuTucThuocLoai`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from contracts.portal_envelope import Message


def _text(value: Any) -> Any:
    """Null as nothing, numbers as they would be written."""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, int) else value


def _members(value: Any) -> Any:
    """A list of one sometimes comes as its only member, an empty one as null or as empty text."""
    if value in (None, ""):
        return []
    return value if isinstance(value, list) else [value]


Said = Annotated[str, BeforeValidator(_text), Field(default="")]


class DongTTHC(Message):
    """One line of `LayDanhSachTTHC`. Assumed: a change of the procedure changes its line."""

    MATTHC: Annotated[str, BeforeValidator(_text), Field(min_length=1)]
    TENTTHC: Said
    TRANGTHAI: Said
    IDQUYETDINHCONGBO: Said
    NGAYCAPNHAT: Said


class PhiLePhi(Message):
    """A fee; SOTIEN may be prose."""

    MAPHILEPHI: Said
    SOTIEN: Said
    DONVI: Said
    MOTA: Said


class ThoiGian(Message):
    """A time limit of one case, told in MOTA."""

    THOIGIANGIAIQUYET: Said
    DONVITINH: Said
    MOTA: Said
    PHILEPHI: Annotated[list[PhiLePhi], BeforeValidator(_members), Field(default_factory=list)]


class CachThuc(Message):
    """A channel (KENH 1 counter, 2 online, 3 postal)."""

    KENH: Said
    THOIGIAN: Annotated[list[ThoiGian], BeforeValidator(_members), Field(default_factory=list)]


class GiayTo(Message):
    """A paper to hand in."""

    MAGIAYTO: Said
    TENGIAYTO: Said
    TENMAUDON: Said
    URL: Said
    SOBANCHINH: Said
    SOBANSAO: Said
    MA_KQ_THAYTHE: Said


class ThanhPhan(Message):
    """The papers of one case."""

    TRUONGHOP: Said
    GIAYTO: Annotated[list[GiayTo], BeforeValidator(_members), Field(default_factory=list)]


class DonVi(Message):
    """An agency; CAPDONVI in `LayDanhMucCoQuan` alone."""

    MADONVI: Said
    TENDONVI: Said
    CAPDONVI: Said


class LinhVuc(Message):
    """A field of work; MANGANH in `LayDanhMucLinhVuc` alone."""

    MALINHVUC: Said
    TENLINHVUC: Said
    MANGANH: Said


class CapThucHien(Message):
    CAPTHUCHIEN: Said
    TENCAP: Said


class DoiTuong(Message):
    TENDOITUONG: Said


class KetQua(Message):
    """A result."""

    MAKETQUA: Said
    TENKETQUA: Said
    TENTEP: Said
    URL: Said


class CanCu(Message):
    """A legal basis."""

    SOVANBAN: Said
    TENVANBAN: Said


class ThuTuc(Message):
    """`LayThuTuc` → `result[0]`."""

    ID: Said
    MATTHC: Annotated[str, BeforeValidator(_text), Field(min_length=1)]
    TENTTHC: Said
    MACOQUANCONGBO: Said
    LOAITTHC: Said
    MOTADOITUONGTHUCHIEN: Said
    DIACHITIEPNHAN: Said
    QUYETDINH: Said
    IDQUYETDINHCONGBO: Said
    YEUCAU: Said
    TUKHOA: Said
    TRANGTHAI: Said
    TRINHTUTHUCHIEN: Annotated[list[dict[str, Any]], BeforeValidator(_members), Field(default_factory=list)]
    CAPTHUCHIEN: Annotated[list[CapThucHien], BeforeValidator(_members), Field(default_factory=list)]
    LINHVUCTHUCHIEN: Annotated[list[LinhVuc], BeforeValidator(_members), Field(default_factory=list)]
    CACHTHUCTHUCHIEN: Annotated[list[CachThuc], BeforeValidator(_members), Field(default_factory=list)]
    DOITUONGTHUCHIEN: Annotated[list[DoiTuong], BeforeValidator(_members), Field(default_factory=list)]
    THANHPHANHOSO: Annotated[list[ThanhPhan], BeforeValidator(_members), Field(default_factory=list)]
    KETQUATHUCHIEN: Annotated[list[KetQua], BeforeValidator(_members), Field(default_factory=list)]
    CANCUPHAPLY: Annotated[list[CanCu], BeforeValidator(_members), Field(default_factory=list)]
    COQUANTHUCHIEN: Annotated[list[DonVi], BeforeValidator(_members), Field(default_factory=list)]
    COQUANCOTHAMQUYEN: Any = None
    COQUANDUOCUYQUYEN: Any = None
    COQUANPHOIHOP: Any = None
    TTHCLIENQUAN: Annotated[list[Any], BeforeValidator(_members), Field(default_factory=list)]
    TTHCLIENTHONG: Annotated[list[Any], BeforeValidator(_members), Field(default_factory=list)]


class QuyetDinh(Message):
    """`LayQDCB` → `result[0]`, days as dd/MM/yyyy. Assumed."""

    IDQDCB: Annotated[str, BeforeValidator(_text), Field(min_length=1)]
    SOQUYETDINH: Said
    TENQUYETDINH: Said
    COQUANBANHANH: Said
    NGAYQUYETDINH: Said
    NGAYHIEULUC: Said
    NGAYCONGKHAI: Said


class NhomThuTuc(Message):
    """A group of procedures. Assumed."""

    MANHOM: Annotated[str, BeforeValidator(_text), Field(min_length=1)]
    TENNHOM: Said
