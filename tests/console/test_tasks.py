"""A group of failures settled as one task in the console: reach, canary, approval by another, result rows; by hand and in Chromium."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from argon2 import PasswordHasher
from selenium import webdriver
from selenium.webdriver.common.by import By

from bus.ledger.words import Filter, State
from ops import password as passwords
from ops import simulate, up
from ops.gateway import application
from ops.house import House
from ops.sample import generate
from tests.conftest import HandClock
from tests.console.conftest import PASSWORD, Browser, Office
from tests.ops.conftest import settings_of

pytestmark = pytest.mark.slow
PORTAL = "national_portal"
RECEIVED = [e for e in generate(400, 60, 1, date(2026, 1, 5)) if e.type.endswith("dossier.received.v1")][:12]
DEAD = Filter(partner=PORTAL, states=(State.DEAD,))


@pytest.fixture
async def outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """A real console over a bus whose portal refused twelve dossiers and would take them now."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    simulators = await simulate.serve(("dossier_system", "electronic_iso", PORTAL), tmp_path)
    urls = {name: one.url for name, one in simulators.items()}
    house = House(settings_of(tmp_path, urls, {}, tasks={"rate_per_s": 1000.0}), receivers=up.receivers(simulators))
    weather = simulators[PORTAL].app.state.simulator.weather
    weather.row, weather.left["refuse_row"] = ANY, 10_000
    await house.start()
    gateway = simulate.Served(application(house, anonymous=False), simulate.bind("127.0.0.1", 0))
    await gateway.started()
    await house.intake.accept([event.model_copy(update={"sequence": 1}) for event in RECEIVED], client="test")
    for _ in range(400):
        if len((await house.ledger.deliveries(DEAD))[0]) == len(RECEIVED):
            break
        await asyncio.sleep(0.05)
    weather.left["refuse_row"] = 0
    found = Office(house, gateway.url, HandClock())
    yield found
    for browser in found.browsers:
        await browser.http.aclose()
    await gateway.stop()
    await house.stop()
    await simulate.stop(simulators.values())


async def until(office: Office, number: int, state: str) -> Any:
    for _ in range(400):
        found = await office.house.ledger.tasks().task(number)
        assert found is not None
        if found.state == state:
            return found
        await asyncio.sleep(0.05)
    raise TimeoutError(found)


async def preview(browser: Browser, words: str = "verb=resend&partner=national_portal&state=dead") -> str:
    answer = await browser.get(f"/console/act?{words}")
    assert answer.status_code == 200, answer.text
    return answer.text


def hidden(shown: str) -> dict[str, str]:
    """The hidden fields of the form in the page's main part."""
    return {
        name: unescape(value)
        for name, value in re.findall(
            r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown.partition("<main")[2]
        )
    }


async def make(browser: Browser, reason: str = "cổng đã sửa", **more: str) -> int:
    shown = await preview(browser)
    answer = await browser.http.post("/console/act", data=hidden(shown) | {"reason": reason, **more})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


async def test_a_preview_shows_reach_verdicts_pace_and_a_masked_request(outage: Office) -> None:
    lan = await outage.person("lan", "operator")
    shown = await preview(lan)
    assert "12 việc của 12 hồ sơ, Cổng Dịch vụ công quốc gia." in shown
    assert "có thể lại bị từ chối" in shown
    assert "Làm thử 3 việc trước" in shown
    assert "Sau đó cần người thứ hai duyệt." in shown
    assert "MaHoSo" in shown
    for event in RECEIVED:
        assert event.data["dossier"]["applicant"]["name"] not in shown
    english = await preview(lan, "verb=resend&partner=national_portal&state=dead&lang=en")
    assert "Will go, may be refused again" in english


