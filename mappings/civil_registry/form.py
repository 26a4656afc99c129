"""The registry's forms: birth, death, marriage as tables (domain notes 3.5, field names of S2)."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from contracts.canonical.registration import Registration
from contracts.civil_registry.forms import KetHon, KhaiSinh, KhaiTu
from mappings.convert import Converter, choice, number, text, yes_no
from mappings.table import Row, computed, row, table

DOC = "Hộ tịch, domain notes 3.5"
BLANK_PLACE = {"maTinh": "", "maHuyen": "", "maXa": "", "dcChiTiet": ""}
SEX = choice({"male": "1", "female": "2", "other": "3"})
"""1 is a boy in the document's sample. Assumed: 2 and 3 as in bhxh.gioiTinh; the registry's own list would confirm them."""
RESIDENCE = choice({"permanent": "1", "temporary": "2", "present": "3"})
"""Assumed: 1 permanent (S2 fills it in where nothing is known), 2 temporary, 3 present; the registry's list would confirm them."""


def dotted() -> Converter:
    """A date as `dd.MM.yyyy`; of a partial one `MM.yyyy` or `yyyy` (domain notes 2.2)."""

    def out(value: Any, _message: Any) -> str:
        parts = (f"{value.day:02}" if value.day else "", f"{value.month:02}" if value.month else "", f"{value.year:04}")
        return ".".join(part for part in parts if part)

    return Converter("date dd.MM.yyyy, or what is known of it", out)


def place(path: str) -> Callable[[Any], dict[str, str]]:
    """The address at `path` as an object; nothing known is an object of empty texts, as both public clients send it."""
    get = attrgetter(path)

    def say(message: Any) -> dict[str, str]:
        try:
            address = get(message)
        except AttributeError:
            address = None
        if address is None:
            return dict(BLANK_PLACE)
        return {
            "maTinh": address.province,
            "maHuyen": address.district or "",
            "maXa": address.ward or "",
            "dcChiTiet": address.detail,
        }

    say.__doc__ = f"{path} as maTinh, maHuyen, maXa, dcChiTiet; an absent one as empty texts."
    return say


def identity(path: str, prefix: str, *, name_required: bool = False) -> tuple[Row, ...]:
    """The fields every person has, under the prefix of the person's part."""
    return (
        row(f"{path}.name", f"{prefix}HoTen", text(), source=DOC, required=name_required),
        row(f"{path}.ethnic_group", f"{prefix}DanToc", source=DOC),
        row(f"{path}.nationality", f"{prefix}QuocTich", source=DOC),
        row(f"{path}.residence_kind", f"{prefix}LoaiCuTru", RESIDENCE, source=DOC),
        computed(f"{prefix}NoiCuTru", place(f"{path}.residence"), source=DOC),
        row(f"{path}.paper_kind", f"{prefix}LoaiGiayToTuyThan", source=DOC),
        row(f"{path}.paper_number", f"{prefix}SoGiayToTuyThan", source=DOC),
        row(f"{path}.citizen_id", f"{prefix}SoDDCN", source=DOC),
        row(f"{path}.verified", f"{prefix}XacThucThongTin", yes_no(), source=DOC),
    )


def born(path: str, prefix: str, *, required: bool = False) -> Row:
    """The date of birth."""
    return row(f"{path}.born_on", f"{prefix}NgaySinh", dotted(), source=DOC, required=required)


REQUESTER = (
    row("requester.name", "nycHoTen", text(), source=DOC, required=True),
    row("requester.relation", "nycQuanHe", source=DOC, required=True),
    row("requester.paper_kind", "nycLoaiGiayToTuyThan", source=DOC),
    row("requester.paper_number", "nycSoGiayToTuyThan", source=DOC, required=True),
    row("requester.paper_issued_on", "nycNgayCapGiayToTuyThan", dotted(), source=DOC),
    row("requester.paper_issued_by", "nycNoiCapGiayToTuyThan", source=DOC),
    row("requester.phone", "nycSoDienThoai", source=DOC),
    row("requester.email", "nycEmail", source=DOC),
    computed("nycNoiCuTru", place("requester.residence"), source=DOC),
)

