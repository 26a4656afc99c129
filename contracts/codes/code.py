"""One row of a code list, and the gap where a row is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


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

    def meets(self, other: Code) -> bool:
        """Whether there is a day on which both hold: of one code that would be two meanings."""
        starts = max(self.valid_from or date.min, other.valid_from or date.min)
        return starts <= min(self.valid_to or date.max, other.valid_to or date.max)


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
