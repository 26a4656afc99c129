"""Every address of the console against every role, and what each role sees of people's data."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from bus.ledger.words import Filter
from ops import desk, dossiers
from ops.api.guard import Guard
from ops.console import door, pages
from ops.console.door import RULES
from ops.console.frame import Frame
from ops.people import Refused
from ops.rights import ROLES, Role
from tests.console.conftest import CODE, RECEIVED, Office
from tests.console.test_axe import pages as every_page

MAY: dict[str, set[str]] = {
    "look": set(ROLES),
    "find": {"data_reader", "operator", "approver"},
    "reveal": {"data_reader"},
    "act": {"operator"},
    "approve": {"approver"},
    "people": {"administrator"},
    "audit": {"administrator", "auditor"},
    "targets": set(ROLES),
    "settings": {"operator", "administrator", "auditor"},
}
"""Written down a second time, so that a change of `ops.rights` is one of meaning."""
APPLICANT = RECEIVED.data["dossier"]["applicant"]
CITIZEN = APPLICANT["citizen_id"]


async def test_every_address_has_a_rule_and_one_without_is_not_served(office: Office) -> None:
    guard = Guard({}, office.house.settings.http, anonymous=False)
    app = pages.application(office.house, guard)
    served = {(method, r.path) for r in app.routes if isinstance(r, APIRoute) for method in r.methods or ()}
    assert served == RULES.keys()

    @app.get("/secret")
    async def secret() -> str:
        return ""

    own = door.Door(office.house, guard, Frame(office.house))
    with pytest.raises(LookupError, match="/secret"):
        own.add(app)
    with pytest.raises(LookupError):
        own.add(FastAPI())


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_what_it_is_for_and_nothing_else(office: Office, role: Role) -> None:
    browser = await office.person("nguoi", role)
    home = (await browser.get("/console/")).text
    for (method, path), rule in RULES.items():
        if rule in ("open", "session") or path == "/live":
            continue
        address = f"/console{path.replace('{code}', CODE)}"
        answer = await browser.get(address) if method == "GET" else await browser.submit(home, address)
        allowed = role in MAY[rule]
        assert (answer.status_code == 403) is not allowed, (role, method, path, answer.status_code)
        assert answer.status_code not in (401, 500), (role, method, path)


@pytest.mark.parametrize("cookie", ["", "not-a-session"])
async def test_nobody_sees_anything_without_a_session(office: Office, cookie: str) -> None:
    browser = office.browser()
    form = (await browser.get("/console/sign-in")).text
    browser.http.cookies.set("lt_session", cookie)
    for (method, path), rule in RULES.items():
        address = f"/console{path.replace('{code}', CODE)}"
        answer = await browser.get(address) if method == "GET" else await browser.submit(form, address)
        if rule != "open":
            assert answer.status_code == 401, (method, path)
            assert CODE not in answer.text.replace(f"/console/dossiers/{CODE}", "")
            assert 'action="/console/sign-in"' in answer.text


@pytest.mark.parametrize("signed_in", [True, False])
async def test_every_answer_keeps_the_browser_on_our_side_errors_too(office: Office, signed_in: bool) -> None:
    browser = await office.person("lan", *ROLES) if signed_in else office.browser()
    paths = [(method, f"/console{path}".replace("{code}", CODE)) for method, path in RULES if path != "/live"]
    for method, path in [*paths, ("GET", "/console/no-such-page"), ("GET", "/console/dossiers/%3Cscript%3E")]:
        answer = await browser.http.request(method, path)
        told = answer.headers
        assert "default-src 'none'" in told["content-security-policy"], (method, path)
        assert "frame-ancestors 'none'" in told["content-security-policy"], (method, path)
        assert "unsafe-inline" not in told["content-security-policy"].partition("script-src")[2], (method, path)
        assert (told["x-content-type-options"], "referrer-policy" in told) == ("nosniff", True), (method, path)
        assert "no-store" in told["cache-control"] or "/static/" in path, (method, path)
        assert "<script>" not in answer.text, (method, path)


async def test_a_page_asked_for_before_signing_in_is_where_one_goes_afterwards(office: Office) -> None:
    browser = await office.person("lan", "viewer")
    browser.http.cookies.delete("lt_session")
    asked = await browser.get(f"/console/dossiers/{CODE}?delivery=1")
    assert f'name="back" value="/console/dossiers/{CODE}?delivery=1"' in asked.text
    for back, to in (
        ("/console/causes", "/console/causes"),
        ("//evil.example/", "/console/"),
        ("/console/\\x", "/console/"),
    ):
        form = (await browser.get("/console/sign-in")).text
        fields = {"name": "lan", "password": "mưa rào trên mái ngói", "back": back}
        assert (await browser.submit(form, "/console/sign-in", **fields)).headers["location"] == to


@pytest.mark.parametrize("role", ["viewer", "data_reader"])
async def test_whose_dossiers_a_citizen_id_finds_is_told_to_who_may_find_and_each_search_is_recorded(
    office: Office, role: Role
) -> None:
    browser = await office.person("lan", role)
    home = (await browser.get("/console/")).text
    found = await browser.submit(home, "/console/search", q=CITIZEN)
    if role == "viewer":
        assert found.status_code == 200
        assert "Có hồ sơ theo số định danh này" in found.text
        assert CODE.partition("-")[2] not in found.text
    else:
        assert found.headers["location"] == f"/console/dossiers/{CODE}"
    await browser.submit(home, "/console/search", q=CODE)
    told = await office.notes(verb="search")
    assert [(who, dossier) for who, _verb, _why, dossier in told] == [("lan", CODE), ("lan", "")]
    assert CITIZEN not in str(told)


async def test_a_field_is_revealed_for_a_purpose_for_ten_minutes_to_one_person_and_recorded(office: Office) -> None:
    reader, other = await office.person("lan", "data_reader"), await office.person("mai", "data_reader")
    page = f"/console/dossiers/{CODE}"
    before = (await reader.get(page)).text
    assert APPLICANT["name"] not in before
    form = (await reader.get(f"/console/reveal?dossier={CODE}&field=name")).text
    said = {"dossier": CODE, "field": "name"}
    assert (await reader.submit(form, "/console/reveal", **said, purpose=" ")).status_code == 422
    assert (
        await reader.submit(form, "/console/reveal", **(said | {"field": "phone"}), purpose="x y z")
    ).status_code == 422
    assert APPLICANT["name"] not in (await reader.get(page)).text
    assert (await reader.submit(form, "/console/reveal", **said, purpose="gọi lại cho công dân")).status_code == 303
    shown = (await reader.get(page)).text
    assert APPLICANT["name"] in shown
    assert CITIZEN not in shown
    assert APPLICANT["name"] not in (await other.get(page)).text
    assert await office.notes(verb="reveal") == [("lan", "reveal", "gọi lại cho công dân", CODE)]
    office.clock.advance(600)
    assert APPLICANT["name"] not in (await reader.get(page)).text


async def test_a_right_taken_away_ends_what_was_revealed(office: Office) -> None:
    reader = await office.person("lan", "data_reader")
    form = (await reader.get(f"/console/reveal?dossier={CODE}&field=name")).text
    await reader.submit(form, "/console/reveal", dossier=CODE, field="name", purpose="gọi lại")
    await office.house.people.entrust("lan", ["viewer"], "", "test", "moved")
    assert (await reader.get("/console/")).status_code == 401
    await reader.sign_in("lan", "mưa rào trên mái ngói")
    assert APPLICANT["name"] not in (await reader.get(f"/console/dossiers/{CODE}")).text


async def test_who_is_bound_to_a_partner_sees_and_does_nothing_of_others(office: Office) -> None:
    portal = await office.person("cong", "operator", "administrator", partner="national_portal")
    iso = await office.person("iso", "operator", "data_reader", partner="civil_registry")
    assert (await portal.get(f"/console/dossiers/{CODE}")).status_code == 200
    assert "Hệ thống ISO" not in (await portal.get("/console/partners")).text
    assert (await portal.get("/console/deliveries?partner=electronic_iso")).status_code == 403
    assert (await portal.get("/console/switch?partner=electronic_iso&verb=pause")).status_code == 404
    assert (await portal.get("/console/people")).status_code == 403
    assert (await iso.get(f"/console/dossiers/{CODE}")).status_code == 404
    assert (await iso.get(f"/console/reveal?dossier={CODE}&field=name")).status_code == 404
    home = (await iso.get("/console/")).text
    assert "Không tìm thấy hồ sơ nào." in (await iso.submit(home, "/console/search", q=CITIZEN)).text
    rows = (await office.house.ledger.deliveries(Filter(dossier=CODE)))[0]
    form = (await iso.get("/console/")).text
    seen = [f"{row.id}:{row.changed_at}" for row in rows]
    await iso.submit(form, "/console/act", verb="cancel", seen=seen, reason="of another partner")
    after = (await office.house.ledger.deliveries(Filter(dossier=CODE)))[0]
    assert [row.state for row in after] == [row.state for row in rows]


async def test_no_door_shows_who_is_bound_to_a_partner_anything_of_another(office: Office) -> None:
    """Every page there is, found by the rules; what was done at the other partner is on the books too."""
    ledger = office.house.ledger
    others = await ledger.deliveries(Filter(partner="electronic_iso"))
    await desk.act(ledger, desk.Deed("hold", Filter(ids=(others[0][0].id,))), "mai", "chuyện riêng của ISO", limit=1)
    await ledger.pause("electronic_iso", "mai", "chuyện riêng của ISO")
    bound, seen = await office.person("cong", *ROLES, partner="national_portal"), 0
    for address in every_page():
        shown = await bound.get(address)
        main = shown.text[shown.text.find("<main") :]
        for word in ("electronic_iso", "Hệ thống ISO", "chuyện riêng của ISO"):
            assert word not in main, (address, word)
        seen += shown.status_code == 200
    assert seen >= 8
    told = dossiers.within(await dossiers.story(ledger, office.house.partners, CODE), "national_portal")
    assert told is not None
    assert told["notes"] == []


async def test_people_are_kept_with_who_and_why_and_the_last_administrator_stays(office: Office) -> None:
    admin = await office.person("chu", "administrator")
    form = (await admin.get("/console/people")).text
    added = await admin.submit(form, "/console/people", verb="add", name="lan", role=["viewer"], reason="người mới")
    assert "Mật khẩu dùng một lần của lan" in added.text
    assert ("chu", "add person", "người mới", "") in await office.notes()
    refused = await admin.submit(form, "/console/people", verb="disable", name="chu", reason="nghỉ")
    assert refused.status_code == 422
    assert "quản trị viên cuối cùng" in refused.text
    with pytest.raises(Refused):
        await office.house.people.entrust("chu", ["viewer"], "", "test", "as a test")
    gone = await admin.submit(form, "/console/people", verb="disable", name="lan", reason="nghỉ việc")
    assert gone.status_code == 200
    shown = (await admin.get("/console/audit")).text
    assert "Khóa tài khoản" in shown
    assert "nghỉ việc" in shown


async def test_the_audit_page_says_when_the_chain_was_verified_and_by_whom(office: Office) -> None:
    auditor = await office.person("kiem", "auditor")
    shown = await auditor.get("/console/audit")
    assert "chưa được kiểm tra" in shown.text
    assert (await auditor.submit(shown.text, "/console/audit")).status_code == 303
    assert "bởi kiem" in (await auditor.get("/console/audit?lang=vi")).text
