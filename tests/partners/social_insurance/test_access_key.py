"""The insurance behind a province's own bus, which wants an access key in place of a token (domain notes 2.1; S6)."""

from __future__ import annotations

from pathlib import Path

import httpx

from adapters.social_insurance.simulator import InsuranceSimulator
from bus.adapter import Found
from bus.outcome import Cause, Delivered, Held, Transient
from bus.seal import Keyring
from tests.partners.social_insurance.conftest import Insurance, a_request, opened, registered

WANTED = {"AppName": "VL", "AccessKey": "a1", "SecretKey": "s1", "PartnerCode": "H61", "PartnerCodeCus": "H61"}
GIVEN = {"app_name": "VL", "access_key": "a1", "secret_key": "s1", "partner_code": "H61", "partner_code_cus": "H61"}


async def want(simulator: InsuranceSimulator, key: dict[str, str]) -> None:
    """The bus in between wants this key from now on; none: tokens."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator.app()), base_url="http://bus") as http:
        assert (await http.post("/_sim/access_key", json=key)).json() == {"wants": list(key) or "token"}


async def test_cards_are_asked_for_and_people_looked_up_by_the_key(tmp_path: Path, keys: Keyring) -> None:
    async with opened(tmp_path, keys, credentials=GIVEN) as insurance:
        await want(insurance.simulator, WANTED)
        assert isinstance(await insurance.deliver(a_request(registered())), Delivered)
        assert isinstance(await insurance.person("8422123456"), Found)
        assert insurance.simulator.book.of("token") == []


async def test_another_key_or_a_token_is_refused_there(tmp_path: Path, keys: Keyring, insurance: Insurance) -> None:
    await want(insurance.simulator, WANTED)
    no_token = await insurance.deliver(a_request(registered()))
    assert isinstance(no_token, Transient)
    assert no_token.cause is Cause.NOT_SENT
    (tmp_path / "other").mkdir()
    async with opened(tmp_path / "other", keys, credentials=GIVEN | {"secret_key": "s2"}) as other:
        await want(other.simulator, WANTED)
        assert isinstance(await other.deliver(a_request(registered())), Held)
        await want(other.simulator, {})
        assert isinstance(await other.deliver(a_request(registered())), Held)
