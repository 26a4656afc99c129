"""The plain adapter as a province's would be: with sessions, with 409 looked into, and with rows that are poison on purpose.

The environment says what is on trial: `TRIAL_SESSION=1` (every call shows a token), `TRIAL_POLL=1` (the partner is polled twice a
second), `TRIAL_UNMAPPABLE=<event id>` (its mapping fails), `TRIAL_DEADLY=<event id>` (sending it kills the process).
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace

from adapters.transport.http import Endpoint, Failure, HttpClient, Reply
from bus.adapter import Call, Dedupe, Job, Partner, Poll, Row, Vault, Wiring
from bus.outcome import Cause, Delivered, Outcome, Permanent, Unknown
from bus.policy import PartnerSettings
from ops.bench.plain import PlainAdapter, plain_partner

SESSION = os.environ.get("TRIAL_SESSION") == "1"
POLLS_EVERY_S = 0.5 if os.environ.get("TRIAL_POLL") == "1" else None
UNMAPPABLE = os.environ.get("TRIAL_UNMAPPABLE", "")
DEADLY = os.environ.get("TRIAL_DEADLY", "")


class LoginFailed(Exception):
    """No token was given."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.words)
        self.failure = failure


class SessionClient(HttpClient):
    """Shows the vault's token with every call; one renewal and one repeat when it is refused."""

    def __init__(self, settings: PartnerSettings, vault: Vault) -> None:
        super().__init__(settings)
        self._vault = vault
        self._logins = self.endpoint("/token")

    async def send(
        self, endpoint: Endpoint, body: bytes, call: Call, headers: Mapping[str, str] | None = None
    ) -> Reply | Failure:
        stale = 0
        try:
            for _ in range(2):
                token = await self._vault.token("session", lambda: self._login(call), stale=stale)
                stale = token.generation
                answer = await super().send(endpoint, body, call, {"Authorization": f"Bearer {token.value}"})
                if isinstance(answer, Failure) or answer.status != 401:
                    break
        except LoginFailed as error:
            return error.failure
        return answer

    async def _login(self, call: Call) -> tuple[str, float | None]:
        call.on_extra_call()
        answer = await super().send(self._logins, b"{}", call)
        if isinstance(answer, Failure) or answer.status != 200:
            raise LoginFailed(Failure(False, Cause.NOT_SENT, "no token"))
        told = json.loads(answer.body)
        return told["token"], None


class TrialAdapter(PlainAdapter):
    """The plain adapter under trial."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(wiring)
        if SESSION:
            self._client = SessionClient(wiring.settings, wiring.vault)
        self._polls = self._client.endpoint("/poll")

    def prepare(self, job: Job) -> Row | Outcome:
        if job.envelope.id == UNMAPPABLE:
            raise ValueError("cannot be mapped")
        return super().prepare(job)

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """A 409 may mean that the partner has it already: that is asked before it is believed."""
        if DEADLY in [row.job.envelope.id for row in rows]:
            os.kill(os.getpid(), signal.SIGKILL)
        outcomes = await super().deliver(rows, call)
        if not any(isinstance(outcome, Permanent) and outcome.code == "409" for outcome in outcomes):
            return outcomes
        found = await self.ask(rows, call)
        return [has if isinstance(has, Delivered) else said for has, said in zip(found, outcomes, strict=True)]

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """Nothing new, and a cursor one further."""
        answer = await self._client.send(self._polls, json.dumps({"keys": [], "cursor": cursor}).encode(), call)
        if isinstance(answer, Failure) or answer.status != 200:
            return Unknown()
        return Poll((), json.loads(answer.body)["cursor"])


def trial_partner(name: str, dedupe: Dedupe, *, batch: int, full_state: bool) -> Partner:
    """A plain partner with the adapter under trial."""
    plain = plain_partner(name, dedupe, batch=batch, full_state=full_state)
    return replace(plain, open=TrialAdapter, polls_every_s=POLLS_EVERY_S)
