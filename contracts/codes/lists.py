"""The lists that come with the bus, each read from its CSV file: places, agencies, procedures, and the partners' own small lists."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache, partial
from importlib.resources import files

from contracts.codes.code import Code

REFORM_ON = date(2025, 7, 1)
"""Provinces merged, districts ended (NQ 202/2025/QH15; codes by QĐ 19/2025/QĐ-TTg)."""
EVE = REFORM_ON - timedelta(days=1)


def table(name: str) -> Iterator[dict[str, str]]:
    """The rows of one of our CSV files."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


def day(text: str | None) -> date | None:
    """A day as a file writes it; empty is open. Raises ValueError."""
    return date.fromisoformat(text) if text else None


def _procedures() -> Iterator[Code]:
    """The catalogue's procedures; `extra` is field name, publishing agency, kind; of one that was pulled the field's code too."""
    for row in table("procedures.csv"):
        yield Code(
            row["ma_tthc"], row["ten_tthc"], source="S4", extra=(row["linh_vuc"], row["co_quan_cong_bo"], row["loai"])
        )


def _procedure_map() -> Iterator[Code]:
    """Local codes of procedures whose code on the portal is another: the base of the local one, and as its name the portal's."""
    for row in table("procedure_map.csv"):
        since, until = day(row["valid_from"]), day(row["valid_to"])
        yield Code(row["code"], row["name_vi"], row["name_en"], since, until, row["source"])


def _wards() -> Iterator[Code]:
    """Communes before and after the reform, and those renamed on 2026-06-09; `extra` is district and province code."""
    changed = {row["ward_code"]: row for row in table("ward_changes_2026-06-09.csv")}
    for row in table("wards_old_to_2025-06-30.csv"):
        place = (row["district_code"], row["province_code"])
        yield Code(row["ward_code"], row["ward"], valid_to=day(row["valid_to"]), source="S7", extra=place)
    for row in table("wards_new_from_2025-07-01.csv"):
        change = changed.get(row["ward_code"])
        since, place = day(row["valid_from"]), ("", row["province_code"])
        if change is None:
            yield Code(row["ward_code"], row["ward"], valid_from=since, source="S7", extra=place)
            continue
        renamed_on = date.fromisoformat(change["effective_date"])
        until = renamed_on - timedelta(days=1)
        code, before, after = row["ward_code"], change["name_before"], change["name_after"]
        yield Code(code, before, valid_from=since, valid_to=until, source="S7", extra=place)
        yield Code(code, after, valid_from=renamed_on, source="S10", extra=place)


def _districts() -> Iterator[Code]:
    """The districts of the three old provinces; there are none since the reform. `extra` is the province code."""
    rows = list(table("wards_old_to_2025-06-30.csv"))
    for code, name, province in sorted({(r["district_code"], r["district"], r["province_code"]) for r in rows}):
        yield Code(code, name, valid_to=EVE, source="S7", extra=(province,))


def _provinces() -> Iterator[Code]:
    """Provinces before and after 2025-07-01."""
    rows = list(table("province_map_2025.csv"))
    for row in rows:
        yield Code(row["old_province_code"], row["old_province"], valid_to=EVE, source="S7")
    for code, name in sorted({(row["new_province_code"], row["new_province"]) for row in rows}):
        yield Code(code, name, valid_from=REFORM_ON, source="NQ 202/2025/QH15")


def _provinces_before() -> Iterator[Code]:
    """Provinces before the reform; `extra` is the code of the one each became part of."""
    for row in table("province_map_2025.csv"):
        yield Code(row["old_province_code"], row["old_province"], source="S7", extra=(row["new_province_code"],))


def _channels() -> Iterator[Code]:
    """Procedures whose channels the detailed catalogue tells; `extra` are the channels: ONLINE, POSTAL, DIRECT."""
    for row in table("procedures_detail.csv"):
        if channels := tuple(dict.fromkeys(filter(None, row["kenh"].split("|")))):
            yield Code(row["ma_tthc"], row["ten_tthc"], source="S4", extra=channels)


def _fields() -> Iterator[Code]:
    """Fields of work by the portal's code, as far as the detailed catalogue names them (code as name where it does not)."""
    seen = {row["ma_linh_vuc"] for row in table("procedures_detail.csv")} - {""}
    for code in sorted(seen):
        yield Code(code, code, source="S4")


def _agencies() -> Iterator[Code]:
    """Agencies by the old form of their id; `extra` is how certain the row is (`verified`, `probable`, `invented`).

    The ids of merged provinces hold on: open dossiers and archives name them (domain notes, 2.4).
    """
    for row in table("agencies.csv"):
        since, until = day(row["valid_from"]), day(row["valid_to"])
        yield Code(row["code"], row["name_vi"], row["name_en"], since, until, row["source"], (row["certainty"],))


@cache
def _small() -> dict[str, tuple[Code, ...]]:
    """The partners' small lists of `code_lists.csv` by their names; `extra` is how certain the row is. They carry no dates."""
    found: dict[str, list[Code]] = {}
    for row in table("code_lists.csv"):
        code = Code(row["code"], row["meaning_vi"], row["meaning_en"], source=row["source"], extra=(row["certainty"],))
        found.setdefault(row["list"], []).append(code)
    return {name: tuple(rows) for name, rows in found.items()}


def _small_list(name: str) -> Iterator[Code]:
    yield from _small()[name]


def _partners_own(partner: str, name: str) -> Iterator[Code]:
    """A dated list of a partner's own, from the folder `codes` of its contract."""
    text = files(f"contracts.{partner}").joinpath("codes", f"{name}.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        since, until = day(row["valid_from"]), day(row["valid_to"])
        yield Code(row["code"], row["name_vi"], row["name_en"], since, until, row["source"])


LISTS: dict[str, Callable[[], Iterator[Code]]] = {
    "procedure": _procedures,
    "procedure_map": _procedure_map,
    "ward": _wards,
    "district": _districts,
    "province": _provinces,
    "province_before": _provinces_before,
    "channel": _channels,
    "agency": _agencies,
    "postal_province": partial(_partners_own, "postal", "province"),
    "postal_status": partial(_partners_own, "postal", "status"),
    "field": _fields,
    **{name: partial(_small_list, name) for name in _small()},
}
"""Every list by name; the partners' own are named `<partner>.<list>`, such as `dvcqg.TrangThaiHoSo`."""
