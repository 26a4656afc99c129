"""What the linked-services software is told of a dossier: its status, and at last its result (domain notes 3.5 and 4)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from pydantic import ValidationError

from contracts import codes
from contracts.canonical.events import DossierEvent
from contracts.canonical.registration import AcceptedEvent, ChangedEvent, LinkedFilingEvent
from contracts.codes import CodeGap
from contracts.linked_services.messages import HoiHoSo, TrangThai
from contracts.working_time import VIETNAMESE, Limit, YearMissing
from mappings.convert import as_day, constant, national_procedure, stamp, text
from mappings.table import Row, Table, Unmappable, build, computed, row, table

DOC = "DVCLT, domain notes 3.5"
TIME = stamp("%Y%m%d%H%M%S")
"""Assumed: times of a status post as the national portal writes them; only the days of a notice are verified."""
STATUS = {1: 1, 2: 3, 3: 6, 5: 2, 9: 4, 10: 5}
"""The dossier's status to trangThai (domain notes 4); 7 is told when the registry has it. 9 is told with the registry's result."""
SUPPLEMENT_LIMIT = Limit(7, "WORKING_DAY")
LEVELS = {"maXa": "ward", "maHuyen": "district", "maTinh": "province"}
"""What an address names its places by, the smallest first, and the list of each code."""
RESIDENCES = {
    "birth": ("meLoaiCuTru", "meNoiCuTru", "chaLoaiCuTru", "chaNoiCuTru", "nycNoiCuTru"),
    "death": ("nktLoaiCuTru", "nktNoiCuTru", "nycNoiCuTru"),
}
"""What a result says of where people live, said also where the registry leaves it out, as of the father of a single mother's child."""
NOBODY_KNOWS = "Không có thông tin"
"""What stands for an empty residence; the receiver rejects blanks."""


def status(message: Any) -> int:
    """trangThai of the dossier's status."""
    return STATUS[message.change.to_status]


def supplement_deadline(message: Any) -> str:
    """Until when a supplement is awaited: as the desk said, else seven working days on. Raises Unmappable for a year unknown."""
    if message.change.to_status != 5:
        return ""
    asked = [one for one in message.dossier.supplements if one.received_at is None and one.deadline_at is not None]
    try:
        until = asked[-1].deadline_at if asked else VIETNAMESE.due(message.change.at, SUPPLEMENT_LIMIT)
    except YearMissing as missing:
        raise Unmappable("hanBoSungHoSo", "supplements.deadline_at", str(missing)) from None
    return str(TIME.out(until, message))


def due_before(message: Any) -> str:
    """The due time before the last supplement."""
    asked = [one.due_before_at for one in message.dossier.supplements if one.due_before_at]
    return str(TIME.out(asked[-1], message)) if asked else ""


def procedure(message: Any) -> str:
    """The national code of the dossier's procedure."""
    return national_procedure(message.dossier.procedure.code, message.dossier.filed_at)


def registered_procedure(message: Any) -> str:
    """The national code of the procedure a registration belongs to."""
    return national_procedure(message.procedure_code, message.at)


OWN = row("", "coQuanXuLy", constant(5), source=DOC)

DOSSIER = table(
    computed("maTTHC", procedure, source=DOC, required=True),
    row("dossier.other_code", "soHoSoLT", source=DOC, required=True),
    OWN,
    row("dossier.code", "maHoSo", source=DOC, required=True),
    computed("trangThai", status, source=DOC, required=True),
    row("change.at", "thoiGianThucHien", TIME, source=DOC, required=True),
    row("dossier.note", "ghiChu", text(), source=DOC),
    row("change.officer", "nguoiXuLy", text(), source=DOC, required=True),
    row("change.position", "chucDanh", text(), source=DOC),
    row("change.department", "phongBanXuLy", text(), source=DOC),
    row("change.note", "noiDungXuLy", text(), source=DOC),
    row("change.started_at", "ngayBatDau", TIME, source=DOC),
    row("change.deadline_at", "ngayKetThucTheoQuyDinh", TIME, source=DOC),
    computed("ngayHenTraTruoc", due_before, source=DOC),
    row("dossier.due_at", "ngayHenTraMoi", TIME, source=DOC),
    computed("hanBoSungHoSo", supplement_deadline, source=DOC),
    row("", "ketQuaXuLy", constant(""), source=DOC),
    of=DossierEvent,
    to=TrangThai,
)


