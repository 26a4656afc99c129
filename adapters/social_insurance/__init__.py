"""Bảo hiểm xã hội Việt Nam."""

from __future__ import annotations

from adapters.social_insurance.adapter import SEND, WATCH, InsuranceAdapter, numbers, person
from adapters.social_insurance.client import InsuranceSettings
from adapters.social_insurance.watch import WATCHES
from bus.adapter import Lookup, Operation, Partner
from contracts.canonical.insurance import CriteriaQuestion, InsuranceNumber, InsuredPerson, NumberQuestion
from contracts.social_insurance.messages import DangKyTheBHYT, HoiTheBHYT, TraLoiThe

HOUR_S = 3600.0

ADAPTER = Partner(
    name="social_insurance",
    title_vi="Bảo hiểm xã hội Việt Nam",
    title_en="Vietnam Social Security",
    operations=(
        Operation(
            SEND,
            "Đăng ký thẻ BHYT cho trẻ dưới 6 tuổi",
            "Ask for a child's health insurance card",
            "key",
            full_state=True,
            message=DangKyTheBHYT,
            answer=TraLoiThe,
        ),
        Operation(
            WATCH,
            "Theo dõi thẻ BHYT",
            "Watch for the card",
            "key",
            message=HoiTheBHYT,
            answer=TraLoiThe,
            aside=True,
            reads=True,
        ),
    ),
    settings=InsuranceSettings,
    open=InsuranceAdapter,
    lookups=(
        Lookup(
            name="person",
            title_vi="Tra cứu người tham gia theo mã số BHXH",
            title_en="Insured person by number",
            question=NumberQuestion,
            answer=InsuredPerson,
            ask=person,
            key="number",
            cache_s=HOUR_S,
        ),
        Lookup(
            name="numbers",
            title_vi="Tra cứu mã số BHXH theo tiêu chí",
            title_en="Social insurance numbers by criteria",
            question=CriteriaQuestion,
            answer=InsuranceNumber,
            ask=numbers,
            cache_s=HOUR_S,
        ),
    ),
    watches=WATCHES,
    assumed=(
        "dangKyTheBHYT and traCuuTheBHYT are proposed; both answer how the card stands, in the look-ups' envelope",
        "a request repeated under the same maHoSoLT asks for no second card (dedupe = key)",
        "a request with other content under the same maHoSoLT is the supplement that was asked for",
        "values of errorCode, and that a used-up daily quota is one of them or 429",
        "TraCuuMaSoBhxhTheoTieuChi answers maSoBhxh, one or several",
        "what is not known of ngaySinh is written 01; loaiNgaySinh says so",
        "a child lives with its mother, else with its father (diaChiThuongTru)",
        "days of a card are written yyyyMMdd",
        "each of the five values of an access key (S6) goes in a header of its name",
    ),
)

__all__ = ["ADAPTER"]
