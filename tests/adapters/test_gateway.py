"""The national bus's gateway: one token for all calls, renewed once when it is refused, and its own refusals (domain notes 2.1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.transport.gateway import Gateway, GatewaySettings
from bus.adapter import Call
from bus.ledger.sql_ledger import open_ledger
from bus.outcome import Cause, Held, Outcome, Transient, Unknown
from bus.seal import Keyring
from ops.simulate import Served, bind
from tests.ledgers import new_ledger


class Answer(BaseModel):
    """What a partner behind the gateway says."""

    said: str


@dataclass
class Bus:
    """A gateway that answers as told: tokens count up, calls get `replies` in turn, the last for ever."""

    token_status: int = 200
    replies: list[tuple[int, bytes]] = field(default_factory=lambda: [(200, b'{"said": "yes"}')])
    tokens: int = 0
    heard: list[dict[str, str]] = field(default_factory=list)

    async def token(self, request: Request) -> Response:
        assert (await request.body()) == b"grant_type=client_credentials"
        self.tokens += 1
        return JSONResponse({"access_token": f"t{self.tokens}", "expires_in": 3600}, self.token_status)

    async def call(self, request: Request) -> Response:
        self.heard.append(dict(request.headers))
        status, body = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return Response(body, status, {"Retry-After": "7"} if status == 429 else {}, "application/json")


@dataclass
class Desk:
    """The two sides, and the vault's ledger between them."""

    bus: Bus
    gateway: Gateway
    extra_calls: int = 0

    def _count(self) -> None:
        self.extra_calls += 1

    async def ask(self) -> Answer | Outcome:
        call = Call("c", 5.0, on_extra_call=self._count)
        return await self.gateway.ask_model(self.gateway.endpoint("/x"), b"{}", Answer, call)


@pytest.fixture
async def desk(tmp_path: Path, keys: Keyring) -> AsyncIterator[Desk]:
    bus = Bus()
    routes = [Route("/token", bus.token, methods=["POST"]), Route("/x", bus.call, methods=["POST"])]
    served = Served(Starlette(routes=routes), bind("127.0.0.1", 0))
    await served.started()
    ledger = open_ledger(new_ledger(tmp_path), keys)
    own = {"base_url": served.url, "dstcode": "G15", "credentials": {"consumer_key": "k", "consumer_secret": "s"}}
    gateway = Gateway(GatewaySettings.model_validate(own), ledger.vault("behind"))
    yield Desk(bus, gateway)
    await gateway.close()
    await ledger.close()
    await served.stop()


async def test_one_token_serves_all_calls_and_the_header_names_the_destination(desk: Desk) -> None:
    for _ in range(3):
        assert await desk.ask() == Answer(said="yes")
    assert desk.bus.tokens == 1
    assert {(head["authorization"], head["dstcode"]) for head in desk.bus.heard} == {("Bearer t1", "G15")}


async def test_a_refused_token_is_renewed_once_and_the_second_call_is_paid_for(desk: Desk) -> None:
    desk.bus.replies = [(401, b"Invalid Credentials"), (200, b'{"said": "yes"}')]
    assert await desk.ask() == Answer(said="yes")
    assert (desk.bus.tokens, desk.extra_calls) == (2, 1)
    desk.bus.replies = [(401, b"Invalid Credentials")]
    refused = await desk.ask()
    assert isinstance(refused, Transient)
    assert (refused.cause, desk.bus.tokens, len(desk.bus.heard)) == (Cause.EXPIRED, 3, 4)


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_refused_credentials_hold_the_partner_and_nothing_is_sent(desk: Desk, status: int) -> None:
    desk.bus.token_status = status
    held = await desk.ask()
    assert isinstance(held, Held)
    assert (held.cause, held.key, desk.bus.heard) == (Cause.FORBIDDEN, "", [])


async def test_a_gateway_that_gives_no_token_has_taken_nothing(desk: Desk) -> None:
    desk.bus.token_status = 500
    told = await desk.ask()
    assert isinstance(told, Transient)
    assert (told.cause, desk.bus.heard) == (Cause.NOT_SENT, [])
    assert isinstance(await desk.gateway.log_in(Call("c", 5.0)), Transient)


async def test_a_quota_that_is_used_up_says_when_to_come_again(desk: Desk) -> None:
    desk.bus.replies = [(429, b"quota")]
    busy = await desk.ask()
    assert isinstance(busy, Transient)
    assert (busy.cause, busy.retry_after_s) == (Cause.BUSY, 7.0)


@pytest.mark.parametrize("reply", [(202, b"{}"), (200, b"<html>"), (200, b'{"other": 1}'), (500, b"server error")])
async def test_what_the_contract_cannot_read_is_unknown(desk: Desk, reply: tuple[int, bytes]) -> None:
    desk.bus.replies = [reply]
    assert isinstance(await desk.ask(), Unknown)


async def test_an_account_without_the_right_holds_the_partner(desk: Desk) -> None:
    desk.bus.replies = [(403, b"forbidden")]
    assert isinstance(await desk.ask(), Held)