async def test_the_maker_cannot_approve_and_another_with_the_right_can(outage: Office) -> None:
    lan = await outage.person("lan", "operator", "approver")
    mai = await outage.person("mai", "approver")
    number = await make(lan)
    await until(outage, number, "approval")
    homes = [unescape((await one.get("/console/")).text).partition('id="h-second"') for one in (lan, mai)]
    assert all(f"/console/tasks/{number}" in told for _, _, told in homes), "it waits on the work list"
    assert ["Duyệt…" in told for _, _, told in homes] == [False, True], "and asks only who may"
    assert all('Tác vụ<span class="n">1<' in rail for rail, _, _ in homes)
    page = (await lan.get(f"/console/tasks/{number}")).text
    assert "Chờ duyệt" in page
    kept = await lan.get(f"/console/tasks/{number}.csv")
    lines = kept.content.decode("utf-8-sig").splitlines()
    assert kept.headers["content-disposition"] == f'attachment; filename="task-{number}.csv"'
    assert lines[0].startswith("place,delivery,dossier,partner,state")
    assert sum(f",{PORTAL},passed,dead,delivered," in line for line in lines) == 3, "the canary"
    assert sum(f",{PORTAL},waiting,dead,," in line for line in lines) == 9
    assert (await lan.get("/console/tasks/99.csv")).status_code == 404
    assert f"/console/tasks/{number}/approve" not in page, "no button that would be refused"
    said = await lan.submit(page, f"/console/tasks/{number}/approve", reason="của tôi")
    assert said.status_code == 409
    assert "Người lập không tự duyệt được." in said.text
    page = (await mai.get(f"/console/tasks/{number}")).text
    assert (await mai.submit(page, f"/console/tasks/{number}/approve", reason="đã xem")).status_code == 303
    done = await until(outage, number, "done")
    assert done.counts == {"passed": 12}
    told = await outage.notes()
    assert ("mai", "task approve", "đã xem", f"task:{number}") in told
    assert [who for who, verb, _why, _about in told if verb == "resend"] == ["lan"] * 12


async def test_what_has_changed_since_the_preview_is_refused_in_its_row(outage: Office) -> None:
    lan = await outage.person("lan", "operator")
    shown = await preview(lan)
    first = (await outage.house.ledger.deliveries(DEAD, limit=1))[0][0]
    one = await preview(lan, f"verb=skip&ids={first.id}")
    assert (await lan.http.post("/console/act", data=hidden(one) | {"reason": "bỏ qua"})).status_code == 200
    answer = await lan.http.post("/console/act", data=hidden(shown) | {"reason": "cổng đã sửa"})
    number = int(answer.headers["location"].rpartition("/")[2])
    page = (await lan.get(f"/console/tasks/{number}?state=refused")).text
    assert first.dossier.partition("-")[2] in page
    assert "đã đổi từ lúc xem trước" in page


async def test_a_form_without_deliveries_does_nothing_even_for_who_is_bound_to_a_partner(outage: Office) -> None:
    bound = await outage.person("cong", "operator", partner=PORTAL)
    home = (await bound.get("/console/")).text
    for fields in ({"ids": "x", "seen_at": "9e9"}, {"seen": ""}):
        answer = await bound.submit(home, "/console/act", verb="skip", reason="tất cả", **fields)
        assert answer.status_code == 422
    assert len((await outage.house.ledger.deliveries(DEAD))[0]) == len(RECEIVED)


async def test_a_task_of_all_partners_is_not_shown_to_who_is_bound_to_one(outage: Office) -> None:
    lan = await outage.person("lan", "operator")
    iso = await outage.person("iso", "operator", partner="electronic_iso")
    number = await make(lan)
    assert (await iso.get(f"/console/tasks/{number}")).status_code == 404
    assert f"/console/tasks/{number}" not in (await iso.get("/console/tasks")).text
    assert (
        await iso.submit((await iso.get("/console/")).text, f"/console/tasks/{number}", verb="cancel", reason="xấu")
    ).status_code == 404
    page = (await lan.get(f"/console/tasks/{number}")).text
    assert (await lan.submit(page, f"/console/tasks/{number}", verb="cancel", reason="thôi")).status_code == 303
    assert (await until(outage, number, "cancelled")).counts.get("dropped")


WORDS = {
    "vi": ("Gửi lại", "Tác vụ", "Duyệt phần còn lại", "Đã xong"),
    "en": ("Resend", "Tasks", "Approve the rest", "Done"),
}


@pytest.mark.parametrize("language", ["vi", "en"])
async def test_in_a_browser_a_group_is_settled_from_the_home_page_with_canary_and_approval(
    outage: Office, chromium: webdriver.Chrome, language: str
) -> None:
    await outage.person("lan", "operator")
    await outage.person("mai", "approver")
    told = await asyncio.to_thread(_journey, chromium, outage.url, language)
    (number,) = [task.id for task in await outage.house.ledger.tasks().tasks()]
    done = await until(outage, number, "done")
    assert (done.who, done.approved_by, done.counts) == ("lan", "mai", {"passed": 12})
    assert told["clicks"] == {"lan": 2, "mai": 3}
    complaints = [line for line in told["log"] if "Content Security Policy" in line or "Uncaught" in line]
    assert complaints == []


