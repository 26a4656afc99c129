"""Incidents in words: what each kind is called, how patient the bus is with it, whose it is, what to do. Data, in both languages.

A kind is a line of `incidents.csv`; docs/runbook.md has a section for each. The words hold partners, counts and times, nothing of a
dossier or a person, so that they may leave the house.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from bus.clock import when
from bus.ledger.incidents import Incident, Patience
from ops import causes
from ops.causes import Side
from ops.words import Language, fill, say

LANGUAGES: tuple[Language, Language] = ("vi", "en")
OURSELVES: dict[Language, str] = {"vi": "trục Liên Thông", "en": "Liên Thông itself"}


Names = Callable[[str, Language], str]
"""What a partner is called in a language."""


class Kind(NamedTuple):
    """One line of the catalogue. `urgent`: told in quiet hours too."""

    kind: str
    tone: str
    side: Side
    urgent: bool
    patience: Patience
    words: dict[str, str]


@cache
def kinds() -> dict[str, Kind]:
    """The catalogue, by kind, in its order."""
    rows = csv.DictReader(files("ops").joinpath("incidents.csv").read_text(encoding="utf-8").splitlines())
    return {row["kind"]: _kind(row) for row in rows}


def _kind(row: dict[str, Any]) -> Kind:
    patience = Patience(float(row["open_s"]), float(row["close_s"]))
    return Kind(row["kind"], row["tone"], row["side"], row["urgent"] == "yes", patience, row)


def patience() -> dict[str, Patience]:
    """How long each kind must hold and be gone."""
    return {name: kind.patience for name, kind in kinds().items()}


class Told(NamedTuple):
    """An incident in the words of one language: a title, what it means, whose it is, what to do."""

    title: str
    says: str
    side: Side
    todo: str


def told(incident: Incident, language: Language, names: Names) -> Told:
    """The words for an incident."""
    kind = kinds()[incident.kind]
    side, facts = kind.side, dict(incident.facts)
    facts["partner"] = names(incident.partner, language) if incident.partner else OURSELVES[language]
    if part := facts.get("part"):
        facts["part"] = say(f"part.{part}", language, partner=facts["partner"])
    if cause := facts.get("cause"):
        line = causes.entry(incident.partner, cause, facts.get("code", ""))
        side, why = line.side, line.title(language)
        facts["why"] = why[:1].lower() + why[1:]
    title, says, todo = (fill(kind.words[f"{part}_{language}"], facts) for part in ("title", "says", "todo"))
    return Told(title, says, side, todo)


def shown(incident: Incident, names: Names, now: float) -> dict[str, Any]:
    """An incident as plain JSON values, in both languages."""
    vi, en = (told(incident, language, names) for language in LANGUAGES)
    return {
        "id": incident.id,
        "kind": incident.kind,
        "partner": incident.partner,
        "about": incident.about,
        "title_vi": vi.title,
        "title_en": en.title,
        "todo_vi": vi.todo,
        "todo_en": en.todo,
        "side": vi.side,
        "urgent": kinds()[incident.kind].urgent,
        "open": incident.open,
        "began_at": when(incident.began_at),
        "opened_at": when(incident.opened_at),
        "closed_at": when(incident.closed_at),
        "lasted_s": round(incident.lasted_s(now)),
        "dossiers": incident.dossiers,
        "deliveries": incident.deliveries,
        "first": {"dossiers": incident.first_dossiers, "deliveries": incident.first_deliveries},
        "most": {"dossiers": incident.most_dossiers, "deliveries": incident.most_deliveries},
        "owner": incident.owner,
        "acknowledged_at": when(incident.acknowledged_at),
        "acknowledged_by": incident.acknowledged_by,
        "note": incident.note,
    }
