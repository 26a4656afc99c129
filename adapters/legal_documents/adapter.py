"""The database of legal documents at work: its changes in by a feed, the province's own documents out, expired bases raised."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from adapters.legal_documents.bases import Bases
from adapters.legal_documents.faults import FAULTS, STALE_CURSOR
from adapters.outward import outward
from adapters.transport.http import HttpClient
from adapters.transport.soap import Members, SoapClient, SoapFault
from adapters.transport.soap_faults import refused
from bus.adapter import Call, Found, Job, Kept, Poll, Row, Wiring
from bus.clock import instant
from bus.maintenance import VIETNAM
from bus.outcome import Absent, Cause, Contract, Delivered, Held, Outcome, Transient, Unknown
from bus.policy import PartnerSettings, Seconds
from contracts import legal_documents as contract
from contracts.envelope import Envelope
from contracts.fault import Refusal
from contracts.identifier import TIDY, LegalNumber, folded
from mappings.legal_documents.inbound import basis_expired, changed, document, posted
from mappings.legal_documents.outbound import posting
from mappings.table import Unmappable

POST = "guiVanBan"
DAYS = ("ngayBanHanh", "ngayHieuLuc", "ngayHetHieuLuc")


class LegalSettings(PartnerSettings):
    """`[partners.legal_documents]`: `credentials` hold username and password; `seek` numbers are looked for a turn."""

    path: str = "/soap"
    polls_every_s: Seconds = 900.0
    seek: int = Field(default=20, ge=0, le=200, description="numbers that procedures quote, looked for a turn")
    concurrency: int = Field(default=4, ge=1, le=100)


class LegalQuestion(BaseModel):
    """A legal document's number, and who issued it where several did."""

    number: LegalNumber
    agency: Annotated[str, StringConstraints(max_length=300), TIDY] = ""


