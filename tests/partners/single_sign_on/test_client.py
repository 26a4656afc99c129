"""The client by itself: keys that change, the client secret as a key, redirects, settings, and the room's place on the bus."""

from __future__ import annotations

import random
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from adapters import discover
from adapters.single_sign_on import mint
from adapters.single_sign_on.adapter import Callback, SsoAdapter
from adapters.single_sign_on.causes import Cause, Refused
from adapters.single_sign_on.settings import SsoSettings
from adapters.single_sign_on.simulator import CLIENT_ID, DEMO, ISSUER
from bus.adapter import Call, Wiring
from bus.outcome import Contract
from mappings.routes import owed
from ops import simulate
from ops.conformance import MemoryVault
from ops.conformance.trial import events
from tests.builders import a_job
from tests.conftest import HandClock
from tests.partners.single_sign_on.conftest import Desk

SECRET = "a client secret of more than 32 bytes"
VNCONNECT, VNEID = DEMO["providers"]


def adapter(url: str, clock: Any, **changes: Any) -> SsoAdapter:
    settings = SsoSettings.model_validate({"base_url": url, "timeout_s": 2.0, "providers": [VNCONNECT | changes]})
    return SsoAdapter(Wiring(settings, MemoryVault(), clock, random.Random(1)))


async def test_a_provider_that_changes_its_keys_is_asked_for_the_new_ones_but_not_at_every_token(desk: Desk) -> None:
    assert "ticket" in await desk.dance()
    desk.simulator.weather.left = {"new_key": 1}
    assert (await desk.dance())["error"] == Cause.SIGNATURE, "the keys were fetched a moment ago"
    clock: Any = desk.house.ledger.clock
    clock._offset += 31
    assert all("ticket" in answer for answer in [await desk.dance() for _ in range(3)])
    assert [entry["kid"] for entry in desk.simulator.book.of("keys")] == ["sim-1", "sim-2"]


async def test_a_token_may_be_signed_with_the_client_secret_where_that_is_agreed(clock: HandClock) -> None:
    sso = adapter("http://127.0.0.1:9", clock, algorithms=["HS256"], credentials={"client_secret": SECRET}, nonce=False)
    claims = {
        "iss": ISSUER.format(brand="vnconnect"),
        "aud": CLIENT_ID,
        "sub": "s",
        "iat": clock.now(),
        "exp": clock.now() + 9,
    }
    good = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
    client, call = sso.client("vnconnect"), Call("c", 1.0)
    assert (await client.id_claims(good, "", call))["sub"] == "s"
    for bad in (
        jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET + "x")),
        mint.id_token(claims, mint.signing_key()),
        mint.id_token(claims, mint.signing_key(), "alg_none"),
    ):
        with pytest.raises(Refused) as refused:
            await client.id_claims(bad, "", call)
        assert refused.value.cause is Cause.SIGNATURE


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_nothing_goes_to_where_it_points(status: int, clock: HandClock) -> None:
    heard: list[str] = []

    async def trap(request: Request) -> Response:
        heard.append(request.url.path)
        return Response()

    async def elsewhere(request: Request) -> Response:
        return RedirectResponse(f"{trapped.url}/token", status)

    trapped = simulate.Served(
        Starlette(routes=[Route("/{any:path}", trap, methods=["GET", "POST"])]), simulate.bind("127.0.0.1", 0)
    )
    sends = simulate.Served(
        Starlette(routes=[Route("/{any:path}", elsewhere, methods=["GET", "POST"])]), simulate.bind("127.0.0.1", 0)
    )
    await trapped.started()
    await sends.started()
    sso = adapter(sends.url, clock)
    with pytest.raises(Refused) as refused:
        await sso.redeem("vnconnect", Callback(code="c"), "n", "v", "http://127.0.0.1/back")
    assert refused.value.cause in (Cause.UNREADABLE, Cause.PROVIDER)
    await sso.close()
    await trapped.stop()
    await sends.stop()
    assert heard == []


@pytest.mark.parametrize(
    ("provider", "says"),
    [
        ({"algorithms": ["RS256", "HS256"]}, "never both"),
        ({"algorithms": ["HS256"], "credentials": {"client_secret": "short"}}, "32 bytes"),
        ({"algorithms": ["none"]}, "algorithms"),
        ({"algorithms": []}, "algorithms"),
        ({"credentials": {"private_key": "CANARY"}}, "no unencrypted PEM key"),
        ({"credentials": {"password": "CANARY"}}, "credentials"),
        ({"token_path": "https://evil.example/token"}, "token_path"),
        ({"token_path": "/token?x=1"}, "token_path"),
        ({"browser_url": "javascript:alert(1)"}, "browser_url"),
        ({"leeway_s": 100_000}, "leeway_s"),
        ({"provider": "facebook"}, "provider"),
        ({"issuer": ""}, "issuer"),
    ],
)
def test_settings_that_could_not_be_safe_are_refused(provider: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says) as refused:
        SsoSettings.model_validate({"base_url": "https://sso.example", "providers": [VNCONNECT | provider]})
    assert "CANARY" not in str(refused.value.errors(include_input=False))


def test_each_provider_stands_once_and_one_must_stand() -> None:
    with pytest.raises(ValidationError, match="stands twice"):
        SsoSettings.model_validate({"providers": [VNCONNECT, VNCONNECT]})
    with pytest.raises(ValidationError, match="name at least one provider"):
        SsoSettings.model_validate({"base_url": "https://sso.example"})
    assert SsoSettings.model_validate({"providers": [VNCONNECT, VNEID]}).providers[1].provider == "vneid"


async def test_nothing_is_ever_owed_to_a_sign_in_provider() -> None:
    partner = discover()["single_sign_on"]
    assert partner.operations == ()
    assert all(not owed(event, {partner.name}) for stream in events() for event in stream)
    assert isinstance(adapter("http://127.0.0.1:9", HandClock()).prepare(a_job()), Contract)
