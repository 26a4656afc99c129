"""How far a dossier has come, so that an older row never overwrites a newer one; rows have no time of their own (domain 3.6, 7d)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from contracts.budget_unit_codes.messages import HoSoBTC
from contracts.identifier import folded

LATER: dict[str, frozenset[str]] = {
    "": frozenset("123459"),
    "1": frozenset("23459"),
    "2": frozenset("3459"),
    "4": frozenset("359"),
    "5": frozenset("349"),
    "3": frozenset(),
    "9": frozenset(),
}
"""From each state those that can only come after it; 4 and 5 take turns. What is not named here is the past, told late."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a dossier: its state, how often it changed, the unit it is about, whether code and certificate are there."""

    state: str = ""
    changes: int = 0
    service: str = ""
    unit: str = ""
    code: str = ""
    certified: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Progress:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class News:
    """What a row adds: `moved` to another state, `issued` a code or its certificate."""

    progress: Progress
    moved: bool
    issued: bool


def news(known: Progress, row: HoSoBTC) -> News | None:
    """What the row says that is not known; None for the past and for what was said before."""
    moved = row.trangThai in LATER[known.state]
    if not moved and row.trangThai != known.state:
        return None
    certified = known.certified or bool(row.fileGiayChungNhan)
    code = row.maDVQHNS or known.code
    issued = row.trangThai == "9" and bool(code) and (code != known.code or certified != known.certified)
    if not moved and not issued:
        return None
    after = replace(
        known,
        state=row.trangThai,
        changes=known.changes + 1,
        service=row.loaiDichVu,
        unit=folded(row.tenDonVi),
        code=code if row.trangThai == "9" else "",
        certified=certified if row.trangThai == "9" else False,
    )
    return News(after, moved, issued)


def registered_twice(dossier: str, after: Progress, known: Mapping[str, Progress]) -> bool:
    """Another dossier of the same service, not refused, is about a unit of the same name (after the mergers there are many)."""
    return any(
        other.unit == after.unit and other.service == after.service and other.state != "3"
        for code, other in known.items()
        if code != dossier
    )
