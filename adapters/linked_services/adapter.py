"""The linked-services software at work: filed dossiers in by asking, statuses out in order, prose read by a table.

After a birth filed for a residence too its dossier is asked for again and again, until it tells what the police decided. The registry's
later word (with the personal id) begins another such watch; what both hear is one event.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from pydantic import ValidationError

from adapters.linked_services.client import LinkedClient, LinkedSettings
from adapters.linked_services.faults import read
from adapters.outward import outward
from adapters.transport.classify import excerpt
from bus.adapter import Call, Job, Poll, Row, Wiring
from bus.outcome import Cause, Delivered, Outcome, Permanent, Taken, Transient, Unknown
from contracts.envelope import Envelope
from contracts.fault import Refusal, faults_of
from contracts.linked_services.messages import HoiHoSo, HoSoMoi, KetQuaCuTru
from mappings.linked_services.inbound import filed, residence
from mappings.linked_services.outbound import question, request
from mappings.table import Unmappable

ACKNOWLEDGE, TELL, WATCH = "xacNhan", "capNhatTrangThai", "traCuuCuTru"
PAGE = 10
"""Dossiers fetched a poll: each is a call of its own within one poll's time."""


class LinkedAdapter:
    """See domain notes 3.5, DVCLT."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, LinkedSettings)
        self._client = LinkedClient(wiring.settings, wiring.vault)
        self._clock = wiring.clock
        self._asks_every_s = wiring.settings.asks_every_s

    def prepare(self, job: Job) -> Row | Outcome:
        """The body as it leaves; of a watch which dossier is asked for."""
        return outward(job, question if job.operation == WATCH else request)

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One call a row; the contract has no arrays."""
        return [await (self._watch if row.job.operation == WATCH else self._one)(row, call) for row in rows]

    async def _one(self, row: Row, call: Call) -> Outcome:
        send = self._client.acknowledge if row.job.operation == ACKNOWLEDGE else self._client.tell
        reply = await send(row.body, call)
        if isinstance(reply, Outcome):
            words, said, code = reply.words, reply.reply, reply.code
            if not isinstance(reply, Unknown | Permanent):
                return reply
        else:
            words, said, code = excerpt(reply.body), reply.body, str(reply.status)
        match read(words):
            case "done":
                return Delivered(code=code, words=words, request=row.body, reply=said)
            case "later":
                return Transient(cause=Cause.LATER, code=code, words=words, reply=said)
            case "refused":
                return Permanent(code=code, words=words, request=row.body, reply=said)
            case _ if isinstance(reply, Outcome):
                return replace(reply, request=row.body)
            case _:
                return Unknown(code=code, words=words, request=row.body, reply=said)

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """Watches are asked again and again. Of a status there is no question; one told twice is answered as one that is there."""
        none = "the linked-services software cannot be asked"
        return [
            await self._watch(row, call) if row.job.operation == WATCH else Unknown(words=none, request=row.body)
            for row in rows
        ]

    async def _watch(self, row: Row, call: Call) -> Outcome:
        """What the police decided as an event, else wait for the next common moment; what cannot be read is kept and asked again."""
        number = HoiHoSo.model_validate_json(row.body).id
        fields = await self._client.dossier(number, call)
        if isinstance(fields, Outcome):
            return fields
        said = json.dumps(fields, ensure_ascii=False).encode()
        if fields.get("maHoSo") != number:
            return Unknown(code="maHoSo", words="the answer is about another dossier", reply=said)
        told, now = fields.get("cuTru"), self._clock.now()
        if not told:
            return Taken(ask_after_s=self._asks_every_s - now % self._asks_every_s)
        try:
            result = KetQuaCuTru.model_validate(told)
            event = residence(row.job.envelope.message, result)
        except (ValidationError, Unmappable, Refusal) as error:
            return replace(_unreadable(error), reply=said)
        return Delivered(code=result.trangThai, words=result.lyDo[:500], reply=said, replies=(event,))

    async def probe(self, call: Call) -> Outcome | None:
        """The list is harmless."""
        listed = await self._client.waiting(call)
        return listed if isinstance(listed, Outcome) else Delivered()

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """The next dossiers behind the cursor among those not acknowledged; at the end of the list it begins again.

        What is told twice is a duplicate; what cannot be read is kept and passed by.
        """
        listed = await self._client.waiting(call)
        if isinstance(listed, Outcome):
            return listed
        bad = [json.dumps(line, ensure_ascii=False).encode() for line in listed.data if _number(line) is None]
        numbers = sorted({number for line in listed.data if (number := _number(line)) is not None})
        behind = [number for number in numbers if number > cursor]
        events: list[Envelope] = []
        for number in behind[:PAGE]:
            fields = await self._client.dossier(number, call)
            if isinstance(fields, Outcome):
                if not isinstance(fields, Unknown | Permanent):
                    return fields
                bad.append(json.dumps({"id": number, "why": fields.words}, ensure_ascii=False).encode())
                continue
            try:
                events.append(filed(fields))
            except (Unmappable, Refusal) as error:
                bad.append(json.dumps({"id": number, "why": str(error), "row": fields}, ensure_ascii=False).encode())
        more = len(behind) > PAGE
        return Poll(tuple(events), behind[PAGE - 1] if more else "", tuple(bad), more=more)

    async def close(self) -> None:
        await self._client.close()


def _unreadable(error: ValidationError | Unmappable | Refusal) -> Unknown:
    """What does not fit, by its field alone: values may be personal."""
    if isinstance(error, Unmappable):
        return Unknown(code=error.partner_field, words=str(error))
    faults = faults_of(error) if isinstance(error, ValidationError) else error.faults
    return Unknown(words=f"not the agreed shape: {', '.join(fault.path for fault in faults)}"[:500])


def _number(line: object) -> str | None:
    """The id of a line, None for a line that has none."""
    try:
        return HoSoMoi.model_validate(line).id
    except ValidationError:
        return None
