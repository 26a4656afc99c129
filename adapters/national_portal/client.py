"""One method per portal service: contract models in, contract models out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from adapters.national_portal.faults import read
from adapters.transport.portal_envelope import EnvelopeSettings, PortalEnvelope
from bus.adapter import Call, Vault
from bus.outcome import Outcome
from bus.policy import Seconds
from contracts.portal_envelope import Reply


class PortalSettings(EnvelopeSettings):
    """`[partners.national_portal]`: `credentials` hold username and password, or consumer_key and consumer_secret for a façade;
    for the portal's calls to us push_secret, and previous_push_secret while one replaces the other."""

    progress_dedupe: Literal["key", "none"] = Field(
        default="key", description="a progress row nobody knows to have been taken: sent again, or left to a person"
    )
    push_auth: Literal["signature", "secret"] = Field(
        default="signature",
        description="how the portal shows that a call is its own: signed, or by the bare push_secret",
    )
    polls_every_s: Seconds = Field(default=300.0, description="how often questions asked on the portal are fetched")
    concurrency: int = Field(default=4, ge=1, le=1000)


class PortalClient:
    """The services for dossiers."""

    def __init__(self, settings: PortalSettings, vault: Vault) -> None:
        self._envelope = PortalEnvelope(settings, vault, lambda reply: read(reply) == "expired")

    async def sync(self, data: Sequence[bytes], call: Call, *, update: bool) -> Reply | Outcome:
        """`DongBoHoSoMC`: dossiers as JSON texts; creates and updates are calls of their own."""
        return await self._envelope.ask("DongBoHoSoMC", call, {"isUpdating": "True" if update else "False"}, data)

    async def rows(self, service: str, data: Sequence[bytes], call: Call) -> Reply | Outcome:
        """A service that takes rows, as JSON texts, and nothing else beside them but its `type`."""
        beside = {"type": "2"} if service == "DongBoTrangThaiHoSo" else {}
        return await self._envelope.ask(service, call, beside, data)

    async def owner(self, number: str, call: Call) -> Reply | Outcome:
        """`TraCuuTechID`: the account of a personal id or tax code."""
        return await self._envelope.ask("TraCuuTechID", call, {"mstorcmnd": number})

    async def questions(self, since: str, call: Call) -> Reply | Outcome:
        """`LayDanhSachHoiDapGuiTuDVCQG`: questions since a time. Assumed: asked by `TuNgay`, written as all times of the portal."""
        return await self._envelope.ask("LayDanhSachHoiDapGuiTuDVCQG", call, {"TuNgay": since})

    async def look_up(self, code: str, call: Call) -> Reply | Outcome:
        """`TraCuuHoSo`: does the portal hold the dossier? Assumed: asked by `MaHoSo`, answered by `result` with or without a row."""
        return await self._envelope.ask("TraCuuHoSo", call, {"MaHoSo": code})

    async def get_file(self, path: str, call: Call) -> Reply | Outcome:
        """`getfile`: a filed dossier's file. Assumed: its Base64 text stands in `result`."""
        return await self._envelope.ask("getfile", call, {"DuongDan": path})

    async def probe(self, call: Call) -> Outcome | None:
        """Asking to be let in: for a session, or for the gateway's token."""
        return await self._envelope.probe(call)

    async def close(self) -> None:
        await self._envelope.close()
