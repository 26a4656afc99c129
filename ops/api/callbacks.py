"""Partners calling us in their own contracts: REST under /callbacks, SOAP under /soap. Generic over the rooms' receivers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import Response

from adapters.receiver import Answer, Incoming, Received, Receiver
from bus.ledger.ledger import Ledger, LedgerBusy
from contracts.envelope import Envelope
from ops.api.guard import Guard, Problem
from ops.house import House


class Known(NamedTuple):
    """What a partner's own lanes and a dossier's events tell."""

    ledger: Ledger
    partner: str

    async def memo(self, dossier: str) -> Mapping[str, str]:
        return await self.ledger.memo(self.partner, dossier)

    async def about(self, dossier: str, kind: str) -> list[Envelope]:
        return await self.ledger.about(dossier, kind)


def routes(house: House, guard: Guard) -> APIRouter:
    """The partner's room authenticates: its contract says how."""
    router = APIRouter()

    async def serve(request: Request, partner: str, receiver: Receiver) -> Response:
        body = await guard.body(request)
        if not house.open:
            return _response(receiver.busy)
        headers = {name.lower(): value for name, value in request.headers.items()}
        known = Known(house.ledger, partner)
        incoming = Incoming(body, headers, house.partner_settings[partner], house.ledger.clock, house.public_url, known)
        try:
            received = await receiver.receive(incoming)
            answer = received if isinstance(received, Answer) else await accept(partner, received)
            if answer.keeps:
                await house.ledger.keep_raw(partner, answer.keeps)
        except LedgerBusy:
            return _response(receiver.busy)
        return _response(answer)

    async def accept(partner: str, received: Received) -> Answer:
        return received.answer(
            await house.intake.accept(list(received.events), client=partner) if received.events else []
        )

    def find(partner: str, path: str, *, soap: bool) -> Receiver:
        for receiver in house.receivers.get(partner, ()):
            if receiver.soap is soap and (soap or receiver.path == path):
                return receiver
        raise Problem(404, "Not Found", "there is no such address")

    @router.post("/callbacks/{partner}/{path:path}", summary="A partner's REST call")
    async def callback(request: Request, partner: str, path: str) -> Response:
        return await serve(request, partner, find(partner, path, soap=False))

    @router.post("/soap/{partner}", summary="A partner's SOAP call")
    async def soap(request: Request, partner: str) -> Response:
        return await serve(request, partner, find(partner, "", soap=True))

    @router.get("/soap/{partner}", summary="The WSDL, with ?wsdl")
    async def wsdl(partner: str) -> Response:
        receiver = find(partner, "", soap=True)
        if receiver.describe is None:
            raise Problem(404, "Not Found", "there is no description here")
        return _response(receiver.describe(f"{house.public_url}/soap/{partner}"))

    return router


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type=answer.content_type)
