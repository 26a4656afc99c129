"""The whole dance, at both providers: what reaches the dossier system, and what does not."""

from __future__ import annotations

import asyncio
import time

from adapters.single_sign_on.people import AN, EVERYTHING_ELSE
from tests.partners.single_sign_on.conftest import BACK, OTHER_BACK, START, Desk, query_of


async def test_a_citizen_signs_in_over_vnconnect(desk: Desk) -> None:
    authorize = await desk.start()
    asked = query_of(authorize)
    assert authorize.startswith(f"{desk.sso}/vnconnect/oauth2/authorize?")
    assert (asked["response_type"], asked["scope"], asked["code_challenge_method"]) == ("code", "openid", "S256")
    assert asked["redirect_uri"] == f"{desk.house.public_url}/v1/sign-in/callback"
    back = await desk.come_back(await desk.sign_in_there(authorize))
    assert back["state"] == "mine"
    told = await desk.assertion(back["ticket"])
    assert told.person.model_dump(exclude_none=True) == {
        "provider": "vnconnect",
        "account": AN,
        "kind": "citizen",
        "name": "Nguyễn Văn An",
        "citizen_id": "084080000123",
        "old_id": "334123456",
        "phone": "0912345678",
        "level": 2,
    }
    assert (told.iss, told.aud) == (desk.house.public_url, "dossier-system")
    assert told.exp - told.iat <= 60
    assert abs(told.iat - time.time()) < 10
    assert told.may_file
    assert told.link.state == "create"


async def test_a_citizen_signs_in_over_vneid_though_replies_are_wrapped_and_the_code_has_a_plus(desk: Desk) -> None:
    authorize = await desk.start("vneid")
    assert not query_of(authorize).keys() & {"nonce", "code_challenge"}
    callback = await desk.sign_in_there(authorize, "dung")
    assert "+" in callback.split("code=")[1].split("&")[0], "the simulator sends Base64 as it is"
    told = await desk.assertion((await desk.come_back(callback))["ticket"])
    assert told.person.model_dump(exclude_none=True) == {
        "provider": "vneid",
        "account": "084182000321",
        "kind": "citizen",
        "name": "LÊ THỊ DUNG",
        "citizen_id": "084182000321",
        "level": 2,
    }


async def test_a_plus_survives_whatever_somebody_on_the_way_made_of_it(desk: Desk) -> None:
    for mangled in ("%20", "%2B", "+"):
        head, _, code = (await desk.sign_in_there(await desk.start("vneid"), "dung")).partition("code=")
        assert (await desk.come_back(f"{head}code={code.replace('+', mangled)}"))["ticket"], mangled


async def test_vneid_may_encrypt_the_code_itself(desk: Desk) -> None:
    desk.simulator.weather.left["encrypt_code"] = 1
    callback = await desk.sign_in_there(await desk.start("vneid"), "an")
    assert "encrypt_key=" in callback
    assert (await desk.come_back(callback))["ticket"]


async def test_a_level_one_identity_may_not_file(desk: Desk) -> None:
    told = await desk.signed_in("vneid", "khoi")
    assert (told.person.level, told.may_file) == (1, False)


async def test_a_firms_account_tells_the_firm_and_no_id_of_the_clerk(desk: Desk) -> None:
    person = (await desk.signed_in(person="firm")).person
    assert (person.kind, person.organisation, person.tax_code) == (
        "enterprise",
        "Công ty TNHH Dừa Sáp Cầu Kè",
        "2100123400",
    )
    assert (person.name, person.citizen_id) == ("Trần Thị Bình", None)


async def test_a_foreigner_is_known_by_the_passport(desk: Desk) -> None:
    person = (await desk.signed_in(person="guest")).person
    assert (person.passport, person.citizen_id, person.email) == ("C1234567", None, None)


