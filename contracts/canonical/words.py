"""What each field of the canonical model is called, in two languages; for documents and screens."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Words(NamedTuple):
    """A field in Vietnamese and English."""

    vi: str
    en: str


@cache
def field_words() -> dict[tuple[str, str], Words]:
    """Words by (shape, field)."""
    text = files(__package__).joinpath("words.csv").read_text(encoding="utf-8")
    return {(row["shape"], row["field"]): Words(row["vi"], row["en"]) for row in csv.DictReader(text.splitlines())}
