"""The insurance at work: people looked up, cards asked for and each watched until it is issued or refused (domain notes 3.9, 7b).

A child without a personal id gets no card. Its delivery is owed all the same and waits, uncounted, so that the backlog shows; the
registry's next word, with the id, is a newer full state and takes its place. A later word that asks for the same card once more (the
certificate's file came) asks nothing: how the card stands was told, or its watch tells it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from adapters.outward import outward
from adapters.social_insurance.client import InsuranceClient, InsuranceSettings
from adapters.social_insurance.faults import NOT_FOUND
from bus.adapter import Call, Found, Job, Poll, Row, Wiring
from bus.clock import instant
from bus.ledger.ledger import LedgerBusy
from bus.outcome import Cause, Delivered, Held, Outcome, Permanent, Taken, Transient, Unknown
from contracts.canonical.insurance import CriteriaQuestion, NumberQuestion
from contracts.fault import Refusal, faults_of
from contracts.social_insurance.messages import (
    HoiTheBHYT,
    HoiTheoSo,
    HoiTheoTieuChi,
    TraLoiMaSo,
    TraLoiThe,
    TraLoiThongTin,
)
from mappings.social_insurance import inbound
from mappings.social_insurance.outbound import card, code, criteria
from mappings.table import Unmappable

BY_NUMBER, BY_CRITERIA = "TraCuuThongTinHoGiaDinh", "TraCuuMaSoBhxhTheoTieuChi"
SEND, WATCH = "dangKyTheBHYT", "traCuuTheBHYT"
ASKED = "asked"
"""The digest of the request that was answered last, in the lane's memo."""


class InsuranceAdapter:
    """Speaks for one province."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, InsuranceSettings)
        self._client = InsuranceClient(wiring.settings, wiring.vault, wiring.clock)
        self._clock = wiring.clock
        self._asks_every_s = wiring.settings.asks_every_s
        self._owed_since = wiring.owed_since

    async def person(self, question: NumberQuestion, call: Call) -> Found | Outcome:
        """`TraCuuThongTinHoGiaDinh`."""
        answer = await self._client.ask(BY_NUMBER, _body(HoiTheoSo(maSoBhxh=question.number)), TraLoiThongTin, call)
        if isinstance(answer, Outcome):
            return _none(answer)
        told, reference = answer
        try:
            return Found(tuple(inbound.person(question.number, one) for one in told.dataThongTinHgd), reference)
        except (Unmappable, ValidationError) as error:
            return _unreadable(error)

    async def numbers(self, question: CriteriaQuestion, call: Call) -> Found | Outcome:
        """`TraCuuMaSoBhxhTheoTieuChi`: all numbers that fit; of several none is chosen."""
        asked = HoiTheoTieuChi.model_validate(criteria(question))
        answer = await self._client.ask(BY_CRITERIA, _body(asked), TraLoiMaSo, call)
        if isinstance(answer, Outcome):
            return _none(answer)
        told, reference = answer
        return Found(inbound.numbers(told.maSoBhxh), reference)

    def prepare(self, job: Job) -> Row | Outcome:
        """A card's request, once the child has a personal id, unless an earlier delivery's was the same; of a watch the code."""
        message: Any = job.envelope.message
        if job.operation == WATCH:
            return Row(job, _body(HoiTheBHYT(maHoSoLT=code(message))))
        if message.certificate is None or message.certificate.citizen_id is None:
            words = "the child has no personal id yet; the card is asked for when the registry tells it"
            return Held(cause=Cause.LATER, key=f"personal-id:{job.dossier}", words=words)
        row = outward(job, card)
        if not job.request and isinstance(row, Row) and _digest(row.body) == job.memo.get(ASKED):
            return Delivered(words="the card was asked for in the same words before: nothing new to ask")
        return row

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One call a row; the contract has no arrays."""
        return [await self._one(row, call) for row in rows]

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """A watch is asked again and again. A request in doubt is sent again: the insurance knows its code."""
        return await self.deliver(rows, call)

    async def _one(self, row: Row, call: Call) -> Outcome:
        """How the card stands now: an event where that is new and no later watch tells it, else wait for the next common moment."""
        answer = await self._client.ask(row.job.operation, row.body, TraLoiThe, call)
        if isinstance(answer, Outcome):
            return answer if isinstance(answer, Transient | Held) else replace(answer, request=row.body)
        told, reference = answer
        said, now = told.model_dump_json().encode(), self._clock.now()
        try:
            event = inbound.changed(row.job.envelope.message, told, reference, row.job.key, instant(now))
        except (Unmappable, Refusal) as error:
            return replace(_unreadable(error), request=row.body, reply=said)
        later = Taken(code=told.trangThai, ask_after_s=self._asks_every_s - now % self._asks_every_s)
        if event is None:
            return later
        try:
            told_by_another = await self._owed_since(row.job, WATCH)
        except LedgerBusy as busy:
            return replace(later, words=str(busy))
        return Delivered(
            code=told.trangThai,
            receipt=reference[:100],
            request=row.body,
            reply=said,
            replies=() if told_by_another else (event,),
            words=told.ghiChu,
            memo={ASKED: _digest(row.body)} if row.job.operation == SEND else {},
        )

    async def probe(self, call: Call) -> Outcome | None:
        """A token is asked for, where there are tokens."""
        return await self._client.probe(call)

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """Cards are watched by deliveries, not by a poller."""
        return None

    async def close(self) -> None:
        await self._client.close()


def _body(message: BaseModel) -> bytes:
    return json.dumps(message.model_dump(), ensure_ascii=False, separators=(",", ":")).encode()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _none(outcome: Outcome) -> Found | Outcome:
    """Nobody found is an answer to a look-up."""
    return Found(()) if isinstance(outcome, Permanent) and outcome.code == NOT_FOUND else outcome


def _unreadable(error: Unmappable | ValidationError | Refusal) -> Unknown:
    """What does not fit, by its field alone: values may be personal."""
    if isinstance(error, Unmappable):
        return Unknown(code=error.partner_field, words=str(error))
    faults = faults_of(error) if isinstance(error, ValidationError) else error.faults
    return Unknown(words=f"not the agreed shape: {', '.join(fault.path for fault in faults)}"[:500])


async def person(adapter: InsuranceAdapter, question: NumberQuestion, call: Call) -> Found | Outcome:
    """Look-up by number."""
    return await adapter.person(question, call)


async def numbers(adapter: InsuranceAdapter, question: CriteriaQuestion, call: Call) -> Found | Outcome:
    """Look-up by criteria."""
    return await adapter.numbers(question, call)
