"""Shared code lists with their dates: a code means something only on a day (wards changed on 2025-07-01 and 2026-06-09).

`lookup` answers for a day or raises `CodeGap`, which holds the delivery until the row exists. A province adds rows of its own in
a folder of CSV files named after the list (`procedure.csv`: code, name_vi, name_en, valid_from, valid_to, source).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

REFORM_ON = date(2025, 7, 1)
"""Provinces merged, districts ended (NQ 202/2025/QH15; codes by QĐ 19/2025/QĐ-TTg)."""


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a list: valid from `valid_from` to `valid_to`, both included; None is open. `extra` holds the list's own columns."""

    code: str
    name_vi: str
    name_en: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    source: str = ""
    extra: tuple[str, ...] = ()

    def holds(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


class CodeGap(Exception):
    """A code has no row for its date. The row may come later, so what needs it waits."""

    def __init__(self, code_list: str, code: str, on: date) -> None:
        super().__init__(f"list {code_list} has no row for {code} on {on.isoformat()}")
        self.code_list = code_list
        self.code = code
        self.on = on

    @property
    def key(self) -> str:
        """What a waiting delivery names: `code:<list>:<code>:<day>`."""
        return f"code:{self.code_list}:{self.code}:{self.on.isoformat()}"


def gap_of(key: str) -> CodeGap | None:
    """The gap a hold key names, None for another kind of key."""
    parts = key.split(":")
    if len(parts) != 4 or parts[0] != "code":
        return None
    try:
        return CodeGap(parts[1], parts[2], date.fromisoformat(parts[3]))
    except ValueError:
        return None


def lookup(code_list: str, code: str, on: date) -> Code:
    """The row of `code` that holds on the day `on`. Raises CodeGap; KeyError for a list we do not have."""
    for row in _rows(code_list).get(code, ()):
        if row.holds(on):
            return row
    for row in _EXTRA.get(code_list, {}).get(code, ()):
        if row.holds(on):
            return row
    raise CodeGap(code_list, code, on)


def merged_province(code: str) -> str:
    """The province of today that an old province (code before 2025-07-01) became part of. Raises CodeGap for a code that was none."""
    for row in _rows("province_before").get(code, ()):
        return row.extra[0]
    raise CodeGap("province_before", code, REFORM_ON)


def every(code_list: str) -> Iterator[Code]:
    """All rows of a list, those added by the province last."""
    for rows in [*_rows(code_list).values(), *_EXTRA.get(code_list, {}).values()]:
        yield from rows


def load_extra(folder: Path) -> None:
    """Read the province's own rows again, all of them. Raises ValueError naming file and line of a bad row; then nothing changed."""
    found: dict[str, dict[str, list[Code]]] = {}
    for file in sorted(folder.glob("*.csv")):
        if file.stem not in _LISTS:
            raise ValueError(f"{file}: no code list is called {file.stem}; there are {', '.join(sorted(_LISTS))}")
        found[file.stem] = _by_code(_extra_rows(file))
    _EXTRA.clear()
    _EXTRA.update(found)


_EXTRA: dict[str, dict[str, list[Code]]] = {}


def _extra_rows(file: Path) -> Iterator[Code]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                yield Code(
                    row["code"].strip(),
                    row["name_vi"].strip(),
                    row.get("name_en") or "",
                    _day(row.get("valid_from")),
                    _day(row.get("valid_to")),
                    row.get("source") or "",
                )
            except (KeyError, ValueError, AttributeError) as error:
                raise ValueError(f"{file}, line {number}: {error}") from None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _csv(name: str) -> Iterator[dict[str, str]]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


def _by_code(rows: Iterator[Code]) -> dict[str, list[Code]]:
    found: dict[str, list[Code]] = {}
    for row in rows:
        found.setdefault(row.code, []).append(row)
    return found


@cache
def _rows(code_list: str) -> dict[str, list[Code]]:
    return _by_code(_LISTS[code_list]())


def _procedures() -> Iterator[Code]:
    """The catalogue's procedures; `extra` is field name, publishing agency, kind."""
    for row in _csv("procedures.csv"):
        yield Code(
            row["ma_tthc"], row["ten_tthc"], source="S4", extra=(row["linh_vuc"], row["co_quan_cong_bo"], row["loai"])
        )


def _wards() -> Iterator[Code]:
    """Communes before and after the reform, and those renamed on 2026-06-09; `extra` is district and province code."""
    changed = {row["ward_code"]: row for row in _csv("ward_changes_2026-06-09.csv")}
    for row in _csv("wards_old_to_2025-06-30.csv"):
        yield Code(
            row["ward_code"],
            row["ward"],
            valid_to=_day(row["valid_to"]),
            source="S7",
            extra=(row["district_code"], row["province_code"]),
        )
    for row in _csv("wards_new_from_2025-07-01.csv"):
        change = changed.get(row["ward_code"])
        since, place = _day(row["valid_from"]), ("", row["province_code"])
        if change is None:
            yield Code(row["ward_code"], row["ward"], valid_from=since, source="S7", extra=place)
            continue
        renamed_on = date.fromisoformat(change["effective_date"])
        yield Code(
            row["ward_code"],
            change["name_before"],
            valid_from=since,
            source="S7",
            extra=place,
            valid_to=date.fromordinal(renamed_on.toordinal() - 1),
        )
        yield Code(row["ward_code"], change["name_after"], valid_from=renamed_on, source="S10", extra=place)


def _provinces() -> Iterator[Code]:
    """Provinces before and after 2025-07-01."""
    rows = list(_csv("province_map_2025.csv"))
    last = date.fromordinal(REFORM_ON.toordinal() - 1)
    for row in rows:
        yield Code(row["old_province_code"], row["old_province"], valid_to=last, source="S7")
    for code, name in sorted({(row["new_province_code"], row["new_province"]) for row in rows}):
        yield Code(code, name, valid_from=REFORM_ON, source="NQ 202/2025/QH15")


def _provinces_before() -> Iterator[Code]:
    """Provinces before the reform; `extra` is the code of the one each became part of."""
    for row in _csv("province_map_2025.csv"):
        yield Code(row["old_province_code"], row["old_province"], source="S7", extra=(row["new_province_code"],))


def _channels() -> Iterator[Code]:
    """Procedures whose channels the detailed catalogue tells; `extra` are the channels: ONLINE, POSTAL, DIRECT."""
    for row in _csv("procedures_detail.csv"):
        if channels := tuple(dict.fromkeys(filter(None, row["kenh"].split("|")))):
            yield Code(row["ma_tthc"], row["ten_tthc"], source="S4", extra=channels)


def _fields() -> Iterator[Code]:
    """Fields of work by the portal's code, as far as the detailed catalogue names them (code as name where it does not)."""
    seen = {row["ma_linh_vuc"] for row in _csv("procedures_detail.csv")} - {""}
    for code in sorted(seen):
        yield Code(code, code, source="S4")


_LISTS: dict[str, Callable[[], Iterator[Code]]] = {
    "procedure": _procedures,
    "ward": _wards,
    "province": _provinces,
    "province_before": _provinces_before,
    "channel": _channels,
    "field": _fields,
}
