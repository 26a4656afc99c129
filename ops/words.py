"""Every word the bus says to people, in Vietnamese and English, from one table."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Language = Literal["vi", "en"]


@cache
def _table() -> dict[str, dict[str, str]]:
    text = files("ops").joinpath("words.csv").read_text(encoding="utf-8")
    return {row["key"]: row for row in csv.DictReader(text.splitlines())}


def say(key: str, language: Language, **facts: Any) -> str:
    """The words for `key`, filled with facts. Raises KeyError for words we do not have."""
    return _table()[key][language].format(**facts)


def list_title(name: str, language: Language) -> str:
    """What a code list is called; its own name where we have no words."""
    key = f"codelist.{name}"
    return say(key, language) if knows(key) else name


def knows(key: str) -> bool:
    """Whether there are words for `key`."""
    return key in _table()
