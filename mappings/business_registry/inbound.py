"""A record of the business register, in either of its shapes, as a canonical enterprise (domain notes 3.7)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from contracts.business_registry.messages import (
    CaNhan,
    DiaChiCu,
    DoanhNghiep,
    MotDiaChi,
    NganhNghe,
    NguoiDaiDienCu,
    ThongTinChinh,
    TinhTrang,
    TraLoiTraCuu,
)
from contracts.canonical.enterprise import (
    Activity,
    Enterprise,
    LegalStatus,
    Representative,
    Seat,
    Standing,
    Unit,
)
from contracts.codes import REFORM_ON, CodeGap
from contracts.codes.place import Split, carried
from contracts.identifier import folded
from mappings.convert import Converter, number, text, yes_no
from mappings.table import many, read, row, table

DOC, OLD = "chiTietDoanhNghiep, domain notes 3.7", "older shape, domain notes 3.7"
FORMS = ("%Y-%m-%d", "%d/%m/%Y")
_UNIT_CODE = re.compile(r"[0-9]{2,5}\Z")
_BRANCH = re.compile(r"([0-9]{10})-?([0-9]{3})\Z")


def day() -> Converter:
    """A day: ISO 8601 with or without a time (domain notes 2.2), or dd/MM/yyyy."""

    def back(value: Any) -> date:
        said = str(value).partition("T")[0]
        for form in FORMS:
            try:
                return datetime.strptime(said, form).date()
            except ValueError:
                continue
        raise ValueError("no day")

    return Converter("day, ISO 8601 or dd/MM/yyyy", lambda value, _message: value.isoformat(), back)


PERSON = table(
    row("name", "HoVaTen", text(), source=DOC, required=True),
    row("paper_kind", "LoaiGiayToChungThuc", source=DOC),
    row("paper_number", "SoGiayChungThuc", source=DOC),
    row("paper_issued_on", "NgayCap", day(), source=DOC),
    row("paper_issued_by", "NoiCap", text(), source=DOC),
    row("nationality", "QuocTich", source=DOC),
    of=Representative,
    to=CaNhan,
)
STATUS = table(
    row("words", "TinhTrangPhapLy", text(), source=DOC),
    row("code", "MaTinhTrangPhapLy", source=DOC),
    row("suspended_from", "NgayBatDauTamNgung", day(), source=DOC),
    row("suspended_until", "NgayKetThucTamNgung", day(), source=DOC),
    row("reason", "LyDoTamNgung", text(), source=DOC),
    of=LegalStatus,
    to=TinhTrang,
    beside=("standing",),
)
PLACE = table(
    row("country", "QuocGia", source=DOC),
    row("address.province", "MaTinhThanh", source=DOC),
    row("province", "TenTinhThanh", source=DOC),
    row("address.district", "MaQuanHuyen", source=DOC),
    row("district", "TenQuanHuyen", source=DOC),
    row("address.ward", "MaPhuongXa", source=DOC),
    row("ward", "TenPhuongXa", source=DOC),
    row("detail", "DiaChi", text(), source=DOC),
    of=Seat,
    to=MotDiaChi,
)
ACTIVITY = table(
    row("code", "MaNganh", source="Assumed: S2 passes the list on unread"),
    row("name", "TenNganh", text(), source="Assumed: S2 passes the list on unread"),
    row("main", "NganhChinh", yes_no(), source="Assumed: S2 passes the list on unread"),
    of=Activity,
    to=NganhNghe,
)
RECORD = table(
    row("register_number", "MaNoiBo", source=DOC),
    row("certificate_number", "SoGCNDKKD", source=DOC),
    row("kind_code", "MaLoaiHinhDN", source=DOC),
    row("kind", "LoaiHinhDN", text(), source=DOC),
    row("name", "TenTiengViet", text(), source=DOC, required=True),
    row("foreign_name", "TenNuocNgoai", text(), source=DOC),
    row("short_name", "TenVietTat", text(), source=DOC),
    row("registered_on", "NgayDangKyLanDau", day(), source=DOC),
    row("changed_on", "NgayDangKyThayDoi", day(), source=DOC),
    row("change", "SoLanDangKyThayDoi", number(), source=DOC),
    many("legal_statuses", "TinhTrangPhapLy", STATUS, source=DOC),
    many("activities", "NganhNgheKinhDoanh", ACTIVITY, source=DOC),
    of=Enterprise,
    to=DoanhNghiep,
    beside=("unit", "standing"),
)
OLD_RECORD = table(
    row("register_number", "ENTERPRISE_ID", source=OLD),
    row("name", "NAME", text(), source=OLD, required=True),
    row("foreign_name", "NAME_F", text(), source=OLD),
    row("short_name", "SHORT_NAME", text(), source=OLD),
    row("kind", "ENTERPRISE_TYPE_NAME", text(), source=OLD),
    row("registered_on", "FOUNDING_DATE", day(), source=OLD),
    of=Enterprise,
    to=ThongTinChinh,
    beside=("unit", "standing"),
)
OLD_PLACE = table(
    row("province", "CityName", source=OLD),
    row("district", "DistrictName", source=OLD),
    row("ward", "WardName", source=OLD),
    row("detail", "AddressFullText", text(), source=OLD),
    of=Seat,
    to=DiaChiCu,
)
OLD_PERSON = table(
    row("name", "FULL_NAME", text(), source="Assumed: names of the older shape's fields", required=True),
    row("paper_number", "IDENTITY_NO", source="Assumed: names of the older shape's fields"),
    of=Representative,
    to=NguoiDaiDienCu,
)

STANDINGS: tuple[tuple[str, Standing], ...] = (
    ("thu hồi", "revoked"),
    ("đang làm thủ tục giải thể", "dissolving"),
    ("giải thể", "dissolved"),
    ("chấm dứt", "dissolved"),
    ("phá sản", "dissolved"),
    ("tạm ngừng", "suspended"),
    ("chuyển", "moved"),
    ("đang hoạt động", "active"),
)
"""Words of a legal status, the first that are said decide; others stay unknown, in their own words. Assumed: the registry's own list
(MaTinhTrangPhapLy) is not public."""
_FOLDED = tuple((folded(words), standing) for words, standing in STANDINGS)
GRAVEST: tuple[Standing, ...] = ("revoked", "dissolved", "dissolving", "suspended", "moved", "unknown", "active")


def standing_of(words: str) -> Standing:
    """What a legal status in words means."""
    said = folded(words)
    return next((standing for known, standing in _FOLDED if known in said), "unknown")


def standing_now(statuses: Sequence[Mapping[str, Any]], on: date) -> Standing:
    """The gravest of several statuses on a day; a suspension counts on its days alone. Assumed: a firm goes on after it."""
    now: set[Standing] = set()
    for status in statuses:
        holds = status.get("suspended_from", on) <= on <= status.get("suspended_until", on)
        now.add("active" if status["standing"] == "suspended" and not holds else status["standing"])
    return next((standing for standing in GRAVEST if standing in now), "unknown")


def identity(code: str, kind: str) -> dict[str, Any]:
    """Which kind of unit a code names, and how it is kept: a branch's MST-NNN is no tax code of a firm, 12 digits are a person."""
    unit: Unit = "household" if folded("hộ kinh doanh") in folded(kind) else "enterprise"
    if len(code) == 12 and code.isdigit():
        return {"unit": "household", "owner_id": code}
    if branch := _BRANCH.match(code):
        return {"unit": "branch", "code": f"{branch[1]}-{branch[2]}", "parent_code": branch[1]}
    if len(code) == 5 and code.isdigit():
        return {"unit": "place", "code": code}
    return {"unit": unit, "code": code}


