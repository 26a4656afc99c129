"""The examples that speak of a civil status registration: asked for, taken, settled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from contracts.business_registry.messages import KetQuaHKD
from contracts.canonical.registration import ChangedEvent
from contracts.civil_registry.messages import KetQua
from contracts.envelope import Envelope, judge
from contracts.linked_services.messages import KetQuaCuTru
from contracts.social_insurance.messages import TraLoiThe
from mappings.business_registry.decision import changed as decided
from mappings.civil_registry.inbound import accepted, changed
from mappings.linked_services.inbound import filed, residence
from mappings.social_insurance.inbound import changed as card_changed

DOSSIER = "000.07.31.H59-260703-0003"
AT = datetime(2026, 7, 3, 2, 40, tzinfo=UTC)
PDF = "JVBERi0xLjQKJSVFT0YK"
"""The shortest thing that begins like a PDF."""


def requested() -> Envelope:
    """A birth, sent to the registry by the officer of a commune."""
    return judge(
        {
            "specversion": "1.0",
            "id": f"{DOSSIER}-3",
            "source": "urn:lienthong:dossier-system",
            "type": "vn.lienthong.registration.requested.v1",
            "subject": DOSSIER,
            "time": "2026-07-03T09:30:00+07:00",
            "sequence": 3,
            "datacontenttype": "application/json",
            "data": {"dossier": _dossier(), "registration": _registration()},
        }
    )


def _dossier() -> dict[str, Any]:
    return {
        "code": DOSSIER,
        "procedure": {
            "code": "2.001023",
            "name": "Liên thông các thủ tục hành chính về đăng ký khai sinh, cấp Thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi",
            "field_code": "G15-TP07",
            "field_name": "Hộ tịch",
        },
        "agency": {"id": "000.07.31.H59", "name": "Ủy ban nhân dân phường Phước Hậu"},
        "channel": "counter",
        "filed_on": "local",
        "status": 4,
        "filed_at": "2026-07-03T08:10:00+07:00",
        "received_at": "2026-07-03T08:15:00+07:00",
        "applicant": {"kind": "citizen", "name": "Nguyễn Thị Lan", "citizen_id": "084190000123"},
        "summary": "Đăng ký khai sinh - Nguyễn Minh Khôi",
    }


def _registration() -> dict[str, Any]:
    home = {"province": "86", "ward": "29557", "as_of": "2026-07-03", "detail": "Số 12"}
    mother = {
        "name": "Nguyễn Thị Lan",
        "born_on": "1990-05-02",
        "ethnic_group": "Kinh",
        "nationality": "Việt Nam",
        "residence_kind": "permanent",
        "residence": home,
        "citizen_id": "084190000123",
        "verified": True,
    }
    return {
        "unit": "29557",
        "province": "86",
        "copies": 2,
        "requester": {"name": "Nguyễn Thị Lan", "relation": "Mẹ", "paper_kind": "CCCD", "paper_number": "084190000123"},
        "birth": {
            "notice_number": "CS-0417",
            "notice_issued_on": "2026-06-28",
            "child": {
                "name": "NGUYỄN MINH KHÔI",
                "sex": "male",
                "born_on": "2026-06-27",
                "ethnic_group": "Kinh",
                "nationality": "Việt Nam",
            },
            "place": home | {"detail": "Bệnh viện Đa khoa"},
            "mother": mother,
        },
        "attachments": [{"id": 1, "kind": 1, "title": "Giấy chứng sinh", "file_name": "gcs.pdf", "content": PDF}],
    }


def registration_events() -> list[Envelope]:
    """A registration from request to result, and a dossier as the linked-services software hands it over."""
    asked = requested()
    taken = accepted(asked.message, "0f9c1a", AT)
    row = {
        "maHoSoMCDT": DOSSIER,
        "trangThai": 4,
        "thoiGianThucHien": "03/07/2026 15:20:00",
        "nguoiXuLy": "Trần Thị Bình",
        "ketQuaXuLy": {
            "soDinhDanh": "086226000123",
            "ngayDangKy": "03/07/2026",
            "soDangKy": "17/2026",
            "quyenSo": "01/2026",
            "trangSo": "17",
            "giayKhaiSinh": PDF,
        },
    }
    settled = changed(taken.message, KetQua.model_validate(row), "0f9c1b", AT)
    assert settled is not None
    fields = {
        "maHoSo": "G22.99.5-260703-000017",
        "maTTHC": "2.000986",
        "ngayNop": "20260703081500",
        "hoTich": {
            "module": "KS",
            "ngayCapGCS": "20260628",
            "nksHoTen": "NGUYỄN MINH KHÔI",
            "nksGioiTinh": "1",
            "nksNgaySinh": "27.06.2026",
            "noiDangKy": "29557",
            "meHoTen": "Nguyễn Thị Lan",
            "meSoDDCN": "086190000123",
            "nycHoTen": "Nguyễn Thị Lan",
            "nycQuanHe": "Mẹ",
            "nycSoGiayToTuyThan": "086190000123",
        },
    }
    asked_back = TraLoiThe(trangThai="2", ghiChu="Bổ sung nơi khám chữa bệnh ban đầu")
    card = card_changed(settled.message, asked_back, "0f9c6c1e-7d1f-4f53-9a55-0a6c1f3f1d11", "0f9c1c", AT)
    assert card is not None
    return [asked, taken, settled, card, filed(fields), _residence(settled), _household()]


def _residence(settled: Envelope) -> Envelope:
    """Where the child is registered to live, had its birth been filed for that too."""
    linked = {**settled.data, "linked_code": "G22.99.5-260703-000017", "procedure_code": "2.000986"}
    told = KetQuaCuTru(
        trangThai="4",
        thoiGianThucHien="20260707093000",
        noiCuTru="Số 12, Phường Phước Hậu, Tỉnh Vĩnh Long",
        soDangKy="CT-000017",
    )
    return residence(ChangedEvent.model_validate(linked), told)


def _household() -> Envelope:
    """A household business of another dossier, registered."""
    row = {
        "maHoSo": "000.05.31.H59-260703-0007",
        "trangThai": "4",
        "maSoHKD": "084080000123",
        "ngayCap": "03/07/2026",
        "giayChungNhan": PDF,
    }
    told = decided(None, KetQuaHKD.model_validate(row), row["maHoSo"], "0f9c1d", AT)
    assert told is not None
    return told
