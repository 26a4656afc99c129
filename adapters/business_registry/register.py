"""Invented firms of the simulator's register: one of each kind a caller must tell apart (domain notes 3.7). The first two codes are real
codes of large firms with right check digits; names, people and the rest are made up."""

from __future__ import annotations

from typing import Any

HOUSEHOLD_PROCEDURES = frozenset({"1.001612", "2.000720", "2.000575", "1.001570"})
ACTIVE = {"TinhTrangPhapLy": "Đang hoạt động", "MaTinhTrangPhapLy": "NNT1"}


def _person(name: str, number: str) -> dict[str, Any]:
    return {
        "HoVaTen": name,
        "LoaiGiayToChungThuc": "Thẻ căn cước công dân",
        "MaLoaiGiayToChungThuc": "5",
        "SoGiayChungThuc": number,
        "NgayCap": "2021-04-10T00:00:00",
        "NoiCap": "Cục Cảnh sát quản lý hành chính về trật tự xã hội",
        "QuocTich": "Việt Nam",
        "MaQuocTich": "VN",
    }


def _place(province: str, district: str, ward: str, street: str) -> dict[str, Any]:
    """Code and name each, such as `84 Tỉnh Trà Vinh`; no district after 2025-06-30."""
    parts = {"TinhThanh": province, "QuanHuyen": district, "PhuongXa": ward}
    codes = {f"Ma{name}": text.partition(" ")[0] for name, text in parts.items()}
    names = {f"Ten{name}": text.partition(" ")[2] for name, text in parts.items()}
    return {"MaQuocGia": "VN", "QuocGia": "Việt Nam", **codes, **names, "DiaChi": street}


TRA_VINH, CITY = "84 Tỉnh Trà Vinh", "842 Thành phố Trà Vinh"

