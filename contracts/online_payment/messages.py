"""The platform's messages, field names exactly as it spells them; all values travel as text.

`SIGNED` names the fields whose values, joined by `|` with the secret last, make MaXacThuc (SHA-256, lower-case hex, UTF-8).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from contracts.marks import PERSONAL

Personal = Annotated[str, PERSONAL]
Stamp = Annotated[str, Field(pattern=r"^\d{14}$")]
"""yyyyMMddHHmmss on a 24-hour clock, Asia/Ho_Chi_Minh; a public client writes 12-hour time, which is another moment."""


def _text(value: Any) -> Any:
    """Numbers come as numbers and as text, nothing as null or as empty text."""
    return "" if value is None else str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Loose = Annotated[str, BeforeValidator(_text)]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,50}$")]
Money = Annotated[str, BeforeValidator(_text), Field(pattern=r"^\d{1,13}$")]
"""Whole đồng."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow")


class PhiLePhi(_Message):
    """One fee of the receipt."""

    LoaiPhiLePhi: str
    MaPhiLePhi: str
    TenPhiLePhi: str
    SoTien: Money


class KhoanNop(_Message):
    """One item to be paid."""

    NoiDung: str
    SoTien: Money


class ThongTinBienLai(_Message):
    """What the receipt (biên lai) will say. From `MaLoaiHinhThuPhat` on fields are for fines, and empty for everything else."""

    MaDichVu: str = "2"
    MaDVC: str
    TenDVC: str
    MaTTHC: str
    TenTTHC: Annotated[str, Field(max_length=250)]
    MaDonVi: str
    TenDonVi: str
    MaHoSo: str
    TKThuHuong: Annotated[str, Field(min_length=1)]
    MaNHThuHuong: Annotated[str, Field(min_length=1)]
    TenTKThuHuong: str
    NoiDungThanhToan: str
    HoTenNguoiNop: Personal
    SoCMNDNguoiNop: Personal
    DiaChiNguoiNop: Personal
    HuyenNguoiNop: Personal
    TinhNguoiNop: Personal
    PhiLePhi: Annotated[list[PhiLePhi], Field(min_length=1)]
    DSKhoanNop: Annotated[list[KhoanNop], Field(min_length=1)]
    MaLoaiHinhThuPhat: str = ""
    TenLoaiHinhThuPhat: str = ""
    MaCoQuanQD: str = ""
    TenCoQuanQD: str = ""
    KhoBac: str = ""
    NgayQD: Annotated[str, Field(pattern=r"^(\d{8})?$")] = ""
    SoQD: str = ""
    ThoiGianViPham: str = ""
    DiaDiemViPham: Personal = ""
    TenNguoiViPham: Personal = ""
    TaiKhoanThuNSNN: str = ""


class HoiPhaiNop(_Message):
    """The older variant: the portal asks what is to be paid for a dossier, by its code or by the MaTraCuuTT of an earlier answer.

    Assumed: how it is signed; the public client (S1) lets anybody ask.
    """

    SIGNED: ClassVar[tuple[str, ...]] = ("MaDoiTac", "MaHoSo", "MaTraCuuTT", "ThoiGianGD")

    MaDoiTac: Loose
    MaHoSo: Annotated[Loose, Field(max_length=100)] = ""
    MaTraCuuTT: Annotated[Loose, Field(max_length=120)] = ""
    ThoiGianGD: Stamp
    MaXacThuc: Loose = ""


class KhoanPhaiNop(ThongTinBienLai):
    """What is to be paid: the receipt's fields, flat, under MaTraCuuTT (MaHoSo and yyyyMMddHHmmss).

    Assumed: `transaction_id` is the order's MaThamChieu, and by it the payment is told like any other.
    """

    transaction_id: Reference
    client_id: str
    MaTraCuuTT: Annotated[str, Field(pattern=r"^.+\d{14}$")]


class TraLoiPhaiNop(_Message):
    """Our answer: 1 and what is to be paid, 0 and an empty list where nothing is, -1 and an empty list for what is no dossier here."""

    error_code: Literal[-1, 0, 1]
    message: KhoanPhaiNop | Annotated[list[Any], Field(max_length=0)]


