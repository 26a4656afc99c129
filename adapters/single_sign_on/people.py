"""Invented people and firms with accounts at the simulated providers, claims as each provider tells them. Nobody here exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AN = "7c2f9d30-5b1e-4a57-9d0c-0c5a4f2e7711"
AN_BY_OLD_CARD = "1d0b6c1e-52a3-4d8e-8e7e-2f1f0f6f3a02"
FIRM = "e4a9a1f2-7f6b-4f0e-9f44-6d1c2b3a4958"
GUEST = "9b6f3c70-0b0a-4c51-a0f5-3d7f1be3c6d4"
EVERYTHING_ELSE: Mapping[str, Any] = {
    "MaBHXH": "8422123456",
    "SoDienThoaiBan": "02943850000",
    "GioiTinh": "1",
    "DanToc": "Khmer",
    "TonGiao": "Phật giáo",
    "TinhTrangHonNhan": "2",
    "NhomMau": "O",
    "NgayThangNamSinh": "19800412",
    "NoiDangKyKhaiSinh": {"maTinh": "84", "diaChi": "Xã Long Đức"},
    "QueQuan": {"maTinh": "84", "diaChi": "Xã Long Đức"},
    "ThuongTru": {"maTinh": "84", "diaChi": "12 Lê Lợi"},
    "NoiOHienNay": {"maTinh": "84", "diaChi": "12 Lê Lợi"},
    "QuocTich": "VN",
    "Cha": {"hoTen": "Nguyễn Văn Bình", "soDinhDanh": "084050000456"},
    "Me": {"hoTen": "Trần Thị Cúc", "soDinhDanh": "084155000789"},
    "VoChong": {"hoTen": "Lê Thị Dung", "soDinhDanh": "084182000321"},
    "NguoiDaiDien": None,
    "ChuHo": {"hoTen": "Nguyễn Văn An"},
    "DiaChi": "12 Lê Lợi, Trà Vinh",
    "TrangThai": "1",
    "loAs": [{"loa": 2}],
}
"""What VNConnect tells of a person besides; the province needs none of it."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account at one provider: its claims, and what the login page calls it."""

    label: str
    claims: Mapping[str, Any] = field(repr=False)


def _vnconnect(label: str, sub: str, tech_id: str, kind: int, **claims: Any) -> Account:
    empty = dict.fromkeys(
        (
            "SoDinhDanh",
            "SoCMND",
            "HoChieu",
            "MaSoThue",
            "MaSoDoanhNghiep",
            "TenDoanhNghiep",
            "ThuDienTu",
            "SoDienThoai",
        ),
        "",
    )
    return Account(label, {"sub": sub, "TechID": tech_id, "LoaiTaiKhoan": kind, **empty, **EVERYTHING_ELSE, **claims})


VNCONNECT = {
    "an": _vnconnect(
        "Nguyễn Văn An",
        "an.nguyen",
        AN,
        1,
        HoVaTen="Nguyễn Văn An",
        SoDinhDanh="084080000123",
        SoCMND="334123456",
        SoDienThoai="0912345678",
    ),
    "an-cmnd": _vnconnect(
        "Nguyễn Văn An (tài khoản CMND cũ)", "an.cu", AN_BY_OLD_CARD, 1, HoVaTen="Nguyễn Văn An", SoCMND="334123456"
    ),
    "firm": _vnconnect(
        "Công ty TNHH Dừa Sáp Cầu Kè",
        "duasap",
        FIRM,
        2,
        HoVaTen="Trần Thị Bình",
        SoDinhDanh="084185000777",
        MaSoThue="2100123400",
        TenDoanhNghiep="Công ty TNHH Dừa Sáp Cầu Kè",
        ThuDienTu="vanthu@duasap.example",
        SoDienThoai="0294 385 1234",
    ),
    "guest": _vnconnect("John Smith", "john.smith", GUEST, 1, HoVaTen="John Smith", HoChieu="C1234567", QuocTich="GB"),
}
VNEID = {
    "dung": Account(
        "Lê Thị Dung",
        {
            "citizenPid": "084182000321",
            "fullName": "LÊ THỊ DUNG",
            "birthDate": "1982-11-02",
            "accountType": "1",
            "accountLevel": 2,
        },
    ),
    "an": Account(
        "Nguyễn Văn An",
        {
            "SoDinhDanh": "084080000123",
            "HoVaTen": "Nguyễn Văn An",
            "NgayThangNamSinh": "12/04/1980",
            "TechID": AN,
            "IAL": "2",
            "userProfileUri": "https://vneid.example/ho-so",
            "logoutUri": "https://vneid.example/dang-xuat",
        },
    ),
    "khoi": Account(
        "Nguyễn Minh Khôi (mức 1)",
        {
            "citizenPid": "084208000456",
            "fullName": "NGUYỄN MINH KHÔI",
            "birthDate": "2008-05-19",
            "accountType": "1",
            "accountLevel": 1,
        },
    ),
}
ACCOUNTS: Mapping[str, Mapping[str, Account]] = {"vnconnect": VNCONNECT, "vneid": VNEID}
