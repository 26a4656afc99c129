"""The ministry over the national bus: one method per operation, every answer in its envelope."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from adapters.budget_unit_codes.faults import NOTHING, refused
from adapters.transport.gateway import Gateway, GatewaySettings
from adapters.transport.http import Endpoint
from bus.adapter import Call, Vault
from bus.outcome import Outcome, Unknown
from bus.policy import Seconds
from contracts.budget_unit_codes.messages import DonVi, HoiDanhSach, HoiDonVi, TraLoi


class BudgetSettings(GatewaySettings):
    """`[partners.budget_unit_codes]`. Windows overlap by `overlap_s`; the first one begins `first_look_s` back."""

    path: str = "/msdvqhns/v1"
    asks_every_s: Seconds = Field(default=900.0, description="how often the ministry is asked what changed")
    overlap_s: Seconds = Field(default=1800.0, description="by how much each window goes back over the last one")
    first_look_s: Seconds = Field(default=30 * 86400.0, description="how far back the very first window begins")
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 60.0
    concurrency: int = Field(default=4, ge=1, le=1000)


class BudgetClient:
    """Speaks for the province."""

    def __init__(self, settings: BudgetSettings, vault: Vault) -> None:
        self._gateway = Gateway(settings, vault)
        self._look_up = self._gateway.endpoint(f"{settings.path}/traCuu")
        self._list = self._gateway.endpoint(f"{settings.path}/danhSachHoSo")
        self._confirm = self._gateway.endpoint(f"{settings.path}/xacNhan")

    async def units(self, asked: HoiDonVi, call: Call) -> list[DonVi] | Outcome:
        """`traCuu`: the units found, none where there is none. By code or tax code one comes, by name perhaps several."""
        reply = await self._ask(self._look_up, asked.model_dump_json(exclude_defaults=True).encode(), call)
        if isinstance(reply, Outcome):
            return [] if reply.code == NOTHING else reply
        found = reply.duLieu if isinstance(reply.duLieu, list) else [reply.duLieu] if reply.duLieu else []
        try:
            return [DonVi.model_validate(one) for one in found]
        except ValidationError as error:
            return Unknown(code=reply.maLoi, words=f"not the agreed shape: {error.errors()[0]['type']}")

    async def dossiers(self, asked: HoiDanhSach, call: Call) -> list[Any] | Outcome:
        """`danhSachHoSo`: a page, its rows unread."""
        reply = await self._ask(self._list, asked.model_dump_json().encode(), call)
        if isinstance(reply, Outcome):
            return [] if reply.code == NOTHING else reply
        if isinstance(reply.duLieu, list | None):
            return reply.duLieu or []
        return Unknown(code=reply.maLoi, words="duLieu is no list of dossiers")

    async def confirm(self, body: bytes, call: Call) -> TraLoi | Outcome:
        """`xacNhan`."""
        return await self._ask(self._confirm, body, call)

    async def _ask(self, endpoint: Endpoint, body: bytes, call: Call) -> TraLoi | Outcome:
        reply = await self._gateway.ask_model(endpoint, body, TraLoi, call)
        return reply if isinstance(reply, Outcome) else refused(reply) or reply

    async def probe(self, call: Call) -> Outcome | None:
        """See Gateway.probe."""
        return await self._gateway.probe(call)

    async def close(self) -> None:
        await self._gateway.close()


class Window(BaseModel):
    """Where the polling stands: everything up to `until` was seen; from `since` to `end` is being read, at `page` (0: nothing is).

    Instants are whole seconds since the epoch. Kept as the poller's cursor.
    """

    until: int
    since: int = 0
    end: int = 0
    page: int = 0

    def opened(self, now: float, overlap_s: float) -> Window:
        """The window under way, else the next one, which begins before the last one's end."""
        if self.page:
            return self
        return Window(until=self.until, since=int(self.until - overlap_s), end=int(now), page=1)

    def turned(self, *, last: bool) -> Window:
        """After a page: the next one, or the end of the window."""
        return Window(until=self.end) if last else self.model_copy(update={"page": self.page + 1})