class LegalAdapter:
    """See contracts/legal_documents/service.wsdl."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, LegalSettings)
        self._settings = wiring.settings
        secret = {name: value.get_secret_value() for name, value in wiring.settings.credentials.items()}
        self._http = HttpClient(wiring.settings)
        self._soap = SoapClient(
            self._http,
            contract.wsdl(),
            "VanBanPhapLuat",
            "VanBanPort",
            secret.get("username", ""),
            secret.get("password", ""),
            wiring.settings.path,
        )
        self._clock = wiring.clock
        self._shelf = wiring.shelf
        self._known = Bases()

    def prepare(self, job: Job) -> Row | Outcome:
        """The document's fields as JSON; the envelope, with a nonce of its own, is built when it leaves."""
        exists = job.has_full or "itemId" in job.memo
        return outward(job, posting, "update" if exists else "create")

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One SOAP call a row; the contract has no arrays."""
        return [await self._one(row, call) for row in rows]

    async def _one(self, row: Row, call: Call) -> Outcome:
        try:
            answer = await self._soap.call(POST, _typed(json.loads(row.body)), call)
        except ValueError as error:
            return Contract(cause=Cause.POISON, words=str(error)[:500])
        outcome = refused(answer, FAULTS)
        if outcome is not None:
            return outcome if isinstance(outcome, Transient | Held) else replace(outcome, request=row.body)
        item, said = str(answer["itemId"] or "").strip(), json.dumps(answer, ensure_ascii=False).encode()
        return self._posted(row, item, answer["ketQua"], said)

    def _posted(self, row: Row, item: str, words: str, said: bytes) -> Outcome:
        """The document stands in the database under `item`."""
        job = row.job
        number = json.loads(row.body)["soKyHieu"]
        try:
            reply = posted(job.dossier, number, item, job.key, instant(self._clock.now()))
        except Refusal as error:
            return Unknown(words=f"itemId cannot be read: {error}"[:500], request=row.body, reply=said)
        return Delivered(
            receipt=item, words=words, memo={"itemId": item}, replies=(reply,), request=row.body, reply=said
        )

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """`traCuu` by number and agency. A document that is there proves a create; an update is the whole state, so it is sent again."""
        return [await self._ask_one(row, call) for row in rows]

    async def _ask_one(self, row: Row, call: Call) -> Outcome:
        if row.switch == "update":
            return Absent(words="an update is the whole state: sent again", request=row.body)
        fields = json.loads(row.body)
        found = await self._search(fields["soKyHieu"], call)
        if isinstance(found, Outcome):
            return found if isinstance(found, Transient | Held) else replace(found, request=row.body)
        agency = folded(fields["coQuanBanHanh"])
        for one in found:
            if folded(str(one["coQuanBanHanh"])) == agency:
                return self._posted(row, str(one["itemId"]).strip(), "traCuu", json.dumps(one, default=str).encode())
        return Absent(words="traCuu does not know it", request=row.body)

    async def _search(self, number: str, call: Call) -> list[dict[str, Any]] | Outcome:
        """All documents of a number, whoever issued them, over as many pages as there are (ten at most)."""
        found: list[dict[str, Any]] = []
        page: int | None = 1
        for _ in range(10):
            answer = await self._soap.members("traCuu", {"soKyHieu": number, "trang": page}, call, within="vanBan")
            if not isinstance(answer, Members):
                return refused(answer, FAULTS) or Unknown(words="no answer by the WSDL")
            found += answer.fit
            page = answer.beside.get("trangSau")
            if page is None:
                break
            call.on_extra_call()
        return found

    async def look_up(self, question: LegalQuestion, call: Call) -> Found | Outcome:
        """The look-up: all documents of that number, or those of one agency; of several none is chosen."""
        rows = await self._search(question.number, call)
        if isinstance(rows, Outcome):
            return rows
        wanted = folded(question.agency)
        texts = []
        for row in rows:
            try:
                texts.append(document(row))
            except (Unmappable, ValidationError) as error:
                return Unknown(words=f"a row of traCuu cannot be read: {type(error).__name__}")
        return Found(tuple(one for one in texts if not wanted or wanted in folded(one.agency)))

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """The feed since the cursor, numbers that procedures quote and nobody knows, and bases that expired."""
        today = instant(self._clock.now()).astimezone(VIETNAM).date()
        await self._known.refresh(self._shelf)
        answer = await self._feed(cursor, call)
        if isinstance(answer, SoapFault) and answer.code == STALE_CURSOR and cursor:
            call.on_extra_call()
            answer = await self._feed("", call)
        if not isinstance(answer, Members):
            return refused(answer, FAULTS)
        reached = answer.beside.get("conTroMoi")
        if not reached:
            return Unknown(words="capNhatTu answered without conTroMoi")
        events: list[Envelope] = []
        keeps: list[Kept] = []
        bad = list(answer.unfit)
        for row in answer.fit:
            self._take(row, events, keeps, bad)
        sought = await self._seek(today, events, keeps, bad, call)
        if sought is not None:
            return sought
        for text, fresh, told in self._known.not_raised(today):  # of what was committed, so one turn after it came
            events.append(basis_expired(text, fresh))
            keeps.append(told)
        return Poll(tuple(events), str(reached), tuple(bad), bool(answer.beside.get("conNua")), tuple(keeps))

    async def _feed(self, cursor: str, call: Call) -> Any:
        return await self._soap.members("capNhatTu", {"conTro": cursor} if cursor else {}, call, within="vanBan")

    def _take(self, row: Mapping[str, Any], events: list[Envelope], keeps: list[Kept], bad: list[bytes]) -> None:
        """One document: an event and a fact; what cannot be read is kept raw."""
        try:
            text = document(row)
            events.append(changed(text, row))
        except (Unmappable, Refusal, ValidationError) as error:
            why = str(error) if not isinstance(error, ValidationError) else "not the agreed shape"
            bad.append(json.dumps({"why": why, "row": row}, default=str, ensure_ascii=False).encode())
            return
        kept = text.model_copy(
            update={"signer": "", "url": None, "fields": ()}
        )  # public facts, and no person among them
        keeps.append(Kept("text", text.item_id, kept.model_dump_json(exclude_defaults=True)))

    async def _seek(
        self, today: date, events: list[Envelope], keeps: list[Kept], bad: list[bytes], call: Call
    ) -> Outcome | None:
        """Ask for some of the numbers that procedures quote and nobody knows."""
        for number in self._known.unknown(today)[: self._settings.seek]:
            call.on_extra_call()
            rows = await self._search(number, call)
            if isinstance(rows, Outcome):
                return rows
            for row in rows:
                self._take(row, events, keeps, bad)
            keeps.append(Kept("sought", number, json.dumps({"on": today.isoformat(), "found": len(rows)})))
        return None

    async def probe(self, call: Call) -> Outcome | None:
        """A search for a number is harmless."""
        answer = await self._soap.members("traCuu", {"soKyHieu": "1/2000/NĐ-CP"}, call, within="vanBan")
        return refused(answer, FAULTS) or Delivered()

    async def close(self) -> None:
        await self._http.close()


def _typed(fields: dict[str, Any]) -> dict[str, Any]:
    """Days back from text, absent fields left out, as zeep wants them."""
    return {
        name: date.fromisoformat(value) if name in DAYS else value
        for name, value in fields.items()
        if value is not None
    }
