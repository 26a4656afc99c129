"""Hệ thống thông tin quốc gia về đăng ký doanh nghiệp."""

from __future__ import annotations

from adapters.business_registry.adapter import SYNC, WATCH, RegisterAdapter, enterprise, household, names
from adapters.business_registry.client import RegisterSettings
from adapters.business_registry.watch import WATCHES
from bus.adapter import Lookup, Operation, Partner
from contracts.business_registry.messages import HoiKetQuaHKD, HoSoHKD, TraLoi
from contracts.canonical.enterprise import Enterprise, EnterpriseQuestion, HouseholdQuestion
from contracts.canonical.household import HouseholdNameQuestion

DAY_S = 86400.0

ADAPTER = Partner(
    name="business_registry",
    title_vi="Hệ thống đăng ký doanh nghiệp",
    title_en="National business register",
    operations=(
        Operation(
            SYNC,
            "Đồng bộ hồ sơ hộ kinh doanh",
            "Tell how a household registration stands",
            "key",
            full_state=True,
            message=HoSoHKD,
            answer=TraLoi,
        ),
        Operation(
            WATCH,
            "Theo dõi kết quả đăng ký hộ kinh doanh",
            "Watch for the register's decision",
            "key",
            batch=100,
            message=HoiKetQuaHKD,
            aside=True,
            reads=True,
        ),
    ),
    settings=RegisterSettings,
    open=RegisterAdapter,
    lookups=(
        Lookup(
            name="enterprise",
            title_vi="Tra cứu doanh nghiệp, chi nhánh theo mã số",
            title_en="Enterprise or branch by code",
            question=EnterpriseQuestion,
            answer=Enterprise,
            ask=enterprise,
            key="code",
            cache_s=DAY_S,
        ),
        Lookup(
            name="household",
            title_vi="Tra cứu hộ kinh doanh theo số định danh của chủ hộ",
            title_en="Household business by its owner's personal id",
            question=HouseholdQuestion,
            answer=Enterprise,
            ask=household,
            key="owner_id",
            cache_s=DAY_S,
        ),
        Lookup(
            name="name",
            title_vi="Tra cứu tên hộ kinh doanh trùng trong xã, phường",
            title_en="Household businesses of a commune that have a name already",
            question=HouseholdNameQuestion,
            answer=Enterprise,
            ask=names,
        ),
    ),
    watches=WATCHES,
    assumed=(
        "dongBoHoSoHKD and its codes are proposed; a state is kept under maHoSo, so one told again changes nothing (dedupe = key)",
        "traCuuKetQuaHKD is proposed after the civil registry's layKetQua; a dossier its answer passes over has nothing new",
        "a dossier told as received (2) begins anew there after a refusal or a withdrawal, so its old end is not told again",
        "traCuuTenHKD is proposed: it answers in the records of chiTietDoanhNghiep, names compared without accents and blanks",
        "trangThai of dongBoHoSoHKD is the dossier's status as the national portal counts it",
        "the SOAP face: its WSDL is proposed, with the REST face's fields and a WS-Security UsernameToken",
        "the words of a legal status; the registry's own list of codes would replace them",
        "fields of NganhNgheKinhDoanh and of the older shape's Representatives",
        "an address with a district is in the codes of before 2025-07-01",
        "a suspension whose end has passed is over",
    ),
)

__all__ = ["ADAPTER"]
