"""What the registry tells of a registration becomes events; a delivery makes one event, so its key is the event's id."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from contracts.canonical.registration import MAX_FILE_BYTES
from contracts.civil_registry.messages import KetQua, KetQuaXuLy
from contracts.envelope import Envelope, make
from mappings.convert import VIETNAM, certificate

SOURCE = "urn:lienthong:civil-registry"
STATES = {
    "1": ("waiting", 4),
    "2": ("supplement", 5),
    "3": ("processing", 4),
    "4": ("registered", 9),
    "6": ("refused", 3),
}
"""trangThai to our state and the dossier's status (domain notes 3.5 and 4; code list hotich.btp.trangThai)."""
TIMES = ("%d/%m/%Y %H:%M:%S", "%Y%m%d%H%M%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
"""Assumed: the form of thoiGianThucHien is not named; these are the forms the registry uses elsewhere."""


def accepted(message: Any, key: str, at: datetime) -> Envelope:
    """The registry took the registration of `message`."""
    registration, code = message.registration, message.dossier.code
    data = {
        "dossier_code": code,
        "linked_code": registration.linked_code,
        "procedure_code": message.dossier.procedure.code,
        "kind": registration.kind,
        "province": registration.province,
        "at": at.isoformat(),
        "birth": _birth(registration.birth),
    }
    return _event("registration.accepted.v1", code, key, at, data)


def changed(known: Any, row: KetQua, key: str, now: datetime) -> Envelope | None:
    """The row as `registration.changed`, None when it says what `known` (the event before) said already. Raises Refusal."""
    state, status = STATES[row.trangThai]
    issued = _certificate(row.ketQuaXuLy) if state == "registered" and row.ketQuaXuLy else None
    before = getattr(known, "certificate", None)
    if state == getattr(known, "state", "waiting") and not _gained(before.model_dump() if before else {}, issued or {}):
        return None
    at = _moment(row.thoiGianThucHien) or now
    data = {
        "dossier_code": known.dossier_code,
        "linked_code": known.linked_code,
        "procedure_code": known.procedure_code,
        "kind": known.kind,
        "province": known.province,
        "state": state,
        "status": status,
        "at": at.isoformat(),
        "officer": row.nguoiXuLy,
        "position": row.chucDanh,
        "department": row.phongBanXuLy,
        "content": row.noiDungXuLy or _errors(row.errors),
        "note": row.ghiChu,
        "deadline": row.hanBoSungHoSo,
        "certificate": issued,
        "birth": _birth(known.birth),
    }
    return _event("registration.changed.v1", known.dossier_code, key, at, data)


def _errors(errors: Any) -> str:
    """What the registry found wrong, in its words. Assumed: text, or a list or object of texts; a live refusal would confirm it."""
    return (errors if isinstance(errors, str) else json.dumps(errors, ensure_ascii=False) if errors else "")[:4000]


def _gained(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether the entry has what may come later and was not there before: the personal id, the certificate's file."""
    return any(now.get(name) and not before.get(name) for name in ("citizen_id", "file"))


def _birth(birth: Any) -> Any:
    """Who was born to whom: what the result is of use for later (a health card) goes along with it."""
    return birth.model_dump(mode="json", exclude_none=True) if birth else None


def _certificate(result: KetQuaXuLy) -> dict[str, Any]:
    content, digest, fault = certificate(result.giayKhaiSinh or result.giayKhaiTu, MAX_FILE_BYTES)
    return {
        "number": result.soDangKy,
        "book": result.quyenSo,
        "page": result.trangSo,
        "registered_on": _day(result.ngayDangKy),
        "citizen_id": result.soDinhDanh or None,
        "file": content,
        "file_sha256": digest,
        "file_fault": fault,
        "entry": result.model_extra or {},
    }


def _moment(text: str) -> datetime | None:
    for form in TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=VIETNAM).astimezone(UTC)
        except ValueError:
            continue
    return None


def _day(text: str) -> str | None:
    """`ngayDangKy` is dd/MM/yyyy (domain notes 2.2)."""
    try:
        return datetime.strptime(text, "%d/%m/%Y").date().isoformat()
    except ValueError:
        return None


def _event(name: str, code: str, key: str, at: datetime, data: dict[str, Any]) -> Envelope:
    return make(f"vn.lienthong.{name}", f"registration-{key}", SOURCE, code, at, data)
