"""The portal's messages, field names exactly as the portal spells them. All values travel as text, absent ones as ""."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.marks import PERSONAL
from contracts.portal_envelope import Message

Personal = Annotated[str, PERSONAL]


class TaiLieu(Message):
    """A paper handed in."""

    TepDinhKemId: str
    TenTepDinhKem: str
    IsDeleted: str
    MaThanhPhanHoSo: str
    DuongDanTaiTepTin: Personal
    DuocSoHoa: str
    DuocTaiSuDung: str
    DuocLayTuKhoDMQG: str
    MaKetQuaThayThe: str


class LePhi(Message):
    """A fee (lệ phí) or charge (phí)."""

    TenPhiLePhi: str
    MaPhiLePhi: str
    HinhThucThu: str
    Gia: str
    LoaiPhiLePhi: str


class GiayToKhac(Message):
    """A further paper, on paper alone."""

    TenGiayTo: Personal
    SoLuong: str
    LoaiGiayTo: str


class HoSoBoSung(Message):
    """A supplement asked for."""

    HoSoBoSungId: str
    NguoiYeuCauBoSung: str
    NoiDungBoSung: str
    NgayBoSung: str
    NguoiTiepNhanBoSung: str
    ThongTinTiepNhan: str
    NgayTiepNhanBoSung: str
    TrangThaiBoSung: str
    DanhSachGiayToBoSung: list[dict[str, str]]
    DanhSachLePhiBoSung: list[LePhi]
    NgayHenTraTruoc: str
    NgayHenTraMoi: str


class GiayToKetQua(Message):
    """A result paper."""

    TenGiayTo: Personal
    MaThanhPhanHoSo: str
    GiayToId: str
    DuongDanTepTinKetQua: Personal
    MaGiayToKetQua: str


class HoSo(Message):
    """The full dossier object of `DongBoHoSoMC` (`data[i]`)."""

    MaHoSo: str
    MaHoSoKhac: str
    MaTTHC: str
    TenTTHC: str
    MaLinhVuc: str
    TenLinhVuc: str
    KenhThucHien: str
    ChuHoSo: Personal
    SoGiayToChuHoSo: Personal
    DinhDanhCHS: Annotated[list[dict[str, str]], PERSONAL]
    LoaiDoiTuong: str
    MaDoiTuong: Annotated[str | None, PERSONAL]
    Email: Personal
    Fax: str
    SoDienThoai: Personal
    ThongTinKhac: str
    TrichYeuHoSo: Personal
    NgayNopHoSo: str
    NgayTiepNhan: str
    NgayHenTra: str
    TrangThaiHoSo: str
    NgayKetThucXuLy: str
    NgayTra: str
    NgayTuChoi: str
    ThongTinTra: str
    HinhThuc: str
    DonViXuLy: str
    GhiChu: Personal
    SoBienNhan: str
    NoiNopHoSo: str
    HoSoCoThanhPhanSoHoa: str
    TaiKhoanDuocXacThucVoiVNeID: str
    DuocThanhToanTrucTuyen: str
    DSKetNoiCSDL: list[dict[str, str]]
    TaiLieuNop: list[TaiLieu]
    DanhSachLePhi: list[LePhi]
    DanhSachTepDinhKemKhac: list[GiayToKhac]
    DanhSachHoSoBoSung: Annotated[list[HoSoBoSung], PERSONAL]
    DanhSachGiayToKetQua: list[GiayToKetQua]


class TienDo(Message):
    """One row of `CapNhatTienDoHoSoMC`."""

    MaHoSo: str
    NguoiXuLy: Personal
    ChucDanh: str
    ThoiDiemXuLy: str
    PhongBanXuLy: str
    NoiDungXuLy: Personal
    TrangThai: str
    NgayBatDau: str
    NgayKetThucTheoQuyDinh: str


class DiaChiNop(Message):
    """An address as the portal hands it over."""

    MaTinh: str = ""
    MaHuyen: str = ""
    MaXa: str = ""
    DiaChiChiTiet: Personal = ""


class TepTin(Message):
    """A file of a filed dossier: Base64, or a path for `getfile`."""

    TepDinhKemId: str = ""
    TenTepDinhKem: str
    DuongDan: str = ""
    NoiDung: str = ""


class HoSoNop(Message):
    """A dossier filed on the portal, as the portal posts it to the province.

    Assumed: field names beyond those named in domain notes 3.1 (MaHoSo, MaTTHC, MaSoThue, address, contact, form, files); a live
    exchange would confirm them.
    """

    MaHoSo: Annotated[str, Field(min_length=1, max_length=100)]
    MaTTHC: Annotated[str, Field(min_length=1, max_length=60)]
    TenChuHoSo: Annotated[str, Field(min_length=1, max_length=300), PERSONAL]
    MaSoThue: Personal = ""
    SoDinhDanh: Personal = ""
    TechID: Personal = ""
    MaDonVi: str = ""
    DiaChi: Annotated[DiaChiNop, PERSONAL] = Field(default_factory=DiaChiNop)
    Email: Personal = ""
    SoDienThoai: Personal = ""
    NgayNop: Annotated[str, Field(pattern=r"^\d{14}$")]
    DuLieu: Annotated[dict[str, Any], PERSONAL] = Field(default_factory=dict)
    DanhSachTep: list[TepTin] = Field(default_factory=list)


class TrangThaiHoSo(Message):
    """One row of `DongBoTrangThaiHoSo` (`type` "2"): a service that lives on the portal, told under the portal's own code.

    Assumed: the row stands in `data` with `type` beside it, as `isUpdating` does, and its files in `DanhSachTep`.
    """

    MaHoSo: str
    TrangThai: str
    MaHoSoDonVi: str
    MaDoiTuong: Personal
    NoiDung: Personal
    NgayXuLy: str
    DanhSachTep: Annotated[list[dict[str, str]], PERSONAL]


class TaiKhoan(Message):
    """An account `TraCuuTechID` found. Assumed: a line of `result` carries `TechID`."""

    TechID: Annotated[str, Field(min_length=1), PERSONAL]


class TraCuu(Message):
    """The question `TraCuuTechID` is asked by: a personal id or tax code."""

    mstorcmnd: Annotated[str, Field(min_length=9, max_length=14), PERSONAL]


class TepHoi(Message):
    """The question `getfile` is asked by: the path of a filed dossier's file."""

    DuongDan: Annotated[str, Field(min_length=1, max_length=2000), PERSONAL]


