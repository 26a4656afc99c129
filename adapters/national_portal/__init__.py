"""Cổng Dịch vụ công quốc gia."""

from __future__ import annotations

from dataclasses import replace

from adapters.national_portal.adapter import PortalAdapter
from adapters.national_portal.client import PortalSettings
from adapters.national_portal.receive import RECEIVERS
from bus.adapter import Operation, Partner
from bus.policy import PartnerSettings
from contracts.national_portal.messages import HoSo, TienDo


def _tune(partner: Partner, settings: PartnerSettings) -> Partner:
    """`progress_dedupe = "none"`: a progress row with an unknown outcome waits for a person."""
    if isinstance(settings, PortalSettings) and settings.progress_dedupe == "none":
        operations = tuple(
            replace(o, dedupe="none") if o.name == "CapNhatTienDoHoSoMC" else o for o in partner.operations
        )
        return replace(partner, operations=operations)
    return partner


ADAPTER = Partner(
    name="national_portal",
    title_vi="Cổng Dịch vụ công quốc gia",
    title_en="National public-service portal",
    operations=(
        Operation("DongBoHoSoMC", "Đồng bộ hồ sơ", "Sync a dossier", "query", full_state=True, batch=20, message=HoSo),
        Operation("CapNhatTienDoHoSoMC", "Cập nhật tiến độ", "Add a progress row", "key", batch=10, message=TienDo),
    ),
    settings=PortalSettings,
    open=PortalAdapter,
    assumed=(
        "CapNhatTienDoHoSoMC: a repeated row (MaHoSo + ThoiDiemXuLy + TrangThai) is dropped by the portal; a live test would confirm it "
        '(progress_dedupe = "none" otherwise)',
        "TraCuuHoSo is asked by MaHoSo and answers with a row when the dossier exists",
        "a session error is any non-zero code whose words mention session, phiên or đăng nhập, or a 401",
        "an array is taken or refused as a whole unless `result` names rows",
    ),
    tune=_tune,
)

__all__ = ["ADAPTER", "RECEIVERS"]
