"""What the insurance tells: people and numbers, and how a child's card stands (domain notes 3.9)."""

from __future__ import annotations

import binascii
from datetime import datetime
from typing import Any

from contracts.canonical.insurance import InsuranceNumber, InsuredPerson
from contracts.canonical.registration import MAX_FILE_BYTES
from contracts.envelope import Envelope, make
from contracts.social_insurance import PRECISION, SEX, STATES
from contracts.social_insurance.messages import ThongTinHgd, TraLoiThe
from mappings.convert import choice, text
from mappings.social_insurance.outbound import S5
from mappings.table import Unmappable, read, row, table

SOURCE = "urn:lienthong:social-insurance"
FIRST_YEAR = "1900"
"""Of a place of birth without a date."""
KNOWN = dict(zip(PRECISION.values(), (8, 4, 6), strict=True))
"""How many digits of ngaySinh are known, by loaiNgaySinh."""

PERSON = table(
    row("name", "hoTen", text(), source=S5, required=True),
    row("old_book", "soSoCu", source=S5),
    row("sex", "gioiTinh", choice(SEX), source="code list bhxh.gioiTinh"),
    row("birth_place.province", "maTinhKs", source=S5),
    row("birth_place.district", "maHuyenKs", source=S5),
    row("birth_place.ward", "maXaKs", source=S5),
    row("status", "trangThai", text(), source=S5),
    of=InsuredPerson,
    to=ThongTinHgd,
    beside=("number",),
)


def born_on(said: str, precision: str) -> str | None:
    """`yyyyMMdd` as far as `loaiNgaySinh` says it is known; None for nothing. Raises Unmappable."""
    if not said:
        return None
    digits = said[: KNOWN.get(precision, 8)]
    parts = [digits[:4], digits[4:6], digits[6:8]]
    if not digits.isdigit() or len(digits) not in KNOWN.values():
        raise Unmappable("ngaySinh", "born_on", "not yyyyMMdd")
    return "-".join(part for part in parts if part)


def person(number: str, told: ThongTinHgd) -> InsuredPerson:
    """A person; the codes of the place of birth are of that time. Raises Unmappable, ValidationError."""
    found = read(PERSON, told.model_dump())
    born = born_on(told.ngaySinh, told.loaiNgaySinh)
    place = found.pop("birth_place", {})
    if "province" in place:
        found["birth_place"] = {**place, "as_of": f"{born or FIRST_YEAR}-01-01"[:10]}
    return InsuredPerson.model_validate({**found, "number": number, "born_on": born})


def numbers(found: list[str]) -> tuple[InsuranceNumber, ...]:
    """Every number that fits, each once, in the insurance's order."""
    return tuple(InsuranceNumber(number=number) for number in dict.fromkeys(found))


def changed(known: Any, told: TraLoiThe, reference: str, key: str, now: datetime) -> Envelope | None:
    """How the card stands, as an event; None when `known` (the event before) said so already. Raises Unmappable, Refusal."""
    state = STATES.get(told.trangThai)
    if state is None:
        raise Unmappable("trangThai", "state", "required, and there is nothing")
    if state == getattr(known, "state", None):
        return None
    content, fault = _file(told.fileThe)
    return make(
        "vn.lienthong.insurance.card_changed.v1",
        f"card-{key}",
        SOURCE,
        known.dossier_code,
        now,
        {
            "dossier_code": known.dossier_code,
            "linked_code": known.linked_code,
            "procedure_code": known.procedure_code,
            "state": state,
            "at": now.isoformat(),
            "number": told.maSoBHXH or None,
            "card": told.soTheBHYT.replace(" ", "").upper(),
            "valid_from": _day("giaTriTu", told.giaTriTu),
            "valid_until": _day("giaTriDen", told.giaTriDen),
            "words": told.ghiChu[:4000],
            "reference": reference[:100],
            "file": content,
            "file_fault": fault,
        },
    )


def _day(field: str, said: str) -> str | None:
    if not said:
        return None
    try:
        return datetime.strptime(said, "%Y%m%d").date().isoformat()
    except ValueError:
        raise Unmappable(field, "", "not yyyyMMdd") from None


def _file(said: str) -> tuple[str | None, str]:
    """The card's PDF, or what is wrong with it: a card with a bad file is issued all the same."""
    if not said:
        return None, ""
    content = "".join(said.split())
    try:
        raw = binascii.a2b_base64(content, strict_mode=True)
    except ValueError:
        return None, "the card's file is not Base64"
    if not raw.startswith(b"%PDF-"):
        return None, "the card's file is not a PDF"
    if len(raw) > MAX_FILE_BYTES:
        return None, f"the card's file has {len(raw)} bytes, {MAX_FILE_BYTES} allowed"
    return content, ""
