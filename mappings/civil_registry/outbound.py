"""What the registry is sent: one registration with its form as JSON text and its papers (domain notes 3.5 and 10)."""

from __future__ import annotations

import json
from typing import Any

from contracts import codes
from contracts.canonical.registration import Attachment, Registration, RegistrationEvent
from contracts.civil_registry import MODULES
from contracts.civil_registry.messages import FileDinhKem, HoSoHoTich
from mappings.civil_registry.form import DOC, FORMS
from mappings.convert import as_day, choice, plain, stamp, text
from mappings.table import build, computed, many, row, table

TIME = stamp("%d/%m/%Y %H:%M:%S")


def unit(message: Any) -> str:
    """The commune (5 digits) or district (3) of the place of registration: one that was there when the dossier was filed."""
    code = str(message.registration.unit)
    return codes.lookup("ward" if len(code) == 5 else "district", code, as_day(message.dossier.filed_at)).code


def form_text(message: Any) -> str:
    """The form as JSON text."""
    registration: Registration = message.registration
    return json.dumps(build(FORMS[registration.kind], registration), ensure_ascii=False)


FILE = table(
    row("id", "id", plain(), source=DOC),
    row("kind", "loaiGiayTo", plain(), source=DOC),
    row("title", "tenGiayTo", text(), source=DOC, required=True),
    row("file_name", "tenTepDinhKem", text(), source=DOC, required=True),
    row("withdrawn", "huyGiayTo", choice({False: 0, True: 1}), source=DOC),
    row("content", "duLieuTepDinhKem", source=DOC, required=True),
    of=Attachment,
    to=FileDinhKem,
)

SENT = table(
    computed("maDonVi", unit, source=DOC, required=True),
    row("registration.kind", "module", choice(MODULES), source="code list hotich.module", required=True),
    row("registration.linked_code", "maHoSoLT", source=DOC),
    row("dossier.code", "maHoSoMCDT", source=DOC, required=True),
    row("dossier.received_at", "ngayTiepNhan", TIME, source="domain notes 2.2", required=True),
    computed("data", form_text, source=DOC, required=True),
    many("registration.attachments", "fileDinhKem", FILE, source=DOC),
    of=RegistrationEvent,
    to=HoSoHoTich,
)


def request(message: Any) -> dict[str, Any]:
    """The body of `nhanDKHT`; withdrawn papers stay at home. Raises Unmappable, CodeGap."""
    written = build(SENT, message)
    written["fileDinhKem"] = [file for file in written["fileDinhKem"] if file["huyGiayTo"] == 0]
    return written
