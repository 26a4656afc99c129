"""The registry over the national bus, one method per operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from adapters.civil_registry.faults import read
from adapters.transport.classify import Model, Unreadable, excerpt, read_model, unreadable
from adapters.transport.gateway import Gateway, GatewaySettings
from adapters.transport.http import Endpoint
from bus.adapter import Call, Vault
from bus.outcome import Cause, Outcome, Transient
from bus.policy import RetryPolicy, Seconds
from contracts.civil_registry.messages import HoiKetQua, TraLoi, TraLoiKetQua


class RegistrySettings(GatewaySettings):
    """`[partners.civil_registry]`. A registration is asked about for weeks, so patience is counted in weeks too."""

    send_path: str = "/hotich/nhanDKHT"
    result_path: str = "/hotich/layKetQua"
    asks_every_s: Seconds = 300.0
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 60.0
    concurrency: int = Field(default=4, ge=1, le=1000)
    retry: RetryPolicy = RetryPolicy(max_attempts=20_000, max_age_s=90 * 86400.0)


class RegistryClient:
    """Speaks for one province."""

    def __init__(self, settings: RegistrySettings, vault: Vault) -> None:
        self._gateway = Gateway(settings, vault)
        self._send = self._gateway.endpoint(settings.send_path)
        self._result = self._gateway.endpoint(settings.result_path)
        self.probe = self._gateway.probe
        self.close = self._gateway.close

    async def send(self, body: bytes, call: Call) -> TraLoi | Outcome:
        """`nhanDKHT`."""
        return await self._ask(self._send, body, TraLoi, call)

    async def results(self, codes: Sequence[str], province: str, module: str, call: Call) -> TraLoiKetQua | Outcome:
        """`layKetQua` of many dossiers."""
        asked = HoiKetQua(maDinhDanhHoSo=list(codes), maTinh=province, module=module)
        return await self._ask(self._result, asked.model_dump_json().encode(), TraLoiKetQua, call)

    async def _ask(self, endpoint: Endpoint, body: bytes, model: type[Model], call: Call) -> Model | Outcome:
        """The reply as the contract's model; prose on the JSON channel may say "try again" (faults.py)."""
        reply = await self._gateway.ask(endpoint, body, call)
        if isinstance(reply, Outcome):
            return reply
        try:
            return read_model(reply, model)
        except Unreadable as why:
            words = excerpt(reply.body)
            if read(words) == "later":
                return Transient(cause=Cause.LATER, code=str(reply.status), words=words)
            return unreadable(reply, why)
