"""Identifiers of people, agencies, dossiers and procedures: validated and normalised, each rule with its source.

Every type here is a `str` once validated. A bad value raises a validation error that names the rule and where it comes from.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, StringConstraints, WithJsonSchema
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.vn import mst

from contracts.fault import refuse
from contracts.marks import PERSONAL, Coded, Finder

_AGENCY = re.compile(r"(\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(\.\d{1,3}){0,9})\Z", re.ASCII)
_DOSSIER = re.compile(r"(?P<agency>[A-Z0-9.]{3,35})-(?P<day>\d{6})-(?P<number>\d{4,10})\Z", re.ASCII)
_PROCEDURE = re.compile(
    r"(?P<base>\d\.\d{6,7})(?:\.(?P<agency>\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}))?(?:\.(?P<part>\d{2}))?\Z", re.ASCII
)
_MOBILE = re.compile(r"(?:0|\+84)(?:[35789]\d{8}|2\d{9}|1\d{9})\Z", re.ASCII)
_PUNCTUATION = re.compile(r"[\s.\-()]")
_LEGAL = re.compile(r"[0-9]+(/[0-9]{4})?/[A-ZĐ]+[0-9]*(-[A-ZĐ]+[0-9]*)*\Z")
_PARTIAL = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?\Z", re.ASCII)
_BIDI = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CONTROL = re.compile("[\ud800-\udfff\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SPACES = re.compile(r"\s+")
_LEGACY = re.compile("[¨©ª®µ¸¹ÆÖÜÇÞæ]|[aeAE][ùøûõïäáàãâêëåöüÿ]|[ouyiOUYI][øûïäåëöüÿ]|[oO][âù]|[uU][ùõ]")


def tidy(value: Any) -> Any:
    """Text in Unicode NFC without zero-width and bidi characters, runs of white space made one blank.

    Names arrive in NFD from macOS and some browsers, with stray line breaks from catalogues (domain notes, 2.2).
    """
    if not isinstance(value, str):
        return value
    if value.isprintable() and "  " not in value and (value.isascii() or unicodedata.is_normalized("NFC", value)):
        return value.strip(" ")
    if _CONTROL.search(value):
        refuse(
            "text_control", "text may not contain control characters", "XML 1.0, 2.2; PostgreSQL text", personal=True
        )
    if value.isascii():
        return _SPACES.sub(" ", value).strip()
    return _SPACES.sub(" ", unicodedata.normalize("NFC", _BIDI.sub("", value))).strip()


def looks_legacy(text: str) -> bool:
    """True where the letters look like TCVN3 or VNI bytes shown as Latin-1; general knowledge, so only flagged.

    >>> looks_legacy("NguyÔn V¨n An"), looks_legacy("Nguyeãn Vaên An"), looks_legacy("Nguyễn Văn An")
    (True, True, False)
    """
    return bool(_LEGACY.search(text))


def folded(text: str) -> str:
    """A key for comparing Vietnamese text: no accents, no case, no blanks; `hoà` and `hòa` fold alike."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in plain if letter.isalnum()).casefold()


def _agency(value: str) -> str:
    text = value.upper()
    if not _AGENCY.match(text):
        refuse(
            "agency_id", "an agency id looks like 000.00.17.H59 or H59.17.5", "QCVN 102:2016/BTTTT; QĐ 20/2020/QĐ-TTg"
        )
    return text


def agency_levels(agency: str) -> tuple[str, ...]:
    """Either form as levels from the province down: `000.05.17.H59` and `H59.17.5` both give ('H59', '17', '5').

    The old form reads right to left (QCVN 102:2016), the new one left to right (QĐ 20/2020/QĐ-TTg).
    """
    parts = agency.split(".")
    if parts[0].isdigit():
        parts.reverse()
    levels = [parts[0]] + [part.lstrip("0") for part in parts[1:]]
    while len(levels) > 1 and not levels[-1]:
        levels.pop()
    return tuple(levels)


