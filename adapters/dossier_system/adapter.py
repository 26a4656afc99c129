"""Out to the dossier system: replies of partners and inbound dossiers, by signed webhook or by AMQP exchange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from adapters.dossier_system.signature import HEADER, sign
from adapters.transport.amqp import Publisher
from adapters.transport.classify import from_failure, from_status
from adapters.transport.http import Failure, HttpClient
from bus.adapter import Call, Job, Poll, Row, Wiring
from bus.outcome import Delivered, Outcome
from bus.policy import PartnerSettings

EXCHANGE = "lienthong.events"


class DossierSettings(PartnerSettings):
    """`[partners.dossier_system]`: `base_url` is the webhook's address (or the broker's, with `channel = "amqp"`);
    `credentials.webhook_secret` signs."""

    channel: Literal["webhook", "amqp"] = "webhook"
    path: str = ""


class WebhookAdapter:
    """POSTs each notice as a CloudEvent. The dossier system drops what it has by `id` (or `Idempotency-Key`)."""

    def __init__(self, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, DossierSettings)
        secret = wiring.settings.credentials.get("webhook_secret")
        self._secret = secret.get_secret_value() if secret is not None else ""
        self._clock = wiring.clock
        self._http = HttpClient(wiring.settings)
        self._endpoint = self._http.endpoint(wiring.settings.path, "application/cloudevents+json; charset=utf-8")

    def prepare(self, job: Job) -> Row | Outcome:
        return Row(job, job.request or job.envelope.to_json())

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        return [await self._post(row, call) for row in rows]

    async def _post(self, row: Row, call: Call) -> Outcome:
        """Any 2xx means taken; the time stamp and signature are new at each attempt, the body is not."""
        at = int(self._clock.now())
        signed = {HEADER: sign(self._secret, at, row.job.envelope.id, row.body), "Idempotency-Key": row.job.key}
        reply = await self._http.send(self._endpoint, row.body, call, signed)
        if isinstance(reply, Failure):
            return from_failure(reply)
        if reply.status in (200, 201, 202, 204):
            return Delivered(code=str(reply.status), request=row.body)
        outcome = from_status(reply, contract_shape=True)
        assert outcome is not None
        return outcome

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """Never asked: a notice is simply posted again under its id."""
        return await self.deliver(rows, call)

    async def probe(self, call: Call) -> Outcome | None:
        return None

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        return None

    async def close(self) -> None:
        await self._http.close()


class ExchangeAdapter:
    """Publishes each notice to the topic exchange `lienthong.events`, routing key = event type, confirmed by the broker."""

    def __init__(self, wiring: Wiring) -> None:
        self._publisher = Publisher(wiring.settings.base_url, EXCHANGE)

    def prepare(self, job: Job) -> Row | Outcome:
        return Row(job, job.request or job.envelope.to_json())

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
