"""From a list to one of its dossiers and on to its neighbours; a group of failures among its neighbours; what the frame counts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from html import unescape

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from bus.ledger.words import Claim, Filter, Move, Result, State
from bus.outcome import Cause
from contracts.working_time import VIETNAMESE
from ops import deadlines
from ops.console.rail import office as office_words
from ops.console.text import Speech
from ops.sample import generate
from tests.console.conftest import PORTAL, Office

LIST = "partner=national_portal&state=dead&cause=refused"
THREE = [e for e in generate(400, 60, 1, date(2026, 1, 5)) if e.type.endswith("dossier.received.v1")][:3]


async def refused(office: Office, codes: Sequence[str] = ("99",)) -> list[str]:
    """Three more dossiers that the portal refused with these codes in turn, the newest first."""
    await office.house.intake.accept([e.model_copy(update={"sequence": 1}) for e in THREE], client="test")
    ledger, wanted = office.house.ledger, {event.subject for event in THREE}
    claimed = await ledger.claim(Claim(PORTAL, worker=ledger.process, calls=10, rows=10, lease_s=30, batches={}))
    mine = [job for job in claimed.jobs if job.dossier in wanted]
    move = Move(State.DEAD, Cause.REFUSED, doubt=0)
    await ledger.record(
        [
            Result(job, move, "Permanent", code=codes[n % len(codes)], words="mã không hợp lệ")
            for n, job in enumerate(mine)
        ]
    )
    return [view.dossier for view in (await ledger.deliveries(Filter(partner=PORTAL, states=(State.DEAD,))))[0]]


def link(shown: str, name: str) -> str:
    """Where a button of this id leads; nothing where it leads nowhere."""
    found = re.search(rf'id="{name}" href="([^"]+)"', shown)
    return unescape(found[1]) if found else ""


async def test_a_dossier_has_its_place_in_the_list_one_came_from_and_the_way_to_its_neighbours(office: Office) -> None:
    first, second, third = await refused(office)
    lan = await office.person("lan", "viewer")
    listed = (await lan.get(f"/console/deliveries?{LIST}")).text
    tokens = re.findall(r'class="token"><span>(.*?)</span> (.*?) <a', listed)
    assert tokens == [
        ("Đối tác", "Cổng Dịch vụ công quốc gia"),
        ("Tình trạng", "Không giao được"),
        ("Nguyên nhân", "Cổng đã có hồ sơ, hoặc không nhận"),
    ], "the filter in an officer's words"
    came = next(unescape(h) for h in re.findall(r'class="code" href="([^"]+)"', listed) if second in h)
    shown = (await lan.get(came)).text
    assert "2 trong 3" in shown
    assert f'href="/console/deliveries?{LIST}"' in unescape(shown), "back to the list"
    assert first in link(shown, "newer")
    assert third in link(shown, "older")
    last = (await lan.get(link(shown, "older"))).text
    assert "3 trong 3" in last
    assert not link(last, "older")
    assert "mã không hợp lệ" in last, "the delivery of the list is the chosen one"
    marks = [unescape(found) for found in re.findall(r'<a href="(/console/dossiers/[^"]+)"', last)]
    assert marks
    assert all(LIST in mark for mark in marks), "a mark of the track does not lose the list"
    alone = (await lan.get(f"/console/dossiers/{second}")).text
    assert not link(alone, "newer")
    assert "trong 3" not in alone


async def test_a_list_of_deadlines_leads_on_too(office: Office) -> None:
    await refused(office)
    office.clock.advance(3600.0)
    await deadlines.look(office.house.ledger)
    lan = await office.person("lan", "viewer")
    listed = (await lan.get("/console/expected?step=portal_status&lang=en")).text
    (*_, last) = [unescape(h) for h in re.findall(r'class="code" href="([^"]+)"', listed)]
    shown = (await lan.get(last)).text
    assert "The national portal has the status</a> › 4 of 4" in shown
    assert "step=portal_status" in link(shown, "newer")


async def test_no_list_leads_to_what_a_partner_s_own_people_may_not_see(office: Office) -> None:
    _, second, _ = await refused(office)
    iso = await office.person("iso", "viewer", partner="electronic_iso")
    assert (await iso.get(f"/console/dossiers/{second}?{LIST}")).status_code == 403


async def test_the_first_group_of_failures_stands_open_with_its_place_and_the_next_a_step_away(office: Office) -> None:
    await refused(office, codes=("98", "99"))
    lan = await office.person("lan", "operator")
    shown = (await lan.get("/console/causes")).text
    panel = shown.partition('id="group"')[2]
    assert "2 nhóm lỗi còn mở, 3 hồ sơ." in shown
    assert "1 trong 2" in panel
    assert re.search(r'<tr class="on" aria-current="true">', shown)
    assert not link(shown, "newer")
    onward = (await lan.get(f"/console/causes{link(shown, 'older')}")).text
    assert "2 trong 2" in onward.partition('id="group"')[2]
    assert not link(onward, "older")
    kept = (await lan.get(f"/console/causes?partner={PORTAL}")).text
    assert f"partner={PORTAL}&" in link(kept, "older"), "the filter goes along"


async def test_the_rail_counts_what_waits_on_each_page_and_for_a_partner_its_own_alone(office: Office) -> None:
    await refused(office, codes=("98", "99"))
    lan = await office.person("lan", "operator")

    def counted(shown: str) -> dict[str, str]:
        return dict(re.findall(r'href="/console/(\w*)"[^>]*>(?:<svg.*?</svg>)[^<]*<span class="n">([\d.]+)', shown))

    home = (await lan.get("/console/")).text
    assert counted(home)["causes"] == "2"
    assert int(counted(home)[""]) >= 2, "the groups, and what incidents are open"
    assert "tasks" not in counted(home)
    assert "Quyền: người vận hành" in home
    iso = await office.person("iso", "viewer", partner="electronic_iso")
    assert "causes" not in counted((await iso.get("/console/")).text)


@pytest.mark.slow
async def test_by_keys_alone_one_goes_down_a_list_into_a_dossier_on_to_the_next_and_copies_its_code(
    office: Office, chromium: webdriver.Chrome
) -> None:
    first, second, _ = await refused(office, codes=("98", "99"))
    lan = await office.person("lan", "viewer")
    told = await asyncio.to_thread(_by_keys, chromium, office.url, lan.session)
    assert told == {"dossier": first, "next": second, "copied": second, "back": first, "group": "2 trong 2"}


def _by_keys(chromium: webdriver.Chrome, url: str, session: str) -> dict[str, str]:
    chromium.get(f"{url}/console/static/base.css")
    chromium.add_cookie({"name": "lt_session", "value": session, "path": "/"})
    chromium.get(f"{url}/console/deliveries?{LIST}")
    told: dict[str, str] = {}

    def press(*keys: str) -> None:
        ActionChains(chromium).send_keys(*keys).perform()

    def code() -> str:
        return chromium.find_element(By.CSS_SELECTOR, "h1 button[data-copy]").get_attribute("data-copy") or ""

    def turned(before: str) -> str:
        WebDriverWait(chromium, 10).until(lambda _: code() != before)
        return code()

    press("j", Keys.ENTER)
    told["dossier"] = code()
    press("n")
    told["next"] = turned(told["dossier"])
    chromium.execute_script("navigator.clipboard.writeText = (text) => { document.title = text; }")
    chromium.find_element(By.CSS_SELECTOR, "h1 button[data-copy]").send_keys(Keys.ENTER)
    told["copied"] = chromium.title
    press("p")
    told["back"] = turned(told["next"])
    chromium.get(f"{url}/console/causes")
    press("n")
    WebDriverWait(chromium, 10).until(lambda _: "group=" in chromium.current_url)
    told["group"] = chromium.find_element(By.CSS_SELECTOR, "#group .end .muted").text
    return told


def test_the_clock_says_whether_the_office_is_open() -> None:
    def said(day: int, hour: int, year: int = 2026) -> str:
        return office_words(VIETNAMESE, Speech("vi", datetime(year, 7, day, hour, tzinfo=UTC).timestamp()))

    assert said(6, 2) == "trong giờ làm việc"
    assert said(6, 5) == "ngoài giờ làm việc", "noon in Vietnam"
    assert said(5, 2) == "ngoài giờ làm việc", "a Sunday"
    assert said(6, 2, year=2040) == "", "nobody knows that year's holidays"