def _dossier(value: str) -> str:
    text = value.upper()
    match = _DOSSIER.match(text)
    if not match or not _AGENCY.match(match["agency"]):
        refuse(
            "dossier_code",
            "a dossier code is an agency id, the day yyMMdd and a number of 4 or more digits, joined by hyphens",
            "TT 01/2018/TT-VPCP",
        )
    day = match["day"]
    try:
        date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
    except ValueError:
        refuse("dossier_code", "the middle of a dossier code is the day of reception, yyMMdd", "TT 01/2018/TT-VPCP")
    return text


class ProcedureParts(NamedTuple):
    """A procedure code taken apart: `2.000815.000.00.00.H55.02` is base, agency and service (or case) number."""

    base: str
    agency: str
    part: str


def procedure_parts(code: str) -> ProcedureParts:
    """The parts of a valid procedure code, empty where absent. Look-ups use the base, never a prefix match."""
    match = _PROCEDURE.match(code)
    if match is None:
        raise ValueError(f"not a procedure code: {code}")
    return ProcedureParts(match["base"], match["agency"] or "", match["part"] or "")


def _procedure(value: str) -> str:
    text = value.upper().removesuffix("-XOA")
    if not _PROCEDURE.match(text):
        refuse(
            "procedure_code",
            "a procedure code is D.DDDDDD, with an agency id and a two-digit service or case number behind it at most",
            "national database of administrative procedures",
        )
    return text


def _citizen(value: str) -> str:
    if not (len(value) == 12 and value.isdigit() and value.isascii()):
        refuse("citizen_id", "a personal id has 12 digits", "Luật Căn cước 26/2023/QH15", personal=True)
    return value


class CitizenParts(NamedTuple):
    """What a 12-digit personal id tells: province or country of birth registration, sex, year of birth."""

    place: str
    sex: str
    born_in: int


