"""The portal behind the façade of a province's own bus: the same services under the gateway's token (domain notes 3.1)."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from adapters.national_portal.adapter import PortalAdapter
from adapters.national_portal.client import PortalSettings
from adapters.transport.portal_envelope import EnvelopeSettings
from bus.adapter import Call, Wiring
from bus.clock import SteadyClock
from bus.outcome import Absent, Cause, Delivered, Held, Transient
from bus.seal import Keyring
from ops.conformance import MemoryVault
from tests.partners.national_portal.conftest import Portal, a_progress, a_state, opened, received

PAIR = {"consumer_key": "sim", "consumer_secret": "sim"}
ACCESS_KEY = dict.fromkeys(("app_name", "access_key", "secret_key", "partner_code", "partner_code_cus"), "x")
FACADE: dict[str, Any] = {"base_url": "http://lgsp.test", "facade_path": "/KetNoiMotCuaQuocGia", "credentials": PAIR}


@pytest.fixture
async def behind(tmp_path: Path, keys: Keyring) -> AsyncIterator[Portal]:
    async with opened(tmp_path, keys, facade_path="/KetNoiMotCuaQuocGia", credentials=PAIR) as found:
        yield found


def kinds(portal: Portal) -> list[str]:
    return [entry["kind"] for entry in portal.simulator.book.entries]


async def test_a_dossier_its_next_state_and_its_progress_go_under_one_token_and_no_login(behind: Portal) -> None:
    outcomes = (
        await behind.send(a_state()) + await behind.send(a_state(has_full=True)) + await behind.send(a_progress())
    )
    assert [type(outcome) for outcome in outcomes] == [Delivered] * 3
    assert kinds(behind) == ["token", "create", "update", "progress"]
    assert behind.extra_calls == []


async def test_a_create_in_doubt_is_asked_for(behind: Portal) -> None:
    await behind.send(a_state(0))
    assert isinstance(await behind.ask(a_state(0, step="ask", in_doubt=True)), Delivered)
    assert isinstance(await behind.ask(a_state(1, step="ask", in_doubt=True)), Absent)
    assert kinds(behind) == ["token", "create", "lookup", "lookup"]


async def test_a_token_that_has_ended_is_renewed_once(behind: Portal) -> None:
    await behind.send(a_state(0))
    behind.simulator.weather.left["session"] = 1
    (outcome,) = await behind.send(a_state(1))
    assert isinstance(outcome, Delivered)
    assert kinds(behind) == ["token", "create", "token", "create"]
    behind.simulator.weather.left["session"] = -1
    (refused,) = await behind.send(a_state(2))
    assert isinstance(refused, Transient)
    assert (refused.cause, kinds(behind).count("token")) == (Cause.EXPIRED, 3)
    assert behind.extra_calls == [1, 1]


async def test_a_facade_we_may_not_use_holds_the_partner(behind: Portal) -> None:
    await behind.send(a_state(0))
    behind.simulator.entitled = False
    (outcome,) = await behind.send(a_state(1))
    assert isinstance(outcome, Held)
    assert (outcome.cause, behind.extra_calls) == (Cause.FORBIDDEN, [])


async def test_a_quota_that_is_used_up_waits_as_told(behind: Portal) -> None:
    behind.simulator.quota = 0
    behind.simulator.weather.retry_after = "7"
    (outcome,) = await behind.send(a_state(0))
    assert isinstance(outcome, Transient)
    assert (outcome.cause, outcome.retry_after_s) == (Cause.BUSY, 7.0)


@pytest.mark.parametrize(("times", "meant"), [(1, Delivered), (2, Transient)])
async def test_a_session_that_ended_behind_the_facade_is_worth_one_repeat(
    behind: Portal, times: int, meant: type[Delivered | Transient]
) -> None:
    await behind.send(a_state(0))
    weather = behind.simulator.weather
    weather.left["says"], weather.code, weather.words = times, "-2", "Phiên làm việc hết hạn"
    (outcome,) = await behind.send(a_state(1))
    assert isinstance(outcome, meant)
    assert isinstance(outcome, Delivered) or outcome.cause is Cause.EXPIRED
    assert (received(1).subject in behind.simulator.dossiers) is (times == 1)
    assert behind.extra_calls == [1]


async def test_the_probe_asks_for_a_token(behind: Portal) -> None:
    assert isinstance(await behind.adapter.probe(Call("p", 2.0)), Delivered)
    behind.simulator.account = ("sim", "another")
    assert isinstance(await behind.adapter.probe(Call("p", 2.0)), Held)
    assert kinds(behind) == ["token"]


async def test_the_portals_own_session_is_served_beside_the_facade(behind: Portal) -> None:
    await behind.send(a_state(0))
    settings = PortalSettings(
        base_url=behind.url, credentials={name: SecretStr("sim") for name in ("username", "password")}
    )
    beside = PortalAdapter(Wiring(settings, MemoryVault(), SteadyClock(), random.Random(1)))
    assert await beside.holds(received(0).subject, Call("c", 2.0)) is True
    await beside.close()
    assert kinds(behind) == ["token", "create", "login", "lookup"]


@pytest.mark.parametrize("missing", PAIR)
@pytest.mark.parametrize("left", ["empty", "absent"])
def test_a_facade_without_its_whole_key_is_refused_naming_what_is_missing(missing: str, left: str) -> None:
    given = {name: value for name, value in PAIR.items() if name != missing} | (
        {missing: ""} if left == "empty" else {}
    )
    with pytest.raises(ValidationError, match=rf"facade_path needs credentials\.{missing} \["):
        EnvelopeSettings.model_validate(FACADE | {"credentials": given})


def test_an_account_of_the_portals_is_no_key_to_the_facade() -> None:
    account = {"username": "u", "password": "p"}
    with pytest.raises(ValidationError, match=r"credentials\.consumer_key and credentials\.consumer_secret"):
        EnvelopeSettings.model_validate(FACADE | {"credentials": account})
    EnvelopeSettings.model_validate(FACADE | {"credentials": ACCESS_KEY})
    EnvelopeSettings.model_validate(FACADE | {"credentials": account, "facade_path": ""})


@pytest.mark.parametrize("path", ["KetNoiMotCuaQuocGia", "/KetNoiMotCuaQuocGia/", "/"])
def test_a_facade_that_is_no_path_is_refused_naming_the_key(path: str) -> None:
    with pytest.raises(ValidationError) as refused:
        EnvelopeSettings.model_validate(FACADE | {"facade_path": path})
    assert [fault["loc"] for fault in refused.value.errors()] == [("facade_path",)]
