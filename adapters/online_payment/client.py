"""One method per operation of the platform; checksums are put on as a message leaves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from adapters.online_payment.checksum import checksum, is_right
from adapters.online_payment.faults import outcome_of
from adapters.transport.classify import JSON_TYPES, Model, Unreadable, from_failure, from_status, read_json, unreadable
from adapters.transport.http import Endpoint, Failure, HttpClient, Reply
from bus.adapter import Call
from bus.outcome import Outcome, Taken, Unknown
from bus.policy import PartnerSettings, RetryPolicy, Seconds
from contracts.identifier import AgencyId
from contracts.online_payment import SUCCESS
from contracts.online_payment.messages import KetQuaTraSoat, KhoiTao, LienKet, TraLoiKhoiTao, TraSoat

PDF = b"%PDF-"


class Account(BaseModel):
    """An account fees are paid to: its number, its bank's code at the platform, its holder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Annotated[str, Field(min_length=1)]
    bank: Annotated[str, Field(min_length=1)]
    holder: Annotated[str, Field(min_length=1)]


class PaymentSettings(PartnerSettings):
    """`[partners.online_payment]`: `credentials` hold secret, previous_secret while one replaces the other, and access_token where one is
    wanted. `accounts` are by agency id. An order is asked about for weeks, so patience is counted in weeks too."""

    partner_code: str = Field(default="", description="what the platform knows us by (MaDoiTac)")
    ip: str = Field(default="127.0.0.1", description="our address as an order tells it (Ip)")
    init_path: str = "/init"
    query_path: str = "/query"
    bill_path: str = "/bill"
    accounts: dict[AgencyId, Account] = Field(
        default_factory=dict, description="where each agency's fees go: number, bank, holder"
    )
    asks_first_s: Seconds = Field(
        default=30.0, description="the first question about an order; later ones come more seldom"
    )
    asks_at_least_every_s: Seconds = Field(default=3600.0, description="the longest time between two questions")
    lapses_after_s: Seconds = Field(default=30 * 86400.0, description="nobody paid: no more questions")
    concurrency: int = Field(default=8, ge=1, le=1000)
    retry: RetryPolicy = RetryPolicy(max_attempts=20_000, max_age_s=90 * 86400.0)

    @model_validator(mode="after")
    def _signed(self) -> Self:
        """Nothing leaves, and nothing is believed, without a checksum."""
        if self.enabled and self.base_url and not (self.secrets[0] and self.partner_code):
            raise ValueError("checksums need credentials.secret, and the platform knows us by partner_code")
        return self

    @property
    def secrets(self) -> tuple[str, str]:
        """The secret, and the one before it; empty where there is none."""
        found = [self.credentials.get(name) for name in ("secret", "previous_secret")]
        now, before = (one.get_secret_value() if one is not None else "" for one in found)
        return now, before


@dataclass(frozen=True, slots=True)
class Link:
    """An order was created; where it is paid."""

    url: str


class PaymentClient:
    """Speaks for one partner code."""

    def __init__(self, settings: PaymentSettings) -> None:
        self._secrets = settings.secrets
        self._http = HttpClient(settings)
        token = settings.credentials.get("access_token")
        fixed = {"Charset": "utf-8"}
        if token is not None and token.get_secret_value():
            fixed["Authorization"] = f"Bearer {token.get_secret_value()}"
        self._init, self._query, self._bill = (
            self._http.endpoint(path, **fixed) for path in (settings.init_path, settings.query_path, settings.bill_path)
        )

    async def init(self, body: bytes, call: Call) -> Link | Outcome:
        """INIT: the link of a new order."""
        reply = await self._send(self._init, body, KhoiTao.SIGNED, call)
        if not isinstance(reply, Reply):
            return reply
        try:
            answer = _model(_unwrapped(read_json(reply)), TraLoiKhoiTao)
            if answer.error_code != "0":
                return outcome_of(answer.error_code.zfill(2), str(answer.message), asked=False)
            return Link(_model(_unwrapped(answer.message), LienKet).UrlThanhToan)
        except Unreadable as why:
            return unreadable(reply, why)

    async def query(self, body: bytes, call: Call) -> KetQuaTraSoat | Outcome:
        """QUERY: what became of an order."""
        reply = await self._send(self._query, body, TraSoat.SIGNED, call)
        if not isinstance(reply, Reply):
            return reply
        try:
            answer = _model(_unwrapped(read_json(reply)), KetQuaTraSoat)
        except Unreadable as why:
            return unreadable(reply, why)
        if answer.MaLoi != SUCCESS:
            return outcome_of(answer.MaLoi, answer.MoTaLoi, asked=True)
        if answer.MaXacThuc and not is_right(answer.model_dump(), answer.SIGNED, self._secrets):
            return Unknown(code="MaXacThuc", words="the checksum of the answer is wrong")
        return answer

    async def bill(self, body: bytes, call: Call) -> bytes | Outcome:
        """GET_BILL: the receipt's bytes as they came."""
        reply = await self._send(self._bill, body, TraSoat.SIGNED, call)
        if not isinstance(reply, Reply):
            return reply
        if reply.body.startswith(PDF):
            return reply.body
        if reply.content_type not in JSON_TYPES:
            return Unknown(
                code=str(reply.status), words=f"a receipt that is no PDF ({reply.content_type or 'no type'})"
            )
        try:
            answer = _model(_unwrapped(read_json(reply)), KetQuaTraSoat)
        except Unreadable as why:
            return unreadable(reply, why)
        return outcome_of(answer.MaLoi, answer.MoTaLoi, asked=True)

    async def _send(self, endpoint: Endpoint, body: bytes, signed: Sequence[str], call: Call) -> Reply | Outcome:
        fields = json.loads(body)
        fields["MaXacThuc"] = checksum(fields, signed, self._secrets[0])
        reply = await self._http.send(endpoint, json.dumps(fields, ensure_ascii=False).encode(), call)
        if isinstance(reply, Failure):
            return from_failure(reply)
        outcome = from_status(reply)
        if isinstance(outcome, Taken):
            return Unknown(code="202", words="the contract knows no 202")
        return outcome or reply

    async def close(self) -> None:
        await self._http.close()


def _unwrapped(value: Any) -> Any:
    """JSON that came as text inside JSON, taken out. Raises Unreadable."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Unreadable("text where JSON in a text was agreed") from None


def _model(value: Any, model: type[Model]) -> Model:
    try:
        return TypeAdapter(model).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Unreadable(f"not the agreed shape: {'.'.join(map(str, first['loc']))}: {first['type']}") from None