def citizen_parts(number: str) -> CitizenParts:
    """Take a 12-digit id apart (NĐ 137/2015/NĐ-CP, Article 13): 3 place, 1 century and sex, 2 year, 6 random."""
    century = int(number[3])
    return CitizenParts(number[:3], "female" if century % 2 else "male", 1900 + 100 * (century // 2) + int(number[4:6]))


def _old_id(value: str) -> str:
    if not (len(value) == 9 and value.isdigit() and value.isascii()):
        refuse("old_id", "an old identity card number has 9 digits", "NĐ 05/1999/NĐ-CP", personal=True)
    return value


def tax_code(value: str) -> str:
    """A tax code in its usual form: 10 digits, 10-3 for a branch, or a person's 12. Raises a validation error."""
    text = value.replace(" ", "")
    if len(text) == 12 and text.isdigit():
        return _citizen(text)  # individuals and household businesses since 2025-07-01
    try:
        compact = mst.validate(text)
    except StdnumError:
        refuse(
            "tax_code",
            "a tax code has 10 digits with a right check digit, or 10-3 for a branch, or is a 12-digit id",
            "TT 105/2020/TT-BTC; TT 86/2024/TT-BTC",
            personal=True,
        )
    return compact if len(compact) == 10 else f"{compact[:10]}-{compact[-3:]}"


def _social(value: str) -> str:
    if not (len(value) == 10 and value.isdigit() and value.isascii()):
        refuse("social_insurance", "a social insurance number has 10 digits", "QĐ 1197/QĐ-BHXH", personal=True)
    return value


def _budget(value: str) -> str:
    if not (len(value) == 7 and value.isdigit() and value.isascii()):
        refuse("budget_unit", "a budget unit code has 7 digits", "TT 185/2015/TT-BTC")
    return value


def _phone(value: str) -> str:
    text = value if value.isdigit() else _PUNCTUATION.sub("", value)
    if text.startswith("84") and len(text) == 11:
        text = "+" + text
    if not _MOBILE.match(text):
        refuse(
            "phone", "a phone number begins with 0 or +84 and has 10 or 11 digits", "TT 22/2014/TT-BTTTT", personal=True
        )
    return "0" + text.removeprefix("+84") if text.startswith("+84") else text


def _legal(value: str) -> str:
    text = value.upper().replace("Ð", "Đ")  # U+00D0 looks like U+0110
    if not _LEGAL.match(text):
        refuse("legal_number", "a legal document's number looks like 61/2018/NĐ-CP", "NĐ 30/2020/NĐ-CP")
    return text.removesuffix("-TTG") + "-TTg" if text.endswith("-TTG") else text  # the Prime Minister's own spelling


class PartialDate(NamedTuple):
    """A date of which only the year, or year and month, may be known: legal for the birth dates of the old."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def precision(self) -> str:
        return "day" if self.day else "month" if self.month else "year"

    def __str__(self) -> str:
        return "-".join([f"{self.year:04}"] + [f"{part:02}" for part in (self.month, self.day) if part])


def partial_date(value: Any) -> PartialDate:
    """Read `1957`, `1957-08` or `1957-08-12`. Raises a validation error for anything else, impossible days included."""
    if isinstance(value, PartialDate):
        return value
    match = _PARTIAL.match(value) if isinstance(value, str) else None
    numbers = [int(part) for part in match.groups() if part] if match else [0]
    try:
        date(*[*numbers, 1, 1][:3])
    except ValueError:
        refuse("partial_date", "a date is yyyy, yyyy-mm or yyyy-mm-dd", "ISO 8601-1", personal=True)
    return PartialDate(*numbers)


def _described(says: str, *examples: str) -> WithJsonSchema:
    """What the published schema says of a type whose rule is code."""
    return WithJsonSchema({"type": "string", "description": says, "examples": list(examples)})


TIDY = BeforeValidator(tidy)
"""Stands behind the constraints of a text, so that they are checked natively, on what is left after tidying."""
Tidy = Annotated[str, TIDY]
AgencyId = Annotated[
    Tidy,
    AfterValidator(_agency),
    _described("agency id, old form or new", "000.00.17.H59", "H59.17.5"),
    Coded("agency"),
]
DossierCode = Annotated[
    Tidy,
    AfterValidator(_dossier),
    _described("agency id, day of reception yyMMdd, number", "000.00.17.H59-230425-0001"),
]
ProcedureCode = Annotated[
    Tidy,
    AfterValidator(_procedure),
    _described("procedure code", "1.012783", "2.000815.000.00.00.H55.02"),
    Coded("procedure"),
]
CitizenId = Annotated[
    Tidy, AfterValidator(_citizen), _described("12 digits", "084080000123"), PERSONAL, Finder("citizen")
]
OldId = Annotated[Tidy, AfterValidator(_old_id), _described("9 digits", "334123456"), PERSONAL, Finder("citizen")]
TaxCode = Annotated[
    Tidy,
    AfterValidator(tax_code),
    _described("10 digits, 10-3 or 12 digits", "0100109106", "0100109106-001"),
    PERSONAL,
    Finder("tax"),
]
SocialInsuranceNumber = Annotated[
    Tidy, AfterValidator(_social), _described("10 digits", "8422123456"), PERSONAL, Finder("social")
]
BudgetUnitCode = Annotated[Tidy, AfterValidator(_budget), _described("7 digits", "1061234")]
Phone = Annotated[Tidy, AfterValidator(_phone), _described("10 or 11 digits, or +84", "0912345678"), PERSONAL]
LegalNumber = Annotated[Tidy, AfterValidator(_legal), _described("number of a legal text", "61/2018/NĐ-CP")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300), TIDY, PERSONAL]
Text = Annotated[str, StringConstraints(max_length=4000), TIDY]
Title = Annotated[str, StringConstraints(min_length=1, max_length=1500), TIDY]
Remark = Annotated[Text, PERSONAL]
"""What people write freely may name people."""
Label = Annotated[str, StringConstraints(max_length=100), TIDY]
Key = Annotated[str, StringConstraints(min_length=1, max_length=100), TIDY]
PartialDay = Annotated[
    PartialDate,
    BeforeValidator(partial_date),
    PlainSerializer(str, return_type=str),
    _described("yyyy, yyyy-mm or yyyy-mm-dd", "1957", "1957-08-12"),
    PERSONAL,
]