def result(message: Any) -> str:
    """ketQuaXuLy as JSON text: addresses as plain text, blank residences filled in."""
    certificate = message.certificate
    on = certificate.registered_on or as_day(message.at)
    told = certificate.entry | {name: certificate.entry.get(name) for name in RESIDENCES.get(message.kind, ())}
    entry = {name: _said(name, value, on) for name, value in told.items()}
    file = {"birth": "giayKhaiSinh", "death": "giayKhaiTu"}.get(message.kind, "giayKetHon")
    entry |= {
        "soDinhDanh": certificate.citizen_id or "",
        "ngayDangKy": f"{certificate.registered_on:%d/%m/%Y}" if certificate.registered_on else "",
        "soDangKy": certificate.number,
        "quyenSo": certificate.book,
        "trangSo": certificate.page,
        file: certificate.file or "",
    }
    return json.dumps(entry, ensure_ascii=False)


def _said(name: str, value: Any, on: date) -> Any:
    if isinstance(value, dict):
        parts = (value.get("dcChiTiet"), *(_place(level, value.get(field), on) for field, level in LEVELS.items()))
        value = ", ".join(str(part) for part in parts if part)
    if name.endswith("NoiCuTru"):
        return value or NOBODY_KNOWS
    if name.endswith("LoaiCuTru"):
        return "1" if value in (None, "", 0, "0") else value
    return value


def _place(level: str, code: Any, on: date) -> str:
    """The name a place had on the day of registration; one that was no more, as in an origin of long ago, stays a code."""
    try:
        return codes.lookup(level, str(code), on).name_vi if code else ""
    except CodeGap:
        return str(code)


WHO = (
    row("note", "ghiChu", text(), source=DOC),
    row("officer", "nguoiXuLy", text(), source=DOC),
    row("position", "chucDanh", text(), source=DOC),
    row("department", "phongBanXuLy", text(), source=DOC),
    row("content", "noiDungXuLy", text(), source=DOC),
)
"""What the registry says of the officer who decided."""


def _blank(*names: str) -> tuple[Row, ...]:
    return tuple(row("", name, constant(""), source=DOC) for name in names)


def _registration(of: type, trang_thai: int, who: tuple[Row, ...], result_row: Row) -> Table:
    return table(
        computed("maTTHC", registered_procedure, source=DOC, required=True),
        row("linked_code", "soHoSoLT", source=DOC, required=True),
        OWN,
        row("dossier_code", "maHoSo", source=DOC, required=True),
        row("", "trangThai", constant(trang_thai), source=DOC),
        row("at", "thoiGianThucHien", TIME, source=DOC, required=True),
        *who,
        *_blank("ngayBatDau", "ngayKetThucTheoQuyDinh", "ngayHenTraTruoc", "ngayHenTraMoi", "hanBoSungHoSo"),
        result_row,
        of=of,
        to=TrangThai,
    )


SENT_ON = _registration(AcceptedEvent, 7, _blank(*(line.field for line in WHO)), *_blank("ketQuaXuLy"))
REGISTERED = _registration(ChangedEvent, 4, WHO, computed("ketQuaXuLy", result, source=DOC, required=True))


QUESTION = table(row("linked_code", "id", source=DOC, required=True), of=ChangedEvent, to=HoiHoSo)


def question(message: Any) -> dict[str, Any]:
    """Which dossier is asked for. Raises Unmappable, also for a code that is no part of an address."""
    written = build(QUESTION, message)
    try:
        return HoiHoSo.model_validate(written).model_dump()
    except ValidationError:
        raise Unmappable("id", "linked_code", "no code of the linked-services software") from None


def request(message: Any) -> dict[str, Any]:
    """The body of one operation. Raises Unmappable."""
    match message:
        case LinkedFilingEvent():
            return {"maHoSo": message.filing.linked_code, "daNhan": True}
        case AcceptedEvent():
            return build(SENT_ON, message)
        case ChangedEvent():
            return build(REGISTERED, message)
        case _:
            return build(DOSSIER, message)
