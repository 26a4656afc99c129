"""What became of a commune: from the codes before 2025-07-01 to those after, by date, and never by guessing.

Every new code re-uses one of the old ones, 73 of 124 under another name, so a bare code says nothing without its day. Eight old
communes appear with more than one heir, most of those rows being collisions of names in the source (`suspect`): which heir it is
only the address tells, so none is ever taken automatically (domain notes, 2.4).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import NamedTuple

from contracts.codes import REFORM_ON, Code, CodeGap, lookup
from contracts.codes.lists import table

WARD = "ward"


class Heir(NamedTuple):
    """A commune that took over an old one, wholly or in part; `suspect` is most likely a collision of names."""

    code: str
    name: str
    default: bool
    suspect: bool


class Split(Exception):
    """One old commune, several heirs: a person with the address at hand must say which."""

    def __init__(self, code: str, heirs: tuple[Heir, ...]) -> None:
        said = ", ".join(f"{heir.code} {heir.name}{' (suspect)' if heir.suspect else ''}" for heir in heirs)
        super().__init__(
            f"ward {code} of before {REFORM_ON.isoformat()} has several heirs: {said}; the address must tell"
        )
        self.code = code
        self.heirs = heirs


@cache
def _map() -> dict[str, tuple[Heir, ...]]:
    found: dict[str, list[Heir]] = {}
    for row in table("ward_map_2025.csv"):
        heir = Heir(row["new_ward_code"], row["new_ward"], row["is_default"] == "1", row["suspect"] == "1")
        found.setdefault(row["old_ward_code"], []).append(heir)
    return {
        code: tuple(sorted(heirs, key=lambda heir: (not heir.default, heir.suspect))) for code, heirs in found.items()
    }


def heirs(code: str) -> tuple[Heir, ...]:
    """The communes an old one went into, the likeliest first; empty for a code that was none."""
    return _map().get(code, ())


def carried(code: str, as_of: date, on: date) -> Code:
    """The commune that `code`, read on the day `as_of`, is on the day `on`.

    Raises CodeGap when there is no row for it, Split when an old commune has several heirs, or a new one several forebears.
    """
    then = lookup(WARD, code, as_of)
    if (as_of < REFORM_ON) is (on < REFORM_ON):
        return lookup(WARD, then.code, on)
    if on < REFORM_ON:
        forebears = tuple(
            Heir(old, lookup(WARD, old, on).name_vi, heir.default, heir.suspect)
            for old, went in _map().items()
            for heir in went
            if heir.code == then.code
        )
        raise Split(code, forebears)
    found = heirs(then.code)
    if not found:
        raise CodeGap(WARD, code, on)
    if len(found) > 1:
        raise Split(code, found)
    return lookup(WARD, found[0].code, on)
