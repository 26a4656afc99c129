"""The payment platform at work: orders out, each watched until its end is known, receipts fetched.

What needs nobody outside is decided as it is prepared, in the dossier's lane: which orders a fee makes, that the dossier is over, what a
report comes to. What calls the platform, and what a person has to do, stands aside: it may take days, and holds nothing up.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adapters.online_payment.client import Link, PaymentClient, PaymentSettings
from adapters.online_payment.faults import ABSENT, EXISTS
from bus.adapter import Call, Job, Poll, Row, Wiring
from bus.clock import instant
from bus.outcome import Absent, Cause, Contract, Delivered, Held, Outcome, Permanent, Taken, Transient, Unknown
from contracts.canonical.order import Order
from contracts.codes import CodeGap
from contracts.envelope import Envelope
from contracts.fault import Refusal
from contracts.online_payment.messages import KetQuaTraSoat
from mappings.online_payment import orders
from mappings.online_payment.inbound import answered, lapsed, link, receipt
from mappings.online_payment.outbound import Asked, init, question
from mappings.table import Unmappable

ASK, COLLECTED, CLOSE, RECORD = "YEU_CAU", "THU_TRUC_TIEP", "KET_THUC", "GHI_NHAN"
INIT, QUERY, BILL = "INIT", "QUERY", "GET_BILL"
REFUND, REVIEW = "HOAN_PHI", "DOI_CHIEU"
GROWTH = 10
"""An order so many seconds old is asked about again after a tenth of them."""


class PaymentAdapter:
    """See domain notes 3.4."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, PaymentSettings)
        self._settings = wiring.settings
        self._client = PaymentClient(wiring.settings)
        self._clock = wiring.clock

    def prepare(self, job: Job) -> Row | Outcome:
        """The request but for its checksum, or at once what follows where nobody has to be called."""
        message: Any = job.envelope.message
        try:
            match job.operation:
                case "YEU_CAU":
                    return _done(orders.ask(message.dossier, job.memo, instant(self._clock.now())))
                case "THU_TRUC_TIEP":
                    return _done(orders.collected(message.dossier, job.memo, instant(self._clock.now())))
                case "KET_THUC":
                    return _done(orders.close())
                case "GHI_NHAN":
                    return _done(orders.record(message, job.memo))
                case "HOAN_PHI":
                    return _by_hand("refund", message.order.reference, message.transaction, message.reason)
                case "DOI_CHIEU":
                    return _by_hand("review", message.reference, message.transaction, message.reason)
                case "INIT":
                    return self._order(job, message)
                case "QUERY" if job.step == "send":
                    return Taken(
                        ask_after_s=self._pace(message.order), words="asked about for the first time in a while"
                    )
                case kind:
                    return Row(job, _json(question(kind, message.order, self._settings.partner_code)))
        except CodeGap as gap:
            return Held(cause=Cause.CODE_GAP, key=gap.key, words=str(gap))
        except (Unmappable, Refusal, ValueError) as error:
            return Contract(cause=Cause.POISON, code=type(error).__name__, words=str(error)[:500])

    def _order(self, job: Job, message: Any) -> Row | Outcome:
        """INIT; it waits when nobody has said which account the agency's money goes to."""
        if job.request:
            return Row(job, job.request)
        account = self._settings.accounts.get(message.order.payee)
        if account is None:
            key = f"setting:{job.partner}.accounts.{message.order.payee}"
            return Held(cause=Cause.CODE_GAP, key=key, words=f"agency {message.order.payee} has no recipient account")
        asked = Asked(message.dossier, message.order, account, self._settings.partner_code, self._settings.ip)
        return Row(job, _json(init(asked)))

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One call a row; the contract has no arrays."""
        return [await (self._bill if row.job.operation == BILL else self._init)(row, call) for row in rows]

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """QUERY: for a watch the end of its order, for an INIT in doubt whether it took effect."""
        return [await (self._settle if row.job.operation == INIT else self._watch)(row, call) for row in rows]

    async def _init(self, row: Row, call: Call) -> Outcome:
        answer = await self._client.init(row.body, call)
        if isinstance(answer, Link):
            return self._linked(row, answer.url)
        if isinstance(answer, Permanent) and answer.code == EXISTS:
            call.on_extra_call()
            return await self._settle(row, call)
        return _with_request(answer, row)

    def _linked(self, row: Row, url: str) -> Outcome:
        try:
            event = link(row.job.dossier, _order_of(row), url, instant(self._clock.now()))
        except Refusal as error:
            return Unknown(code="UrlThanhToan", words=str(error)[:500], request=row.body)
        return Delivered(request=row.body, receipt=_order_of(row).reference, replies=(event,))

    async def _settle(self, row: Row, call: Call) -> Outcome:
        """An INIT in doubt: the platform does not know it, holds it (and tells the link again), or it was even paid by now."""
        answer = await self._asked(row, call)
        if isinstance(answer, Permanent) and answer.code == ABSENT:
            return Absent(code=answer.code, words=answer.words, request=row.body)
        if isinstance(answer, Outcome):
            return _with_request(answer, row)
        outcome = self._read(answer)
        if outcome is not None:
            return replace(outcome, request=row.body)
        if answer.UrlThanhToan:
            return self._linked(row, answer.UrlThanhToan)
        return Permanent(code="UrlThanhToan", words="the platform holds the order and tells no link", request=row.body)

    async def _watch(self, row: Row, call: Call) -> Outcome:
        """Until the platform knows the end, or nobody paid for too long."""
        answer = await self._asked(row, call)
        if isinstance(answer, Outcome):
            return answer
        outcome = self._read(answer)
        if outcome is not None:
            return outcome
        order = _order_of(row)
        if self._age(order) >= self._settings.lapses_after_s:
            return Delivered(code="lapsed", replies=(lapsed(order, instant(self._clock.now())),))
        return Taken(code=answer.TrangThaiGD, ask_after_s=self._pace(order))

    async def _asked(self, row: Row, call: Call) -> KetQuaTraSoat | Outcome:
        order = _order_of(row)
        answer = await self._client.query(_json(question(QUERY, order, self._settings.partner_code)), call)
        if isinstance(answer, KetQuaTraSoat) and answer.MaThamChieu != order.reference:
            return Unknown(code="MaThamChieu", words="the answer is about another order")
        return answer

    def _read(self, answer: KetQuaTraSoat) -> Outcome | None:
        """Delivered with the report of its end, None while the platform does not know it."""
        try:
            event = answered(answer)
        except (Refusal, ValueError) as error:
            return Unknown(code="TrangThaiGD", words=str(error)[:500])
        said = answer.model_dump_json(exclude={"MaXacThuc", "UrlThanhToan"}).encode()
        return None if event is None else Delivered(code=answer.TrangThaiGD, reply=said, replies=(event,))

    async def paid(self, order: Order, call: Call) -> Envelope | str | None:
        """For the platform's account: its report of a payment, None for nothing yet, the order's reference when it could not be asked."""
        answer = await self._client.query(_json(question(QUERY, order, self._settings.partner_code)), call)
        if isinstance(answer, Permanent) and answer.code == ABSENT:
            return None
        if isinstance(answer, Outcome):
            return order.reference
        try:
            event = answered(answer)
        except (Refusal, ValueError):
            return order.reference
        return event if event is not None and event.data["state"] == "paid" else None

    async def _bill(self, row: Row, call: Call) -> Outcome:
        answer = await self._client.bill(row.body, call)
        if isinstance(answer, Outcome):
            return _with_request(answer, row)
        try:
            event = receipt(row.job.envelope.message, answer, instant(self._clock.now()))
        except Refusal as error:
            return Unknown(words=str(error)[:500], request=row.body)
        return Delivered(request=row.body, replies=(event,))

    def _age(self, order: Order) -> float:
        return self._clock.now() - order.requested_at.timestamp()

    def _pace(self, order: Order) -> float:
        """Seconds to the next question: often while the citizen is likely to be paying, seldom for what was left lying."""
        slowest = self._settings.asks_at_least_every_s
        return min(slowest, max(self._settings.asks_first_s, self._age(order) / GROWTH))

    async def probe(self, call: Call) -> Outcome | None:
        """An order that nobody has is asked for: whatever the platform says to it, it is there."""
        nobody = {"LoaiBanTin": QUERY, "PhienBan": "1.0.6", "MaDoiTac": self._settings.partner_code}
        body = _json(nobody | {"MaThamChieu": "0", "ThoiGianGD": "20200101000000"})
        answer = await self._client.query(body, call)
        return answer if isinstance(answer, Transient | Held | Unknown) else Delivered()

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """Orders are watched by deliveries, not by a poller."""
        return None

    async def close(self) -> None:
        await self._client.close()


def _done(decided: orders.Decided) -> Outcome:
    return Delivered(replies=decided.events, memo=decided.memo)


def _by_hand(task: str, reference: str, transaction: str, reason: str) -> Outcome:
    """A person's task: the platform has no operation for it. It waits until somebody settles it and says how."""
    return Held(cause=Cause.BY_HAND, key=f"{task}:{reference}:{transaction}", code=reason, words=reason)


def _order_of(row: Row) -> Order:
    message: Any = row.job.envelope.message
    order: Order = message.order
    return order


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _with_request(outcome: Outcome, row: Row) -> Outcome:
    """Keep the request with the attempt, unless nothing had left."""
    return outcome if isinstance(outcome, Transient | Held) else replace(outcome, request=row.body)
