"""Phần mềm dịch vụ công liên thông (DVCLT)."""

from __future__ import annotations

from dataclasses import replace

from adapters.linked_services.adapter import LinkedAdapter
from adapters.linked_services.client import LinkedSettings
from bus.adapter import Operation, Partner
from bus.policy import PartnerSettings
from contracts.linked_services.messages import ChiTiet, HoiHoSo, TrangThai, XacNhan


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
        Operation(
            "traCuuCuTru",
            "Theo dõi đăng ký thường trú",
            "Watch for the residence",
            "key",
            message=HoiHoSo,
            answer=ChiTiet,
            aside=True,
            reads=True,
        ),
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
        "cuTru of a dossier's XML is proposed: absent until the police have decided on the residence, once, with trangThai 4 or 6",
        "a dossier is asked for by its maHoSo as by the id of the list, also after it was acknowledged",
        "a residence belongs to 2.000986 alone",
        "the linked procedures are 2.000986, 2.001023, 2.002621 and 2.002622",
    ),
    tune=_tune,
)

__all__ = ["ADAPTER"]
