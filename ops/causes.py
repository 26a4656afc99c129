"""The catalogue of causes: what a failure is called, whose it is, whether to resend, what to do. Data, in both languages.

A line is found by partner, failure class and the partner's own code, the most exact one first; `*` stands for any. Writing a line
relabels the past: nothing of it is stored with a delivery.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from pydantic import TypeAdapter

from ops.words import Language

Side = Literal["province", "partner", "desk", "infrastructure"]
Resend = Literal["safe", "ask", "wait", "fix"]
"""safe: at any time; ask: the partner first; wait: it goes by itself when the cause is gone; fix: something has to be mended before."""


class Entry(NamedTuple):
    """One line of the catalogue."""

    partner: str
    cause: str
    code: str
    title_vi: str
    title_en: str
    side: Side
    resend: Resend
    advice_vi: str
    advice_en: str

    def title(self, language: Language) -> str:
        return self.title_vi if language == "vi" else self.title_en

    def advice(self, language: Language) -> str:
        return self.advice_vi if language == "vi" else self.advice_en


@cache
def _entries() -> dict[tuple[str, str, str], Entry]:
    rows = csv.DictReader(files("ops").joinpath("causes.csv").read_text(encoding="utf-8").splitlines())
    lines = TypeAdapter(list[Entry]).validate_python([tuple(row.values()) for row in rows])
    return {(line.partner, line.cause, line.code): line for line in lines}


def entry(partner: str, cause: str, code: str = "") -> Entry:
    """The most exact line for a failure. Every class has one; KeyError for a class that is none of ours."""
    lines = _entries()
    for key in ((partner, cause, code), (partner, cause, "*"), ("*", cause, "*")):
        if key in lines:
            return lines[key]
    raise KeyError(f"the catalogue of causes has no line for {cause!r}")
