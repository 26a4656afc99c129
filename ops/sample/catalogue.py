"""Procedures drawn from the demo's catalogue, for those lives of the sample that any procedure may have."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from adapters.procedure_catalogue.invented import Invented
from contracts import codes
from mappings.routes import HOUSEHOLD_PROCEDURES, LINKED_PROCEDURES
from ops.sample.offer import Offer

SUMMARY = 200
"""Letters of a procedure's name that stand in a dossier's summary; the longest names have more than a thousand."""

WITH_A_LIFE_OF_THEIR_OWN = LINKED_PROCEDURES | HOUSEHOLD_PROCEDURES
"""Procedures whose dossiers say more than any dossier does: a registration, a household business."""


class Catalogue:
    """The 1,844 procedures of the catalogue's simulator, 923 of them online."""

    def __init__(self) -> None:
        made = Invented()
        fields = {line["TENLINHVUC"]: line["MALINHVUC"] for line in made.fields}
        rows = (
            row for row in codes.every("procedure") if row.code in made.known - WITH_A_LIFE_OF_THEIR_OWN and row.extra
        )
        self._fields = {row.code: (row.name_vi, fields[row.extra[0]]) for row in rows}
        self._all = sorted(self._fields)
        self._online = sorted(made.online & self._fields.keys())

    def draw(self, rng: Random, offer: Offer, *, online: bool) -> Offer:
        """The offer with another procedure, one that can be filed online where it has to be."""
        code = rng.choice(self._online if online else self._all)
        name, field_code = self._fields[code]
        summary = name[:SUMMARY].replace("{", "(").replace("}", ")")
        return replace(
            offer, code=code, field_code=field_code, summary=summary, result="Kết quả giải quyết thủ tục hành chính"
        )
