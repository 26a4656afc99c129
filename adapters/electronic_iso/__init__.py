"""Hệ thống ISO điện tử của tỉnh."""

from __future__ import annotations

from adapters.electronic_iso.adapter import IsoAdapter, IsoSettings
from adapters.electronic_iso.receive import RECEIVERS
from adapters.electronic_iso.reconcile import RECONCILE
from bus.adapter import Operation, Partner
from contracts.electronic_iso.messages import CapNhatBuoc, KetThuc, TiepNhanHoSo

ADAPTER = Partner(
    name="electronic_iso",
    title_vi="Hệ thống ISO điện tử",
    title_en="Electronic ISO system",
    operations=(
        Operation("TiepNhanHoSo", "Mở phiếu", "Open a slip", "key", message=TiepNhanHoSo),
        Operation("CapNhatBuoc", "Cập nhật bước", "Update a step", "key", message=CapNhatBuoc),
        Operation("KetThuc", "Kết thúc phiếu", "Close the slip", "key", message=KetThuc),
    ),
    settings=IsoSettings,
    open=IsoAdapter,
    polls_every_s=60.0,
    reconcile=RECONCILE,
    assumed=(
        "the whole contract is a proposal (service.wsdl); the province's ISO system would confirm it",
        "TiepNhanHoSo repeated for the same MaHoSo answers with the MaPhieu it gave before, and takes over a new NgayHenTra",
        "CapNhatBuoc is idempotent by MaHoSo + MaBuoc + BatDau, KetThuc by MaPhieu + TrangThai",
        "KetQuaXuLy is OK where a step or an end was taken; anything else leaves it in doubt",
        "a status that stops the clock (5, 6, 8) is a step TAM_DUNG without an end, over with the next step",
        "a change keeps its MaThayDoi, and its content, however often it is told or polled",
        "MaQuyTrinhISO is QT-<base procedure code>",
    ),
)

__all__ = ["ADAPTER", "RECEIVERS"]