async def test_who_comes_from_the_portal_is_not_asked_again(desk: Desk) -> None:
    desk.simulator.person = "an"
    authorize = await desk.start("", vnconnect="1")
    assert "/vnconnect/" in authorize
    assert query_of(authorize)["prompt"] == "none"
    told = await desk.assertion((await desk.come_back(await desk.sign_in_there(authorize)))["ticket"])
    assert told.vnconnect


async def test_coming_from_the_portal_means_nothing_at_vneid(desk: Desk) -> None:
    assert "prompt" not in query_of(await desk.start("vneid", vnconnect="1"))


async def test_who_is_not_signed_in_at_the_portal_after_all_gets_its_login_page(desk: Desk) -> None:
    refused = await desk.sign_in_there(await desk.start("", vnconnect="1"))
    assert query_of(refused)["error"] == "login_required"
    again = await desk.http.get(refused)
    assert again.status_code == 303
    assert "prompt" not in query_of(again.headers["location"])
    assert (await desk.come_back(await desk.sign_in_there(again.headers["location"])))["ticket"]


async def test_the_address_a_client_gave_keeps_its_own_query(desk: Desk) -> None:
    authorize = await desk.start(return_to=f"{BACK}?a=1")
    back = await desk.come_back(await desk.sign_in_there(authorize))
    assert back.keys() == {"a", "ticket", "state"}


async def test_browsers_are_sent_back_only_where_a_client_lists(desk: Desk) -> None:
    for address in ("https://evil.example", f"{BACK}/", f"{BACK}?b=2", "javascript:alert(1)", "//mcdt.example", ""):
        response = await desk.http.get(START, params={"return_to": address})
        assert response.status_code == 422, address
        assert "location" not in response.headers


async def test_a_ticket_is_exchanged_once_by_its_client_and_in_time(desk: Desk) -> None:
    ticket = (await desk.dance())["ticket"]
    assert (await desk.post("assertion", {"ticket": ticket}, "")).status_code == 401
    assert (await desk.post("assertion", {"ticket": ticket}, "viewer")).status_code == 403
    answers = await asyncio.gather(*(desk.post("assertion", {"ticket": ticket}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404, 404]
    foreign = (await desk.dance())["ticket"]
    assert (await desk.post("assertion", {"ticket": foreign}, "other")).status_code == 404


async def test_two_clients_have_users_of_their_own(desk: Desk) -> None:
    response = await desk.http.get(START, params={"return_to": OTHER_BACK})
    callback = await desk.sign_in_there(response.headers["location"])
    back = await desk.http.get(callback)
    ticket = query_of(back.headers["location"])["ticket"]
    ours, theirs = await desk.signed_in(), await desk.assertion(ticket, "other")
    assert ours.person == theirs.person
    assert theirs.aud == "other"
    assert ours.sub != theirs.sub
    assert ours.sub == (await desk.signed_in()).sub


async def test_nothing_personal_stands_in_addresses_the_record_or_the_ledger(desk: Desk) -> None:
    authorize = await desk.start()
    callback = await desk.sign_in_there(authorize)
    response = await desk.http.get(callback)
    told = await desk.assertion(query_of(response.headers["location"])["ticket"])
    await desk.post("links", {"session": told.sid, "account": "account-of-an"})
    status = await desk.http.get("/metrics", headers={"Authorization": f"Bearer {desk.keys['viewer']}"})
    seen = authorize + callback + response.headers["location"] + str(await desk.status()) + status.text
    await desk.house.ledger.ping()
    database = desk.house.settings.ledger.url.removeprefix("sqlite:///")
    for suffix in ("", "-wal"):
        with open(database + suffix, "rb") as file:
            seen += file.read().decode("latin-1")
    for canary in ("084080000123", "334123456", "0912345678", AN, "account-of-an", told.sid, "Kinh", "Khmer"):
        assert canary not in seen
    assert "Nguyễn Văn An".encode().decode("latin-1") not in seen
    assert 'lienthong_sign_ins_total{outcome="signed_in",provider="vnconnect"} 1.0' in status.text
    assert EVERYTHING_ELSE["MaBHXH"] not in seen
