"""The province's dossier system."""

from __future__ import annotations

from adapters.dossier_system.adapter import DossierSettings, open_adapter
from bus.adapter import Operation, Partner
from contracts.dossier_system.messages import Notice

ADAPTER = Partner(
    name="dossier_system",
    title_vi="Hệ thống thông tin giải quyết TTHC",
    title_en="The province's dossier system",
    operations=(Operation("notify", "Báo cho hệ thống một cửa", "Notify the dossier system", "key", message=Notice),),
    settings=DossierSettings,
    open=open_adapter,
    confirms=frozenset({200, 201, 202, 204}),
)

__all__ = ["ADAPTER"]
