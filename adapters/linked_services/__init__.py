"""Phần mềm dịch vụ công liên thông (DVCLT)."""

from __future__ import annotations

from dataclasses import replace

from adapters.linked_services.adapter import LinkedAdapter
from adapters.linked_services.client import LinkedSettings
from bus.adapter import Operation, Partner
from bus.policy import PartnerSettings
from contracts.linked_services.messages import TrangThai, XacNhan


def _tune(partner: Partner, settings: PartnerSettings) -> Partner:
    """How often filed dossiers are asked for is the province's choice."""
    assert isinstance(settings, LinkedSettings)
    return replace(partner, polls_every_s=settings.polls_every_s)


ADAPTER = Partner(
    name="linked_services",
    title_vi="Phần mềm dịch vụ công liên thông",
    title_en="Linked-services software for births and deaths",
    operations=(
        Operation("xacNhan", "Xác nhận đã nhận hồ sơ", "Acknowledge a filed dossier", "key", message=XacNhan),
        Operation("capNhatTrangThai", "Cập nhật trạng thái", "Tell a status", "key", message=TrangThai),
    ),
    settings=LinkedSettings,
    open=LinkedAdapter,
    polls_every_s=60.0,
    assumed=(
        "paths, the token's field names and the list's shape ({data: [{id}]}, those not acknowledged) are not public",
        "maHoSo, maTTHC, ngayNop stand beside hoTich in the XML, module and fileDinhKem in it",
        "what a citizen files again under its code, as a supplement is, stands in the list again until it is acknowledged again",
        "a second status 4, with the personal id that came later, completes the result told before",
        "a status told again is answered by words of the table's done column",
        "times of a status post are yyyyMMddHHmmss",
        "the residence registered by the police reaches the desk by the software itself: no message of it is known to us",
        "the linked procedures are 2.000986, 2.001023, 2.002621 and 2.002622",
    ),
    tune=_tune,
)

__all__ = ["ADAPTER"]