FIRMS: tuple[dict[str, Any], ...] = (
    {
        "MaNoiBo": "7000123",
        "MaSoDoanhNghiep": "0100109106",
        "SoGCNDKKD": "",
        "MaLoaiHinhDN": "TNHH1",
        "LoaiHinhDN": "Công ty trách nhiệm hữu hạn một thành viên",
        "TenTiengViet": "CÔNG TY TNHH  MỘT THÀNH VIÊN MẪU SỐ MỘT",
        "TenNuocNgoai": "SAMPLE ONE COMPANY LIMITED",
        "TenVietTat": "MẪU MỘT",
        "NgayDangKyLanDau": "2010-07-13T00:00:00",
        "NgayDangKyThayDoi": "2024-02-19T00:00:00",
        "SoLanDangKyThayDoi": "4",
        "TinhTrangPhapLy": [ACTIVE],
        "DaiDienPhapLuat": [{"ThongTinCaNhan": [_person("NGUYỄN  VĂN MẪU", "084080000123")]}],
        "DiaChiTruSo": [{"DiaChi": [_place(TRA_VINH, CITY, "29236 Phường 4", "12 Trần Phú")]}],
        "NganhNgheKinhDoanh": [{"MaNganh": "4711", "TenNganh": "Bán lẻ lương thực, thực phẩm", "NganhChinh": "1"}],
    },
    {
        "MaNoiBo": "7000124",
        "MaSoDoanhNghiep": "0300588569",
        "MaLoaiHinhDN": "CTCP",
        "LoaiHinhDN": "Công ty cổ phần",
        "TenTiengViet": "CÔNG TY CỔ PHẦN MẪU SỐ HAI",
        "NgayDangKyLanDau": "2003-11-20T00:00:00",
        "NgayDangKyThayDoi": "2026-03-02T00:00:00",
        "SoLanDangKyThayDoi": 11,
        "TinhTrangPhapLy": {
            "TinhTrangPhapLy": "Tạm ngừng kinh doanh",
            "MaTinhTrangPhapLy": "NNT5",
            "NgayBatDauTamNgung": "2026-03-10T00:00:00",
            "NgayKetThucTamNgung": "2027-03-09T00:00:00",
            "LyDoTamNgung": "Thiếu đơn hàng",
        },
        "DaiDienPhapLuat": {"ThongTinCaNhan": _person("LÊ THỊ HAI", "083175000456")},
        "DiaChiTruSo": {"DiaChi": _place("86 Tỉnh Vĩnh Long", "", "29557 Phường Phước Hậu", "5 Hùng Vương")},
        "NganhNgheKinhDoanh": None,
    },
    {
        "MaNoiBo": "7000125",
        "MaSoDoanhNghiep": "0100109106-001",
        "MaLoaiHinhDN": "CN",
        "LoaiHinhDN": "Chi nhánh",
        "TenTiengViet": "CHI NHÁNH CÔNG TY MẪU SỐ MỘT TẠI VĨNH LONG",
        "NgayDangKyLanDau": "2015-01-05T00:00:00",
        "SoLanDangKyThayDoi": "0",
        "TinhTrangPhapLy": [
            {"TinhTrangPhapLy": "Chuyển sang tỉnh khác", "MaTinhTrangPhapLy": "NNT6"},
            ACTIVE,
        ],
        "DaiDienPhapLuat": [],
        "DiaChiTruSo": [],
        "NganhNgheKinhDoanh": [],
    },
    {
        "MaNoiBo": "7000126",
        "MaSoDoanhNghiep": "1500000017",
        "LoaiHinhDN": "Doanh nghiệp tư nhân",
        "TenTiengViet": "DOANH NGHIỆP TƯ NHÂN MẪU SỐ BỐN",
        "NgayDangKyLanDau": "2001-05-30T00:00:00",
        "NgayDangKyThayDoi": "2019-08-12T00:00:00",
        "SoLanDangKyThayDoi": "2",
        "TinhTrangPhapLy": [{"TinhTrangPhapLy": "Đã giải thể, phá sản, chấm dứt tồn tại", "MaTinhTrangPhapLy": "NNT3"}],
    },
    {
        "MaNoiBo": "7000127",
        "MaSoDoanhNghiep": "00001",
        "LoaiHinhDN": "Địa điểm kinh doanh",
        "TenTiengViet": "ĐỊA ĐIỂM KINH DOANH SỐ 1 - CÔNG TY MẪU SỐ MỘT",
        "TinhTrangPhapLy": [ACTIVE],
    },
    {
        "MaNoiBo": "9000001",
        "MaSoDoanhNghiep": "084080000123",
        "MaLoaiHinhDN": "HKD",
        "LoaiHinhDN": "Hộ kinh doanh",
        "TenTiengViet": "HỘ KINH DOANH  MẪU",
        "NgayDangKyLanDau": "2025-08-01T00:00:00",
        "SoLanDangKyThayDoi": "1",
        "TinhTrangPhapLy": [ACTIVE],
    },
    {
        "MainInformation": {
            "ENTERPRISE_ID": 5000321,
            "NAME": "CÔNG TY TNHH MẪU KIỂU CŨ",
            "NAME_F": None,
            "SHORT_NAME": None,
            "ENTERPRISE_GDT_CODE": "2100000014",
            "ENTERPRISE_TYPE_NAME": "Công ty TNHH hai thành viên trở lên",
            "ENTERPRISE_STATUS": 1,
            "ENTERPRISE_STATUS_NAME": "Đang hoạt động",
            "FOUNDING_DATE": "30/05/2008",
        },
        "HOAdress": {
            "AddressFullText": "Ấp Chợ, Xã Hữu Định, Huyện Châu Thành, Tỉnh Bến Tre",
            "CityName": "Tỉnh Bến Tre",
            "DistrictName": "Huyện Châu Thành",
            "WardName": "Xã Hữu Định",
        },
        "Representatives": {"FULL_NAME": "TRẦN VĂN CŨ", "IDENTITY_NO": "320123456"},
    },
)
