"""The national bus's gateway: one token for all calls, renewed once when it is refused, and its own refusals (domain notes 2.1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
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


PAIR = {"consumer_key": "k", "consumer_secret": "s"}
KEY = {"app_name": "TPHCM", "access_key": "a", "secret_key": "s", "partner_code": "H59", "partner_code_cus": "H61"}


@asynccontextmanager
async def opened(folder: Path, keys: Keyring, **own: Any) -> AsyncIterator[Desk]:
    bus = Bus()
    routes = [Route("/token", bus.token, methods=["POST"]), Route("/x", bus.call, methods=["POST"])]
    served = Served(Starlette(routes=routes), bind("127.0.0.1", 0))
    await served.started()
    ledger = open_ledger(new_ledger(folder), keys)
    gateway = Gateway(GatewaySettings.model_validate({"base_url": served.url, **own}), ledger.vault("behind"))
    yield Desk(bus, gateway)
    await gateway.close()
    await ledger.close()
    await served.stop()


@pytest.fixture
async def desk(tmp_path: Path, keys: Keyring) -> AsyncIterator[Desk]:
    async with opened(tmp_path, keys, dstcode="G15", credentials=PAIR) as found:
        yield found


@pytest.fixture
async def by_key(tmp_path: Path, keys: Keyring) -> AsyncIterator[Desk]:
    async with opened(tmp_path, keys, credentials=dict.fromkeys(PAIR, "") | KEY) as found:
        yield found


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
    assert isinstance(await desk.gateway.probe(Call("c", 5.0)), Transient)


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


async def test_an_access_key_goes_along_in_place_of_token_and_destination(by_key: Desk) -> None:
    assert await by_key.ask() == Answer(said="yes")
    (heard,) = by_key.bus.heard
    told = {"appname": "TPHCM", "accesskey": "a", "secretkey": "s", "partnercode": "H59", "partnercodecus": "H61"}
    assert {name: heard[name] for name in told} == told
    assert "authorization" not in heard
    assert (heard["accept"], heard["content-type"], heard["charset"]) == (*2 * ("application/json",), "utf-8")
    assert "dstcode" not in heard
    assert (by_key.bus.tokens, await by_key.gateway.probe(Call("c", 5.0))) == (0, None)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_access_key_holds_the_partner_and_is_shown_once(by_key: Desk, status: int) -> None:
    by_key.bus.replies = [(status, b"Invalid Credentials")]
    held = await by_key.ask()
    assert isinstance(held, Held)
    assert (held.cause, held.code) == (Cause.FORBIDDEN, str(status))
    assert (len(by_key.bus.heard), by_key.bus.tokens, by_key.extra_calls) == (1, 0, 0)


@pytest.mark.parametrize("missing", KEY)
def test_an_access_key_that_is_not_whole_is_refused_naming_what_is_missing(missing: str) -> None:
    for left in ({missing: ""}, {}):
        given = {name: value for name, value in KEY.items() if name != missing} | left
        with pytest.raises(ValidationError, match=rf"an access key is given without {missing}\b") as refused:
            GatewaySettings.model_validate({"credentials": given})
        assert [fault["loc"] for fault in refused.value.errors()] == [("credentials",)]


def test_an_access_key_that_fits_no_header_is_refused() -> None:
    with pytest.raises(ValidationError, match="what goes in a header is ASCII: app_name"):
        GatewaySettings.model_validate({"credentials": KEY | {"app_name": "Vĩnh Long"}})


@pytest.mark.parametrize("also", PAIR)
def test_two_ways_in_are_one_too_many(also: str) -> None:
    with pytest.raises(ValidationError, match="two ways in"):
        GatewaySettings.model_validate({"credentials": KEY | {also: "x"}})
