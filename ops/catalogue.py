"""What the pollers have kept of procedures and legal documents, as operators ask for it: searched, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from adapters.legal_documents.bases import Bases
from adapters.procedure_catalogue.catalogue import Catalogue
from bus.clock import when
from bus.ledger.ledger import Ledger
from contracts import codes
from contracts.canonical.procedure import NamedCode, PublishedProcedure
from contracts.codes import Code, CodeGap
from ops.unposted import due, unposted

DAY = timedelta(days=1)


class Shelved:
    """The shelf in this process, brought up to date before each answer."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._catalogue: Catalogue | None = None
        self._bases = Bases()

    async def catalogue(self) -> Catalogue:
        """The catalogue as it is now. Raises LedgerBusy."""
        if self._catalogue is None:
            self._catalogue = Catalogue()
        await self._catalogue.refresh(self._ledger)
        return self._catalogue

    async def search(self, words: str, limit: int) -> list[dict[str, Any]]:
        """Procedures by code or words."""
        found = (await self.catalogue()).search(words, limit)
        return [one.model_dump(mode="json") for one in found]

    async def listed(self, show: str, words: str, limit: int, today: date) -> list[dict[str, Any]]:
        """One of the lists of `SHOWS`, those of `words` alone where they are given. KeyError for a list there is not."""
        ask: Callable[[date], Any] = getattr(self, SHOWS[show])
        lines: list[dict[str, Any]] = await ask(today)
        if words:
            wanted = {one.code for one in (await self.catalogue()).search(words, 10_000)}
            lines = [line for line in lines if (named := _codes_of(line)) is None or wanted & named]
        return lines[:limit]

    async def _unmapped(self, _today: date) -> list[dict[str, Any]]:
        """Codes that deliveries wait for and that nobody knows: neither the catalogue nor the map of local codes."""
        known = (await self.catalogue()).entries
        return [line for line in await self._held() if line["code"] not in known]

    async def _retired(self, today: date) -> list[dict[str, Any]]:
        """Procedures that are hidden or withdrawn, those that deliveries wait for first; what stands in their place."""
        held = {line["code"]: line for line in await self._held()}
        found = []
        for one in (await self.catalogue()).pulled():
            if one.state != "public":
                waits = held.get(one.code, {"waiting": 0, "dossiers": 0, "since": None})
                line = {"code": one.code, "name": one.name, "state": one.state, "ended_on": _iso(one.ended_on)}
                line |= {name: waits[name] for name in ("waiting", "dossiers", "since")}
                found.append(line | {"replaced_by": _mapped(one.code, today)})
        return sorted(found, key=lambda line: (-line["waiting"], line["code"]))

    async def _expired_bases(self, today: date) -> list[dict[str, Any]]:
        """Legal documents without force that procedures still quote."""
        await self._bases.refresh(self._ledger)
        return [
            {
                "number": text.number,
                "title": text.title,
                "agency": text.agency,
                "expired_on": _iso(text.expires_on),
                "procedures": [{"code": one.code, "name": one.name} for one in quoting],
            }
            for text, quoting in self._bases.expired(today)
        ]

    async def _unposted(self, today: date) -> list[dict[str, Any]]:
        """The province's legal documents not posted yet, the nearest deadline first."""
        return [
            {
                "document": view.dossier,
                "deadline_on": deadline_on.isoformat(),
                "days_left": (deadline_on - today).days,
                "due": due(deadline_on, today),
                "state": view.state.value,
                "cause": view.cause.value,
                "answer": view.code,
            }
            for deadline_on, view in await unposted(self._ledger)
        ]

    async def _late(self, today: date) -> list[dict[str, Any]]:
        """Decisions published after their fifth working day, or not yet and that day is gone by."""
        found = []
        for one in (await self.catalogue()).decisions.values():
            by = one.publish_by
            if by is not None and (one.published_on or today) > by:
                days = {"signed_on": one.signed_on, "publish_by": by, "published_on": one.published_on}
                found.append(
                    {"number": one.number, "title": one.title, **{name: _iso(day) for name, day in days.items()}}
                )
        return sorted(found, key=lambda line: line["publish_by"] or "")

    async def _quirks(self, _today: date) -> list[dict[str, Any]]:
        """Procedures whose rows in the catalogue were odd, and how."""
        return [
            {"code": one.code, "code_as_given": one.code_as_given, "name": one.name, "quirks": list(one.quirks)}
            for one in (await self.catalogue()).pulled()
            if one.quirks
        ]

    async def _held(self) -> list[dict[str, Any]]:
        """Procedure codes that deliveries wait for, the longest-awaited first."""
        found: dict[str, dict[str, Any]] = {}
        for group in await self._ledger.causes():
            gap = codes.gap_of(group.hold_key)
            if gap is None or gap.code_list != "procedure":
                continue
            line = found.setdefault(
                gap.code, {"code": gap.code, "waiting": 0, "dossiers": 0, "since": when(group.oldest_at)}
            )
            line["waiting"] += group.count
            line["dossiers"] = max(line["dossiers"], group.dossiers)
        return list(found.values())


SHOWS = {
    "unmapped": "_unmapped",
    "retired": "_retired",
    "expired_bases": "_expired_bases",
    "unposted": "_unposted",
    "late": "_late",
    "quirks": "_quirks",
}
"""What may be listed."""


def code_rows(known: Catalogue) -> Iterator[Code]:
    """Every version that was pulled as a dated row of the code list: until the next takes effect, or it was ended."""
    for versions in known.versions.values():
        ordered = sorted(versions.values(), key=lambda one: (one.takes_effect_on, one.state == "public"))
        for place, one in enumerate(ordered):
            later = ordered[place + 1] if place + 1 < len(ordered) else None
            until = _eve(one.ended_on if later is None else later.takes_effect_on)
            since = one.takes_effect_on if place else None  # dossiers older than the first version we know keep it
            if since is None or until is None or since <= until:
                yield _row(one, since, until)


def _row(one: PublishedProcedure, since: date | None, until: date | None) -> Code:
    field = one.fields[0] if one.fields else NamedCode()
    extra = (field.name, one.agencies[0].name if one.agencies else "", one.kind, field.code)
    return Code(one.code, one.name, valid_from=since, valid_to=until, source="CSDLQG về TTHC", extra=extra)


def _eve(day: date | None) -> date | None:
    return day - DAY if day is not None and day > date.min else day


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _mapped(code: str, on: date) -> str:
    """The portal's code that the map gives in the place of this one."""
    try:
        return codes.lookup("procedure_map", code, on).name_vi
    except CodeGap:
        return ""


def _codes_of(line: dict[str, Any]) -> set[str] | None:
    """The procedures a line speaks of, None where it speaks of none."""
    if "procedures" in line:
        return {one["code"] for one in line["procedures"]}
    return {line["code"]} if "code" in line else None
