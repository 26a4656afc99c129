"""The insurance over the national bus: one method per operation, answers taken out of their envelope."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import Field, ValidationError

from adapters.social_insurance.faults import DONE, outcome_of
from adapters.transport.gateway import Gateway, GatewaySettings
from bus.adapter import Call, Vault
from bus.clock import Clock, instant
from bus.outcome import Outcome, Unknown
from bus.policy import RetryPolicy, Seconds
from contracts.social_insurance.messages import ThanhCong, TraLoi

Part = TypeVar("Part", bound=ThanhCong)


class InsuranceSettings(GatewaySettings):
    """`[partners.social_insurance]`. A card is asked about for weeks, so patience is counted in weeks too."""

    path: str = "/BaoHiemXaHoi"
    asks_every_s: Seconds = Field(default=3600.0, description="how often each open card is asked about")
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 60.0
    concurrency: int = Field(default=4, ge=1, le=1000)
    retry: RetryPolicy = RetryPolicy(max_attempts=20_000, max_age_s=90 * 86400.0)


class InsuranceClient:
    """Speaks for one province."""

    def __init__(self, settings: InsuranceSettings, vault: Vault, clock: Clock) -> None:
        self._gateway = Gateway(settings, vault)
        self._path = settings.path
        self._clock = clock
        self.probe = self._gateway.probe
        self.close = self._gateway.close

    async def ask(self, operation: str, body: bytes, part: type[Part], call: Call) -> tuple[Part, str] | Outcome:
        """The `successful` part of an answer and its correlationId; an errorCode, and a code that is not 200, by the failure table."""
        endpoint = self._gateway.endpoint(f"{self._path}/{operation}")
        answer = await self._gateway.ask_model(endpoint, body, TraLoi, call)
        if isinstance(answer, Outcome):
            return answer
        if answer.code != "200":
            return outcome_of(answer.code, answer.status, instant(self._clock.now()))
        if answer.response is None or len(answer.response) != 1:
            return Unknown(code="200", words="an envelope with no one answer in it")
        (inner,) = answer.response.values()
        try:
            read = part.model_validate(inner.successful)
        except ValidationError as error:
            field = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
            return Unknown(code="200", words=f"not the agreed shape: {field}")
        if read.errorCode not in DONE:
            return outcome_of(read.errorCode, read.errorMessage, instant(self._clock.now()))
        return read, answer.correlationId