class KhoiTao(_Message):
    """INIT: create an order."""

    SIGNED: ClassVar[tuple[str, ...]] = (
        *("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "SoTien", "LoaiHinhThanhToan", "MaKenhThanhToan"),
        *("MaThietBi", "NgonNgu", "MaTienTe", "MaNganHang", "ThongTinGiaoDich", "ThoiGianGD", "Ip"),
    )

    LoaiBanTin: Literal["INIT"]
    PhienBan: str
    MaDoiTac: str
    MaThamChieu: Reference
    SoTien: Money
    LoaiHinhThanhToan: str
    MaKenhThanhToan: str
    MaThietBi: str
    NgonNgu: str
    MaTienTe: str
    MaNganHang: str
    ThongTinGiaoDich: str
    ThoiGianGD: Stamp
    Ip: str
    MaXacThuc: str = ""
    ThongTinBienLai: ThongTinBienLai


class TraSoat(_Message):
    """QUERY and GET_BILL: what became of an order, its receipt. `ThoiGianGD` is that of the INIT."""

    SIGNED: ClassVar[tuple[str, ...]] = ("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD")

    LoaiBanTin: Literal["QUERY", "GET_BILL"]
    PhienBan: str
    MaDoiTac: str
    MaThamChieu: Reference
    ThoiGianGD: Stamp
    MaXacThuc: str = ""


class ThongBao(_Message):
    """The platform's notice of a payment (callback). `MaLoi` 00 is paid, any other is not."""

    SIGNED: ClassVar[tuple[str, ...]] = (
        *("LoaiBanTin", "MaLoi", "MaDoiTac", "MaThamChieu", "SoTien", "MaTienTe", "MaGiaoDich", "MaNganHang"),
        *("ThoiGianGD", "ThongTinGiaoDich"),
    )

    LoaiBanTin: Loose
    MaLoi: Annotated[Loose, Field(min_length=1, max_length=100)]
    MaDoiTac: Loose
    MaThamChieu: Reference
    SoTien: Money
    MaTienTe: Annotated[Loose, Field(max_length=100)] = ""
    MaGiaoDich: Annotated[Loose, Field(max_length=100)] = ""
    MaNganHang: Annotated[Loose, Field(max_length=100)] = ""
    ThoiGianGD: Stamp
    ThongTinGiaoDich: Annotated[Loose, PERSONAL] = ""
    MaXacThuc: Loose = ""


class TraLoiThongBao(_Message):
    """What we answer to a notice. Assumed: its own fields are joined in this order; a live exchange would confirm it."""

    SIGNED: ClassVar[tuple[str, ...]] = ("MaLoi", "MoTaLoi", "MaDoiTac", "ThoiGianGD")

    MaLoi: str
    MoTaLoi: str
    MaDoiTac: str
    ThoiGianGD: str
    MaXacThuc: str = ""


class TraLoiKhoiTao(_Message):
    """The answer to INIT: `error_code` 0, and `message` is JSON inside a string; any other, and `message` says why."""

    error_code: Annotated[Loose, Field(min_length=1)]
    message: Any = ""


class LienKet(_Message):
    """The JSON inside `message`."""

    UrlThanhToan: Annotated[str, Field(pattern=r"^https?://\S+$")]


class KetQuaTraSoat(_Message):
    """The answer to QUERY: the fields of a notice and `TrangThaiGD`; of an order that nobody has paid most are empty.

    `MaLoi` 00 says that the question was answered. Assumed: while an order can be paid, `UrlThanhToan` is told again.
    """

    SIGNED: ClassVar[tuple[str, ...]] = ThongBao.SIGNED

    LoaiBanTin: Loose = ""
    MaLoi: Annotated[Loose, Field(min_length=1, max_length=100)]
    MoTaLoi: Loose = ""
    MaDoiTac: Loose = ""
    MaThamChieu: Loose = ""
    SoTien: Loose = ""
    MaTienTe: Annotated[Loose, Field(max_length=100)] = ""
    MaGiaoDich: Annotated[Loose, Field(max_length=100)] = ""
    MaNganHang: Annotated[Loose, Field(max_length=100)] = ""
    ThoiGianGD: Loose = ""
    ThongTinGiaoDich: Annotated[Loose, PERSONAL] = ""
    TrangThaiGD: Loose = ""
    UrlThanhToan: Loose = ""
    MaXacThuc: Loose = ""