def seat(said: dict[str, Any], written_on: date, on: date) -> dict[str, Any]:
    """A head office, its commune carried to the day `on`.

    Assumed: an address with a district is in the codes of before 2025-07-01, one without in those after, whenever it was written down.
    """
    codes = {name: code for name, code in said.pop("address", {}).items() if _UNIT_CODE.match(code)}
    if "province" not in codes:
        return said
    eve = REFORM_ON - timedelta(days=1)
    as_of = min(written_on, eve) if "district" in codes else max(written_on, REFORM_ON)
    found = {**said, "address": {**codes, "as_of": as_of, "detail": said.get("detail", "")}}
    if "ward" not in codes:
        return found
    try:
        ward = carried(codes["ward"], as_of, on)
    except Split as split:
        return {**found, "ward_heirs": [heir.code for heir in split.heirs]}
    except CodeGap:  # a commune of another province, whose list we do not have
        return found
    return {**found, "ward_now": ward.code, "ward_now_name": ward.name_vi}


def enterprises(answer: TraLoiTraCuu, on: date) -> tuple[Enterprise, ...]:
    """The records of an answer, as they stand on the day `on`; none where the registry knows none. Raises Unmappable, ValidationError."""
    if answer.MainInformation is not None:
        return (_old(answer, on),)
    return tuple(_record(record, on) for record in answer.GetEntCert)


def _record(record: DoanhNghiep, on: date) -> Enterprise:
    found = read(RECORD, record.model_dump())
    statuses = [
        {**status, "standing": standing_of(status.get("words", ""))} for status in found.get("legal_statuses", ())
    ]
    people = [person for line in record.DaiDienPhapLuat for person in line.ThongTinCaNhan]
    places = [place for line in record.DiaChiTruSo for place in line.DiaChi]
    written_on = found.get("changed_on") or found.get("registered_on") or on
    return Enterprise.model_validate(
        {
            **found,
            **identity(record.MaSoDoanhNghiep.strip(), record.LoaiHinhDN),
            "legal_statuses": statuses,
            "standing": standing_now(statuses, on),
            "representatives": [read(PERSON, person.model_dump()) for person in people],
            "seat": seat(read(PLACE, places[0].model_dump()), written_on, on) if places else None,
        }
    )


def _old(answer: TraLoiTraCuu, on: date) -> Enterprise:
    main = answer.MainInformation
    assert main is not None
    status = {"words": main.ENTERPRISE_STATUS_NAME, "code": main.ENTERPRISE_STATUS}
    statuses = [{**status, "standing": standing_of(main.ENTERPRISE_STATUS_NAME)}] if any(status.values()) else []
    return Enterprise.model_validate(
        {
            **read(OLD_RECORD, main.model_dump()),
            **identity(main.ENTERPRISE_GDT_CODE.strip(), main.ENTERPRISE_TYPE_NAME),
            "legal_statuses": statuses,
            "standing": standing_now(statuses, on),
            "representatives": [read(OLD_PERSON, person.model_dump()) for person in answer.Representatives],
            "seat": read(OLD_PLACE, answer.HOAdress.model_dump()) if answer.HOAdress else None,
        }
    )
