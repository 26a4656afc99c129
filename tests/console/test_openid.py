"""People sign in at a provider of the province: a real one on loopback, over real HTTP; and what is refused."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops import simulate, up
from ops.gateway import application
from ops.house import House
from ops.openid import entitled, name_of
from ops.openid_settings import OpenIdSettings
from ops.people import People, Refused
from ops.settings import SettingsError
from ops.settings_file import load
from tests.conftest import HandClock
from tests.console.conftest import CODE, RECEIVED, Browser, Office
from tests.console.provider import CLIENT, SECRET, Provider
from tests.ops.conftest import settings_of

ROLES = {"truc": ["viewer", "operator"], "quan-tri": ["administrator"], "bhxh": ["operator", "auditor"]}
LAN: dict[str, Any] = {"sub": "u-1", "preferred_username": "Lan", "groups": ["truc", "another"]}


@dataclass
class Province(Office):
    """An office whose people may also sign in at a provider."""

    provider: Provider | None = None


@pytest.fixture
async def province(tmp_path: Path, clock: HandClock) -> AsyncIterator[Province]:
    provider = Provider(clock.now, claims=dict(LAN))
    there = simulate.Served(provider.app(), simulate.bind("127.0.0.1", 0))
    await there.started()
    provider.url = there.url
    urls = dict.fromkeys(("dossier_system", "national_portal", "electronic_iso"), "http://127.0.0.1:9")
    openid = {
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "credentials": {"client_secret": SECRET},
        "roles": ROLES,
        "partners": {"bhxh": "electronic_iso"},
    }
    house = House(settings_of(tmp_path, urls, {}, openid=openid), receivers=up.receivers(urls), work=())
    house.ledger.clock = clock
    house.people = People(house.ledger, house.keys)
    await house.start()
    bound = simulate.bind("127.0.0.1", 0)
    house.public_url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    gateway = simulate.Served(application(house, anonymous=False), bound)
    await gateway.started()
    await house.intake.accept([RECEIVED.model_copy(update={"sequence": 1})], client="test")
    found = Province(house, gateway.url, clock, provider=provider)
    yield found
    for browser in found.browsers:
        await browser.http.aclose()
    await gateway.stop()
    await there.stop()
    await house.stop()


async def leave(browser: Browser, back: str = "/console/") -> str:
    """To the provider; the address it sends the browser back to."""
    left = await browser.http.get("/console/openid", params={"back": back})
    assert left.status_code == 303, left.text
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(left.headers["location"])
    return str(answer.headers["location"])


async def enter(province: Province, back: str = "/console/") -> tuple[Browser, httpx.Response]:
    browser = province.browser()
    return browser, await browser.get(await leave(browser, back))


async def test_somebody_of_the_province_signs_in_with_the_rights_their_groups_give(province: Province) -> None:
    browser = province.browser()
    form = (await browser.get("/console/deliveries?state=dead")).text
    (href,) = re.findall(r'href="(/console/openid\?[^"]+)"', form)
    assert href == "/console/openid?back=%2Fconsole%2Fdeliveries%3Fstate%3Ddead"
    done = await browser.get(await leave(browser, "/console/deliveries?state=dead"))
    assert done.status_code == 200
    assert 'content="0;url=/console/deliveries?state=dead"' in done.text, "a redirect would not bring the strict cookie"
    assert (await browser.get("/console/switch?partner=national_portal&verb=pause")).status_code == 200
    assert (await browser.get("/console/people")).status_code == 403
    person = await province.house.people.book.person("lan")
    assert person is not None
    assert (person.roles, person.subject) == (
        frozenset({"viewer", "operator"}),
        f"{province.house.settings.openid.issuer}|u-1",
    )
    assert ("lan", "sign in", "", "") in await province.notes()
    assert (await province.browser().sign_in("lan", "")).status_code == 401, "there is no local password"


async def test_who_is_bound_by_a_group_sees_their_own_alone(province: Province) -> None:
    assert province.provider is not None
    province.provider.claims["groups"] = ["bhxh"]
    browser, _ = await enter(province)
    shown = (await browser.get("/console/partners")).text
    assert "Hệ thống ISO" in shown
    assert "Cổng Dịch vụ công quốc gia" not in shown
    assert (await browser.get(f"/console/dossiers/{CODE}")).status_code == 200
    assert (await browser.get("/console/audit")).status_code == 403, "a right over all partners"


async def test_rights_follow_the_groups_at_each_sign_in_and_other_sessions_end(province: Province) -> None:
    assert province.provider is not None
    first, _ = await enter(province)
    province.provider.claims["groups"] = ["quan-tri"]
    second, _ = await enter(province)
    assert (await first.get("/console/")).status_code == 401
    assert (await second.get("/console/people")).headers["location"] == "/console/enrol", (
        "administrators give codes too"
    )
    assert ("sign-in provider", "entrust person", "as the provider says", "") in await province.notes()


@pytest.mark.parametrize(
    "spoilt",
    [
        {"spoil": {"nonce": "another"}},
        {"spoil": {"aud": "another"}},
        {"spoil": {"iss": "https://elsewhere.example"}},
        {"spoil": {"exp": 1}},
        {"signature": "alg_none"},
        {"signature": "wrong_key"},
        {"configuration": {"issuer": "https://elsewhere.example"}},
        {"configuration": {"token_endpoint": "http://127.0.0.1:9/token"}},
        {"configuration": {"jwks_uri": "http://169.254.169.254/keys"}},
        {"claims": LAN | {"groups": ["nobody"]}},
        {"claims": LAN | {"groups": {"truc": True}}},
        {"claims": LAN | {"preferred_username": "?"}},
    ],
)
async def test_what_is_not_vouched_for_is_refused(province: Province, spoilt: dict[str, Any]) -> None:
    for name, value in spoilt.items():
        setattr(province.provider, name, value)
    browser = province.browser()
    left = await browser.get("/console/openid")
    if left.status_code == 303:
        async with httpx.AsyncClient(trust_env=False) as http:
            address = (await http.get(left.headers["location"])).headers["location"]
        left = await browser.get(address)
    assert left.status_code in (403, 502)
    assert 'role="alert"' in left.text
    assert browser.session == ""
    assert await province.house.people.book.person("lan") is None


async def test_a_callback_is_worth_nothing_in_another_browser_twice_late_or_with_another_state(
    province: Province,
) -> None:
    browser, other = province.browser(), province.browser()
    address = await leave(browser)
    assert (await other.get(address)).status_code == 403
    changed = address.replace("state=", "state=x")
    assert (await browser.get(changed)).status_code == 403
    address = await leave(browser)
    assert (await browser.get(address)).status_code == 200
    assert (await browser.get(address)).status_code == 403
    late = await leave(other)
    province.clock.advance(601)
    assert (await other.get(late)).status_code == 403


async def test_an_account_that_is_anothers_is_never_taken_over(province: Province) -> None:
    await province.house.people.add("lan", ["administrator"], "", "test", "a local account")
    _, answer = await enter(province)
    assert answer.status_code == 403
    assert "Đã có tài khoản tên này." in answer.text
    assert ("bus", "refused sign-in", "of lan by a provider: the name is another's", "") in await province.notes()


async def test_who_was_disabled_here_stays_out_and_has_no_password_to_reset(province: Province) -> None:
    await enter(province)
    with pytest.raises(Refused, match="no password here"):
        await province.house.people.reset("lan", "test", "as a test")
    await province.house.people.disable("lan", "test", "left")
    _, answer = await enter(province)
    assert answer.status_code == 403


async def test_without_a_provider_there_is_no_such_way(office: Office) -> None:
    browser = office.browser()
    assert "/console/openid" not in (await browser.get("/console/sign-in")).text
    for address in ("/console/openid", "/console/openid/callback?code=x&state=y"):
        assert (await browser.get(address)).status_code == 404


@pytest.mark.parametrize(
    ("groups", "rights"),
    [
        (["truc", "quan-tri"], ({"viewer", "operator", "administrator"}, "")),
        ("truc", ({"viewer", "operator"}, "")),
        (["truc", "bhxh"], ({"viewer", "operator", "auditor"}, "electronic_iso")),
        (["bhxh", "buu-dien"], (set(), "")),
        (None, (set(), "")),
        ([["truc"], 1], (set(), "")),
    ],
)
def test_roles_come_from_the_table_alone_and_two_partners_at_once_are_none(
    groups: Any, rights: tuple[Any, str]
) -> None:
    own = OpenIdSettings.model_validate(
        {
            "issuer": "https://sso.example",
            "client_id": "x",
            "roles": ROLES | {"buu-dien": ["operator"]},
            "partners": {"bhxh": "electronic_iso", "buu-dien": "postal"},
        }
    )
    assert entitled(own, {"groups": groups}) == (frozenset(rights[0]), rights[1])
    assert name_of(own, {"sub": "x", "preferred_username": "Nguyễn.Lan@tinh"}) == "nguy-n.lan-tinh"
    assert name_of(own, {"sub": "U-1"}) == "u-1"


@pytest.mark.parametrize(
    "text",
    [
        'issuer = "http://sso.example"\nclient_id = "x"\nroles = { a = ["viewer"] }',
        'issuer = "https://sso.example"\nclient_id = "x"',
        'issuer = "https://sso.example"\nclient_id = "x"\nroles = { a = ["king"] }',
        'issuer = "https://sso.example"\nclient_id = "x"\nroles = { a = ["viewer"] }\npartners = { b = "nobody" }',
        'issuer = "https://sso.example"\nclient_id = "x"\nroles = { a = ["viewer"] }\ncredentials = { client_secret = "CHANGE-ME" }',
    ],
)
def test_settings_that_would_let_the_wrong_in_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.toml"
    file.write_text(f"[openid]\n{text}\n")
    with pytest.raises(SettingsError):
        load(file)
