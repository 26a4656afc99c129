"""Any process may take any step: what lies between two steps is sealed in the address or in the ledger."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet

from adapters.single_sign_on.causes import Cause
from contracts.canonical.sign_in import SignedIn
from contracts.single_sign_on.assertion import Assertion, Link
from ops import simulate
from ops.assertion import KEY_S, Signer
from ops.conformance import MemoryVault
from tests.conftest import HandClock
from tests.partners.single_sign_on.conftest import Desk, at_work, clients_of, settings_of

PERSON = SignedIn(provider="vneid", account="a", kind="citizen", name="Nguyễn Văn An")


async def test_a_sign_in_goes_on_where_a_restart_cut_it(tmp_path: Path, sso: simulate.Served) -> None:
    keys, clients = clients_of()
    ports = [simulate.bind("127.0.0.1", 0) for _ in range(3)]
    settings = settings_of(tmp_path, sso.url, ports[0].getsockname()[1], clients, 1000.0)
    address, told = "", {}
    for step, bound in enumerate(ports):
        async with at_work(settings, bound) as (house, http):
            desk = Desk(house, http, sso.app.state.simulator, sso.url, keys)
            if step == 0:
                address = await desk.sign_in_there(await desk.start())
            elif step == 1:
                told = await desk.come_back(address.replace(settings.http.public_url, str(http.base_url).rstrip("/")))
                before = (await http.get("/.well-known/jwks.json")).json()
            else:
                assert (await desk.assertion(told["ticket"])).person.name == "Nguyễn Văn An"
                assert (await http.get("/.well-known/jwks.json")).json() == before


@pytest.mark.slow
async def test_two_processes_on_one_ledger_take_a_callback_once(
    tmp_path: Path, sso: simulate.Served, postgres_url: str
) -> None:
    keys, clients = clients_of()
    ports = [simulate.bind("127.0.0.1", 0) for _ in range(2)]
    settings = settings_of(tmp_path, sso.url, ports[0].getsockname()[1], clients, 1000.0, postgres_url)
    async with AsyncExitStack() as stack:
        desks = []
        for bound in ports:
            house, http = await stack.enter_async_context(at_work(settings, bound))
            desks.append(Desk(house, http, sso.app.state.simulator, sso.url, keys))
        one, other = desks
        here = await one.sign_in_there(await one.start())
        there = here.replace(settings.http.public_url, str(other.http.base_url).rstrip("/"))
        answers = await asyncio.gather(*(desk.come_back(at) for desk, at in ((one, here), (other, there)) * 3))
        (ticket,) = [answer["ticket"] for answer in answers if "ticket" in answer]
        assert sum(answer.get("error") == Cause.REPLAYED for answer in answers) == 5
        redeemed = await asyncio.gather(*(desk.post("assertion", {"ticket": ticket}) for desk in desks * 3))
        assert sorted(answer.status_code for answer in redeemed) == [200] + [404] * 5
        sets = [(await desk.http.get("/.well-known/jwks.json")).json() for desk in desks]
        assert sets[0] == sets[1]


def an_assertion(clock: HandClock) -> Assertion:
    now = int(clock.now())
    return Assertion(
        iss="i", aud="c", sub="s", iat=now, exp=now + 60, jti="j" * 16, sid="d" * 16,
        may_file=False, vnconnect=False, person=PERSON, link=Link(state="create"),
    )  # fmt: skip


async def test_keys_change_by_themselves_and_are_published_before_and_after(clock: HandClock) -> None:
    signer = Signer(MemoryVault(), clock)
    told: Any = await signer.published()
    published = KeySet.import_key_set(told)
    kids = set()
    for _ in range(2):
        token = await signer.sign(an_assertion(clock))
        read = jwt.decode(token, published, algorithms=["ES256"])
        assert Assertion.model_validate(read.claims).person == PERSON
        kids.add(read.header["kid"])
        clock.advance(KEY_S)
    assert len(kids) == 2
    old = await Signer(MemoryVault(), clock).sign(an_assertion(clock))
    with pytest.raises(InvalidKeyIdError):
        jwt.decode(old, published, algorithms=["ES256"])
    told = await signer.published()
    assert kids & {key["kid"] for key in told["keys"]}, "what the last key signed can still be verified"
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in told["keys"])
