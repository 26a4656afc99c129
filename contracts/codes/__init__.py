"""Shared code lists with their dates: a code means something only on a day (wards changed on 2025-07-01 and 2026-06-09).

`lookup` answers for a day or raises `CodeGap`, which holds the delivery until the row exists. A province adds rows of its own in
a folder of CSV files named after the list (`procedure.csv`: code, name_vi, name_en, valid_from, valid_to, source); a code that is
missed looks there again before it is called a gap, so that every process of the house sees a new row at once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

from contracts.codes import agency
from contracts.codes.code import Code, CodeGap, gap_of
from contracts.codes.lists import LISTS, REFORM_ON, day, table
from contracts.codes.own import OwnRows, digest

__all__ = [
    "LISTS",
    "REFORM_ON",
    "Code",
    "CodeGap",
    "alike",
    "edition",
    "every",
    "gap_of",
    "load_extra",
    "load_pulled",
    "lookup",
    "merged_province",
    "words",
]

_OWN = OwnRows()
_PULLED: dict[str, dict[str, list[Code]]] = {}
_PULLED_DIGESTS: dict[str, str] = {}


def lookup(code_list: str, code: str, on: date) -> Code:
    """The row of `code`, or of the code it is another name for, that holds on the day `on`.

    Raises CodeGap; KeyError for a list we do not have.
    """
    found = _find(code_list, code, on)
    if found is None and _OWN.refresh():
        found = _find(code_list, code, on)
    if found is None:
        raise CodeGap(code_list, code, on)
    return found


def merged_province(code: str) -> str:
    """The province of today that an old province (code before 2025-07-01) became part of. Raises CodeGap for a code that was none."""
    for row in _rows("province_before").get(code, []):
        return row.extra[0]
    raise CodeGap("province_before", code, REFORM_ON)


def every(code_list: str) -> Iterator[Code]:
    """All rows of a list, those added by the province last."""
    ours = _rows(code_list) | _PULLED.get(code_list, {})
    for rows in [*ours.values(), *_OWN.rows.get(code_list, {}).values()]:
        yield from rows


def alike(code_list: str, name: str, on: date, limit: int = 3) -> list[Code]:
    """Rows of the day whose names share the most words with `name`, accents and case aside: suggestions, never an answer."""
    wanted = set(words(name))
    scored = []
    for row in every(code_list):
        said = set(words(row.name_vi))
        likeness = len(wanted & said) / (len(wanted | said) or 1)
        if likeness >= 0.5 and row.holds(on):
            scored.append((-likeness, row.code, row))
    return [row for _, _, row in sorted(scored, key=lambda found: found[:2])[:limit]]


def load_extra(folder: Path) -> None:
    """Read the province's own rows again, all of them. Raises ValueError naming file and line of a bad row; then nothing changed."""
    _OWN.load(folder)


def load_pulled(code_list: str, rows: Iterable[Code]) -> None:
    """What a partner's own list says today: it stands above our rows of the same codes, beside those a province adds."""
    told = list(rows)
    _PULLED[code_list], _PULLED_DIGESTS[code_list] = by_code(told), digest(told)


def edition() -> str:
    """What all lists say together just now, in eight hexadecimal digits: shipped rows, pulled ones, and the province's own."""
    return sha256(
        " ".join((_shipped(), _OWN.digest, *(said for _, said in sorted(_PULLED_DIGESTS.items())))).encode()
    ).hexdigest()[:8]


@cache
def _shipped() -> str:
    return digest(row for name in sorted(LISTS) for row in LISTS[name]())


def _row(code_list: str, code: str, on: date) -> Code | None:
    """The row of the code itself on that day."""
    ours = _PULLED.get(code_list, {}).get(code) or _rows(code_list).get(code, [])
    own = _OWN.rows.get(code_list, {}).get(code, [])
    return next((row for row in (*ours, *own) if row.holds(on)), None)


def _find(code_list: str, code: str, on: date) -> Code | None:
    if code_list == "procedure" and (portal := _row("procedure_map", code, on)) is not None:
        return _row(code_list, portal.name_vi, on)
    if (found := _row(code_list, code, on)) is not None:
        return found
    meant = (_find(code_list, other, on) for other in _other_names(code_list, code, on))
    return next((row for row in meant if row is not None), None)


def _other_names(code_list: str, code: str, on: date) -> Iterator[str]:
    """The codes that say the same as this one on that day: by the table of aliases, and an agency's other form."""
    for alias in _aliases(code_list).get(code, ()):
        if alias.holds(on):
            yield alias.extra[0]
    if code_list == "agency" and (old := agency.old_form(code)) is not None:
        yield old


@cache
def _aliases(code_list: str) -> dict[str, list[Code]]:
    """Aliases of a list; `extra` is the code meant."""
    return by_code(
        Code(row["alias"], "", "", day(row["valid_from"]), day(row["valid_to"]), row["source"], (row["code"],))
        for row in table("aliases.csv")
        if row["list"] == code_list
    )


def by_code(rows: Iterable[Code]) -> dict[str, list[Code]]:
    """Rows by their code, in their order."""
    found: dict[str, list[Code]] = {}
    for row in rows:
        found.setdefault(row.code, []).append(row)
    return found


@cache
def _rows(code_list: str) -> dict[str, list[Code]]:
    return by_code(LISTS[code_list]())


def words(name: str) -> list[str]:
    """The words of a name, accents and case aside."""
    plain = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return "".join(
        letter if letter.isalnum() else " " for letter in plain if unicodedata.category(letter) != "Mn"
    ).split()
