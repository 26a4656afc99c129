"""The registry at work: registrations out, and each of them watched until it is settled.

Watching is a delivery of its own. What the registry says stays `taken` until it says something new; the new is an event, and that event
owes the next watch. So age, backlog, order and the place to go on from are the ledger's, and up to 1,000 dossiers share a question.

While the registry waits for a supplement the lane must be free to send it, so that watch stands aside: it ends when the registration
goes on, and tells of one that is refused because nothing came. One that is refused after the supplement came is told by the watch that
came with it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from adapters.civil_registry.client import RegistryClient, RegistrySettings
from adapters.civil_registry.faults import read
from adapters.transport.classify import of_question
from bus.adapter import Call, Job, Poll, Row, Wiring
from bus.clock import instant
from bus.ledger.ledger import LedgerBusy
from bus.outcome import Cause, Contract, Delivered, Held, Outcome, Permanent, Taken, Transient, Unknown
from contracts.civil_registry import MODULES
from contracts.civil_registry.messages import KetQua, TraLoi
from contracts.codes import CodeGap
from contracts.fault import Refusal
from mappings.civil_registry.inbound import accepted, changed
from mappings.civil_registry.outbound import request
from mappings.table import Unmappable

SEND, WATCH, WAIT = "nhanDKHT", "layKetQua", "layKetQuaBoSung"
SUPPLEMENT, REFUSED = "2", "6"


class RegistryAdapter:
    """See domain notes 3.5."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, RegistrySettings)
        self._client = RegistryClient(wiring.settings, wiring.vault)
        self._clock = wiring.clock
        self._asks_every_s = wiring.settings.asks_every_s
        self._owed_since = wiring.owed_since

    def prepare(self, job: Job) -> Row | Outcome:
        """A registration's whole body; of a watch only the code, with module and province as what rows of one question share."""
        try:
            message: Any = job.envelope.message
            if job.operation != SEND:
                return Row(
                    job, json.dumps(message.dossier_code).encode(), f"{MODULES[message.kind]}/{message.province}"
                )
            body = job.request or json.dumps(request(message), ensure_ascii=False, separators=(",", ":")).encode()
        except CodeGap as gap:
            return Held(cause=Cause.CODE_GAP, key=gap.key, words=str(gap))
        except Unmappable as error:
            return Contract(cause=Cause.POISON, code=error.partner_field, words=str(error))
        except Refusal as error:
            return Contract(cause=Cause.POISON, words=str(error))
        return Row(job, body)

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One registration, or a question about many."""
        if rows[0].job.operation != SEND:
            return await self._watch(rows, call)
        return [await self._send(row, call) for row in rows]

    async def _send(self, row: Row, call: Call) -> Outcome:
        reply = await self._client.send(row.body, call)
        if not isinstance(reply, TraLoi):
            return reply if isinstance(reply, Transient | Held) else replace(reply, request=row.body)
        words = reply.errorDescription or reply.statusDescription
        said = reply.model_dump_json().encode()
        meaning = "done" if reply.status == "1" else read(words)
        if meaning == "done":
            event = accepted(row.job.envelope.message, row.job.key, instant(self._clock.now()))
            return Delivered(code=reply.errorCode, words=words, request=row.body, reply=said, replies=(event,))
        if meaning == "later":
            return Transient(cause=Cause.LATER, code=reply.errorCode, words=words, reply=said)
        return Permanent(code=reply.errorCode, words=words, request=row.body, reply=said)

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """Watches are asked again and again. A registration in doubt is sent again: the registry knows its code."""
        return await self._watch(rows, call)

    async def _watch(self, rows: Sequence[Row], call: Call) -> list[Outcome]:
        """Each row by its own line of the answer; a row the answer passes over stays as it was."""
        found = await self.rows_of([row.job.dossier for row in rows], rows[0].switch, call)
        if isinstance(found, Outcome):
            return of_question(found, rows)
        return [await self._read(row, found.get(row.job.dossier)) for row in rows]

    async def rows_of(self, codes: Sequence[str], switch: str, call: Call) -> dict[str, dict[str, Any]] | Outcome:
        """The registry's rows by dossier, of one kind and province (`switch`); what became of the question where it was not answered."""
        module, _, province = switch.partition("/")
        reply = await self._client.results(codes, province, module, call)
        if isinstance(reply, Outcome):
            return reply
        if reply.status == "0":
            return Transient(cause=Cause.LATER, code=reply.status, words=reply.statusDescription)
        return {
            line["maHoSoMCDT"]: line
            for line in reply.value
            if isinstance(line, dict)
            and isinstance(line.get("maHoSoMCDT"), str)
            and line.get("module", module) == module
        }

    async def _read(self, row: Row, line: dict[str, Any] | None) -> Outcome:
        now = self._clock.now()
        later = Taken(ask_after_s=self._asks_every_s - now % self._asks_every_s)
        if line is None:
            return replace(later, words="the answer passed over this dossier")
        said = json.dumps(line, ensure_ascii=False).encode()
        try:
            result = KetQua.model_validate(line)
            if row.job.operation == WAIT and await self._goes_on(row.job, result.trangThai):
                return Delivered(code=result.trangThai, words="it goes on: its own watch tells how", reply=said)
            event = changed(row.job.envelope.message, result, row.job.key, instant(now))
        except ValidationError as error:
            field = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
            return Unknown(code=field, words=f"not the agreed shape: {field}", reply=said)
        except Refusal as error:
            return Unknown(words=str(error)[:500], reply=said)
        except LedgerBusy as busy:
            return replace(later, words=str(busy))
        if event is None:
            return replace(later, code=result.trangThai, reply=b"")
        return Delivered(code=result.trangThai, words=result.noiDungXuLy[:500], reply=said, replies=(event,))

    async def _goes_on(self, job: Job, state: str) -> bool:
        """Whether a registration that wanted a supplement got it; a refusal alone does not tell. Raises LedgerBusy."""
        return state not in (SUPPLEMENT, REFUSED) or (state == REFUSED and await self._owed_since(job, WATCH))

    async def probe(self, call: Call) -> Outcome | None:
        """A token is asked for, where there are tokens."""
        return await self._client.probe(call)

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """Results are watched by deliveries, not by a poller."""
        return None

    async def close(self) -> None:
        await self._client.close()
