"""What the linked-services software tells becomes events: a dossier filed there, a residence decided on (domain notes 3.5, 7b)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.canonical.registration import ResidenceEvent
from contracts.envelope import Envelope, make
from contracts.linked_services import DECISIONS, KINDS
from contracts.linked_services.messages import KetQuaCuTru
from mappings.convert import choice, stamp, text
from mappings.table import Unmappable, read, row, table

SOURCE = "urn:lienthong:linked-services"
TIME = stamp("%Y%m%d%H%M%S")
NOTICE_DAYS = ("ngayCapGCS", "ngayCapGBT")
"""Written yyyyMMdd there (domain notes 2.2); a day of ours here."""
PROPOSED = "proposed; domain notes 7b"

RESIDENCE = table(
    row("state", "trangThai", choice(DECISIONS), source=PROPOSED, required=True),
    row("at", "thoiGianThucHien", TIME, source=PROPOSED, required=True),
    row("place", "noiCuTru", text(), source=PROPOSED),
    row("number", "soDangKy", text(), source=PROPOSED),
    row("reason", "lyDo", text(), source=PROPOSED),
    of=ResidenceEvent,
    to=KetQuaCuTru,
    beside=("dossier_code", "linked_code", "procedure_code"),
)


def filed(fields: Mapping[str, Any]) -> Envelope:
    """The XML's fields as `linked.dossier_filed`; its id comes from what they say, so a dossier listed twice is a duplicate, and what a
    citizen files again under its code, as a supplement is, is not.

    Assumed: maHoSo, maTTHC, ngayNop (yyyyMMddHHmmss) stand beside hoTich, and module and fileDinhKem in it. Raises Unmappable or Refusal.
    """
    form = fields.get("hoTich")
    if not isinstance(form, Mapping):
        raise Unmappable("hoTich", "filing.form", "required: there is no civil status form")
    code, module = _text(fields, "maHoSo"), _text(form, "module")
    if module not in KINDS:
        raise Unmappable("module", "filing.kind", "neither KS nor KT")
    files = form.get("fileDinhKem") or []
    files = [files] if isinstance(files, Mapping) else files
    filing: dict[str, Any] = {
        "linked_code": code,
        "procedure_code": _text(fields, "maTTHC"),
        "kind": KINDS[module],
        "filed_at": _moment(_text(fields, "ngayNop")),
        "form": {name: _day(name, value) for name, value in form.items() if name not in ("module", "fileDinhKem")},
        "attachments": [file for file in files if isinstance(file, Mapping) and file.get("huyGiayTo") != "1"],
    }
    said = json.dumps(filing, sort_keys=True, ensure_ascii=False)
    return make(
        "vn.lienthong.linked.dossier_filed.v1",
        hashlib.sha256(f"filed|{said}".encode()).hexdigest()[:32],
        SOURCE,
        code,
        filing["filed_at"],
        {"filing": filing},
    )


def residence(known: Any, told: KetQuaCuTru) -> Envelope:
    """What the police decided after the birth in `known`; its id comes from what is said, so that the same told twice is a duplicate.

    Raises Unmappable or Refusal.
    """
    found = read(RESIDENCE, told.model_dump())
    if "at" not in found:
        raise Unmappable("thoiGianThucHien", "at", "required, and there is nothing")
    at = found["at"].isoformat()
    beside = {name: getattr(known, name) for name in ("dossier_code", "linked_code", "procedure_code")}
    data = {**beside, **found, "at": at}
    said = json.dumps(data, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(f"residence|{said}".encode()).hexdigest()[:32]
    return make("vn.lienthong.residence.decided.v1", digest, SOURCE, known.dossier_code, at, data)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Unmappable(name, "", "required, and there is nothing")
    return value


def _moment(text: str) -> str:
    assert TIME.back is not None
    try:
        return str(TIME.back(text).isoformat())
    except ValueError:
        raise Unmappable("ngayNop", "filing.filed_at", "not yyyyMMddHHmmss") from None


def _day(name: str, value: Any) -> Any:
    if name not in NOTICE_DAYS or not value:
        return value
    try:
        return datetime.strptime(value, "%Y%m%d").date().isoformat()
    except (ValueError, TypeError):
        raise Unmappable(name, "filing.form", "not yyyyMMdd") from None
