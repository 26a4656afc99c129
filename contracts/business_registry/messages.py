"""The registry's messages, field names exactly as it spells them. Lists come as lists or as their only member, nothing as null."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from contracts.marks import PERSONAL


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow")


def _text(value: Any) -> Any:
    return "" if value is None else str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _members(value: Any) -> Any:
    return [] if value is None else value if isinstance(value, list) else [value]


Loose = Annotated[str, BeforeValidator(_text)]
LoosePersonal = Annotated[str, BeforeValidator(_text), PERSONAL]
AS_LIST = BeforeValidator(_members)


class TinhTrang(_Message):
    """A legal status in words, with the days of a suspension."""

    TinhTrangPhapLy: Loose = ""
    MaTinhTrangPhapLy: Loose = ""
    NgayBatDauTamNgung: Loose = ""
    NgayKetThucTamNgung: Loose = ""
    LyDoTamNgung: Loose = ""


class CaNhan(_Message):
    """A person."""

    HoVaTen: LoosePersonal = ""
    LoaiGiayToChungThuc: Loose = ""
    MaLoaiGiayToChungThuc: Loose = ""
    SoGiayChungThuc: LoosePersonal = ""
    NgayCap: LoosePersonal = ""
    NoiCap: LoosePersonal = ""
    QuocTich: Loose = ""
    MaQuocTich: Loose = ""


class DaiDien(_Message):
    """A legal representative."""

    ThongTinCaNhan: Annotated[list[CaNhan], AS_LIST] = Field(default_factory=list)


class MotDiaChi(_Message):
    """An address; a district only where it was written before 2025-07-01."""

    MaQuocGia: Loose = ""
    QuocGia: Loose = ""
    MaTinhThanh: Loose = ""
    TenTinhThanh: Loose = ""
    MaQuanHuyen: Loose = ""
    TenQuanHuyen: Loose = ""
    MaPhuongXa: Loose = ""
    TenPhuongXa: Loose = ""
    DiaChi: Loose = ""


class TruSo(_Message):
    """Where the head office is."""

    DiaChi: Annotated[list[MotDiaChi], AS_LIST] = Field(default_factory=list)


class NganhNghe(_Message):
    """A line of business. Assumed: the names of its fields; S2 passes the list on unread."""

    MaNganh: Loose = ""
    TenNganh: Loose = ""
    NganhChinh: Loose = ""


class DoanhNghiep(_Message):
    """One record of `GetEntCert`. `MaSoDoanhNghiep` is an enterprise's code, a branch's MST-NNN, or a place's five digits."""

    MaNoiBo: Loose = ""
    MaSoDoanhNghiep: Annotated[str, BeforeValidator(_text), Field(min_length=1)]
    SoGCNDKKD: Loose = ""
    MaLoaiHinhDN: Loose = ""
    LoaiHinhDN: Loose = ""
    TenTiengViet: Annotated[str, Field(min_length=1)]
    TenNuocNgoai: Loose = ""
    TenVietTat: Loose = ""
    NgayDangKyLanDau: Loose = ""
    NgayDangKyThayDoi: Loose = ""
    SoLanDangKyThayDoi: Loose = ""
    TinhTrangPhapLy: Annotated[list[TinhTrang], AS_LIST] = Field(default_factory=list)
    DaiDienPhapLuat: Annotated[list[DaiDien], AS_LIST] = Field(default_factory=list)
    DiaChiTruSo: Annotated[list[TruSo], AS_LIST] = Field(default_factory=list)
    NganhNgheKinhDoanh: Annotated[list[NganhNghe], AS_LIST] = Field(default_factory=list)


class ThongTinChinh(_Message):
    """`MainInformation` of the older shape."""

    ENTERPRISE_ID: Loose = ""
    NAME: Annotated[str, Field(min_length=1)]
    NAME_F: Loose = ""
    SHORT_NAME: Loose = ""
    ENTERPRISE_GDT_CODE: Annotated[str, BeforeValidator(_text), Field(min_length=1)]
    ENTERPRISE_TYPE_NAME: Loose = ""
    ENTERPRISE_STATUS: Loose = ""
    ENTERPRISE_STATUS_NAME: Loose = ""
    FOUNDING_DATE: Loose = ""


