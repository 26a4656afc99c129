"""The registry over the national bus: look-ups by the REST face or the SOAP face, household registrations by REST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote

from pydantic import Field, ValidationError

from adapters.transport.classify import from_failure, from_status
from adapters.transport.gateway import Gateway, GatewaySettings
from adapters.transport.http import Failure, HttpClient, Reply
from adapters.transport.soap import SoapClient, SoapFault, Unparsable
from bus.adapter import Call, Vault
from bus.outcome import Outcome, Taken, Unknown
from bus.policy import RetryPolicy, Seconds
from contracts import business_registry as contract
from contracts.business_registry.messages import HoiKetQuaHKD, TraLoi, TraLoiKetQuaHKD, TraLoiTraCuu


class RegisterSettings(GatewaySettings):
    """`[partners.business_registry]`: `credentials` hold consumer_key and consumer_secret; username and password for the SOAP
    face. A registration is asked about for weeks, so patience is counted in weeks too."""

    face: Literal["rest", "soap"] = Field(default="rest", description="which of the registry's faces look-ups go to")
    detail_path: str = "/chiTietDoanhNghiep"
    sync_path: str = "/dongBoHoSoHKD"
    result_path: str = "/traCuuKetQuaHKD"
    name_path: str = "/traCuuTenHKD"
    asks_every_s: Seconds = Field(default=900.0, description="a household registration is asked about so often")
    soap_path: str = "/soap"
    concurrency: int = Field(default=4, ge=1, le=1000)
    retry: RetryPolicy = RetryPolicy(max_attempts=20_000, max_age_s=90 * 86400.0)


class RegisterClient:
    """Speaks for one province."""

    def __init__(self, settings: RegisterSettings, vault: Vault) -> None:
        self._gateway = Gateway(settings, vault)
        self._detail_path = settings.detail_path
        self._sync = self._gateway.endpoint(settings.sync_path)
        self._result = self._gateway.endpoint(settings.result_path)
        self._name = self._gateway.endpoint(settings.name_path)
        self._http = HttpClient(settings)
        self._soap: SoapClient | None = None
        if settings.face == "soap":
            secret = {name: value.get_secret_value() for name, value in settings.credentials.items()}
            name, password = secret.get("username", ""), secret.get("password", "")
            address = contract.SERVICE, contract.PORT
            self._soap = SoapClient(self._http, contract.wsdl(), *address, name, password, settings.soap_path)
        self.probe = self._gateway.probe

    async def detail(self, code: str, call: Call) -> TraLoiTraCuu | Outcome:
        """`chiTietDoanhNghiep`; the REST face takes the code in its address."""
        if self._soap is not None:
            return await self._by_soap(self._soap, code, call)
        endpoint = self._gateway.endpoint(f"{self._detail_path}?msdn={quote(code, safe='')}", method="GET")
        return await self._gateway.ask_model(endpoint, b"", TraLoiTraCuu, call)

    async def sync(self, body: bytes, call: Call) -> TraLoi | Outcome:
        """`dongBoHoSoHKD`."""
        return await self._gateway.ask_model(self._sync, body, TraLoi, call)

    async def results(self, codes: Sequence[str], call: Call) -> TraLoiKetQuaHKD | Outcome:
        """`traCuuKetQuaHKD` of many dossiers."""
        asked = HoiKetQuaHKD(maHoSo=list(codes))
        return await self._gateway.ask_model(self._result, asked.model_dump_json().encode(), TraLoiKetQuaHKD, call)

    async def names(self, body: bytes, call: Call) -> TraLoiTraCuu | Outcome:
        """`traCuuTenHKD`; the REST face alone has it."""
        return await self._gateway.ask_model(self._name, body, TraLoiTraCuu, call)

    async def _by_soap(self, soap: SoapClient, code: str, call: Call) -> TraLoiTraCuu | Outcome:
        answer = await soap.call("ChiTietDoanhNghiep", {"msdn": code}, call)
        match answer:
            case Failure():
                return from_failure(answer)
            case SoapFault(code=said, text=words):
                return Unknown(code=said, words=words)
            case Unparsable(words=words, status=status):
                return Unknown(code=str(status), words=words)
            case Reply():
                outcome = from_status(answer)
                return Unknown(words="not a SOAP answer") if outcome is None or isinstance(outcome, Taken) else outcome
        try:
            return TraLoiTraCuu.model_validate({"GetEntCert": answer})
        except ValidationError as error:
            return Unknown(words=f"not the agreed shape: {'.'.join(map(str, error.errors()[0]['loc']))}")

    async def close(self) -> None:
        await self._gateway.close()
        await self._http.close()
