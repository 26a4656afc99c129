"""The catalogue at work: once a night the list, then each procedure that changed, a page a turn; and the search over what is known.

The cursor is the day of the last pull; while a pull is under way, that day and the last code it looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from pydantic import BaseModel, ValidationError

from adapters.procedure_catalogue.catalogue import Catalogue, FoundProcedure, ProcedureQuestion
from adapters.procedure_catalogue.client import CatalogueClient, CatalogueSettings, Rows, kept_raw
from adapters.transport.classify import everywhere
from bus.adapter import Call, Found, Job, Kept, Poll, Row, Wiring
from bus.clock import instant
from bus.maintenance import VIETNAM, closed_until
from bus.outcome import Cause, Contract, Outcome, Permanent, Unknown
from contracts.canonical.procedure import Decision
from contracts.envelope import Envelope
from contracts.fault import Refusal
from contracts.procedure_catalogue.messages import DongTTHC, DonVi, LinhVuc, NhomThuTuc, QuyetDinh
from mappings.procedure_catalogue.inbound import changed, decision, version, version_of, withdrawn
from mappings.table import Unmappable

UNDER_WAY = ">"
"""Stands in the cursor between the day and the code reached."""
NONE_OWED = Contract(cause=Cause.POISON, words="the catalogue has no operations")
SHRUNK = 0.5
"""A list of less than this part of what was known is a fault of the list, not the end of all these procedures."""


@dataclass
class Turn:
    """What one turn brings."""

    events: list[Envelope] = field(default_factory=list)
    keeps: list[Kept] = field(default_factory=list)
    bad: list[bytes] = field(default_factory=list)

    def keep(self, kind: str, key: str, body: BaseModel) -> None:
        self.keeps.append(Kept(kind, key, body.model_dump_json(exclude_defaults=True)))


class CatalogueAdapter:
    """See domain notes 3.2. Nothing is owed to the catalogue: it is pulled, and asked of what was pulled."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, CatalogueSettings)
        self._settings = wiring.settings
        self._client = CatalogueClient(wiring.settings, wiring.vault)
        self._clock = wiring.clock
        self._shelf = wiring.shelf
        self._known: Catalogue | None = None
        self._list: tuple[str, list[DongTTHC]] | None = None
        self._decisions: dict[str, Decision | None] = {}

    async def catalogue(self) -> Catalogue:
        """What is known now. Raises LedgerBusy."""
        if self._known is None:
            self._known = Catalogue()
        await self._known.refresh(self._shelf)
        return self._known

    async def find(self, question: ProcedureQuestion) -> Found:
        """The look-up: what the catalogue has by that code or those words. Nobody outside is asked."""
        matches: tuple[FoundProcedure, ...] = tuple((await self.catalogue()).search(question.words))
        return Found(matches)

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """One turn of a pull; None when none is due."""
        today = self._today()
        day, under_way, after = cursor.partition(UNDER_WAY)
        if not under_way:
            if day == today.isoformat() or (day and not self._night()):
                return None
            day, after = today.isoformat(), ""
        turn, known = Turn(), await self.catalogue()
        lines = await self._lines(day, known, turn, call)
        if isinstance(lines, Outcome):
            return lines
        behind = [line for line in lines if _order(line) > after]
        due = [line for line in behind if known.lines.get(line.MATTHC) != _digest(line)]
        for line in due[: self._settings.page]:
            trouble = await self._pull(line, known, turn, today, call)
            if trouble is not None:
                return trouble
        more = len(due) > self._settings.page
        if not more:
            self._list = None
            self._end_missing({line.MATTHC for line in lines}, known, turn, today)
        reached = f"{day}{UNDER_WAY}{_order(due[self._settings.page - 1])}" if more else day
        return Poll(tuple(turn.events), reached, tuple(turn.bad), more and self._settings.in_one_go, tuple(turn.keeps))

    def _night(self) -> bool:
        windows = self._settings.nightly
        return not windows or closed_until(windows, self._clock.now()) > 0

    async def _lines(self, day: str, known: Catalogue, turn: Turn, call: Call) -> list[DongTTHC] | Outcome:
        """The list of this pull, in the order of its codes; fetched with the smaller lists when the pull begins (or we did)."""
        if self._list is not None and self._list[0] == day:
            return self._list[1]
        self._decisions.clear()
        listed = await self._client.procedures(call)
        if isinstance(listed, Outcome):
            return listed
        if len(listed.fit) < SHRUNK * sum(1 for digest in known.lines.values() if digest):
            return Unknown(
                words=f"a list of {len(listed.fit)} procedures is not believed: {len(known.lines)} were known"
            )
        turn.bad += listed.unfit
        trouble = await self._smaller_lists(known, turn, call)
        if trouble is not None:
            return trouble
        lines = sorted(listed.fit, key=_order)
        self._list = day, lines
        return lines

    async def _smaller_lists(self, known: Catalogue, turn: Turn, call: Call) -> Outcome | None:
        """Agencies, fields and groups, as far as they changed; decisions not yet published are asked for again."""
        for kind, ask in (
            ("agency", self._client.agencies),
            ("field", self._client.fields),
            ("group", self._client.groups),
        ):
            rows = await ask(call)
            if isinstance(rows, Outcome):
                return rows
            turn.bad += rows.unfit
            for one in rows.fit:
                trouble = await self._keep_row(kind, one, known, turn, call)
                if trouble is not None:
                    return trouble
        for number, kept in list(known.decisions.items()):
            if kept.published_on is None:
                found = await self._decision(number, known, turn, call)
                if isinstance(found, Outcome):
                    return found
        return None

    async def _keep_row(
        self, kind: str, one: DonVi | LinhVuc | NhomThuTuc, known: Catalogue, turn: Turn, call: Call
    ) -> Outcome | None:
        facts = one.model_dump()
        if isinstance(one, NhomThuTuc):
            members = await self._client.members(one.MANHOM, call)
            if not isinstance(members, Rows):
                return members
            facts["MATTHC"] = [line.MATTHC for line in members.fit]
        key = str(next(iter(facts.values())))
        body = json.dumps(facts, ensure_ascii=False, sort_keys=True)
        if key and known.other.get((kind, key)) != body:
            turn.keeps.append(Kept(kind, key, body))
        return None

    async def _pull(self, line: DongTTHC, known: Catalogue, turn: Turn, today: date, call: Call) -> Outcome | None:
        """One procedure. What is its own fault is kept raw and passed by; what is the catalogue's ends the turn."""
        call.on_extra_call()
        answered = await self._client.procedure(line.MATTHC, call)
        if isinstance(answered, Permanent):
            turn.bad.append(kept_raw("LayThuTuc", line.model_dump(), answered.words))
            return None
        if isinstance(answered, Outcome):
            return answered
        number = answered.IDQUYETDINHCONGBO.strip()
        by = await self._decision(number, known, turn, call) if number else None
        if isinstance(by, Outcome):
            return by
        try:
            found = version(answered, line, by)
            event = changed(found, line, today)
        except (Unmappable, Refusal, ValidationError) as error:
            why = str(error.errors(include_url=False)[0]["type"]) if isinstance(error, ValidationError) else str(error)
            turn.bad.append(kept_raw("LayThuTuc", answered.model_dump(), why))
            return None
        turn.events.append(event)
        turn.keep("procedure", "|".join((found.code_as_given, *version_of(found))), found)
        turn.keeps.append(Kept("line", line.MATTHC, json.dumps({"digest": _digest(line), "code": found.code})))
        return None

    async def _decision(self, number: str, known: Catalogue, turn: Turn, call: Call) -> Decision | Outcome | None:
        """A decision by its id, asked for once a pull. None for one the catalogue does not have or that cannot be read."""
        if number not in self._decisions:
            call.on_extra_call()
            answered = await self._client.decision(number, call)
            if isinstance(answered, Outcome) and not isinstance(answered, Permanent):
                return answered
            self._decisions[number] = self._read(answered, turn)
        found = self._decisions[number]
        if found is not None and known.decisions.get(number) != found:
            turn.keep("decision", number, found)
        return found

    def _read(self, answered: QuyetDinh | Outcome, turn: Turn) -> Decision | None:
        if isinstance(answered, Outcome):
            return None
        try:
            return decision(answered, self._today())
        except (Unmappable, ValidationError) as error:
            turn.bad.append(kept_raw("LayQDCB", answered.model_dump(), type(error).__name__))
            return None

    def _today(self) -> date:
        return instant(self._clock.now()).astimezone(VIETNAM).date()

    def _end_missing(self, listed: set[str], known: Catalogue, turn: Turn, today: date) -> None:
        """Procedures that stood in the list before and stand there no more are withdrawn."""
        for given in sorted(code for code, digest in known.lines.items() if digest and code not in listed):
            turn.keeps.append(Kept("line", given, json.dumps({"digest": ""})))
            found = next((one for one in known.pulled() if one.code_as_given == given.strip()), None)
            if found is not None and found.state != "withdrawn":
                ended, event = withdrawn(found, today)
                turn.events.append(event)
                turn.keep("procedure", "|".join((ended.code_as_given, *version_of(ended))), ended)

    def prepare(self, job: Job) -> Row | Outcome:
        """Nothing is owed to the catalogue."""
        return NONE_OWED

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        return everywhere(NONE_OWED, rows)

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        return everywhere(NONE_OWED, rows)

    async def probe(self, call: Call) -> Outcome | None:
        """Asking to be let in is the cheapest call."""
        return await self._client.probe(call)

    async def close(self) -> None:
        await self._client.close()


def _order(line: DongTTHC) -> str:
    return line.MATTHC.strip()


def _digest(line: DongTTHC) -> str:
    """What a line says, so that a change of any of its fields is noticed."""
    return hashlib.sha256(line.model_dump_json().encode()).hexdigest()[:32]