COMMON = (
    row("filing_kind", "loaiDangKy", source=DOC),
    row("place", "noiDangKy", text(), source=DOC),
    row("copies", "soLuongBanSao", number(), source=DOC),
)

BIRTH = table(
    row("birth.notice_number", "maGCS", source=DOC),
    row("birth.notice_issued_on", "ngayCapGCS", dotted(), source=DOC),
    *COMMON,
    row("birth.child.name", "nksHoTen", text(), source=DOC, required=True),
    row("birth.child.sex", "nksGioiTinh", SEX, source=DOC, required=True),
    born("birth.child", "nks", required=True),
    row("birth.born_on_in_words", "nksNgaySinhBangChu", text(), source=DOC),
    computed("nksNoiSinh", place("birth.place"), source=DOC),
    row("birth.place_abroad", "nksNoiSinhNuocNgoai", text(), source=DOC),
    computed("nksQueQuan", place("birth.origin"), source=DOC),
    row("birth.child.ethnic_group", "nksDanToc", source=DOC),
    row("birth.child.nationality", "nksQuocTich", source=DOC),
    row("birth.birth_kind", "nksLoaiKhaiSinh", source=DOC),
    *identity("birth.mother", "me"),
    born("birth.mother", "me"),
    *identity("birth.father", "cha"),
    born("birth.father", "cha"),
    *REQUESTER,
    row("birth.foreign_number", "soDangKyNuocNgoai", source=DOC),
    row("birth.foreign_on", "ngayDangKyNuocNgoai", dotted(), source=DOC),
    row("birth.foreign_agency", "cqNuocNgoaiDaDangKy", text(), source=DOC),
    row("birth.foreign_country", "qgNuocNgoaiDaDangKy", source=DOC),
    of=Registration,
    to=KhaiSinh,
)

DEATH = table(
    row("death.notice_number", "maGBT", source=DOC),
    row("death.notice_issued_on", "ngayCapGBT", dotted(), source=DOC),
    row("death.paper_kind", "gbtLoai", source=DOC),
    row("death.paper_number", "gbtSo", source=DOC),
    row("death.paper_issued_on", "gbtNgay", dotted(), source=DOC),
    row("death.paper_issued_by", "gbtCoQuanCap", text(), source=DOC),
    *COMMON,
    *identity("death.deceased", "nkt", name_required=True),
    row("death.deceased.sex", "nktGioiTinh", SEX, source=DOC),
    born("death.deceased", "nkt"),
    row("death.died_on", "nktNgayChet", dotted(), source=DOC, required=True),
    row("death.died_at", "nktGioPhutChet", source=DOC),
    computed("nktNoiChet", place("death.place"), source=DOC),
    row("death.cause", "nktNguyenNhanChet", text(), source=DOC),
    *REQUESTER,
    of=Registration,
    to=KhaiTu,
)


def spouse(path: str, prefix: str) -> tuple[Row, ...]:
    """One of the two, with what is asked of spouses alone."""
    return (
        *identity(path, prefix, name_required=True),
        born(path, prefix, required=True),
        row(f"{path}.marriages", f"{prefix}SoLanKH", number(), source=DOC),
        row(f"{path}.marital_status", f"{prefix}TinhTrangHonNhan", source=DOC),
        row(f"{path}.check_marital_status", f"{prefix}YeuCauXNTTHN", yes_no(), source=DOC),
        row(f"{path}.marital_status_from", f"{prefix}NoiXNTTHN", text(), source=DOC),
    )


MARRIAGE = table(
    *COMMON,
    *spouse("marriage.husband", "chong"),
    *spouse("marriage.wife", "vo"),
    row("marriage.since_on", "ngayXacLapQuanHeHonNhan", dotted(), source=DOC),
    of=Registration,
    to=KetHon,
)

FORMS = {"birth": BIRTH, "death": DEATH, "marriage": MARRIAGE}
