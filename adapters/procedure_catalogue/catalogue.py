"""The catalogue in memory: what comes with the bus and, above it, what was pulled. Searched by code or words, with or without accents.

All 4,577 procedures load in a fraction of a second; a search looks at each and takes milliseconds (docs/partners/procedure_catalogue.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints

from bus.adapter import Kept, Shelf
from contracts import codes
from contracts.canonical.procedure import Decision, PublishedProcedure, standing
from contracts.identifier import TIDY, folded, procedure_parts

PARTNER = "procedure_catalogue"
_PART_OF_CODE = re.compile(r"\d(\.\d{0,7})?\Z", re.ASCII)
LIMIT = 50


class ProcedureQuestion(BaseModel):
    """A procedure code, the beginning of one, or words of a name."""

    words: Annotated[str, StringConstraints(min_length=1, max_length=200), TIDY]


class FoundProcedure(BaseModel):
    """A procedure as a search shows it. `origin` is `catalogue` when it was pulled, `bundled` when it came with the bus."""

    code: str
    name: str
    field_name: str = ""
    agency: str = ""
    kind: str = ""
    state: str = "public"
    ended_on: date | None = None
    online: bool | None = None
    decision: str = ""
    effective_on: date | None = None
    quirks: tuple[str, ...] = ()
    origin: str = "bundled"


@dataclass(slots=True)
class Entry:
    """One procedure and the texts it is searched by."""

    shown: FoundProcedure
    plain: str = ""
    accented: str = ""

    def __post_init__(self) -> None:
        self.plain = spread(f"{self.shown.name} {self.shown.field_name}")
        self.accented = self.shown.name.casefold()


@dataclass(slots=True)
class Catalogue:
    """What is known of procedures, brought up to date from the shelf by `refresh`."""

    entries: dict[str, Entry] = field(default_factory=dict)
    versions: dict[str, dict[str, PublishedProcedure]] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    other: dict[tuple[str, str], str] = field(default_factory=dict)
    seen: int = 0

    def __post_init__(self) -> None:
        self.entries.update((row.code, _bundled(row)) for row in codes.every("procedure"))

    async def refresh(self, shelf: Shelf) -> None:
        """Read on from the last fact seen. Raises LedgerBusy."""
        while page := await shelf.kept(PARTNER, self.seen):
            for fact in page:
                self.take(fact)
            self.seen = page[-1].number

    def take(self, fact: Kept) -> None:
        """One fact: a version, a decision, the line a procedure had in the list, or a row of another list."""
        match fact.kind:
            case "procedure":
                found = PublishedProcedure.model_validate_json(fact.body)
                self.versions.setdefault(found.code, {})[fact.key] = found
                self.entries[found.code] = Entry(_shown(self.newest(found.code) or found))
            case "decision":
                self.decisions[fact.key] = Decision.model_validate_json(fact.body)
            case "line":
                self.lines[fact.key] = json.loads(fact.body)["digest"]
            case _:
                self.other[fact.kind, fact.key] = fact.body

    def newest(self, code: str) -> PublishedProcedure | None:
        """The version that took effect last, whether or not its day has come."""
        return standing(self.versions.get(code, {}).values())

    def on(self, code: str, day: date) -> PublishedProcedure | None:
        """The version in force on a day, None when none had taken effect."""
        return standing(self.versions.get(code, {}).values(), day)

    def pulled(self) -> Iterator[PublishedProcedure]:
        """The newest version of every procedure that was pulled, by code."""
        for code in sorted(self.versions):
            if (found := self.newest(code)) is not None:
                yield found

    def search(self, asked: str, limit: int = LIMIT) -> list[FoundProcedure]:
        """Procedures of a code, or of the codes that begin so, or whose name and field hold every word; the likeliest first."""
        if (code := _code(asked)) is not None:
            exact = self.entries.get(code)
            return [exact.shown] if exact else []
        if _PART_OF_CODE.match(asked):
            return [self.entries[code].shown for code in sorted(self.entries) if code.startswith(asked)][:limit]
        wanted = spread(asked).split()
        if not wanted:
            return []
        accented = asked.casefold()
        found = [entry for entry in self.entries.values() if all(word in entry.plain for word in wanted)]
        found.sort(key=lambda entry: (accented not in entry.accented, len(entry.plain), entry.shown.code))
        return [entry.shown for entry in found[:limit]]


@cache
def _bundled(row: codes.Code) -> Entry:
    """A row of the code list; one that a province added names no field, no agency and no kind."""
    name, agency, kind = row.extra[:3] if row.extra else ("", "", "")
    return Entry(
        FoundProcedure(
            code=row.code, name=row.name_vi, field_name=name, agency=agency, kind=kind, ended_on=row.valid_to
        )
    )


def spread(text: str) -> str:
    """Words folded one by one: no accents, no case, single blanks.

    >>> spread("Đăng ký  KHAI SINH"), spread("Hoà / hòa")
    ('dang ky khai sinh', 'hoa hoa')
    """
    return " ".join(word for word in map(folded, text.split()) if word)


def _code(asked: str) -> str | None:
    """The base of a whole procedure code, None for anything else."""
    try:
        return procedure_parts(asked.upper().removesuffix("-XOA")).base
    except ValueError:
        return None


def _shown(version: PublishedProcedure) -> FoundProcedure:
    by = version.decision
    facts: dict[str, Any] = {
        "code": version.code,
        "name": version.name,
        "field_name": "; ".join(one.name for one in version.fields if one.name),
        "agency": "; ".join(one.name for one in version.agencies if one.name),
        "decision": by.number if by else "",
        "effective_on": by.effective_on if by else None,
    }
    return FoundProcedure(
        **facts,
        kind=version.kind,
        state=version.state,
        ended_on=version.ended_on,
        online=version.online,
        quirks=version.quirks,
        origin="catalogue",
    )
