"""Edit-and-send in a real browser: an officer empties a field, leaves out and puts in entries of a list, and asks for approval."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from bus.ledger.words import Claim, Filter, Move, Result, State
from bus.outcome import Cause
from tests.console.conftest import PASSWORD, PORTAL, RECEIVED, Office

CODED = ("channel", "status", "applicant.verified", "applicant.address.ward")
PAPERS = [paper["title"] for paper in RECEIVED.data["dossier"]["papers"]]


async def refused(office: Office) -> int:
    """The dossier's delivery to the portal, which refused it."""
    ledger = office.house.ledger
    claimed = await ledger.claim(Claim(PORTAL, worker=ledger.process, calls=5, rows=5, lease_s=30, batches={}))
    await ledger.record([Result(job, Move(State.DEAD, Cause.REFUSED, doubt=0), "Permanent") for job in claimed.jobs])
    (dead,), _ = await ledger.deliveries(Filter(partner=PORTAL, states=(State.DEAD,)))
    return dead.id


@pytest.mark.slow
async def test_an_officer_edits_a_list_and_empties_a_field_and_sees_what_differs(
    office: Office, chromium: webdriver.Chrome
) -> None:
    await office.person("lan", "operator", "data_reader")
    delivery = await refused(office)
    told = await asyncio.to_thread(_journey, chromium, office.url, delivery)
    assert told["vi"] == [
        "trực tuyến (online)",
        "Được tiếp nhận (2)",
        "có (true)",
        "Xã Trà Cú (29461)",
        "Đã trả kết quả (10)",
    ]
    assert told["en"] == ["online", "received (2)", "yes (true)", "Xã Trà Cú (29461)", "result returned (10)"]
    assert told["kept"] == ["Đơn bổ sung.pdf", "thiếu một giấy"], "asking for room loses nothing"
    assert "url" in told["wrong"], "a paper without its address breaks the contract"
    assert "TV-1" in told["task"]
    assert "Tên đúng của cơ quan" in told["task"]
    assert PAPERS[0] in told["task"], "what goes"
    assert "Đơn bổ sung.pdf" in told["task"], "what is new"
    assert "dossier." not in told["task"], "fields are called what the form calls them"
    for shown in ("trực tuyến (online)", "trực tiếp (counter)", "nhận tại bộ phận một cửa (counter)"):
        assert shown in told["task"], "the name beside the code, as in the form"
    assert "Ngày hẹn trả" in told["task"], "what was emptied"
    waiting = await office.house.ledger.tasks().waiting()
    assert [(task.verb, task.who, task.reason) for task in waiting] == [("edit", "lan", "thiếu một giấy")]


def _journey(chromium: webdriver.Chrome, url: str, delivery: int) -> dict[str, Any]:
    """By mouse and keys alone, in the words on the page."""

    def at(path: str) -> str:
        return f"[name='to:dossier.{path}']"

    def put(path: str, text: str) -> None:
        chromium.find_element(By.CSS_SELECTOR, at(path)).send_keys(text)

    def now(path: str) -> str:
        return chromium.find_element(By.XPATH, f"//*[@title='dossier.{path}']/ancestor::tr/td[1]").text

    def press(css: str) -> None:
        wanted = chromium.find_element(By.CSS_SELECTOR, css)
        chromium.execute_script("arguments[0].scrollIntoView({block: 'center'})", wanted)
        wanted.click()

    chromium.get(f"{url}/console/edit?delivery={delivery}")
    chromium.find_element(By.NAME, "name").send_keys("lan")
    chromium.find_element(By.NAME, "password").send_keys(PASSWORD)
    chromium.find_element(By.CSS_SELECTOR, "main button").click()
    told: dict[str, Any] = {}
    for language in ("en", "vi"):
        chromium.get(f"{url}/console/edit?delivery={delivery}&lang={language}")
        chosen = Select(chromium.find_element(By.CSS_SELECTOR, at("status")))
        told[language] = [now(path) for path in CODED] + [chosen.options[-1].text]
    put("agency.name", "Tên đúng của cơ quan")
    chromium.find_element(By.NAME, "reason").send_keys("thiếu một giấy")
    new = len(PAPERS)
    press("button[value='dossier.papers']")
    put(f"papers.{new}.id", "giay-9")
    put(f"papers.{new}.title", "Đơn bổ sung.pdf")
    press("button[value='dossier.papers']")
    chromium.find_element(By.CSS_SELECTOR, at(f"papers.{new + 1}.id"))
    kept = [chromium.find_element(By.CSS_SELECTOR, css) for css in (at(f"papers.{new}.title"), "[name=reason]")]
    told["kept"] = [one.get_attribute("value") for one in kept]
    press("[name='drop:dossier.papers.0']")
    press("[name='drop:dossier.due_at']")
    Select(chromium.find_element(By.CSS_SELECTOR, at("return_method"))).select_by_visible_text(
        "nhận tại bộ phận một cửa (counter)"
    )
    Select(chromium.find_element(By.CSS_SELECTOR, at("channel"))).select_by_value("counter")
    press("main form .btn.first")
    told["wrong"] = chromium.find_element(By.CSS_SELECTOR, "[role=alert]").text
    assert chromium.find_element(By.CSS_SELECTOR, "[name='drop:dossier.papers.0']").is_selected()
    put(f"papers.{new}.url", "https://hoso.vinhlong.gov.vn/tep/9.pdf")
    press("main form .btn.first")
    chromium.find_element(By.CSS_SELECTOR, "table.differs")
    told["task"] = chromium.find_element(By.TAG_NAME, "main").text
    return told
