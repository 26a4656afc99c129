"""The register's unit as an answer; a dossier's row as events. Ids come from the ministry's code and the number of the change."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from contracts.budget_unit_codes import SERVICES, STATES
from contracts.budget_unit_codes.messages import DonVi, HoSoBTC
from contracts.canonical.budget import BudgetDossierEvent, BudgetUnit
from contracts.canonical.registration import MAX_FILE_BYTES
from contracts.envelope import Envelope, make
from mappings.budget_unit_codes.progress import News
from mappings.convert import as_day, certificate, choice, plain, stamp
from mappings.table import Unmappable, read, row, table

SOURCE = "urn:lienthong:budget-unit-codes"
DOC = "MSĐVQHNS, đề xuất 3.6"
MOMENT = stamp("%d/%m/%Y %H:%M:%S")
CENTRAL_LEVEL = ("", "0", "1")
"""capDuToan of units that have none above them: budget level itself, first level, or not said."""


def _day(text: str) -> str | None:
    return f"{text[6:]}-{text[3:5]}-{text[:2]}" if text else None


UNIT = table(
    row("code", "maDVQHNS", source=DOC),
    row("name", "tenDonVi", source=DOC),
    row("kind", "loaiHinhDonVi", source=DOC),
    row("chapter", "maChuong", source=DOC),
    row("level", "capDuToan", source=DOC),
    row("superior", "maDVQHNSCapTren", source=DOC),
    row("province", "maTinh", source=DOC),
    row("ward", "maXa", source=DOC),
    row("address", "diaChi", source=DOC),
    row("decision_number", "soQuyetDinhThanhLap", source=DOC),
    row("decided_by", "coQuanQuyetDinh", source=DOC),
    row("state", "trangThai", choice({"active": "1", "closed": "2"}), source=DOC),
    empty="",
    of=BudgetUnit,
    to=DonVi,
)

FILED = table(
    row("btc_code", "maHoSoBTC", source=DOC),
    row("service", "loaiDichVu", choice({word: number for number, word in SERVICES.items()}), source=DOC),
    row("unit_name", "tenDonVi", plain(), source=DOC),
    row("applicant", "nguoiNop", source=DOC),
    row("filed_at", "ngayNop", MOMENT, source=DOC),
    row("received_at", "ngayTiepNhan", MOMENT, source=DOC),
    row("due_at", "ngayHenTra", MOMENT, source=DOC),
    row("state", "trangThai", choice({word: number for number, word in STATES.items()}), source=DOC),
    row("reason", "lyDo", source=DOC),
    empty="",
    of=BudgetDossierEvent,
    to=HoSoBTC,
    beside=("status", "at"),
)


def unit(told: DonVi) -> BudgetUnit:
    """The register's unit, and what a user of its code has to know. Raises ValidationError for values that break our own rules."""
    found = read(UNIT, told.model_dump()) | {
        "decided_on": _day(told.ngayQuyetDinh),
        "issued_on": _day(told.ngayCap),
    }
    warnings = [
        name
        for name, holds in (
            ("closed", told.trangThai == "2"),
            (
                "before_decision",
                bool(_day(told.ngayCap)) and (_day(told.ngayCap) or "") < (_day(told.ngayQuyetDinh) or ""),
            ),
            ("superior_missing", told.capDuToan not in CENTRAL_LEVEL and not told.maDVQHNSCapTren),
        )
        if holds
    ]
    return BudgetUnit.model_validate(found | {"warnings": warnings})


def filed_on(filed: HoSoBTC) -> date:
    """The day in Vietnam on which a dossier was filed. Raises Unmappable."""
    at = read(FILED, filed.model_dump()).get("filed_at")
    if at is None:
        raise Unmappable("ngayNop", "filed_at", "required, and there is nothing")
    return as_day(at)


def dossier_changed(filed: HoSoBTC, news: News, *, twice: bool, at: datetime) -> Envelope:
    """The dossier came to a new state. Raises Refusal, Unmappable."""
    data = _plain(read(FILED, filed.model_dump())) | {
        "status": int(filed.trangThai),
        "warnings": ["registered_twice"] if twice else [],
        "at": at.isoformat(),
    }
    return _event("budget.dossier_changed.v1", f"btc-{filed.maHoSoBTC}-{news.progress.changes}", filed, at, data)


def code_issued(filed: HoSoBTC, news: News, known: BudgetUnit | None, at: datetime) -> Envelope:
    """The unit has its code, or the certificate of it came. `known` is the register's own record. Raises Refusal, Unmappable."""
    content, digest, fault = certificate(filed.fileGiayChungNhan, MAX_FILE_BYTES)
    said = _plain(read(FILED, filed.model_dump()))
    data = {
        "btc_code": filed.maHoSoBTC,
        "service": said["service"],
        "unit_name": said["unit_name"],
        "unit_code": news.progress.code,
        "unit": known.model_dump(mode="json") if known else None,
        "certificate": content,
        "file_sha256": digest,
        "file_fault": fault,
        "warnings": list(known.warnings) if known else ["not_looked_up"],
        "at": at.isoformat(),
    }
    return _event("budget.code_issued.v1", f"btc-{filed.maHoSoBTC}-{news.progress.changes}-code", filed, at, data)


def _event(name: str, number: str, filed: HoSoBTC, at: datetime, data: dict[str, Any]) -> Envelope:
    return make(f"vn.lienthong.{name}", number, SOURCE, filed.maHoSoBTC, at, data)


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    """Times as text, as they stand in an envelope."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}
