"""The ISO system at work: slips and steps out over SOAP, its changes in by polling.

`MaPhieu`, which the answer to `TiepNhanHoSo` brings, is remembered by the lane and given back with every later call.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from adapters.electronic_iso.faults import FAULTS
from adapters.transport.http import HttpClient
from adapters.transport.soap import Members, SoapClient
from adapters.transport.soap_faults import refused
from bus.adapter import Call, Job, Poll, Row, Wiring
from bus.clock import instant
from bus.outcome import Cause, Contract, Delivered, Held, Outcome, Transient, Unknown
from bus.policy import PartnerSettings
from contracts import electronic_iso as contract
from contracts.codes import CodeGap
from contracts.fault import Refusal
from mappings.electronic_iso.inbound import slip_opened, step_changed
from mappings.electronic_iso.outbound import request
from mappings.table import Unmappable

OPEN_SLIP = "TiepNhanHoSo"
DONE = "OK"
"""The one `KetQuaXuLy` that says a step or an end was taken."""
OVERLAP = timedelta(minutes=10)
FIRST_LOOK = timedelta(days=1)


class IsoSettings(PartnerSettings):
    """`[partners.electronic_iso]`: `credentials` hold username and password, and, for its calls to us, callback_username,
    callback_password, and previous_callback_password while one replaces the other."""

    path: str = "/soap"
    concurrency: int = Field(default=8, ge=1, le=1000)


class IsoAdapter:
    """See contracts/electronic_iso/service.wsdl."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, IsoSettings)
        settings = wiring.settings
        secret = {name: value.get_secret_value() for name, value in settings.credentials.items()}
        self._http = HttpClient(settings)
        self._clock = wiring.clock
        self._soap = SoapClient(
            self._http,
            contract.wsdl(),
            "IsoDienTu",
            "IsoPort",
            secret.get("username", ""),
            secret.get("password", ""),
            settings.path,
        )

    def prepare(self, job: Job) -> Row | Outcome:
        """The operation's fields as JSON; the envelope, with a nonce of its own, is built when it leaves."""
        if job.request:
            return Row(job, job.request)
        try:
            fields = request(job.operation, job.envelope.message)
        except CodeGap as gap:
            return Held(cause=Cause.CODE_GAP, key=gap.key, words=str(gap))
        except (Unmappable, Refusal) as error:
            return Contract(cause=Cause.POISON, words=str(error))
        if job.operation != OPEN_SLIP:
            slip = job.memo.get("MaPhieu")
            if not slip:
                return Contract(
                    cause=Cause.POISON, code="MaPhieu", words="the ISO system has opened no slip for this dossier"
                )
            fields = {"MaPhieu": slip, **fields}
        return Row(job, json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode())

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One SOAP call a row; the contract has no arrays."""
        return [await self._one(row, call) for row in rows]

    async def _one(self, row: Row, call: Call) -> Outcome:
        job = row.job
        try:
            answer = await self._soap.call(job.operation, _typed(json.loads(row.body)), call)
        except ValueError as error:
            return Contract(cause=Cause.POISON, words=str(error)[:500])
        outcome = refused(answer, FAULTS)
        if outcome is not None:
            return outcome if isinstance(outcome, Transient | Held) else replace(outcome, request=row.body)
        text = str(answer or "").strip()
        if job.operation != OPEN_SLIP:
            if text != DONE:
                return Unknown(words=f"KetQuaXuLy is not {DONE}: {text[:200]}", request=row.body, reply=text.encode())
            return Delivered(words=text, request=row.body, reply=text.encode())
        try:
            message: Any = job.envelope.message
            reply = slip_opened(job.dossier, text, job.key, instant(self._clock.now()), message.dossier.due_at)
        except Refusal as error:
            return Unknown(words=f"MaPhieu cannot be read: {error}", request=row.body, reply=text.encode())
        return Delivered(receipt=text, memo={"MaPhieu": text}, replies=(reply,), request=row.body, reply=text.encode())

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """The contract has no question; rows are settled by their natural key."""
        return [Unknown(words="the ISO system cannot be asked", request=row.body) for row in rows]

    async def probe(self, call: Call) -> Outcome | None:
        """Asking for the changes since now is harmless."""
        answer = await self._soap.call("LayThayDoi", {"tuThoiDiem": instant(self._clock.now())}, call)
        return refused(answer, FAULTS) or Delivered()

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """`LayThayDoi` since the cursor, less an overlap; what was seen before is a duplicate by its own number."""
        now = instant(self._clock.now())
        since = datetime.fromisoformat(cursor) - OVERLAP if cursor else now - FIRST_LOOK
        answer = await self._soap.members("LayThayDoi", {"tuThoiDiem": since}, call)
        if not isinstance(answer, Members):
            return refused(answer, FAULTS)
        events, bad, latest = [], list(answer.unfit), datetime.fromisoformat(cursor) if cursor else since
        for change in answer.fit:
            try:
                event = step_changed(change)
            except (Unmappable, Refusal) as error:
                bad.append(json.dumps({"why": str(error), "row": change}, default=str, ensure_ascii=False).encode())
                continue
            events.append(event)
            latest = max(latest, event.time)
        reached = min(latest, now)  # a time ahead of ours would hide what comes before it
        return Poll(tuple(events), reached.astimezone(UTC).isoformat(), tuple(bad))

    async def close(self) -> None:
        await self._http.close()


_TIMES = ("NgayTiepNhan", "NgayHenTra", "BatDau", "KetThuc", "NgayKetThuc")


def _typed(fields: dict[str, Any]) -> dict[str, Any]:
    """Times back from text, absent fields left out, as zeep wants them."""
    return {
        name: datetime.fromisoformat(value) if name in _TIMES else value
        for name, value in fields.items()
        if value is not None
    }
