"""The portal at work: joins mapping to client. Batches by default; a row of an array is settled by its own answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import ValidationError

from adapters.national_portal.client import PortalClient, PortalSettings
from adapters.national_portal.faults import read
from adapters.outward import outward
from adapters.transport.classify import everywhere
from bus.adapter import Call, Found, Job, Poll, Row, Wiring
from bus.clock import instant
from bus.outcome import Absent, Delivered, Held, Outcome, Permanent, Transient, Unknown
from contracts.envelope import Envelope
from contracts.fault import Refusal
from contracts.national_portal.messages import CauHoi, TaiKhoan, TepDaLay, TepHoi, TraCuu
from contracts.portal_envelope import Reply
from mappings.national_portal.inbound import TIME, asked, facts, owner_identified, synced
from mappings.national_portal.outbound import request

STATE, FIND_OWNER = "DongBoHoSoMC", "TraCuuTechID"
CREATE, UPDATE = "create", "update"
OVERLAP = timedelta(hours=1)
FIRST_LOOK = timedelta(days=30)
"""How far back questions are looked for when none was ever."""


class PortalAdapter:
    """See domain notes 3.1. `isUpdating` stands beside the array, so creates and updates are calls of their own."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, PortalSettings)
        self._client = PortalClient(wiring.settings, wiring.vault)
        self._clock = wiring.clock

    def prepare(self, job: Job) -> Row | Outcome:
        """The row as it leaves. Which switch it leaves by is decided at each attempt: a create may have become an update."""
        exists = job.has_full or job.memo.get("exists") == "1"
        switch = (UPDATE if exists else CREATE) if job.operation == STATE else ""
        return outward(job, partial(request, job.operation), switch)

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One call for the rows; "đã tồn tại" for a single create is answered at once by the update it should have been."""
        update = rows[0].switch == UPDATE
        reply = await self._send(rows, call, update=update)
        if isinstance(reply, Reply) and read(reply) == "exists" and rows[0].job.operation == STATE and not update:
            if len(rows) > 1:
                return everywhere(Permanent(code=reply.error_code, words=reply.message, whole=True), rows)
            call.on_extra_call()
            reply = await self._send(rows, call, update=True)
        if not isinstance(reply, Reply):
            return [_with_request(reply, row) for row in rows]
        return [self._outcome(row, reply, len(rows)) for row in rows]

    async def _send(self, rows: Sequence[Row], call: Call, *, update: bool) -> Reply | Outcome:
        operation, bodies = rows[0].job.operation, [row.body for row in rows]
        if operation == STATE:
            return await self._client.sync(bodies, call, update=update)
        if operation == FIND_OWNER:
            return await self._client.owner(json.loads(bodies[0])["mstorcmnd"], call)
        return await self._client.rows(operation, bodies, call)

    def _outcome(self, row: Row, reply: Reply, group: int) -> Outcome:
        """One row's outcome: by its own line of `result` where the portal gives one, else by the answer to the whole."""
        own, reported = _own_reply(row, reply)
        meaning = read(own)
        said = own.model_dump_json().encode()
        if meaning == "done" and row.job.operation == FIND_OWNER:
            return self._owner(row, own)
        if meaning == "done" or (meaning == "exists" and row.job.operation != STATE):
            return Delivered(
                code=own.error_code,
                words=own.message,
                request=row.body,
                reply=said,
                memo=_memo(row),
                replies=self._replies(row),
            )
        if meaning == "unknown":
            return Unknown(code=own.error_code, words=own.message, request=row.body, reply=said)
        return Permanent(
            code=own.error_code, words=own.message, request=row.body, reply=said, whole=group > 1 and not reported
        )

    def _replies(self, row: Row) -> tuple[Envelope, ...]:
        """The dossier system is told once that the portal holds its dossier."""
        if row.job.operation != STATE or row.switch == UPDATE:
            return ()
        return (synced(row.job.dossier, row.job.key, instant(self._clock.now())),)

    def _owner(self, row: Row, reply: Reply) -> Outcome:
        """The account of a filed dossier's owner; none, or several of which none is chosen, is for a person."""
        said = reply.model_dump_json().encode()
        found = accounts(reply)
        if found is None:
            return Unknown(code=reply.error_code, words="no accounts can be read", request=row.body, reply=said)
        if len(found) != 1:
            words = f"the portal knows {len(found) or 'no'} accounts of the owner's number; a person must look"
            return Permanent(code="TechID", words=words, request=row.body, reply=said)
        event: Any = row.job.envelope.message
        try:
            told = owner_identified(event.filing.portal_code, found[0].TechID, row.job.key, instant(self._clock.now()))
        except Refusal as error:
            return Unknown(words=f"TechID cannot be read: {error}", request=row.body, reply=said)
        return Delivered(code=reply.error_code, words=reply.message, request=row.body, reply=said, replies=(told,))

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """Ask `TraCuuHoSo` for each row in doubt.

        A dossier that is there proves a create. It proves no update; an update is the whole state again, so it is simply sent again.
        Progress rows cannot be asked for.
        """
        outcomes: list[Outcome] = []
        for place, row in enumerate(rows):
            if place:
                call.on_extra_call()
            outcomes.append(await self._ask_one(row, call))
        return outcomes

    async def _ask_one(self, row: Row, call: Call) -> Outcome:
        if row.job.operation != STATE:
            return Unknown(words="the portal can be asked for dossiers alone", request=row.body)
        if row.switch == UPDATE:
            return Absent(words="an update is the whole state: sent again", request=row.body)
        reply = await self._client.look_up(row.job.dossier, call)
        if not isinstance(reply, Reply):
            return (
                reply
                if isinstance(reply, Transient | Held)
                else Unknown(code=reply.code, words=reply.words, request=row.body)
            )
        there = _is_there(reply)
        if there:
            return Delivered(
                code=reply.error_code,
                words=reply.message,
                request=row.body,
                memo=_memo(row),
                replies=self._replies(row),
            )
        said = Unknown if there is None else Absent
        return said(code=reply.error_code, words=reply.message, request=row.body)

    async def holds(self, code: str, call: Call) -> bool | Outcome | None:
        """For the portal's account: whether it has the dossier; None when its answer does not tell, an outcome when there was none."""
        reply = await self._client.look_up(code, call)
        return _is_there(reply) if isinstance(reply, Reply) else reply

    async def probe(self, call: Call) -> Outcome | None:
        """Asking to be let in is the portal's cheapest call."""
        return await self._client.probe(call)

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """Questions since the cursor, less an overlap; what was seen before is a duplicate by its number.

        Assumed: a list is good with code 0 and rows; the words of success are asked for where something was written.
        """
        now = instant(self._clock.now())
        since = datetime.fromisoformat(cursor) if cursor else now - FIRST_LOOK
        reply = await self._client.questions(str(TIME.out(since - OVERLAP, None)), call)
        if not isinstance(reply, Reply):
            return reply
        rows = reply.result if reply.result is not None else []
        if reply.error_code != "0" or not isinstance(rows, list):
            return Unknown(code=reply.error_code, words=reply.message)
        events, bad, reached = [], [], since
        for row in rows:
            try:
                event = asked(CauHoi.model_validate(row))
            except (ValidationError, Refusal):
                bad.append(json.dumps(row, ensure_ascii=False).encode())
                continue
            events.append(event)
            reached = max(reached, event.time)
        return Poll(tuple(events), min(reached, now).astimezone(UTC).isoformat(), tuple(bad))

    async def look_up(self, question: TraCuu, call: Call) -> Found | Outcome:
        """`TraCuuTechID` for a caller who waits; of several accounts none is chosen."""
        reply = await self._client.owner(question.mstorcmnd, call)
        if not isinstance(reply, Reply):
            return reply
        found = accounts(reply)
        if found is None or read(reply) not in ("done", "refused"):
            return Unknown(code=reply.error_code, words=reply.message)
        return Found(tuple(found))

    async def fetch(self, question: TepHoi, call: Call) -> Found | Outcome:
        """`getfile` for a caller who waits; what is no file of an agreed kind and size is refused."""
        reply = await self._client.get_file(question.DuongDan, call)
        if not isinstance(reply, Reply):
            return reply
        meaning = read(reply)
        if meaning == "refused":
            return Permanent(code=reply.error_code, words=reply.message)
        size, kind, digest = facts(reply.result) if meaning == "done" and isinstance(reply.result, str) else (0, "", "")
        if not kind:
            return Unknown(code=reply.error_code, words="what getfile brought is no file of an agreed kind and size")
        return Found((TepDaLay(NoiDung=reply.result, KichThuoc=size, Loai=kind, SHA256=digest),))

    async def close(self) -> None:
        await self._client.close()


