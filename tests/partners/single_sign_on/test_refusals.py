"""Every way a sign-in must not come about, each with a cause of its own; nothing is handed out, and the record says why."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from structlog.testing import capture_logs

from adapters.single_sign_on.adapter import read_callback
from adapters.single_sign_on.causes import CAUSES, Cause, Refused
from adapters.single_sign_on.mint import pem, signing_key
from adapters.single_sign_on.tokens import Expected, UnknownKey, claims_of
from tests.partners.single_sign_on.conftest import CALLBACK, Desk, query_of


@dataclass(frozen=True)
class Storm:
    """One thing the provider does wrong: its mode, the provider, and the cause it must come to."""

    mode: str
    cause: Cause
    provider: str = "vnconnect"
    seconds: float = 0.0


STORMS = (
    Storm("nonce", Cause.NONCE),
    Storm("alg_none", Cause.SIGNATURE),
    Storm("wrong_key", Cause.SIGNATURE),
    Storm("wrong_aud", Cause.AUDIENCE),
    Storm("wrong_iss", Cause.ISSUER),
    Storm("skew", Cause.CLOCK, seconds=-600 - 121),
    Storm("skew", Cause.CLOCK, seconds=125),
    Storm("other_sub", Cause.SUBJECT),
    Storm("inactive", Cause.INACTIVE),
    Storm("no_account", Cause.CLAIMS),
    Storm("expired_code", Cause.CODE),
    Storm("damaged_wrap", Cause.WRAPPED, "vneid"),
    Storm("no_account", Cause.CLAIMS, "vneid"),
    Storm("html", Cause.UNREADABLE),
    Storm("malformed", Cause.UNREADABLE),
    Storm("502_page", Cause.PROVIDER),
    Storm("busy", Cause.PROVIDER, "vneid"),
    Storm("hang", Cause.UNREACHABLE, seconds=3.0),
)


async def test_whatever_a_provider_does_wrong_ends_without_a_ticket_and_with_its_cause(desk: Desk) -> None:
    for storm in STORMS:
        callback = await desk.sign_in_there(await desk.start(storm.provider), "an")
        desk.simulator.weather.left = {storm.mode: 1}
        desk.simulator.weather.seconds = storm.seconds
        with capture_logs() as logs:
            assert await desk.come_back(callback) == {"error": storm.cause, "state": "mine"}, storm
        (line,) = [line for line in logs if line["event"] == "no sign-in"]
        assert line["cause"] == storm.cause
        assert not re.search("084080000123|Nguyễn|sim-sso-secret", json.dumps(logs, ensure_ascii=False, default=str))
        desk.simulator.weather.left = {}
    told = (await desk.status())["last_hour"]
    assert told["vnconnect"]["tries"] == sum(storm.provider == "vnconnect" for storm in STORMS)
    assert told["vneid"]["causes"][Cause.WRAPPED]["count"] == 1
    assert "NTP" in told["vnconnect"]["causes"][Cause.CLOCK]["advice_vi"]
    assert told["vneid"]["failure_ratio"] == 1.0
    assert (await desk.dance())["ticket"], "and the next one is none the worse"


async def test_clocks_may_differ_by_the_leeway_either_way(desk: Desk) -> None:
    for seconds in (-600 - 110.0, -110.0, 110.0):
        callback = await desk.sign_in_there(await desk.start())
        desk.simulator.weather.left = {"skew": 1}
        desk.simulator.weather.seconds = seconds
        assert "ticket" in await desk.come_back(callback), seconds


async def test_a_callback_without_a_state_of_ours_goes_nowhere(desk: Desk) -> None:
    good = query_of(await desk.sign_in_there(await desk.start()))
    bent = good["state"][:-3] + ("AAA" if good["state"][-3:] != "AAA" else "BBB")
    for state in ("", "somebody-elses", bent, "AA", "é"):
        response = await desk.http.get(CALLBACK, params={"code": good["code"], "state": state})
        assert response.status_code == 400
        assert "location" not in response.headers
    double = await desk.http.get(f"{CALLBACK}?state={good['state']}&state={good['state']}&code={good['code']}")
    assert double.status_code == 400
    missing = await desk.http.get(CALLBACK)
    assert missing.status_code == 400
    desk.simulator.weather.left = {"wrong_state": 1}
    foreign = await desk.http.get(await desk.sign_in_there(await desk.start()))
    assert foreign.status_code == 400
    assert desk.simulator.book.of("token") == [], "no code was redeemed"


async def test_a_state_of_another_bus_is_not_ours(desk: Desk) -> None:
    from bus.seal import Keyring
    from ops.sign_in import RECORD, State, _text

    state = State(
        id="i", provider="vnconnect", client="dossier-system", return_to="https://evil.example", state="",
        until=time.time() + 60, silent=False, vnconnect=False,
    )  # fmt: skip
    forged = _text(Keyring.parse(Keyring.generate()).seal(state.model_dump_json().encode(), RECORD))
    assert (await desk.http.get(CALLBACK, params={"code": "c", "state": forged})).status_code == 400
    moved = _text(desk.house.keys.seal(state.model_dump_json().encode(), "event|other"))
    assert (await desk.http.get(CALLBACK, params={"code": "c", "state": moved})).status_code == 400


async def test_a_callback_is_taken_once_even_by_many_at_the_same_instant(desk: Desk) -> None:
    callback = await desk.sign_in_there(await desk.start())
    answers = await asyncio.gather(*(desk.come_back(callback) for _ in range(5)))
    assert sum("ticket" in answer for answer in answers) == 1
    assert [answer["error"] for answer in answers if "error" in answer] == [Cause.REPLAYED] * 4
    assert len(desk.simulator.book.of("token")) == 1


async def test_a_state_and_a_ticket_end_by_themselves(desk: Desk) -> None:
    clock: Any = desk.house.ledger.clock
    callback, ticket = await desk.sign_in_there(await desk.start()), (await desk.dance())["ticket"]
    clock._offset += 61
    assert (await desk.post("assertion", {"ticket": ticket})).status_code == 404
    clock._offset += 600
    assert (await desk.come_back(callback))["error"] == Cause.STATE_EXPIRED


async def test_who_declines_at_the_provider_comes_back_without_blame(desk: Desk) -> None:
    assert (await desk.come_back(await desk.sign_in_there(await desk.start(), "nobody")))["error"] == Cause.DENIED
    told = (await desk.status())["last_hour"]["vnconnect"]
    assert (told["tries"], told["failed"]) == (1, 0)


async def test_a_code_used_before_is_refused_by_the_provider(desk: Desk) -> None:
    first = await desk.sign_in_there(await desk.start())
    code = query_of(first)["code"]
    assert "ticket" in await desk.come_back(first)
    second = (await desk.sign_in_there(await desk.start())).replace(query_of(first)["state"], "")
    theirs = query_of(second)
    mixed = second.replace(theirs["code"], code)
    assert (await desk.come_back(mixed))["error"] == Cause.CODE


@pytest.mark.parametrize("changes", [{"base_url": "http://127.0.0.1:9"}])
async def test_a_provider_that_cannot_be_reached_is_named_so(desk: Desk) -> None:
    callback = f"{CALLBACK}?code=c&state={query_of(await desk.start())['state']}"
    assert (await desk.come_back(callback))["error"] == Cause.UNREACHABLE


@pytest.mark.parametrize("pace", [0.01])
async def test_browsers_are_held_to_a_pace_by_their_address(desk: Desk) -> None:
    answers = [
        await desk.http.get(path) for path in ("/v1/sign-in/start?return_to=x", CALLBACK, "/.well-known/jwks.json")
    ]
    assert [answer.status_code for answer in answers] == [422, 429, 429]
    assert answers[-1].headers["retry-after"] == "1"


NOW = 1_800_000_000.0
PUBLISHED = KeySet([RSAKey.import_key(signing_key().as_dict(private=False))])
GOOD: dict[str, Any] = {"iss": "i", "sub": "s", "aud": "c", "iat": NOW, "exp": NOW + 60, "nonce": "n"}


def judged(claims: dict[str, Any], key: Any = None, algorithm: str = "RS256", **header: str) -> Cause | str:
    """What an id_token comes to: its sub, or the cause why not."""
    key = key or RSAKey.import_key(pem("provider"))
    token = jwt.encode({"alg": algorithm, "kid": "sim-1", **header}, claims, key, algorithms=[algorithm])
    try:
        return str(claims_of(token, PUBLISHED, ("RS256",), Expected("i", "c", "n", NOW, 120))["sub"])
    except Refused as refused:
        return refused.cause


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({}, "s"),
        ({"aud": ["c"]}, "s"),
        ({"aud": ["c", "d"], "azp": "c"}, "s"),
        ({"aud": ["c", "d"]}, Cause.AUDIENCE),
        ({"aud": ["c", "d"], "azp": "d"}, Cause.AUDIENCE),
        ({"azp": "d"}, Cause.AUDIENCE),
        ({"aud": None}, Cause.AUDIENCE),
        ({"aud": "cc"}, Cause.AUDIENCE),
        ({"iss": None}, Cause.ISSUER),
        ({"sub": ""}, Cause.SUBJECT),
        ({"sub": 5}, Cause.SUBJECT),
        ({"nonce": None}, Cause.NONCE),
        ({"exp": NOW - 119}, "s"),
        ({"exp": NOW - 120}, Cause.CLOCK),
        ({"exp": None}, Cause.CLOCK),
        ({"exp": "soon"}, Cause.CLOCK),
        ({"exp": True}, Cause.CLOCK),
        ({"iat": NOW + 120}, "s"),
        ({"iat": NOW + 121}, Cause.CLOCK),
        ({"iat": None}, Cause.CLOCK),
        ({"nbf": NOW + 121}, Cause.CLOCK),
        ({"nbf": NOW}, "s"),
    ],
)
def test_an_id_token_is_for_us_from_them_and_for_now(change: dict[str, Any], cause: Cause | str) -> None:
    claims = {name: value for name, value in (GOOD | change).items() if value is not None}
    assert judged(claims) == cause


def test_no_algorithm_but_those_allowed_is_believed() -> None:
    assert judged(GOOD, OctKey.import_key("a secret of thirty-two bytes or so"), "HS256") == Cause.SIGNATURE
    assert judged(GOOD, ECKey.generate_key("P-256"), "ES256") == Cause.SIGNATURE
    assert judged(GOOD, algorithm="RS512") == Cause.SIGNATURE
    with pytest.raises(UnknownKey):
        judged(GOOD, kid="another")
    for rubbish in ("", "a.b", "a.b.c", "é", "e30.e30.e30"):
        with pytest.raises(Refused, match="signature"):
            claims_of(rubbish, PUBLISHED, ("RS256",), Expected("i", "c", "n", NOW, 120))


def test_every_cause_is_explained_in_both_languages() -> None:
    assert set(CAUSES) == set(Cause)
    for cause, line in CAUSES.items():
        assert line.title_vi
        assert line.title_en
        assert bool(line.advice_vi) == bool(line.advice_en), cause


def test_a_raw_query_keeps_its_plus_and_a_field_given_twice_is_none() -> None:
    told = read_callback("code=a+b%2Bc%3D%3D&state=s&error=&unknown=1&state=t")
    assert (told.code, told.state, told.error) == ("a+b+c==", "", "")
