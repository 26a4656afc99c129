"""Hệ thống thông tin hộ tịch, Bộ Tư pháp."""

from __future__ import annotations

from adapters.civil_registry.adapter import RegistryAdapter
from adapters.civil_registry.client import RegistrySettings
from adapters.civil_registry.reconcile import RECONCILE
from adapters.civil_registry.watch import WATCHES
from bus.adapter import Operation, Partner
from contracts.civil_registry.messages import HoiKetQua, HoSoHoTich, KetQua, TraLoi

ADAPTER = Partner(
    name="civil_registry",
    title_vi="Hệ thống hộ tịch, Bộ Tư pháp",
    title_en="Civil registry of the Ministry of Justice",
    operations=(
        Operation("nhanDKHT", "Gửi đăng ký hộ tịch", "Send a registration", "key", message=HoSoHoTich, answer=TraLoi),
        Operation(
            "layKetQua",
            "Theo dõi kết quả hộ tịch",
            "Watch for the result",
            "key",
            batch=1000,
            message=HoiKetQua,
            answer=KetQua,
            reads=True,
        ),
        Operation(
            "layKetQuaBoSung",
            "Theo dõi hồ sơ chờ bổ sung",
            "Watch for the supplement",
            "key",
            batch=1000,
            message=HoiKetQua,
            answer=KetQua,
            aside=True,
            reads=True,
        ),
    ),
    settings=RegistrySettings,
    open=RegistryAdapter,
    reconcile=RECONCILE,
    watches=WATCHES,
    assumed=(
        "maDinhDanhHoSo are the desk's own codes (maHoSoMCDT); a live poll would confirm it",
        "a registration sent again answers with the words đã được tiếp nhận, or is taken as the supplement it waits for",
        "nycNgayCap… and nycNoiCap… are spelt nycNgayCapGiayToTuyThan and nycNoiCapGiayToTuyThan",
        "sex is 1, 2, 3 as in bhxh.gioiTinh; kinds of residence are 1 permanent, 2 temporary, 3 present",
        "an attachment has at most 5 MiB, all of a dossier 12 MiB",
        "times of a result are written as the registry writes times elsewhere",
        "a row of layKetQua that is missing tells a watch nothing; where accounts are compared, that there is no such registration",
        "`errors` of a row of layKetQua are texts",
    ),
)

__all__ = ["ADAPTER"]
