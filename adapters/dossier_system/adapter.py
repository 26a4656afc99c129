"""Out to the dossier system: replies of partners and inbound dossiers, by signed webhook or by AMQP exchange."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, model_validator

from adapters.transport.amqp import Publisher
from adapters.transport.classify import JSON_TYPES, Unreadable, excerpt, from_failure, from_status, read_json
from adapters.transport.http import Failure, HttpClient, Reply
from adapters.transport.signature import HEADER, sign
from bus.adapter import Call, Job, Poll, Row, Wiring
from bus.outcome import Cause, Delivered, Held, Outcome, Transient, Unknown
from bus.policy import PartnerSettings
from contracts.canonical.events import FilingEvent
from contracts.codes import CodeGap
from mappings.dossier_system.intake import check

EXCHANGE = "lienthong.events"
CONFIRMS = (202, 204)


class DossierSettings(PartnerSettings):
    """`[partners.dossier_system]`: `base_url` is the webhook's address (or the broker's, with `channel = "amqp"`);
    `credentials.webhook_secret` signs."""

    channel: Literal["webhook", "amqp"] = Field(default="webhook", description="how it is told")
    path: str = ""

    @model_validator(mode="after")
    def _signed(self) -> Self:
        """Nothing leaves unsigned: an empty secret signs nothing."""
        if self.channel == "webhook" and self.enabled and self.base_url and not self.secret:
            raise ValueError("a webhook is signed: give credentials.webhook_secret")
        return self

    @property
    def secret(self) -> str:
        """What signs; empty when there is none."""
        found = self.credentials.get("webhook_secret")
        return found.get_secret_value() if found is not None else ""


def notice(job: Job) -> Row | Outcome:
    """The event as it stands; a dossier filed on the portal waits for the row that its procedure or agency lacks."""
    message = job.envelope.message
    if isinstance(message, FilingEvent):
        try:
            check(message.filing)
        except CodeGap as gap:
            return Held(cause=Cause.CODE_GAP, key=gap.key, words=str(gap))
    return Row(job, job.request or job.envelope.to_json())


class WebhookAdapter:
    """POSTs each notice as a CloudEvent. The dossier system drops what it has by `id` (or `Idempotency-Key`)."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, DossierSettings)
        self._secret = wiring.settings.secret
        self._clock = wiring.clock
        self._http = HttpClient(wiring.settings)
        self._endpoint = self._http.endpoint(wiring.settings.path, "application/cloudevents+json; charset=utf-8")

    def prepare(self, job: Job) -> Row | Outcome:
        return notice(job)

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        return [await self._post(row, call) for row in rows]

    async def _post(self, row: Row, call: Call) -> Outcome:
        """The time stamp and signature are new at each attempt, the body is not."""
        at = int(self._clock.now())
        signed = {HEADER: sign(self._secret, at, row.job.envelope.id, row.body), "Idempotency-Key": row.job.key}
        reply = await self._http.send(self._endpoint, row.body, call, signed)
        outcome = from_failure(reply) if isinstance(reply, Failure) else _meaning(reply)
        return outcome if isinstance(outcome, Transient | Held) else replace(outcome, request=row.body)

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """Never asked: a notice is simply posted again under its id."""
        return await self.deliver(rows, call)

    async def probe(self, call: Call) -> Outcome | None:
        return None

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        return None

    async def close(self) -> None:
        await self._http.close()


def _meaning(reply: Reply) -> Outcome:
    """What the answer says by docs/events.md, "What comes back".

    202 and 204 confirm, and so do 200 and 201 with an object of JSON: a page or nothing with status 200 is some gateway's. 409
    says that this id is there already. 401 and 403 are a wrong secret, which no repeat mends: the partner is held for a person.
    """
    ours = reply.content_type in JSON_TYPES
    code, words = str(reply.status), excerpt(reply.body)
    if reply.status in CONFIRMS or (reply.status in (200, 201) and _is_object(reply)):
        return Delivered(code=code)
    if reply.status == 409 and ours:
        return Delivered(code=code, words=words)
    if reply.status == 401:
        return Held(cause=Cause.FORBIDDEN, code=code, words=words)
    return from_status(reply, contract_shape=ours) or Unknown(code=code, words=words)


def _is_object(reply: Reply) -> bool:
    try:
        return isinstance(read_json(reply), dict)
    except Unreadable:
        return False


class ExchangeAdapter:
    """Publishes each notice to the topic exchange `lienthong.events`, routing key = event type, confirmed by the broker."""

    def __init__(self, wiring: Wiring) -> None:
        self._publisher = Publisher(wiring.settings.base_url, EXCHANGE)

    def prepare(self, job: Job) -> Row | Outcome:
        return notice(job)

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        return [
            await self._publisher.publish(row.job.envelope.type, row.body, row.job.envelope.id, call) for row in rows
        ]

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """Never asked: published again under its id."""
        return await self.deliver(rows, call)

    async def probe(self, call: Call) -> Outcome | None:
        return None

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        return None

    async def close(self) -> None:
        await self._publisher.close()


def open_adapter(wiring: Wiring) -> WebhookAdapter | ExchangeAdapter:
    """The channel the settings name."""
    assert isinstance(wiring.settings, DossierSettings)
    return WebhookAdapter(wiring) if wiring.settings.channel == "webhook" else ExchangeAdapter(wiring)
