"""Every word the bus says to people, in Vietnamese and English, from one table."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Literal

Language = Literal["vi", "en"]


@cache
def _table() -> dict[str, dict[str, str]]:
    text = files("ops").joinpath("words.csv").read_text(encoding="utf-8")
    return {row["key"]: row for row in csv.DictReader(text.splitlines())}


def say(key: str, language: Language, **facts: Any) -> str:
    """The words for `key`, filled with facts. Raises KeyError for words we do not have."""
    return fill(_table()[key][language], facts)


class _Counted(Formatter):
    """`{n:delivery|deliveries}` is `1 delivery` and `2 deliveries`: the number, and the words for one or for any other."""

    def format_field(self, value: Any, spec: str) -> str:
        one, bar, more = spec.partition("|")
        return f"{value} {one if str(value) == '1' else more}" if bar else str(format(value, spec))


_COUNTED = _Counted()


def fill(text: str, facts: Mapping[str, Any]) -> str:
    """A text of a table with its facts."""
    return _COUNTED.vformat(text, (), facts) if "|" in text else text.format(**facts)


def list_title(name: str, language: Language) -> str:
    """What a code list is called; its own name where we have no words."""
    key = f"codelist.{name}"
    return say(key, language) if knows(key) else name


def knows(key: str) -> bool:
    """Whether there are words for `key`."""
    return key in _table()