class DiaChiCu(_Message):
    """`HOAdress` of the older shape, spelt so."""

    AddressFullText: Loose = ""
    CityName: Loose = ""
    DistrictName: Loose = ""
    WardName: Loose = ""


class NguoiDaiDienCu(_Message):
    """A member of `Representatives` of the older shape. Assumed: the names of its fields."""

    FULL_NAME: LoosePersonal = ""
    IDENTITY_NO: LoosePersonal = ""


class TraLoiTraCuu(_Message):
    """The answer to `chiTietDoanhNghiep`, in either shape. null is "not found"; an answer with neither shape in it is no answer."""

    GetEntCert: Annotated[list[DoanhNghiep], AS_LIST] = Field(default_factory=list)
    MainInformation: ThongTinChinh | None = None
    HOAdress: DiaChiCu | None = None
    Representatives: Annotated[list[NguoiDaiDienCu], AS_LIST] = Field(default_factory=list)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set & {"GetEntCert", "MainInformation"}:
            raise ValueError("neither GetEntCert nor MainInformation")
        return self


class HoSoHKD(_Message):
    """`dongBoHoSoHKD` (proposed): how a household's registration stands at the province."""

    maHoSo: Annotated[str, Field(min_length=1)]
    maThuTuc: Annotated[str, Field(pattern=r"^\d\.\d{6}$")]
    tenHoKinhDoanh: Annotated[str, Field(min_length=1), PERSONAL]
    soDinhDanhChuHo: Annotated[str, Field(pattern=r"^\d{12}$"), PERSONAL]
    nganhNghe: list[str]
    diaDiem: Annotated[str, PERSONAL]
    vonDangKy: Annotated[str, Field(pattern=r"^\d*$")]
    trangThai: Annotated[str, Field(pattern=r"^([1-9]|10)$")]
    maSoHKD: Annotated[str, PERSONAL] = ""


class HoiKetQuaHKD(_Message):
    """`traCuuKetQuaHKD` (proposed): what became of these dossiers (at most 100)."""

    maHoSo: Annotated[list[str], Field(min_length=1, max_length=100)]


class KetQuaHKD(_Message):
    """One row of the answer: 1 waiting, 2 supplement, 3 in processing, 4 registered, 6 refused, 7 withdrawn, as at the civil registry."""

    maHoSo: Annotated[str, Field(min_length=1)]
    trangThai: Annotated[Literal["1", "2", "3", "4", "6", "7"], BeforeValidator(_text)]
    lyDo: LoosePersonal = ""
    hanBoSung: Annotated[str, BeforeValidator(_text), Field(pattern=r"^(\d\d/\d\d/\d{4})?$")] = ""
    maSoHKD: LoosePersonal = ""
    ngayCap: Annotated[str, BeforeValidator(_text), Field(pattern=r"^(\d\d/\d\d/\d{4})?$")] = ""
    giayChungNhan: LoosePersonal = ""


class TraLoiKetQuaHKD(_Message):
    """The answer to `traCuuKetQuaHKD`; rows are read one by one, so that one bad row spoils no other."""

    maLoi: Annotated[str, BeforeValidator(_text), Field(min_length=1)]
    moTa: Loose = ""
    duLieu: Annotated[list[Any], AS_LIST] = Field(default_factory=list)


class HoiTenHKD(_Message):
    """`traCuuTenHKD` (proposed): the household businesses of a commune with this name; answered as `chiTietDoanhNghiep` is."""

    tenHoKinhDoanh: Annotated[str, Field(min_length=1)]
    maXa: Annotated[str, Field(pattern=r"^\d{5}$")]


class TraLoi(_Message):
    """The answer to `dongBoHoSoHKD` (proposed): 00 is success."""

    maLoi: Annotated[str, BeforeValidator(_text), Field(min_length=1)]
    moTa: Loose = ""
