"""What the insurance is asked: people by number or criteria, and a card for a registered child (domain notes 3.9, 7b)."""

from __future__ import annotations

from typing import Any

from contracts.canonical.insurance import CriteriaQuestion
from contracts.canonical.registration import ChangedEvent, Party
from contracts.identifier import PartialDate
from contracts.social_insurance import PRECISION, SEX
from contracts.social_insurance.messages import DangKyTheBHYT, HoiTheoTieuChi, NguoiThan, TreEm
from mappings.convert import Converter, choice, text
from mappings.table import Unmappable, build, computed, row, table

S5 = "S5, domain notes 3.9"
DOC = "dangKyTheBHYT, domain notes 3.9 (proposed)"


def birthday() -> Converter:
    """A date of birth as yyyyMMdd. Assumed: what is not known of it is written 01, and loaiNgaySinh says so."""

    def out(value: Any, _message: Any) -> str:
        return f"{value.year:04}{value.month or 1:02}{value.day or 1:02}"

    return Converter("date yyyyMMdd, unknown parts 01", out)


def precision(message: Any) -> str:
    """How much of the date of birth is known: code list bhxh.loaiNgaySinh."""
    born_on: PartialDate = message.born_on
    return PRECISION[born_on.precision]


CRITERIA = table(
    row("name", "hoTen", text(), source=S5, required=True),
    row("born_on", "ngaySinh", birthday(), source=S5, required=True),
    computed("loaiNgaySinh", precision, source="code list bhxh.loaiNgaySinh", required=True),
    row("sex", "gioiTinh", choice(SEX), source="code list bhxh.gioiTinh", required=True),
    row("birth_province", "maTinhKs", source=S5),
    row("birth_district", "maHuyenKs", source=S5),
    row("birth_ward", "maXaKs", source=S5),
    of=CriteriaQuestion,
    to=HoiTheoTieuChi,
)


def criteria(question: Any) -> dict[str, Any]:
    """The body of `TraCuuMaSoBhxhTheoTieuChi`."""
    return build(CRITERIA, question)


DAY = Converter("day yyyyMMdd", lambda value, _message: f"{value:%Y%m%d}")
CHILD = table(
    row("birth.child.name", "hoTen", text(), source=DOC, required=True),
    row("birth.child.born_on", "ngaySinh", birthday(), source=DOC, required=True),
    row("birth.child.sex", "gioiTinh", choice(SEX), source="code list bhxh.gioiTinh", required=True),
    row("certificate.citizen_id", "soDinhDanh", source=DOC, required=True),
    row("certificate.number", "soGiayKhaiSinh", source=DOC, required=True),
    row("certificate.book", "quyenSo", source=DOC),
    row("certificate.registered_on", "ngayDangKy", DAY, source=DOC, required=True),
    of=ChangedEvent,
    to=TreEm,
)
PARENT = table(
    row("name", "hoTen", text(), source=DOC, required=True),
    row("citizen_id", "soDinhDanh", source=DOC),
    of=Party,
    to=NguoiThan,
)


def code(message: Any) -> str:
    """The linked-services code, the desk's own where the dossier did not come by them."""
    return str(message.linked_code or message.dossier_code)


def child(message: Any) -> dict[str, Any]:
    """The child as registered."""
    return build(CHILD, message)


def father(message: Any) -> dict[str, Any] | None:
    """The father; a single mother's child has none."""
    return build(PARENT, message.birth.father) if message.birth.father else None


def mother(message: Any) -> dict[str, Any] | None:
    """The mother."""
    return build(PARENT, message.birth.mother) if message.birth.mother else None


def home(message: Any) -> dict[str, str]:
    """Where the child lives: with its mother, else with its father. Assumed: the field's parts are the registry's."""
    parents = (message.birth.mother, message.birth.father)
    address = next((parent.residence for parent in parents if parent and parent.residence), None)
    if address is None:
        return {"maTinh": "", "maHuyen": "", "maXa": "", "diaChi": ""}
    return {
        "maTinh": address.province,
        "maHuyen": address.district or "",
        "maXa": address.ward or "",
        "diaChi": address.detail,
    }


CARD = table(
    computed("maHoSoLT", code, source=DOC, required=True),
    computed("treEm", child, source=DOC, required=True),
    computed("cha", father, source=DOC),
    computed("me", mother, source=DOC),
    computed("diaChiThuongTru", home, source=DOC),
    row("birth.clinic", "noiKCB", source=DOC),
    empty=None,
    of=ChangedEvent,
    to=DangKyTheBHYT,
)


def card(message: Any) -> dict[str, Any]:
    """The body of `dangKyTheBHYT`, an absent parent left out. Raises Unmappable."""
    if message.birth is None:
        raise Unmappable("treEm", "birth", "the registration does not say who was born")
    said = build(CARD, message)
    return {name: value for name, value in said.items() if value is not None}
