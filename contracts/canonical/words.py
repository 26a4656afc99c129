"""What each field of the canonical model, and each value one may choose for it, is called in two languages; for documents and screens."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Words(NamedTuple):
    """In Vietnamese and English."""

    vi: str
    en: str


@cache
def field_words() -> dict[tuple[str, str], Words]:
    """Words by (shape, field)."""
    return _read("words.csv", "shape", "field")


@cache
def value_words() -> dict[tuple[str, str], Words]:
    """Words by (field, value): a value means one thing wherever a field of that name has it."""
    return _read("values.csv", "field", "value")


def _read(name: str, first: str, second: str) -> dict[tuple[str, str], Words]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return {(row[first], row[second]): Words(row["vi"], row["en"]) for row in csv.DictReader(text.splitlines())}