class TepDaLay(Message):
    """A file `getfile` brought: its bytes in Base64 as they came, and what was found out about them."""

    NoiDung: Personal
    KichThuoc: int
    Loai: str
    SHA256: str


class CauHoi(Message):
    """A question of `LayDanhSachHoiDapGuiTuDVCQG`. Assumed: its field names; a live list would confirm them."""

    MaHoiDap: Annotated[str, Field(min_length=1, max_length=100)]
    TieuDe: str = ""
    NoiDung: Personal
    NguoiHoi: Personal = ""
    Email: Personal = ""
    SoDienThoai: Personal = ""
    MaTTHC: str = ""
    MaHoSo: str = ""
    MaDonVi: str = ""
    NgayHoi: Annotated[str, Field(pattern=r"^\d{14}$")]


class KetQuaHoiDap(Message):
    """One row of `DongBoKetQuaHoiDapGuiTuDVCQG`: our answer to a question of the portal. Assumed: its field names."""

    MaHoiDap: str
    NoiDungTraLoi: Personal
    NguoiTraLoi: Personal
    DonViTraLoi: str
    NgayTraLoi: str


class HoiDap(KetQuaHoiDap):
    """One row of `DongBoHoiDap`: a question asked in the province, with its answer. Assumed: its field names."""

    TieuDe: str
    NoiDung: Personal
    NguoiHoi: Personal
    MaTTHC: str
    NgayHoi: str


class TraLoi(BaseModel):
    """What the province answers: 0 taken, 1 duplicate, -1 failure."""

    model_config = ConfigDict(extra="forbid")

    error_code: int
    message: str
