"""One method per service of the catalogue: contract models out. Rows that do not fit are told apart, they spoil no other."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, Field, ValidationError

from adapters.transport.portal_envelope import EnvelopeSettings, PortalEnvelope
from bus.adapter import Call, Vault
from bus.outcome import Outcome, Permanent, Unknown
from bus.policy import MaintenanceWindow, Seconds
from contracts.portal_envelope import Reply
from contracts.procedure_catalogue.messages import DongTTHC, DonVi, LinhVuc, NhomThuTuc, QuyetDinh, ThuTuc

Model = TypeVar("Model", bound=BaseModel)
NIGHT = MaintenanceWindow.model_validate({"since": "01:00", "until": "05:00"})


class CatalogueSettings(EnvelopeSettings):
    """`[partners.procedure_catalogue]`: `credentials` hold username and password, or consumer_key and consumer_secret for a façade;
    `service_path` is the share endpoint.

    A pull begins once a day inside one of the windows of `nightly` (empty: at any time; the very first begins at once) and goes on
    `page` procedures a turn; with `in_one_go` the turns follow each other, else one every `polls_every_s`.
    """

    service_path: str = "/chiase"
    nightly: tuple[MaintenanceWindow, ...] = Field(default=(NIGHT,), description="when a pull may begin")
    polls_every_s: Seconds = 600.0
    page: int = Field(default=50, ge=1, le=500, description="procedures a turn")
    in_one_go: bool = Field(default=True, description="the turns of a pull follow each other at once")
    timeout_s: float = Field(default=60.0, gt=0, le=300)
    concurrency: int = Field(default=2, ge=1, le=100)


class Rows(NamedTuple):
    """What a service answered: rows that fit its contract, and the others as they came."""

    fit: list[Any]
    unfit: list[bytes]


class CatalogueClient:
    """See contracts/procedure_catalogue/messages.py for what is verified and what assumed."""

    def __init__(self, settings: CatalogueSettings, vault: Vault) -> None:
        self._envelope = PortalEnvelope(settings, vault)

    async def procedures(self, call: Call) -> Rows | Outcome:
        """`LayDanhSachTTHC`: a line for every procedure."""
        return await self._rows("LayDanhSachTTHC", {}, DongTTHC, call)

    async def procedure(self, code: str, call: Call) -> ThuTuc | Outcome:
        """`LayThuTuc`: one procedure in full, asked for as the list writes its code."""
        return await self._one("LayThuTuc", {"maTTHC": code}, ThuTuc, call)

    async def decision(self, number: str, call: Call) -> QuyetDinh | Outcome:
        """`LayQDCB`: the decision that published a version."""
        return await self._one("LayQDCB", {"idQDCB": number}, QuyetDinh, call)

    async def agencies(self, call: Call) -> Rows | Outcome:
        """`LayDanhMucCoQuan`."""
        return await self._rows("LayDanhMucCoQuan", {}, DonVi, call)

    async def fields(self, call: Call) -> Rows | Outcome:
        """`LayDanhMucLinhVuc`."""
        return await self._rows("LayDanhMucLinhVuc", {}, LinhVuc, call)

    async def groups(self, call: Call) -> Rows | Outcome:
        """`LayDanhMucNhomThuTuc`."""
        return await self._rows("LayDanhMucNhomThuTuc", {}, NhomThuTuc, call)

    async def members(self, group: str, call: Call) -> Rows | Outcome:
        """`LayDanhMucThuTucThuocLoai`: the procedures of a group. Assumed: asked by `maNhom`."""
        return await self._rows("LayDanhMucThuTucThuocLoai", {"maNhom": group}, DongTTHC, call)

    async def _rows(self, service: str, fields: dict[str, str], model: type[Model], call: Call) -> Rows | Outcome:
        reply = await self._envelope.ask(service, call, fields)
        if not isinstance(reply, Reply):
            return reply
        if reply.error_code != "0":
            return Permanent(code=reply.error_code, words=reply.message)
        if not isinstance(reply.result, list):
            return Unknown(code=reply.error_code, words=f"{service} answered without rows")
        rows = Rows([], [])
        for one in reply.result:
            try:
                rows.fit.append(model.model_validate(one))
            except ValidationError as error:
                rows.unfit.append(kept_raw(service, one, str(error.errors(include_url=False)[0]["type"])))
        return rows

    async def _one(self, service: str, fields: dict[str, str], model: type[Model], call: Call) -> Model | Outcome:
        found = await self._rows(service, fields, model, call)
        if isinstance(found, Outcome):
            return found
        if not found.fit:
            words = f"{service} answered with an unreadable row" if found.unfit else f"{service} answered with no row"
            return Permanent(words=words, reply=b"".join(found.unfit))
        first: Model = found.fit[0]
        return first

    async def probe(self, call: Call) -> Outcome | None:
        """Asking to be let in: for a session, or for the gateway's token."""
        return await self._envelope.probe(call)

    async def close(self) -> None:
        await self._envelope.close()


def kept_raw(what: str, row: Any, why: str) -> bytes:
    """A row that cannot be read, with the reason, as it is kept."""
    return json.dumps({"of": what, "why": why, "row": row}, ensure_ascii=False, default=str).encode()
