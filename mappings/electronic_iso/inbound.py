"""What the ISO system tells us becomes events. Their ids come from its own numbers, so the same change told twice is a duplicate."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.canonical.events import SlipStepEvent
from contracts.electronic_iso import messages
from contracts.envelope import Envelope, make
from mappings.convert import choice, instant, text
from mappings.table import Unmappable, read, row, table

SOURCE = "urn:lienthong:electronic-iso"
DOC = "ISO điện tử, đề xuất 3.12"

CHANGE = table(
    row("dossier_code", "MaHoSo", source=DOC, required=True),
    row("slip", "MaPhieu", source=DOC, required=True),
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
    of=SlipStepEvent,
    to=messages.ThayDoi,
)

WHEN = table(
    row("time", "ThoiDiem", instant(), source=DOC, required=True),
    empty=None,
    of=Envelope,
    to=messages.ThayDoi,
    beside=("specversion", "id", "source", "type", "subject", "data"),
)


def step_changed(change: Mapping[str, Any]) -> Envelope:
    """One `ThayDoi` as `iso.step_changed`. Raises Unmappable or Refusal."""
    number = str(change.get("MaThayDoi") or "").strip()
    if not number:
        raise Unmappable("MaThayDoi", "id", "required: without it the same change could not be known again")
    data = _plain(read(CHANGE, change))
    changed_at = read(WHEN, change).get("time")
    return make(
        "vn.lienthong.iso.step_changed.v1",
        hashlib.sha256(f"change|{number}".encode()).hexdigest()[:32],
        SOURCE,
        str(change.get("MaHoSo") or ""),
        changed_at.isoformat() if changed_at else "",
        data,
    )


def slip_opened(dossier: str, slip: str, key: str, at: datetime, due_at: datetime | None = None) -> Envelope:
    """The answer to `TiepNhanHoSo` as `iso.slip_opened`; `key` is the delivery's, so that one delivery makes one event. `due_at` is the
    due time the system was told with it."""
    return make(
        "vn.lienthong.iso.slip_opened.v1",
        f"slip-{key}",
        SOURCE,
        dossier,
        at,
        {
            "dossier_code": dossier,
            "slip": slip,
            "due_at": due_at.isoformat() if due_at else None,
            "at": at.isoformat(),
        },
    )


def _plain(value: Any) -> Any:
    """Times as text, as they stand in an envelope."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value
