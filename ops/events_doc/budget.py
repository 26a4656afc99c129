"""The examples that speak of budget-unit codes: a dossier on its way at the ministry, and the code at its end."""

from __future__ import annotations

from datetime import UTC, datetime

from contracts.budget_unit_codes.messages import DonVi, HoSoBTC
from contracts.envelope import Envelope
from mappings.budget_unit_codes.inbound import code_issued, dossier_changed, unit
from mappings.budget_unit_codes.progress import Progress, news

AT = datetime(2026, 7, 3, 2, 40, tzinfo=UTC)
PDF = "JVBERi0xLjQKJSVFT0YK"
"""The shortest thing that begins like a PDF."""


def a_row(state: str = "9", **fields: str) -> HoSoBTC:
    """A dossier of a commune's new finance unit as the ministry lists it."""
    row = {
        "maHoSoBTC": "BTC-2026-000001",
        "loaiDichVu": "1",
        "tenDonVi": "Phòng Kinh tế xã Long Hữu",
        "nguoiNop": "Trần Thị Bình",
        "ngayNop": "02/07/2026 08:15:00",
        "ngayTiepNhan": "02/07/2026 09:00:00",
        "ngayHenTra": "06/07/2026 17:00:00",
        "trangThai": state,
        **({"maDVQHNS": "1061234"} if state == "9" else {}),
    }
    return HoSoBTC.model_validate(row | fields)


def a_unit(**fields: str) -> DonVi:
    """The unit in the ministry's register."""
    told = {
        "maDVQHNS": "1061234",
        "tenDonVi": "Phòng Kinh tế xã Long Hữu",
        "loaiHinhDonVi": "Đơn vị dự toán",
        "maChuong": "805",
        "capDuToan": "4",
        "maDVQHNSCapTren": "1060001",
        "maTinh": "86",
        "maXa": "29557",
        "diaChi": "Ấp 3",
        "soQuyetDinhThanhLap": "12/QĐ-UBND",
        "ngayQuyetDinh": "01/07/2026",
        "coQuanQuyetDinh": "Ủy ban nhân dân tỉnh Vĩnh Long",
        "trangThai": "1",
        "ngayCap": "03/07/2026",
    }
    return DonVi.model_validate(told | fields)


def budget_events() -> list[Envelope]:
    """A dossier that came to its end, and the code it brought with its certificate."""
    row = a_row(fileGiayChungNhan=PDF)
    told = news(Progress(state="4", changes=3), row)
    assert told is not None
    return [dossier_changed(row, told, twice=False, at=AT), code_issued(row, told, unit(a_unit()), AT)]
