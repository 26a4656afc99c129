"""An example of every event type: from the sample where the dossier system speaks, by the partners' mappings where the bus does."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from contracts.canonical.document import Paper, ResultPaper
from contracts.envelope import Envelope, judge
from contracts.fault import Refusal
from contracts.national_portal.messages import HoSoNop
from mappings.electronic_iso.inbound import slip_opened, step_changed
from mappings.national_portal.inbound import filed
from mappings.refusal import refused
from mappings.result_files import checked
from ops.events_doc.budget import budget_events
from ops.events_doc.payment import payment_events
from ops.events_doc.postal import postal_events
from ops.events_doc.published import published_events
from ops.events_doc.question import portal_events
from ops.events_doc.registration import registration_events
from ops.sample import BLOCK_DOSSIERS, BLOCK_EVENTS, generate

DAY, SEED = date(2026, 7, 1), 1
DOSSIER = "000.00.17.H59-260702-0001"
AT = datetime(2026, 7, 3, 0, 55, 34, tzinfo=UTC)


def smallest(number: int) -> dict[str, Any]:
    """The least that is a valid event: a dossier received at the counter. Without booleans, so that it is Python as well as JSON."""
    code = f"000.00.17.H59-260703-{number}"
    return {
        "specversion": "1.0",
        "id": f"{code}-1",
        "source": "urn:lienthong:dossier-system",
        "type": "vn.lienthong.dossier.received.v1",
        "subject": code,
        "time": "2026-07-03T07:55:34+07:00",
        "sequence": 1,
        "datacontenttype": "application/json",
        "data": {
            "dossier": {
                "code": code,
                "procedure": {
                    "code": "1.012783",
                    "name": "Cấp đổi Giấy chứng nhận quyền sử dụng đất, quyền sở hữu tài sản gắn liền với đất",
                    "field_code": "G13-DD01",
                    "field_name": "Đất đai",
                },
                "agency": {"id": "000.00.17.H59", "name": "Văn phòng Đăng ký đất đai"},
                "channel": "counter",
                "filed_on": "local",
                "status": 2,
                "filed_at": "2026-07-03T07:50:00+07:00",
                "received_at": "2026-07-03T07:55:34+07:00",
                "due_at": "2026-07-14T17:00:00+07:00",
                "applicant": {"kind": "citizen", "name": "Nguyễn Văn An", "citizen_id": "084080000123"},
                "summary": "Cấp đổi giấy chứng nhận thửa 12 tờ 34",
            },
            "change": {"to_status": 2, "at": "2026-07-03T07:55:34+07:00", "officer": "Trần Thị Bình"},
        },
    }


def _spoilt() -> dict[str, Any]:
    value = smallest(9000)
    value["data"]["dossier"]["applicant"]["citizen_id"] = "08408000012"
    value["data"]["dossier"]["due_at"] = "20260714170000"
    return value


REFUSED = {"spoilt": _spoilt()}
"""An event with two faults, for the page's account of refusals."""


def refusal() -> dict[str, Any]:
    """What the door says to it."""
    try:
        judge(REFUSED["spoilt"])
    except Refusal as refused:
        return {
            "id": refused.event_id,
            "source": refused.source,
            "status": "refused",
            "faults": [fault.as_dict() for fault in refused.faults],
        }
    raise AssertionError("the spoilt event was let in")


@cache
def examples() -> dict[str, dict[str, Any]]:
    """An event of every type, as it goes over the wire."""
    made = [
        *generate(BLOCK_EVENTS, BLOCK_DOSSIERS, SEED, DAY),
        _filed(),
        _synced(),
        _slip(),
        _step(),
        _refused(),
        _checked(),
        _paper_checked(),
    ]
    made += [*registration_events(), *published_events(), *postal_events(), *portal_events()]
    made += budget_events()
    made += payment_events(next(event for event in made if event.type.endswith("dossier.fee_requested.v1")))
    found: dict[str, dict[str, Any]] = {}
    for event in made:
        found.setdefault(event.type, _ordered(json.loads(event.to_json())))
    return found


def _ordered(value: dict[str, Any]) -> dict[str, Any]:
    """In the envelope's order, which reads better than the alphabet's."""
    return {name: value[name] for name in Envelope.model_fields if name in value}


def _filed() -> Any:
    message = {
        "MaHoSo": "G22.99.5-260702-000017",
        "MaTTHC": "1.012783",
        "TenChuHoSo": "Nguyễn Văn An",
        "SoDinhDanh": "084080000123",
        "TechID": "7c2f0b6d1e",
        "DiaChi": {"MaTinh": "86", "MaXa": "29236", "DiaChiChiTiet": "Số 12"},
        "SoDienThoai": "0912345678",
        "NgayNop": "20260702214500",
        "DuLieu": {"soThua": "12", "soTo": "34"},
        "DanhSachTep": [{"TepDinhKemId": "9001", "TenTepDinhKem": "Đơn đề nghị.pdf", "DuongDan": "/tep/9001.pdf"}],
    }
    return filed(HoSoNop.model_validate(message))


def _synced() -> Any:
    return judge(
        {
            "specversion": "1.0",
            "id": "synced-0f9c1a",
            "source": "urn:lienthong:national-portal",
            "type": "vn.lienthong.portal.dossier_synced.v1",
            "subject": DOSSIER,
            "time": AT.isoformat(),
            "data": {
                "dossier_code": DOSSIER,
                "partner": "national_portal",
                "operation": "DongBoHoSoMC",
                "at": AT.isoformat(),
            },
        }
    )


def _slip() -> Any:
    return slip_opened(DOSSIER, "PH-2026-000017", "0f9c1a", AT)


def _refused() -> Any:
    return refused(
        subject=DOSSIER,
        partner="national_portal",
        operation="DongBoHoSoMC",
        code="-3",
        words="Hồ sơ không hợp lệ: thiếu thành phần hồ sơ",
        key="0f9c1a",
        attempt=1,
        at=AT,
    )


def _checked() -> Any:
    paper = {"id": "KQ-0001", "title": "Giấy chứng nhận", "url": "https://hoso.example.com/tep/KQ-0001.pdf"}
    signed_by = ("Lê Hoàng Long", "Văn phòng Đăng ký đất đai", AT, "valid")
    return checked(
        dossier=DOSSIER,
        paper=ResultPaper.model_validate(paper),
        key="0f9c1a",
        place=0,
        at=AT,
        found={
            "size_bytes": 48213,
            "kind": "application/pdf",
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "verdict": "valid",
            "signatures": (signed_by,),
        },
    )


def _paper_checked() -> Any:
    paper = {"id": "TP-0002", "title": "Hợp đồng chuyển nhượng.pdf", "url": "https://hoso.example.com/tep/TP-0002.pdf"}
    return checked(
        dossier=DOSSIER,
        paper=Paper.model_validate(paper),
        key="0f9c1b",
        place=1,
        at=AT,
        found={"problem": "refused"},
    )


def _step() -> Any:
    return step_changed(
        {
            "MaThayDoi": "4711",
            "ThoiDiem": "2026-07-06T10:15:00",
            "MaHoSo": DOSSIER,
            "MaPhieu": "PH-2026-000017",
            "MaBuoc": "B02",
            "TenBuoc": "Thẩm định hồ sơ",
            "NguoiXuLy": "Lê Hoàng Long",
            "BatDau": "2026-07-06T08:00:00",
            "KetThuc": "2026-07-06T10:15:00",
            "HanXuLyGio": 8.0,
            "KetQua": "DAT",
        }
    )
