"""Invented citizens of the portal: what they file there for the province's offices, and what they ask."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Thạch", "Kim")
GIVEN = ("Văn An", "Thị Lan", "Minh Khôi", "Ngọc Bích", "Hữu Phúc", "Thu Yến")
SERVICES = (
    ("1.004873", "000.05.31.H59", "Tờ khai cấp giấy xác nhận tình trạng hôn nhân"),
    ("1.012783", "000.00.17.H59", "Đơn đề nghị cấp đổi giấy chứng nhận"),
    ("2.000635", "000.05.31.H59", "Tờ khai cấp bản sao trích lục hộ tịch"),
)
"""A procedure, the agency it is filed for, and the paper that comes with it."""
OFTEN_ASKED = (
    "Tôi cần nộp những giấy tờ gì để xin xác nhận tình trạng hôn nhân?",
    "Hồ sơ cấp đổi giấy chứng nhận nộp trên Cổng bao lâu có kết quả?",
    "Nhận kết quả qua bưu điện có mất thêm phí không?",
)
PDF = "JVBERi0xLjQKJSVFT0YK"
"""The file everybody filed: the shortest thing that begins and ends like a PDF."""


def filing(rng: Random, code: str, at: datetime) -> dict[str, Any]:
    """A filed dossier as the portal posts it; one in two with the owner's TechID, each with a file and a path for `getfile`."""
    procedure, agency, paper = rng.choice(SERVICES)
    born = rng.randrange(50, 99)
    return {
        "MaHoSo": code,
        "MaTTHC": procedure,
        "TenChuHoSo": f"{rng.choice(FAMILY)} {rng.choice(GIVEN)}",
        "SoDinhDanh": f"084{rng.randrange(2)}{born}{rng.randrange(10**6):06}",
        "TechID": rng.choice(("", f"{rng.getrandbits(64):016x}")),
        "MaDonVi": agency,
        "DiaChi": {"MaTinh": "86", "MaHuyen": "", "MaXa": "29557", "DiaChiChiTiet": f"Số {rng.randrange(1, 200)}"},
        "SoDienThoai": f"09{rng.randrange(10**8):08}",
        "NgayNop": at.strftime("%Y%m%d%H%M%S"),
        "DuLieu": {"noiDung": paper},
        "DanhSachTep": [
            {"TepDinhKemId": "1", "TenTepDinhKem": f"{paper}.pdf", "NoiDung": PDF},
            {"TepDinhKemId": "2", "TenTepDinhKem": "Giấy tờ kèm theo.pdf", "DuongDan": f"tep/{code}/2"},
        ],
    }
