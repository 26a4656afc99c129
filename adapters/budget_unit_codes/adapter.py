"""The ministry at work: dossiers in by overlapping windows, units by look-up, and our word that we have seen them.

How far each dossier has come is kept with the cursor, in its commit: so what overlaps is known again over restarts and processes, and
an older row never overwrites a newer one (domain notes 3.6, 7d).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import structlog
from pydantic import ValidationError

from adapters.budget_unit_codes.client import BudgetClient, BudgetSettings, Window
from adapters.outward import outward
from bus.adapter import Call, Found, Job, Kept, Poll, Row, Wiring
from bus.clock import instant
from bus.maintenance import VIETNAM
from bus.outcome import Delivered, Held, Outcome, Transient, Unknown
from contracts.budget_unit_codes import PAGE
from contracts.budget_unit_codes.messages import HoiDanhSach, HoiDonVi, HoSoBTC
from contracts.canonical.budget import BudgetUnit, BudgetUnitQuestion, BudgetUnitSearch
from contracts.envelope import Envelope
from contracts.fault import Refusal
from mappings.budget_unit_codes.inbound import MOMENT, code_issued, dossier_changed, unit
from mappings.budget_unit_codes.outbound import request
from mappings.budget_unit_codes.progress import News, Progress, news, registered_twice
from mappings.table import Unmappable

log = structlog.get_logger("adapters.budget_unit_codes")

NAME = "budget_unit_codes"
CONFIRM = "xacNhan"
DOSSIER = "dossier"
AT_ONCE = 4
"""Look-ups under way together while a page is read."""
SHARE = 0.25
"""Of a poll's time, for each of them."""


