"""The code lists on their pages: what is missing and who waits, approving a row, and the rows by their days."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from ops import simulate, up
from ops.gateway import application
from ops.house import House
from tests.console.conftest import Office, page, submit
from tests.ops.conftest import settings_of
from tests.ops.test_codebook import UNKNOWN, dossiers

PARTNERS = ("dossier_system", "national_portal", "electronic_iso")


@pytest.fixture
async def waiting(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A console whose portal is owed dossiers of a procedure that no list has."""
    simulators = await simulate.serve(PARTNERS, tmp_path)
    folder = {"folder": str(tmp_path / "codes")}
    settings = settings_of(tmp_path, {name: one.url for name, one in simulators.items()}, {}, codes=folder)
    house = House(settings, receivers=up.receivers(simulators))
    await house.start()
    gateway = simulate.Served(application(house, anonymous=True), simulate.bind("127.0.0.1", 0))
    await gateway.started()
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=20) as http:
        events = dossiers(UNKNOWN, 2, 5)
        batch = {"Content-Type": "application/cloudevents-batch+json"}
        assert (await http.post("/v1/events", json=events, headers=batch)).status_code == 202
        for _ in range(200):
            if len(await held(http)) == 2:
                break
            await asyncio.sleep(0.02)
        yield http
    await gateway.stop()
    await house.stop()
    await simulate.stop(simulators.values())


async def held(http: httpx.AsyncClient) -> list[str]:
    found = (await http.get("/v1/deliveries", params={"cause": "code_gap", "state": "waiting"})).json()["items"]
    return sorted({item["dossier"] for item in found if item["partner"] == "national_portal"})


async def test_the_home_page_counts_deliveries_that_wait_as_its_list_does(waiting: httpx.AsyncClient) -> None:
    listed = (await waiting.get("/v1/deliveries", params={"state": "waiting"})).json()["items"]
    assert len(listed) > 1
    for query, words in (("", "Việc chờ gửi lại"), ("?lang=en", "Deliveries waiting")):
        home = await page(waiting, f"/console/{query}")
        number = re.search(rf'href="/console/deliveries\?state=waiting".*?{words}</span><b>(\d+)</b>', home)
        assert number
        assert int(number[1]) == len(listed)


async def test_a_missing_code_is_named_with_who_waits_and_a_filled_in_form(waiting: httpx.AsyncClient) -> None:
    shown = await page(waiting, "/console/codes")
    assert UNKNOWN in shown
    assert "Thủ tục riêng của tinh" in shown, "what the event calls it"
    assert "Thủ tục hành chính" in shown
    ask = re.search(r'href="(/console/codes/new\?[^"]*)"', shown.partition("<table")[2])
    assert ask
    form = await page(waiting, ask[1].replace("&amp;", "&"))
    assert f'value="{UNKNOWN}"' in form
    assert "việc đang chờ mã này sẽ gửi tiếp ngay" in form
    assert "Nothing waits for this code." in await page(waiting, "/console/codes/new?list=ward&code=1&lang=en")


async def test_approving_a_row_releases_exactly_what_waited_and_says_who_and_why(waiting: httpx.AsyncClient) -> None:
    codes = await held(waiting)
    form = await page(waiting, f"/console/codes/new?list=procedure&code={UNKNOWN}")
    row = {"list": "procedure", "code": UNKNOWN, "name_vi": "Thủ tục riêng", "name_en": "", "valid_from": "2025-07-01"}
    told = {**row, "valid_to": "", "source": "QĐ 1/QĐ-UBND"}
    nothing = await submit(waiting, form, "/console/codes", **told, reason="")
    assert nothing.status_code == 422
    assert "Cần ghi lý do." in nothing.text
    assert await held(waiting) == codes, "without a reason nothing moves"
    done = await submit(waiting, form, "/console/codes", **told, reason="theo quyết định mới")
    assert done.status_code == 200, done.text
    assert re.search(r"Đã thả \d+ việc\.", done.text)
    for code in codes:
        assert code.partition("-")[2] in done.text
        notes = (await waiting.get(f"/v1/dossiers/{code}")).json()["notes"]
        assert [(n["verb"], n["reason"]) for n in notes if n["verb"] == "release"][:1] == [
            ("release", f"row {UNKNOWN} of list procedure: theo quyết định mới")
        ]
    audit = await page(waiting, "/console/audit?verb=add+code")
    assert "theo quyết định mới" in audit
    assert "QĐ 1/QĐ-UBND" in audit
    again = await submit(waiting, form, "/console/codes", **(told | {"name_vi": "Nghĩa khác"}), reason="thử lần nữa")
    assert again.status_code == 422, "a code has one meaning on a day"
    shown = await page(waiting, f"/console/codes?list=procedure&q={UNKNOWN}")
    assert "01/07/2025" in shown
    assert "QĐ 1/QĐ-UBND" in shown


async def test_a_list_is_read_by_day_by_name_without_accents_and_a_page_at_a_time(console: httpx.AsyncClient) -> None:
    wards = "/console/codes?list=ward"
    first = await page(console, wards)
    assert first.count("<tr>") == 51
    following = re.search(r'href="(\?list=ward&amp;cursor=\d+)"', first)
    assert following
    second = await page(console, "/console/codes" + following[1].replace("&amp;", "&"))
    assert not set(re.findall(r'class="mono">(\d+)<', first)) & set(re.findall(r'class="mono">(\d+)<', second)) - {""}
    assert "Phường Vũng Liêm" in await page(console, f"{wards}&q=vung+liem&on=2026-07-01")
    assert "Phường Vũng Liêm" not in await page(console, f"{wards}&q=vung+liem&on=2026-06-01")
    assert "Ngày không đúng." in await page(console, f"{wards}&on=hôm+qua")
    await page(console, "/console/codes?list=nothing", 404)


async def test_without_a_folder_of_the_province_nothing_can_be_approved(console: httpx.AsyncClient) -> None:
    shown = await page(console, "/console/codes")
    assert "[codes] folder" in shown
    assert "/console/codes/new" not in shown
    form = await page(console, "/console/people")
    sent = {"list": "ward", "code": "1", "name_vi": "X", "source": "QĐ 1", "reason": "thử xem"}
    assert (await submit(console, form, "/console/codes", **sent)).status_code == 409


async def test_who_may_only_look_is_offered_no_approval_and_refused_one(office: Office) -> None:
    viewer = await office.person("xem", "viewer")
    shown = (await viewer.get("/console/codes")).text
    assert "/console/codes/new" not in shown
    assert (await viewer.get("/console/codes/new")).status_code == 403
    sent = await viewer.submit(shown, "/console/codes", list="ward", code="1", name_vi="X", source="QĐ 1", reason="thử")
    assert sent.status_code == 403
