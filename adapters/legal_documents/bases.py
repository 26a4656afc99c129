"""Which procedures quote which legal documents, and which of those have no force any more. Read from the shelf: what the catalogue's
poller and our own have kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from bus.adapter import Kept, Shelf
from contracts.canonical.legal import LegalText
from contracts.canonical.procedure import LegalBasis, PublishedProcedure, standing
from contracts.identifier import folded

PARTNER, CATALOGUE = "legal_documents", "procedure_catalogue"
SEEK_AGAIN = timedelta(days=30)
"""A number the database did not know is asked for again after this time."""


@dataclass(slots=True)
class Bases:
    """Texts by item id and by number, versions of procedures by code, what was sought and what was raised."""

    texts: dict[str, LegalText] = field(default_factory=dict)
    by_number: dict[str, set[str]] = field(default_factory=dict)
    versions: dict[str, dict[str, PublishedProcedure]] = field(default_factory=dict)
    sought: dict[str, date] = field(default_factory=dict)
    raised: dict[str, set[str]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    async def refresh(self, shelf: Shelf) -> None:
        """Read on from the last facts seen. Raises LedgerBusy."""
        for partner in (PARTNER, CATALOGUE):
            while page := await shelf.kept(partner, self.seen.get(partner, 0)):
                for fact in page:
                    self.take(partner, fact)
                self.seen[partner] = page[-1].number

    def take(self, partner: str, fact: Kept) -> None:
        match partner, fact.kind:
            case "procedure_catalogue", "procedure":
                found = PublishedProcedure.model_validate_json(fact.body)
                self.versions.setdefault(found.code, {})[fact.key] = found
            case "legal_documents", "text":
                text = self.texts[fact.key] = LegalText.model_validate_json(fact.body)
                self.by_number.setdefault(text.number, set()).add(fact.key)
            case "legal_documents", "sought":
                self.sought[fact.key] = date.fromisoformat(json.loads(fact.body)["on"])
            case "legal_documents", "raised":
                self.raised[fact.key] = set(json.loads(fact.body))

    def quoting(self, today: date) -> Iterator[tuple[PublishedProcedure, LegalBasis]]:
        """Every basis of every procedure that is public on the day, by the version that holds on it."""
        for code in sorted(self.versions):
            one = standing(self.versions[code].values(), today)
            if one is not None and one.state == "public":
                for basis in one.bases:
                    yield one, basis

    def meant(self, basis: LegalBasis) -> LegalText | None:
        """The document a basis quotes. Several agencies issue documents of one number: the one the basis names, else none."""
        found = [self.texts[item] for item in sorted(self.by_number.get(basis.number, ()))]
        if len({one.agency for one in found}) > 1:
            title = folded(basis.title)
            found = [one for one in found if one.agency and folded(one.agency) in title]
        return found[0] if len({one.agency for one in found}) == 1 else None

    def expired(self, today: date) -> list[tuple[LegalText, list[PublishedProcedure]]]:
        """The documents without force that are still quoted, each with the procedures that do."""
        found: dict[str, dict[str, PublishedProcedure]] = {}
        for one, basis in self.quoting(today):
            text = self.meant(basis)
            if text is not None and text.expired(today):
                found.setdefault(text.item_id, {})[one.code] = one
        return [(self.texts[item], list(found[item].values())) for item in sorted(found)]

    def not_raised(self, today: date) -> Iterator[tuple[LegalText, list[PublishedProcedure], Kept]]:
        """Of the expired, the procedures not told of before, and the fact to keep once they are."""
        for text, quoting in self.expired(today):
            key = f"{text.item_id}|{text.expires_on or ''}"
            told = self.raised.get(key, set())
            if fresh := [one for one in quoting if one.code not in told]:
                yield text, fresh, Kept("raised", key, json.dumps(sorted(told | {one.code for one in fresh})))

    def unknown(self, today: date) -> list[str]:
        """Numbers quoted that the database has not been asked about, or not for a long time."""
        wanted = dict.fromkeys(basis.number for _, basis in self.quoting(today) if basis.number)
        return [
            number
            for number in wanted
            if number not in self.by_number and self.sought.get(number, date.min) + SEEK_AGAIN <= today
        ]
