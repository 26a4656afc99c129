"""Signing in: passwords, one-time codes, sessions and the tries of those who guess, over real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.ledger.people import FREE_TRIES
from ops import password as passwords
from ops.people import FIRST, Refused
from tests.console.conftest import PASSWORD, Office, code_of, token_of


async def test_the_first_administrator_signs_in_once_with_the_word_of_the_first_start(office: Office) -> None:
    word = await office.house.people.first()
    assert word is not None
    assert await office.house.people.first() is None, "made once"
    browser = office.browser()
    await office.enter(browser, FIRST, word)
    assert (await browser.get("/console/people")).status_code == 200
    assert (await office.browser().sign_in(FIRST, word)).status_code == 401, "the word is used up"


async def test_nothing_is_shown_before_the_password_is_changed_and_codes_are_set_up(office: Office) -> None:
    word = await office.house.people.first()
    assert word is not None
    browser = office.browser()
    await browser.sign_in(FIRST, word)
    for step in ("password", "enrol"):
        for page in ("/console/", "/console/people", "/console/audit"):
            assert (await browser.get(page)).headers["location"] == f"/console/{step}"
        if step == "password":
            assert (await browser.get("/console/enrol")).headers["location"] == "/console/password"
            form = (await browser.get("/console/password")).text
            await browser.submit(form, "/console/password", old=word, new=PASSWORD, again=PASSWORD)


async def test_a_one_time_password_that_was_not_used_in_a_week_is_worth_nothing(office: Office) -> None:
    word = await office.house.people.add("lan", ["viewer"], "", "test", "for the test")
    office.clock.advance(7 * 86_400)
    assert (await office.browser().sign_in("lan", word)).status_code == 401


async def test_a_session_given_by_somebody_else_is_not_the_one_signed_in_with(office: Office) -> None:
    await office.person("lan", "viewer")
    browser = office.browser()
    browser.http.cookies.set("lt_session", "planted", domain="127.0.0.1", path="/")
    answer = await browser.sign_in("lan", PASSWORD)
    given = answer.headers["set-cookie"]
    assert "planted" not in given
    assert await office.house.people.reader("planted") is None


async def test_signing_in_again_and_every_step_gives_the_session_a_new_word(office: Office) -> None:
    browser = await office.person("chu", "administrator")
    words = {browser.session}
    office.clock.advance(60)
    await browser.sign_in("chu", PASSWORD)
    words.add(browser.session)
    half = browser.session
    assert (await browser.get("/console/")).headers["location"] == "/console/code"
    form = (await browser.get("/console/code")).text
    person = await office.house.people.book.person("chu")
    assert person is not None
    code = code_of(person.code_key, office.clock.now())
    assert (await browser.submit(form, "/console/code", code=code)).status_code == 303
    words.add(browser.session)
    assert len(words) == 3
    assert [await office.house.people.reader(word) is not None for word in (half, browser.session)] == [False, True]


async def test_a_code_is_good_once(office: Office) -> None:
    await office.person("chu", "administrator")
    office.clock.advance(60)
    person = await office.house.people.book.person("chu")
    assert person is not None
    code = code_of(person.code_key, office.clock.now())
    seen = []
    for _ in range(2):
        browser = office.browser()
        await browser.sign_in("chu", PASSWORD)
        form = (await browser.get("/console/code")).text
        seen.append((await browser.submit(form, "/console/code", code=code)).status_code)
    assert seen == [303, 422]


async def test_after_signing_out_the_session_is_worth_nothing(office: Office) -> None:
    browser = await office.person("lan", "viewer")
    kept = browser.session
    home = (await browser.get("/console/")).text
    assert (await browser.submit(home, "/console/sign-out")).status_code == 303
    assert browser.session == ""
    again = office.browser()
    again.http.cookies.set("lt_session", kept)
    assert (await again.get("/console/")).status_code == 401


async def test_a_session_ends_when_idle_and_after_a_day_at_work(office: Office) -> None:
    browser = await office.person("lan", "viewer")
    office.clock.advance(14 * 60)
    assert (await browser.get("/console/")).status_code == 200
    office.clock.advance(14 * 60)
    renewed = await browser.http.get("/console/", headers={"HX-Request": "true"})
    assert renewed.status_code == 200
    office.clock.advance(60)
    gone = await browser.get("/console/")
    assert gone.status_code == 401, "a page that renews itself is nobody at work"
    await browser.sign_in("lan", PASSWORD)
    for _ in range(12 * 6 - 1):
        office.clock.advance(600)
        assert (await browser.get("/console/causes")).status_code == 200
    office.clock.advance(600)
    assert (await browser.get("/console/causes")).status_code == 401


async def test_a_disabled_person_is_out_at_once_and_a_new_password_ends_the_other_sessions(office: Office) -> None:
    browser, elsewhere = await office.person("lan", "viewer"), office.browser()
    await elsewhere.sign_in("lan", PASSWORD)
    form = (await browser.get("/console/password")).text
    new = "nắng hanh vàng ngõ nhỏ"
    assert (await browser.submit(form, "/console/password", old=PASSWORD, new=new, again=new)).status_code == 303
    assert (await browser.get("/console/")).status_code == 200
    assert (await elsewhere.get("/console/")).status_code == 401
    await office.house.people.disable("lan", "test", "for the test")
    assert (await browser.get("/console/")).status_code == 401
    assert (await browser.sign_in("lan", new)).status_code == 401


async def test_a_thousand_guesses_are_hardly_ever_looked_at(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await office.person("lan", "viewer")
    checked: list[str] = []

    async def holds(kept: str | None, password: str) -> bool:
        checked.append(password)
        return False

    monkeypatch.setattr(passwords, "holds", holds)
    began, waits = office.clock.now(), []
    for number in range(1000):
        try:
            await office.house.people.sign_in("lan", f"guess {number}", "203.0.113.7")
        except Refused as no:
            waits.append(no.wait_s)
        office.clock.advance(1.0)
    assert office.clock.now() - began == 1000
    assert len(checked) <= FREE_TRIES["account"] + 10
    assert max(waits) > 256
    assert await office.notes(verb="refused sign-in") == [("bus", "refused sign-in", "of lan", "")] * len(checked)


async def test_guessing_many_names_from_one_address_is_slowed_down_as_well(office: Office) -> None:
    people, checked = office.house.people, 0
    for number in range(200):
        try:
            await people.sign_in(f"nobody{number}", "guess", "203.0.113.8")
        except Refused as no:
            checked += no.key == "wrong"
        if number == 40:
            break
    assert checked == FREE_TRIES["address"]


async def test_who_waits_is_told_how_long_and_gets_in_afterwards(office: Office) -> None:
    browser = await office.person("lan", "viewer")
    answers = [await browser.sign_in("lan", "sai mật khẩu rồi") for _ in range(FREE_TRIES["account"] + 1)]
    assert [answer.status_code for answer in answers] == [401] * FREE_TRIES["account"] + [429]
    assert int(answers[-1].headers["retry-after"]) == 2
    office.clock.advance(2)
    assert (await browser.sign_in("lan", PASSWORD)).status_code == 303
    assert (await browser.sign_in("lan", "sai mật khẩu rồi")).status_code == 401, "right once, and counted anew"


async def test_codes_are_not_guessed_either(office: Office) -> None:
    await office.person("chu", "administrator")
    office.clock.advance(60)
    browser = office.browser()
    await browser.sign_in("chu", PASSWORD)
    form = (await browser.get("/console/code")).text
    seen = [(await browser.submit(form, "/console/code", code=f"{n:06}")).status_code for n in range(8)]
    assert 429 in seen
    assert 303 not in seen


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("ngắn quá", "short"),
        ("Matkhau123456!", "common"),
        ("P@ssw0rd2026!!", "common"),
        ("123456789012", "common"),
        ("abcabcabcabcabc", "common"),
        ("qwertyuiopasdf", "common"),
        ("lan.lan-19901990", "common"),
        ("x" * 129, "long"),
    ],
)
def test_a_password_that_is_tried_first_is_not_taken(password: str, why: str) -> None:
    with pytest.raises(passwords.Weak, match=why):
        passwords.judge(password, "lan")


def test_a_sentence_of_ones_own_is_a_good_password() -> None:
    passwords.judge(PASSWORD, "lan")
    passwords.judge(passwords.one_time(), "lan")


async def test_passwords_are_kept_as_argon2id_hashes_of_64_mib() -> None:
    kept = await passwords.hash_of(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert [await passwords.holds(kept, word) for word in (PASSWORD, PASSWORD + " ")] == [True, False]
    assert not await passwords.holds(None, PASSWORD)


async def test_the_cookie_is_for_this_host_alone_under_tls_and_browsers_are_told_to_stay_there(office: Office) -> None:
    plain = await office.browser().get("/console/sign-in")
    assert "strict-transport-security" not in plain.headers
    http = office.house.settings.http.model_copy(update={"behind_tls_proxy": True})
    office.house.settings = office.house.settings.model_copy(update={"http": http})
    word = await office.house.people.add("lan", ["viewer"], "", "test", "for the test")
    browser = office.browser()
    form = await browser.get("/console/sign-in")
    assert form.headers["strict-transport-security"].startswith("max-age=31536000")
    kept = form.headers["set-cookie"].partition(";")[0]
    data = {"token": token_of(form.text), "name": "lan", "password": word}
    answer = await browser.http.post("/console/sign-in", data=data, headers={"Cookie": kept})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-lt_session=")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert len(cookie.partition("=")[2].partition(";")[0]) >= 43, "256 bits"


async def test_a_form_of_another_session_or_another_site_is_refused(office: Office) -> None:
    browser, other = await office.person("lan", "operator"), await office.person("mai", "operator")
    theirs = (await other.get("/console/")).text
    pausing = {"partner": "national_portal", "verb": "pause", "reason": "xấu"}
    assert (await browser.submit(theirs, "/console/switch", **pausing)).status_code == 403
    home = (await browser.get("/console/")).text
    browser.http.headers["Origin"] = "https://evil.example"
    assert (await browser.submit(home, "/console/switch", **pausing)).status_code == 403
    browser.http.headers["Origin"] = office.url
    assert (await browser.submit(home, "/console/switch", **pausing)).status_code == 303


async def test_a_large_form_is_not_read(office: Office) -> None:
    browser = office.browser()
    form = (await browser.get("/console/sign-in")).text
    answer = await browser.submit(form, "/console/sign-in", name="lan", password="x" * 300_000)
    assert answer.status_code == 413


async def test_no_secret_stands_in_the_ledgers_file(office: Office, tmp_path: Path) -> None:
    browser = await office.person("chu", "administrator")
    person = await office.house.people.book.person("chu")
    assert person is not None
    secrets = [browser.session, PASSWORD, person.password, person.code_key.hex()]
    written = b"".join(file.read_bytes() for file in tmp_path.glob("ledger.db*"))
    assert b"chu" in written
    for secret in secrets:
        assert secret.encode() not in written
