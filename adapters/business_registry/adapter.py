"""The business register at work: looked up by callers who wait, told how household registrations stand (domain notes 3.7)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from adapters.business_registry.client import RegisterClient, RegisterSettings
from adapters.business_registry.faults import outcome_of
from adapters.outward import outward
from adapters.transport.classify import everywhere, of_question
from bus.adapter import Call, Found, Job, Poll, Row, Wiring
from bus.clock import instant
from bus.ledger.ledger import LedgerBusy
from bus.outcome import Delivered, Held, Outcome, Taken, Transient, Unknown
from contracts.business_registry.messages import KetQuaHKD, TraLoiTraCuu
from contracts.canonical.enterprise import EnterpriseQuestion, HouseholdQuestion
from contracts.canonical.household import HouseholdNameQuestion
from contracts.fault import Refusal, faults_of
from mappings.business_registry.decision import WITHDRAWN, changed
from mappings.business_registry.inbound import enterprises
from mappings.business_registry.outbound import NAME, request
from mappings.convert import as_day
from mappings.table import Unmappable, build

SYNC, WATCH = "dongBoHoSoHKD", "traCuuKetQuaHKD"


class RegisterAdapter:
    """Speaks for one province."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, RegisterSettings)
        self._client = RegisterClient(wiring.settings, wiring.vault)
        self._clock = wiring.clock
        self._asks_every_s = wiring.settings.asks_every_s
        self._owed_since = wiring.owed_since

    async def look_up(self, code: str, call: Call) -> Found | Outcome:
        """The records of a code as they stand today; `null` is nothing found, no outage."""
        return self._found(await self._client.detail(code, call))

    async def names(self, question: HouseholdNameQuestion, call: Call) -> Found | Outcome:
        """The household businesses of a commune that have the name; none of them, and it is free."""
        return self._found(await self._client.names(json.dumps(build(NAME, question)).encode(), call))

    def _found(self, answer: TraLoiTraCuu | Outcome) -> Found | Outcome:
        if isinstance(answer, Outcome):
            return answer
        try:
            found = enterprises(answer, as_day(instant(self._clock.now())))
        except Unmappable as error:
            return Unknown(code=error.partner_field, words=str(error))
        except ValidationError as error:
            return Unknown(words=f"not the agreed shape: {faults_of(error)[0].path}")
        return Found(found, version=max((one.change for one in found if one.change is not None), default=None))

    def prepare(self, job: Job) -> Row | Outcome:
        """The registration's present state; a watch is asked about by its code, from the next common moment on."""
        if job.operation == WATCH:
            return Row(job, json.dumps(job.dossier).encode()) if job.step == "ask" else self._later()
        return outward(job, request)

    def _later(self) -> Taken:
        now = self._clock.now()
        return Taken(ask_after_s=self._asks_every_s - now % self._asks_every_s)

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One call a row: a state is told by itself."""
        return [await self._one(row, call) for row in rows]

    async def _one(self, row: Row, call: Call) -> Outcome:
        reply = await self._client.sync(row.body, call)
        outcome = reply if isinstance(reply, Outcome) else outcome_of(reply)
        return outcome if isinstance(outcome, Transient | Held) else replace(outcome, request=row.body)

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """What became of registrations, many in one question. A state in doubt cannot be asked for: it is told again under its code."""
        if rows[0].job.operation == WATCH:
            return await self._watch(rows, call)
        return [Unknown(words="the registry cannot be asked by dossier", request=row.body) for row in rows]

    async def _watch(self, rows: Sequence[Row], call: Call) -> list[Outcome]:
        """Each row by its own line of the answer; a row the answer passes over stays as it was. Of two watches of a dossier that was
        received anew, the later one tells."""
        reply = await self._client.results([row.job.dossier for row in rows], call)
        if isinstance(reply, Outcome):
            return of_question(reply, rows)
        outcome = outcome_of(reply)
        if not isinstance(outcome, Delivered):
            return everywhere(outcome, rows)
        found = {line.get("maHoSo"): line for line in reply.duLieu if isinstance(line, dict)}
        return [await self._decided(row, found.get(row.job.dossier)) for row in rows]

    async def _decided(self, row: Row, line: dict[str, Any] | None) -> Outcome:
        if line is None:
            return replace(self._later(), words="the answer passed over this dossier")
        said = json.dumps(line, ensure_ascii=False).encode()
        try:
            told = KetQuaHKD.model_validate(line)
            if told.trangThai == WITHDRAWN:
                return Delivered(code=WITHDRAWN, words=told.lyDo[:500], reply=said)
            now = instant(self._clock.now())
            event = changed(row.job.envelope.message, told, row.job.dossier, row.job.key, now)
        except ValidationError as error:
            field = faults_of(error)[0].path
            return Unknown(code=field[:100], words=f"not the agreed shape: {field}", reply=said)
        except (Refusal, ValueError) as error:
            return Unknown(words=str(error)[:500], reply=said)
        if event is None:
            return replace(self._later(), code=told.trangThai)
        try:
            told_by_another = await self._owed_since(row.job, WATCH)
        except LedgerBusy as busy:
            return replace(self._later(), words=str(busy))
        news = () if told_by_another else (event,)
        return Delivered(code=told.trangThai, words=told.lyDo[:500], reply=said, replies=news)

    async def probe(self, call: Call) -> Outcome | None:
        """A token is asked for, where there are tokens."""
        return await self._client.probe(call)

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """Decisions are watched by deliveries, not by a poller."""
        return None

    async def close(self) -> None:
        await self._client.close()


async def enterprise(adapter: RegisterAdapter, question: EnterpriseQuestion, call: Call) -> Found | Outcome:
    """Look-up by enterprise code."""
    return await adapter.look_up(question.code, call)


async def household(adapter: RegisterAdapter, question: HouseholdQuestion, call: Call) -> Found | Outcome:
    """Look-up by a household's owner, whose personal id is its tax code."""
    return await adapter.look_up(question.owner_id, call)


async def names(adapter: RegisterAdapter, question: HouseholdNameQuestion, call: Call) -> Found | Outcome:
    """Look-up of a name in a commune."""
    return await adapter.names(question, call)
