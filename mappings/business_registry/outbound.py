"""How a household business' registration stands, as the registry is told (`dongBoHoSoHKD`, proposed; domain notes 3.7, 7c)."""

from __future__ import annotations

from typing import Any

from contracts.business_registry.messages import HoiTenHKD, HoSoHKD
from contracts.canonical.events import DossierEvent
from contracts.canonical.household import HouseholdNameQuestion
from mappings.convert import national_procedure, number, text
from mappings.table import build, computed, row, table

DOC = "dongBoHoSoHKD, domain notes 3.7 (proposed)"


def procedure(message: Any) -> str:
    """The national code of the procedure."""
    return national_procedure(message.dossier.procedure.code, message.dossier.filed_at)


def name(message: Any) -> str:
    """The household business' name; its owner's where the dossier does not say."""
    business = message.dossier.business
    return str(business.name if business else message.dossier.applicant.name)


def owner(message: Any) -> str:
    """The owner's personal id: the applicant's where the dossier does not say."""
    business = message.dossier.business
    return str((business.owner_id if business else None) or message.dossier.applicant.citizen_id or "")


def activities(message: Any) -> list[str]:
    """The lines of business: codes, or names where a line has no code."""
    business = message.dossier.business
    return [line.code or line.name for line in business.activities] if business else []


SENT = table(
    row("dossier.code", "maHoSo", source=DOC, required=True),
    computed("maThuTuc", procedure, source=DOC, required=True),
    computed("tenHoKinhDoanh", name, source=DOC, required=True),
    computed("soDinhDanhChuHo", owner, source=DOC, required=True),
    computed("nganhNghe", activities, source=DOC),
    row("dossier.business.place.detail", "diaDiem", text(), source=DOC),
    row("dossier.business.capital_vnd", "vonDangKy", number(), source=DOC),
    row(
        "dossier.status",
        "trangThai",
        number(),
        source="Assumed: the dossier's status as the national portal counts it",
        required=True,
    ),
    row("dossier.business.number", "maSoHKD", source=DOC),
    of=DossierEvent,
    to=HoSoHKD,
)


NAME = table(
    row("name", "tenHoKinhDoanh", text(), source="traCuuTenHKD, domain notes 7c (proposed)", required=True),
    row("ward", "maXa", source="traCuuTenHKD, domain notes 7c (proposed)", required=True),
    of=HouseholdNameQuestion,
    to=HoiTenHKD,
)


def request(message: Any) -> dict[str, Any]:
    """The body of `dongBoHoSoHKD`. Raises Unmappable."""
    return build(SENT, message)
