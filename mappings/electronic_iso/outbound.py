"""What the ISO system is told: a slip opened, a step, a slip closed (domain notes 3.12 and 4, ISO column)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contracts.canonical.events import DossierEvent, StepEvent
from contracts.electronic_iso import messages
from contracts.identifier import procedure_parts
from contracts.working_time import VIETNAMESE, YearMissing
from mappings.convert import choice, instant, text
from mappings.table import build, computed, row, table

DOC = "ISO điện tử, đề xuất 3.12"
PAUSED = frozenset({5, 6, 8})
"""Statuses in which the clock stands: supplement, fee, stopped."""
LANE = ("MaPhieu",)
"""What the lane remembers and the adapter adds."""

STEP_TITLES = {
    4: "Đang xử lý",
    5: "Chờ bổ sung hồ sơ",
    6: "Chờ nghĩa vụ tài chính",
    8: "Dừng xử lý",
}


def workflow(message: Any) -> str:
    """The ISO workflow of the procedure. Assumed: `QT-<base code>`, until the province's own list is known."""
    return f"QT-{procedure_parts(message.dossier.procedure.code).base}"


OPEN_SLIP = table(
    row("dossier.code", "MaHoSo", source=DOC, required=True),
    row("dossier.procedure.code", "MaTTHC", source=DOC, required=True),
    computed("MaQuyTrinhISO", workflow, source=DOC, required=True),
    row("dossier.agency.id", "MaDonVi", source=DOC, required=True),
    row("change.officer", "NguoiTiepNhan", text(), source=DOC, required=True),
    row("dossier.received_at", "NgayTiepNhan", instant(), source=DOC, required=True),
    row("dossier.due_at", "NgayHenTra", instant(), source=DOC),
    empty=None,
    of=DossierEvent,
    to=messages.TiepNhanHoSo,
)

STEP = table(
    row("step.code", "MaBuoc", source=DOC, required=True),
    row("step.title", "TenBuoc", text(), source=DOC, required=True),
    row("step.officer", "NguoiXuLy", text(), source=DOC, required=True),
    row("step.started_at", "BatDau", instant(), source=DOC, required=True),
    row("step.ended_at", "KetThuc", instant(), source=DOC),
    row("step.budget_hours", "HanXuLyGio", source=DOC),
    row(
        "step.result",
        "KetQua",
        choice({"passed": "DAT", "sent_back": "TRA_LAI", "paused": "TAM_DUNG"}),
        source=DOC,
        required=True,
    ),
    row("step.note", "GhiChu", text(), source=DOC),
    empty=None,
    of=StepEvent,
    to=messages.CapNhatBuoc,
    beside=LANE,
)


def status_step(message: Any) -> str:
    """A change of status told as a step of its own: `TT<status>`."""
    return f"TT{message.change.to_status}"


def status_title(message: Any) -> str:
    """The status in the words of the workflow."""
    status = message.change.to_status
    return STEP_TITLES.get(status, f"Trạng thái {status}")


def step_began(message: Any) -> str:
    """When the step began: the officer's own start, else the moment of the change, with which a pause always begins."""
    change = message.change
    began = change.at if change.to_status in PAUSED else change.started_at or change.at
    return str(instant().out(began, message))


def step_ended(message: Any) -> str | None:
    """The moment of the change; a pause that only begins has no end."""
    change = message.change
    return None if change.to_status in PAUSED else str(instant().out(change.at, message))


def pause_or_pass(message: Any) -> str:
    """TAM_DUNG while the clock stands (5, 6, 8): paused time must not count. TRA_LAI where a result goes back (9 to 4), else DAT."""
    change = message.change
    if change.to_status in PAUSED:
        return "TAM_DUNG"
    return "TRA_LAI" if (change.from_status, change.to_status) == (9, 4) else "DAT"


def hours_left(message: Any) -> float | None:
    """HanXuLyGio: the office hours between the step's start and the officer's deadline, so that both clocks give the step the same time.

    None where there is no deadline, while the clock stands, and for a year whose holidays nobody knows yet.
    """
    change = message.change
    if change.deadline_at is None or change.to_status in PAUSED:
        return None
    try:
        return round(VIETNAMESE.between(change.started_at or change.at, change.deadline_at) / timedelta(hours=1), 2)
    except YearMissing:
        return None


STATUS_STEP = table(
    computed("MaBuoc", status_step, source=DOC, required=True),
    computed("TenBuoc", status_title, source=DOC, required=True),
    row("change.officer", "NguoiXuLy", text(), source=DOC, required=True),
    computed("BatDau", step_began, source=DOC, required=True),
    computed("KetThuc", step_ended, source=DOC),
    computed("HanXuLyGio", hours_left, source=f"{DOC}: two clocks for the same dossier"),
    computed("KetQua", pause_or_pass, source=DOC, required=True),
    row("change.note", "GhiChu", text(), source=DOC),
    empty=None,
    of=DossierEvent,
    to=messages.CapNhatBuoc,
    beside=LANE,
)


def result_number(message: Any) -> str | None:
    """The number of the first result paper that has one."""
    return next((paper.number for paper in message.dossier.results if paper.number), None)


def result_file(message: Any) -> str | None:
    """The address of the first result paper that has one."""
    return next((paper.url for paper in message.dossier.results if paper.url), None)


CLOSE_SLIP = table(
    row("dossier.code", "MaHoSo", source=DOC, required=True),
    row("change.to_status", "TrangThai", source=DOC, required=True),
    row("change.at", "NgayKetThuc", instant(), source=DOC, required=True),
    computed("SoVanBan", result_number, source=DOC),
    computed("FileKetQua", result_file, source=DOC),
    empty=None,
    of=DossierEvent,
    to=messages.KetThuc,
    beside=LANE,
)


def request(operation: str, message: Any) -> dict[str, Any]:
    """The fields of one operation, but for MaPhieu, which the lane remembers. Raises Unmappable."""
    if operation == "TiepNhanHoSo":
        return build(OPEN_SLIP, message)
    if operation == "KetThuc":
        return build(CLOSE_SLIP, message)
    return build(STEP if isinstance(message, StepEvent) else STATUS_STEP, message)
