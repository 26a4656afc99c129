"""VNPost at work: orders and cancellations out, the tracking cursor of all orders in (domain notes 3.10).

What went out for a dossier is the lane's memo, so that a cancellation knows what there is to cancel. An order sent again is answered
101: the number is VNPost's key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.outward import outward
from adapters.postal.client import PostalClient, PostalSettings
from adapters.postal.faults import read
from adapters.postal.pool import ItemCodes
from adapters.postal.tracking import read_page
from bus.adapter import Call, Job, Poll, Row, Wiring
from bus.clock import instant
from bus.outcome import Cause, Delivered, Held, Outcome, Permanent, Transient, Unknown
from contracts.identifier import agency_levels
from contracts.postal.messages import TraLoi
from mappings.postal.inbound import Purpose, dossier_of, is_ours, ordered, ordered_before
from mappings.postal.outbound import Desk, Parcel, collection_order, result_order

ORDER, COLLECT, CANCEL = "order", "collect", "cancel"
PURPOSE: dict[str, Purpose] = {ORDER: "result", COLLECT: "papers"}
EVERY_OTHER = "*"
ASKED_AT = "papers_asked_at"
"""In the lane's memo, when the collection was asked for."""
FIRST_LOOK_S = 86400.0
"""The first walk begins so far back."""


class PostalAdapter:
    """Speaks for all desks of the province."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, PostalSettings)
        self._settings = wiring.settings
        self._client = PostalClient(self._settings, wiring.vault)
        self._clock = wiring.clock
        self._pool = ItemCodes(self._settings, wiring.stock)
        desks = {agency: Desk(**desk.model_dump()) for agency, desk in self._settings.desks.items()}
        self._every_other = desks.pop(EVERY_OTHER, None)
        self._desks = {agency_levels(agency): desk for agency, desk in desks.items()}

    def prepare(self, job: Job) -> Row | Outcome:
        """An order as it leaves but for its item code, or the cancellations of what went out."""
        if job.operation == CANCEL:
            went_out = [json.loads(job.memo[purpose]) for purpose in PURPOSE.values() if purpose in job.memo]
            if not went_out:
                return Delivered(words="no order had gone out: there is nothing to cancel")
            return Row(job, job.request or json.dumps(went_out).encode())
        agency = job.envelope.data["dossier"]["agency"]["id"]
        desk = self._desks.get(agency_levels(agency), self._every_other)
        if desk is None:
            words = f"VNPost knows no desk of {agency}; put it into [partners.postal.desks] and restart"
            return Held(cause=Cause.CODE_GAP, key=f"setting:postal.desks.{agency}", words=words)
        return outward(job, lambda message: self._order_of(job.operation, message, desk))

    def _order_of(self, operation: str, message: Any, desk: Desk) -> Mapping[str, Any]:
        if operation == COLLECT:
            return collection_order(Parcel(message.dossier, desk, message.note))
        return result_order(Parcel(message.dossier, desk, collects_fees=self._settings.collect_fees))

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One call a row; the contract has no arrays."""
        return [await (self._cancel if row.job.operation == CANCEL else self._order)(row, call) for row in rows]

    async def _order(self, row: Row, call: Call) -> Outcome:
        body = await self._pool.put_into(row)
        if isinstance(body, Outcome):
            return body
        outcome = _read(await self._client.order(body, call), body)
        return self._taken(outcome, row.job, json.loads(body)) if isinstance(outcome, Delivered) else outcome

    def _taken(self, outcome: Delivered, job: Job, order: Mapping[str, Any]) -> Delivered:
        """The order is there: what the desk is told, and what a cancellation would have to name."""
        purpose, at = PURPOSE[job.operation], instant(self._clock.now())
        replies = [ordered(job.dossier, purpose, order["ItemCode"], job.key, at)]
        if outcome.code == "101" and not (job.in_doubt or job.crashes):  # not ours: nothing of it had left before
            replies.append(ordered_before(job.dossier, outcome.words, job.key, at))
        known_as = {"customerCode": order["CustomerCode"], "orderNumber": order["OrderNumber"]}
        memo: dict[str, str] = {purpose: json.dumps(known_as)}
        if purpose == "papers":
            memo[ASKED_AT] = job.envelope.time.isoformat()
        return replace(outcome, receipt=order["ItemCode"], memo=memo, replies=tuple(replies))

    async def _cancel(self, row: Row, call: Call) -> Outcome:
        """One order after the other; the first that does not go well is the outcome, and all are cancelled again with it.

        That a collection can no longer be cancelled is no trouble where the desk has its papers.
        """
        outcome: Outcome = Unknown()
        for place, order in enumerate(json.loads(row.body)):
            if place:
                call.on_extra_call()
            reply = await self._client.cancel(json.dumps(order).encode(), call)
            outcome = _read(reply, row.body)
            collection = dossier_of(order["orderNumber"])[1] == "papers"
            if isinstance(reply, TraLoi) and isinstance(outcome, Permanent) and collection and _have_come(row.job):
                outcome = Delivered(code=outcome.code, words=outcome.words, request=row.body, reply=outcome.reply)
            if not isinstance(outcome, Delivered):
                break
        return outcome

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """There is no look-up by number; an order in doubt is sent again and known by it."""
        return [Unknown(words="VNPost cannot be asked for one order", request=row.body) for row in rows]

    async def probe(self, call: Call) -> Outcome | None:
        """See PostalClient.probe."""
        return await self._client.probe(call)

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """The next page of everybody's orders behind the cursor, the first time of the last day's."""
        await self._pool.look()
        last = cursor or f"{int(self._clock.now() - FIRST_LOOK_S):08x}{'0' * 16}"
        rows = await self.page(last, call)
        if isinstance(rows, Outcome):
            return rows
        polled = read_page(rows, last, self._settings.provinces)
        if polled.more and polled.cursor == last:
            return Unknown(words="no row of the page has a key: the walk cannot go on")
        return polled

    async def page(self, last: str, call: Call) -> list[Any] | Outcome:
        """The rows of the cursor behind `last`, unread; none at its end."""
        page = await self._client.tracking(last, call)
        return page if isinstance(page, Outcome) else page.embedded.rhDoc if page.embedded else []

    def owns(self, order: str) -> bool:
        """Whether an order is of an agency of this province."""
        return is_ours(order, self._settings.provinces)

    async def close(self) -> None:
        await self._client.close()


def _have_come(job: Job) -> bool:
    """Whether the desk has received papers since it asked for their collection."""
    message: Any = job.envelope.message
    asked_at, received_at = job.memo.get(ASKED_AT), message.dossier.received_at
    return bool(asked_at and received_at and datetime.fromisoformat(asked_at) < received_at)


def _read(reply: TraLoi | Outcome, body: bytes) -> Outcome:
    """The outcome of an answer; what was sent is kept with it unless nothing had left."""
    if not isinstance(reply, TraLoi):
        return reply if isinstance(reply, Transient | Held) else replace(reply, request=body)
    said = reply.model_dump_json().encode()
    match read(reply):
        case "done" | "exists":
            return Delivered(code=reply.Status, words=reply.Message, request=body, reply=said)
        case "refused":
            return Permanent(code=reply.Status, words=reply.Message, request=body, reply=said)
        case _:
            return Unknown(code=reply.Status, words=reply.Message, request=body, reply=said)
