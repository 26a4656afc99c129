"""English sentences of the code and their Vietnamese words, from a table (says, vi) in which `{}` stands for a value."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Words(NamedTuple):
    """The Vietnamese words of a sentence, with `{}` where its values go, and the values."""

    vi: str
    values: tuple[str, ...]


def vietnamese(package: str, table: str, says: str) -> Words | None:
    """The words of the first row that is the whole sentence; None where the table has none."""
    exact, patterns = _table(package, table)
    if says in exact:
        return Words(exact[says], ())
    for pattern, vi in patterns:
        if found := pattern.fullmatch(says):
            return Words(vi, found.groups())
    return None


@cache
def _table(package: str, table: str) -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """The sentences without a place for a value, and those with one."""
    rows = list(csv.DictReader(files(package).joinpath(table).read_text(encoding="utf-8").splitlines()))
    exact = {row["says"]: row["vi"] for row in rows if "{" not in row["says"]}
    return exact, [(_pattern(row["says"]), row["vi"]) for row in rows if "{" in row["says"]]


def _pattern(says: str) -> re.Pattern[str]:
    return re.compile(re.escape(says).replace(r"\{\}", "(.*)"), re.DOTALL)