def _journey(chromium: webdriver.Chrome, url: str, language: str) -> dict[str, Any]:
    """What lan and mai click on, and what the browser complained of."""
    resend, tasks, approve, done = WORDS[language]
    clicks = {"lan": 0, "mai": 0}

    def sign_in(name: str) -> None:
        chromium.get(f"{url}/console/sign-in?lang={language}")
        chromium.find_element(By.NAME, "name").send_keys(name)
        chromium.find_element(By.NAME, "password").send_keys(PASSWORD)
        chromium.find_element(By.CSS_SELECTOR, "main button").click()

    def click(who: str, path: str) -> None:
        chromium.find_element(By.XPATH, path).click()
        clicks[who] += 1

    sign_in("lan")
    click("lan", f"//main//a[normalize-space()='{resend}']")
    chromium.find_element(By.NAME, "reason").send_keys("cổng đã sửa xong")
    click("lan", "//main//form//button")
    chromium.find_element(
        By.XPATH, "//*[contains(@class,'step')][contains(@class,'here')]//*[contains(@class,'is-wait')]"
    )
    chromium.find_element(By.CSS_SELECTOR, ".account button").click()
    sign_in("mai")
    click("mai", f"//nav//a[starts-with(normalize-space(), '{tasks}')]")
    click("mai", "//main//tbody//a")
    chromium.find_element(By.CSS_SELECTOR, "#approve [name=reason]").send_keys("đã xem với cổng")
    click("mai", f"//button[normalize-space()='{approve}']")
    chromium.find_element(By.XPATH, f"//div[@class='head']//*[contains(@class,'is-ok')][normalize-space()='{done}']")
    read_log: Any = chromium.get_log
    return {"clicks": clicks, "log": [str(line["message"]) for line in read_log("browser")]}


async def test_an_edit_shows_people_masked_and_lets_only_who_may_see_them_change_them(outage: Office) -> None:
    lan = await outage.person("lan", "operator")
    hoa = await outage.person("hoa", "operator", "data_reader")
    mai = await outage.person("mai", "approver")
    dead = (await outage.house.ledger.deliveries(DEAD, limit=1))[0][0]
    name = next(e.data["dossier"]["applicant"]["name"] for e in RECEIVED if e.subject == dead.dossier)
    page = (await lan.get(f"/console/edit?delivery={dead.id}")).text
    assert 'name="to:dossier.procedure.name"' in page
    assert 'name="to:dossier.applicant.name"' not in page
    assert 'name="to:dossier.code"' not in page
    assert name not in page
    change = {"delivery": str(dead.id), "reason": "tên viết sai", "to:dossier.applicant.name": "Trần Thị Đúng Tên"}
    assert (await lan.submit(page, "/console/edit", **change)).status_code == 422
    page = (await hoa.get(f"/console/edit?delivery={dead.id}")).text
    assert name not in page, "changed without being looked at"
    wrong = await hoa.submit(page, "/console/edit", **change | {"to:dossier.status": "77"})
    assert wrong.status_code == 422
    assert "$.data.dossier.status" in wrong.text
    asked = await hoa.submit(page, "/console/edit", **change)
    assert asked.status_code == 303, asked.text
    where = asked.headers["location"]
    shown = (await mai.get(where)).text
    assert "dossier.applicant.name" in shown
    assert "Bản sửa nào cũng cần" in shown, "it is one event, no large task"
    assert "Duyệt bản sửa" in shown
    assert "tác vụ lớn" not in shown
    assert name not in shown
    assert "Trần Thị Đúng Tên" not in shown
    assert (await mai.submit(shown, f"{where}/approve", reason="đúng giấy tờ")).status_code == 303
    await until(outage, int(where.rpartition("/")[2]), "done")
    assert "Đã gửi sự kiện mới" in (await mai.get(where)).text
    (told,) = [e for e in (await outage.house.ledger.story(dead.dossier)).events if e.client == "desk"]  # type: ignore[union-attr]
    assert "Trần Thị Đúng Tên".encode() in told.body
