"""EMC at work: one POST for each change of a dossier, nothing to read but the status (domain notes 3.8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from adapters.outward import outward
from adapters.service_evaluation.faults import outcome_of
from adapters.transport.classify import everywhere, from_failure
from adapters.transport.http import Failure, HttpClient
from bus.adapter import Call, Job, Poll, Row, Wiring
from bus.outcome import Cause, Held, Outcome, Transient, Unknown
from bus.policy import PartnerSettings
from mappings.service_evaluation.outbound import Site, request

TRACK = "TrackingMCDT"
NO_SITE = Held(
    cause=Cause.FORBIDDEN,
    code="site_id",
    words="[partners.service_evaluation] site_id is not set: EMC would count nothing; set it, then resume the partner",
)
"""Nothing is sent for nobody, and nothing is dropped: the partner stands paused until the site id is there."""


class EvaluationSettings(PartnerSettings):
    """`[partners.service_evaluation]`: `credentials` hold hash_key where `citizen_id` is "hash"."""

    path: str = "/TrackingMCDT"
    site_id: int | None = Field(
        default=None, ge=1, description="the site EMC gave the province; without it the partner pauses"
    )
    citizen_id: Literal["omit", "hash"] = Field(
        default="omit", description="what EMC is told of a person: nothing, or a digest by hash_key"
    )
    unknown: Literal["resend", "park"] = Field(
        default="resend", description="an event nobody knows to have been counted: sent again, or left to a person"
    )
    province: str = Field(
        default="", pattern=r"^([0-9]{2})?$", description="LOCATION where the applicant has no address"
    )
    levels: dict[Annotated[str, Field(pattern=r"^[0-9]\.[0-9]{6}$")], Literal[0, 1, 3, 4]] = Field(
        default_factory=dict, description="the true service level by procedure, where the catalogue does not prove it"
    )

    @model_validator(mode="after")
    def _a_digest_needs_a_key(self) -> Self:
        key = self.credentials.get("hash_key")
        if self.citizen_id == "hash" and self.base_url and (key is None or len(key.get_secret_value()) < 16):
            raise ValueError('citizen_id = "hash" needs credentials.hash_key of 16 characters or more')
        return self


class EvaluationAdapter:
    """Speaks for one site."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, EvaluationSettings)
        settings = wiring.settings
        self._http = HttpClient(settings)
        self._endpoint = self._http.endpoint(settings.path, Accept="application/json")
        self._site = _site(settings)

    def prepare(self, job: Job) -> Row | Outcome:
        """The event's body; without a site there is none, and `deliver` says so for the whole partner."""
        site = self._site
        return Row(job, b"") if site is None else outward(job, lambda message: request(message, site))

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """One call a row; the contract has no arrays."""
        if self._site is None:
            return everywhere(NO_SITE, rows)
        return [await self._one(row, call) for row in rows]

    async def _one(self, row: Row, call: Call) -> Outcome:
        reply = await self._http.send(self._endpoint, row.body, call)
        outcome = from_failure(reply) if isinstance(reply, Failure) else outcome_of(reply)
        return outcome if isinstance(outcome, Transient | Held) else replace(outcome, request=row.body)

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """EMC has no question."""
        return [Unknown(words="EMC cannot be asked", request=row.body) for row in rows]

    async def probe(self, call: Call) -> Outcome | None:
        """EMC has no harmless call: one event is the probe."""
        return None

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """EMC has nothing for us."""
        return None

    async def close(self) -> None:
        await self._http.close()


def _site(settings: EvaluationSettings) -> Site | None:
    """How the province reports, None while it has no site."""
    if settings.site_id is None:
        return None
    key = settings.credentials.get("hash_key")
    return Site(
        site_id=settings.site_id,
        key=key.get_secret_value().encode() if settings.citizen_id == "hash" and key else None,
        province=settings.province,
        levels={code: str(level) for code, level in settings.levels.items()},
    )