def accounts(reply: Reply) -> list[TaiKhoan] | None:
    """The accounts in an answer, which is a list, one object or nothing; None when it is none of these."""
    lines = [reply.result] if isinstance(reply.result, dict) else reply.result or []
    try:
        return [TaiKhoan.model_validate(line) for line in lines]
    except (ValidationError, TypeError):
        return None


def _is_there(reply: Reply) -> bool | None:
    """Whether the portal has the dossier it was asked for with `TraCuuHoSo`; None when its answer does not tell."""
    done = read(reply) == "done"
    if done or "không tồn tại" in reply.message.casefold():
        return done and bool(reply.result)
    return None


def _own_reply(row: Row, reply: Reply) -> tuple[Reply, bool]:
    """The row's own answer inside `result`, where the portal reports by row; else the answer to the whole, and False.

    Assumed: rows of `result` name MaHoSo with their own error_code; older portals answer for the whole alone. When some rows are
    named and this one is not, its outcome is unknown.
    """
    lines = [line for line in reply.result if isinstance(line, dict)] if isinstance(reply.result, list) else []
    named = [line for line in lines if "MaHoSo" in line and "error_code" in line]
    if not named or row.job.operation != STATE:
        return reply, False
    for line in named:
        if line["MaHoSo"] == row.job.dossier:
            return Reply.model_validate({"message": "", **line}), True
    return Reply(error_code="unanswered", message="the answer does not mention this row"), True


def _memo(row: Row) -> dict[str, str]:
    return {"exists": "1"} if row.job.operation == STATE else {}


def _with_request(outcome: Outcome, row: Row) -> Outcome:
    """Keep the row's slice with the attempt, unless nothing had left."""
    if isinstance(outcome, Transient | Held):
        return outcome
    return replace(outcome, request=row.body)