class BudgetAdapter:
    """See domain notes 3.6."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, BudgetSettings)
        self._settings = wiring.settings
        self._client = BudgetClient(wiring.settings, wiring.vault)
        self._clock = wiring.clock
        self._shelf = wiring.shelf
        self._known: dict[str, Progress] = {}
        self._read_to = 0

    def prepare(self, job: Job) -> Row | Outcome:
        """Our word about one state of one dossier."""
        return outward(job, request)

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One call a row; the contract has no arrays."""
        return [await self._confirm(row, call) for row in rows]

    async def _confirm(self, row: Row, call: Call) -> Outcome:
        reply = await self._client.confirm(row.body, call)
        if isinstance(reply, Outcome):
            return reply if isinstance(reply, Transient | Held) else replace(reply, request=row.body)
        said = reply.model_dump_json().encode()
        return Delivered(code=reply.maLoi, words=reply.moTa, request=row.body, reply=said)

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """A confirmation said twice is the same confirmation; there is no question about it."""
        return [Unknown(words="a confirmation cannot be asked for", request=row.body) for row in rows]

    async def probe(self, call: Call) -> Outcome | None:
        """A token is asked for, where there are tokens."""
        return await self._client.probe(call)

    async def look_up(self, asked: HoiDonVi, call: Call) -> Found | Outcome:
        """The register's units; of several none is chosen."""
        told = await self._client.units(asked, call)
        if isinstance(told, Outcome):
            return told
        try:
            return Found(tuple(unit(one) for one in told))
        except ValidationError:
            return Unknown(words="the register's unit breaks the rules of its own codes")

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """The next page of the window under way, or the first of the next window."""
        await self._remember()
        now = self._clock.now()
        before = Window.model_validate_json(cursor) if cursor else Window(until=int(now - self._settings.first_look_s))
        window = before.opened(now, self._settings.overlap_s)
        asked = HoiDanhSach(tuNgay=_written(window.since), denNgay=_written(window.end), trang=window.page)
        rows = await self._client.dossiers(asked, call)
        if isinstance(rows, Outcome):
            return rows
        last = len(rows) < PAGE
        events, keeps, bad = await self._read(rows, call)
        return Poll(tuple(events), window.turned(last=last).model_dump_json(), tuple(bad), not last, tuple(keeps))

    async def told_of(self, line: Any, call: Call) -> tuple[Envelope, ...]:
        """What a row of the list comes to beside what is known of its dossier; nothing where it is known, or cannot be read."""
        await self._remember()
        events, _keeps, _bad = await self._read([line], call)
        return tuple(events)

    async def _remember(self) -> None:
        """What is kept of the dossiers, read on from where we stood."""
        while facts := await self._shelf.kept(NAME, self._read_to):
            for fact in facts:
                if fact.kind == DOSSIER:
                    self._known[fact.key] = Progress.from_json(fact.body)
            self._read_to = facts[-1].number

    async def _read(self, rows: Sequence[Any], call: Call) -> tuple[list[Envelope], list[Kept], list[bytes]]:
        """Events, what to keep, and rows that could not be read, which spoil no other."""
        seen = dict(self._known)
        told: list[tuple[HoSoBTC, News, bool]] = []
        bad: list[bytes] = []
        for line in rows:
            try:
                filed = HoSoBTC.model_validate(line)
            except ValidationError as error:
                bad.append(_kept(f"not the agreed shape: {error.errors(include_input=False)[0]['type']}", line))
                continue
            added = news(seen.get(filed.maHoSoBTC, Progress()), filed)
            if added is not None:
                seen[filed.maHoSoBTC] = added.progress
                told.append((filed, added, registered_twice(filed.maHoSoBTC, added.progress, seen)))
        units = await self._units({added.progress.code for _, added, _ in told if added.issued}, call)
        events: list[Envelope] = []
        keeps: list[Kept] = []
        at = instant(self._clock.now())
        for filed, added, twice in told:
            try:
                made = [dossier_changed(filed, added, twice=twice, at=at)] if added.moved else []
                made += [code_issued(filed, added, units.get(added.progress.code), at)] if added.issued else []
            except (Refusal, Unmappable) as error:
                bad.append(_kept(str(error), filed.model_dump()))
                continue
            events += made
            keeps.append(Kept(DOSSIER, filed.maHoSoBTC, added.progress.to_json()))
        return events, keeps, bad

    async def _units(self, codes: set[str], call: Call) -> Mapping[str, BudgetUnit]:
        """The register's own records of codes just given. Where it gives no answer, the code is told without."""
        gate = asyncio.Semaphore(AT_ONCE)
        one_call = replace(call, deadline_s=call.deadline_s * SHARE)

        async def one(code: str) -> Found | Outcome:
            async with gate:
                call.on_extra_call()
                return await self.look_up(HoiDonVi(maDVQHNS=code), one_call)

        answers = await asyncio.gather(*(one(code) for code in codes))
        found: dict[str, BudgetUnit] = {}
        for code, answer in zip(codes, answers, strict=True):
            if isinstance(answer, Found) and len(answer.matches) == 1 and isinstance(answer.matches[0], BudgetUnit):
                found[code] = answer.matches[0]
                if answer.matches[0].warnings:
                    log.warning("a code with a question", partner=NAME, code=code, warnings=found[code].warnings)
        return found

    async def changed_since(self, day: date, page: int, call: Call) -> list[Any] | Outcome:
        """A page of the dossiers that changed since a day in Vietnam began, unread."""
        since = int(datetime.combine(day, time(), VIETNAM).timestamp())
        asked = HoiDanhSach(tuNgay=_written(since), denNgay=_written(int(self._clock.now())), trang=page)
        return await self._client.dossiers(asked, call)

    async def close(self) -> None:
        await self._client.close()


async def unit_by_code(adapter: BudgetAdapter, question: BudgetUnitQuestion, call: Call) -> Found | Outcome:
    """The look-up `unit`."""
    return await adapter.look_up(HoiDonVi(maDVQHNS=question.code), call)


async def units_by_owner(adapter: BudgetAdapter, question: BudgetUnitSearch, call: Call) -> Found | Outcome:
    """The look-up `search`."""
    return await adapter.look_up(HoiDonVi(maSoThue=question.tax_code or "", tenDonVi=question.name or ""), call)


def _written(at: int) -> str:
    return str(MOMENT.out(datetime.fromtimestamp(at, UTC), None))


def _kept(why: str, line: Any) -> bytes:
    return json.dumps({"why": why, "row": line}, ensure_ascii=False).encode()
