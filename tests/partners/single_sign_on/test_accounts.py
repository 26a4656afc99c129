"""Linking, asking whether a session lasts, and signing out: here and there."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.single_sign_on.simulator import DEMO
from tests.partners.single_sign_on.conftest import BACK, OTHER_BACK, Desk, query_of


async def linked(desk: Desk, person: str = "an", provider: str = "vnconnect") -> tuple[str, tuple[str, ...]]:
    told = await desk.signed_in(provider, person)
    return told.link.state, told.link.accounts


async def test_an_account_is_made_then_known_and_a_second_one_of_the_person_is_asked_about(desk: Desk) -> None:
    first = await desk.signed_in()
    assert (first.link.state, first.link.accounts) == ("create", ())
    assert (await desk.post("links", {"session": first.sid, "account": "A-17"})).status_code == 204
    assert await linked(desk) == ("linked", ("A-17",))
    assert await linked(desk, "an-cmnd") == ("mapping", ("A-17",)), "the account of the old identity card"
    assert await linked(desk, provider="vneid") == ("linked", ("A-17",)), "VNeID tells the same TechID"
    assert await linked(desk, "guest") == ("create", ())


async def test_accounts_a_client_has_already_are_suggested_never_taken_for_granted(desk: Desk) -> None:
    known = [
        {"account": "firm-1", "tax_code": "2100123400"},
        {"account": "binh", "citizen_id": "084185000777"},
        {"account": "dung", "citizen_id": "084182000321"},
        {"account": "john", "passport": "C1234567"},
    ]
    assert (await desk.post("accounts", {"accounts": known})).status_code == 204
    assert await linked(desk, "firm") == ("mapping", ("firm-1",)), "the clerk's own account is not the firm's"
    assert await linked(desk, "dung", "vneid") == ("mapping", ("dung",))
    assert await linked(desk, "guest") == ("mapping", ("john",))
    assert (await desk.post("accounts/forget", {"account": "john"})).json() == {"forgotten": 1}
    assert await linked(desk, "guest") == ("create", ())


async def test_who_waits_for_an_account_is_counted_until_linked(desk: Desk) -> None:
    first, _again, other = await desk.signed_in(), await desk.signed_in(), await desk.signed_in("vneid", "dung")
    waiting = {(one["provider"], one["link"]): one["people"] for one in (await desk.status())["waiting"]}
    assert waiting == {("vnconnect", "create"): 1, ("vneid", "create"): 1}
    await desk.post("links", {"session": first.sid, "account": "A-17"})
    await desk.post("links", {"session": other.sid, "account": "A-18"})
    assert (await desk.status())["waiting"] == []


async def test_a_session_belongs_to_its_client(desk: Desk) -> None:
    told = await desk.signed_in()
    for path, more in (("links", {"account": "A-17"}), ("session", {}), ("logout", {"return_to": OTHER_BACK})):
        assert (await desk.post(path, {"session": told.sid, **more}, "other")).status_code == 404
        assert (await desk.post(path, {"session": told.sid, **more}, "")).status_code == 401
    borrowed = await desk.post("logout", {"session": told.sid, "return_to": OTHER_BACK})
    assert borrowed.status_code == 422
    assert (await desk.post("session", {"session": told.sid})).json() == {"active": True}


async def test_signing_out_ends_the_token_there_and_sends_the_browser_with_its_hint(desk: Desk) -> None:
    told = await desk.signed_in()
    url = (await desk.post("logout", {"session": told.sid, "return_to": BACK})).json()["url"]
    said = query_of(url)
    assert url.startswith(f"{desk.sso}/vnconnect/oidc/logout?")
    assert said["post_logout_redirect_uri"] == BACK
    assert said["id_token_hint"].count(".") == 2
    assert len(desk.simulator.book.of("revoked")) == 1
    response = await desk.http.get(url)
    assert response.headers["location"] == BACK
    assert desk.simulator.book.of("logout")[0]["hinted"]
    assert (await desk.post("session", {"session": told.sid})).status_code == 404


async def test_a_sign_out_at_the_portal_is_noticed(desk: Desk) -> None:
    told = await desk.signed_in()
    for grant in desk.simulator._tokens.values():
        grant.ended = True
    assert (await desk.post("session", {"session": told.sid})).json() == {"active": False}


async def test_where_a_provider_cannot_be_asked_the_answer_is_unknown_and_signing_out_works_all_the_same(
    desk: Desk,
) -> None:
    told = await desk.signed_in("vneid", "dung")
    assert (await desk.post("session", {"session": told.sid})).json() == {"active": None}
    url = (await desk.post("logout", {"session": told.sid, "return_to": BACK})).json()["url"]
    assert query_of(url).keys() == {"client_id", "post_logout_redirect_uri"}
    down = await desk.signed_in()
    desk.simulator.weather.left = {"500": -1}
    assert (await desk.post("session", {"session": down.sid})).json() == {"active": None}
    assert (await desk.post("logout", {"session": down.sid, "return_to": BACK})).status_code == 200


OUTSIDE: tuple[tuple[str, Any], ...] = (
    ("assertion", {}),
    ("assertion", {"ticket": "short"}),
    ("assertion", {"ticket": "x" * 32, "more": 1}),
    ("links", {"session": "x" * 32}),
    ("accounts", {"accounts": []}),
    ("accounts", {"accounts": [{"account": "a", "citizen_id": "084185000CANARY"}]}),
)


async def test_a_body_outside_the_contract_is_refused_by_the_path_of_its_fault(desk: Desk) -> None:
    for path, body in OUTSIDE:
        response = await desk.post(path, body)
        assert response.status_code == 422, body
        assert response.json()["faults"][0]["path"].startswith("$.")
        assert "CANARY" not in response.text


@pytest.mark.parametrize("changes", [{"providers": DEMO["providers"][1:]}, {"base_url": ""}])
async def test_a_provider_that_is_not_set_up_is_said_to_be_so(desk: Desk, changes: dict[str, Any]) -> None:
    response = await desk.http.get("/v1/sign-in/start", params={"return_to": BACK, "provider": "vnconnect"})
    assert response.status_code == (404 if "base_url" in changes else 422)
    assert "location" not in response.headers
