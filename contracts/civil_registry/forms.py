"""The registry's forms, which travel as JSON text in `data` (domain notes 3.5): what a birth, a death, a marriage is registered by.

`nks` is the child, `me` and `cha` its parents, `nkt` the deceased, `chong` and `vo` the couple, `nyc` the requester.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contracts.marks import PERSONAL

Personal = Annotated[str, PERSONAL]
Required = Annotated[str, Field(min_length=1), PERSONAL]


class _Form(BaseModel):
    model_config = ConfigDict(extra="allow")


class DiaChi(_Form):
    """An address; what is not known is an empty text."""

    maTinh: Personal = ""
    maHuyen: Personal = ""
    maXa: Personal = ""
    dcChiTiet: Personal = ""


class KhaiSinh(_Form):
    """A birth."""

    maGCS: Personal = ""
    ngayCapGCS: Personal = ""
    loaiDangKy: Personal = ""
    noiDangKy: Personal = ""
    soLuongBanSao: Personal = ""
    nksHoTen: Required
    nksGioiTinh: Required
    nksNgaySinh: Required
    nksNgaySinhBangChu: Personal = ""
    nksNoiSinh: DiaChi = Field(default_factory=DiaChi)
    nksNoiSinhNuocNgoai: Personal = ""
    nksQueQuan: DiaChi = Field(default_factory=DiaChi)
    nksDanToc: Personal = ""
    nksQuocTich: Personal = ""
    nksLoaiKhaiSinh: Personal = ""
    meHoTen: Personal = ""
    meDanToc: Personal = ""
    meQuocTich: Personal = ""
    meLoaiCuTru: Personal = ""
    meNoiCuTru: DiaChi = Field(default_factory=DiaChi)
    meLoaiGiayToTuyThan: Personal = ""
    meSoGiayToTuyThan: Personal = ""
    meSoDDCN: Personal = ""
    meXacThucThongTin: Personal = ""
    meNgaySinh: Personal = ""
    chaHoTen: Personal = ""
    chaDanToc: Personal = ""
    chaQuocTich: Personal = ""
    chaLoaiCuTru: Personal = ""
    chaNoiCuTru: DiaChi = Field(default_factory=DiaChi)
    chaLoaiGiayToTuyThan: Personal = ""
    chaSoGiayToTuyThan: Personal = ""
    chaSoDDCN: Personal = ""
    chaXacThucThongTin: Personal = ""
    chaNgaySinh: Personal = ""
    nycHoTen: Required
    nycQuanHe: Required
    nycLoaiGiayToTuyThan: Personal = ""
    nycSoGiayToTuyThan: Required
    nycNgayCapGiayToTuyThan: Personal = ""
    nycNoiCapGiayToTuyThan: Personal = ""
    nycSoDienThoai: Personal = ""
    nycEmail: Personal = ""
    nycNoiCuTru: DiaChi = Field(default_factory=DiaChi)
    soDangKyNuocNgoai: Personal = ""
    ngayDangKyNuocNgoai: Personal = ""
    cqNuocNgoaiDaDangKy: Personal = ""
    qgNuocNgoaiDaDangKy: Personal = ""


class KhaiTu(_Form):
    """A death."""

    maGBT: Personal = ""
    ngayCapGBT: Personal = ""
    gbtLoai: Personal = ""
    gbtSo: Personal = ""
    gbtNgay: Personal = ""
    gbtCoQuanCap: Personal = ""
    loaiDangKy: Personal = ""
    noiDangKy: Personal = ""
    soLuongBanSao: Personal = ""
    nktHoTen: Required
    nktDanToc: Personal = ""
    nktQuocTich: Personal = ""
    nktLoaiCuTru: Personal = ""
    nktNoiCuTru: DiaChi = Field(default_factory=DiaChi)
    nktLoaiGiayToTuyThan: Personal = ""
    nktSoGiayToTuyThan: Personal = ""
    nktSoDDCN: Personal = ""
    nktXacThucThongTin: Personal = ""
    nktGioiTinh: Personal = ""
    nktNgaySinh: Personal = ""
    nktNgayChet: Required
    nktGioPhutChet: Personal = ""
    nktNoiChet: DiaChi = Field(default_factory=DiaChi)
    nktNguyenNhanChet: Personal = ""
    nycHoTen: Required
    nycQuanHe: Required
    nycLoaiGiayToTuyThan: Personal = ""
    nycSoGiayToTuyThan: Required
    nycNgayCapGiayToTuyThan: Personal = ""
    nycNoiCapGiayToTuyThan: Personal = ""
    nycSoDienThoai: Personal = ""
    nycEmail: Personal = ""
    nycNoiCuTru: DiaChi = Field(default_factory=DiaChi)


class KetHon(_Form):
    """A marriage."""

    loaiDangKy: Personal = ""
    noiDangKy: Personal = ""
    soLuongBanSao: Personal = ""
    chongHoTen: Required
    chongDanToc: Personal = ""
    chongQuocTich: Personal = ""
    chongLoaiCuTru: Personal = ""
    chongNoiCuTru: DiaChi = Field(default_factory=DiaChi)
    chongLoaiGiayToTuyThan: Personal = ""
    chongSoGiayToTuyThan: Personal = ""
    chongSoDDCN: Personal = ""
    chongXacThucThongTin: Personal = ""
    chongNgaySinh: Required
    chongSoLanKH: Personal = ""
    chongTinhTrangHonNhan: Personal = ""
    chongYeuCauXNTTHN: Personal = ""
    chongNoiXNTTHN: Personal = ""
    voHoTen: Required
    voDanToc: Personal = ""
    voQuocTich: Personal = ""
    voLoaiCuTru: Personal = ""
    voNoiCuTru: DiaChi = Field(default_factory=DiaChi)
    voLoaiGiayToTuyThan: Personal = ""
    voSoGiayToTuyThan: Personal = ""
    voSoDDCN: Personal = ""
    voXacThucThongTin: Personal = ""
    voNgaySinh: Required
    voSoLanKH: Personal = ""
    voTinhTrangHonNhan: Personal = ""
    voYeuCauXNTTHN: Personal = ""
    voNoiXNTTHN: Personal = ""
    ngayXacLapQuanHeHonNhan: Personal = ""
