"""Lists filtered in the address, saved under a title, and walked through by keyboard."""

from __future__ import annotations

import re

import httpx

from tests.console.conftest import PORTAL, Office, page, submit, token_of


async def test_causes_are_filtered_by_the_address(console: httpx.AsyncClient) -> None:
    assert "Cổng từ chối dữ liệu hồ sơ" in await page(console, f"/console/causes?partner={PORTAL}&side=desk&resend=fix")
    other = await page(console, "/console/causes?side=infrastructure")
    assert "Cổng từ chối dữ liệu hồ sơ" not in other.partition("<table")[2]
    assert "Không có nhóm nào theo bộ lọc này." in other
    assert '<option value="infrastructure" selected>' in other


async def test_a_view_is_saved_under_a_title_and_offered_on_its_own_list_alone(console: httpx.AsyncClient) -> None:
    shown = await page(console, "/console/causes?side=desk")
    save = re.search(r'href="(/console/views\?address=[^"]*)"', shown)
    assert save
    form = await page(console, save[1].replace("&amp;", "&"))
    done = await submit(console, form, "/console/views", title="Việc của một cửa")
    assert (done.status_code, done.headers["location"]) == (303, "/console/causes?side=desk")
    assert "Việc của một cửa" in await page(console, "/console/causes")
    assert "Việc của một cửa" not in await page(console, "/console/deliveries?state=dead")
    mine = await page(console, "/console/views")
    number = re.search(r'name="drop" value="(\d+)"', mine)
    assert number
    await submit(console, mine, "/console/views", drop=number[1])
    assert "Việc của một cửa" not in await page(console, "/console/views")


async def test_a_view_leads_nowhere_but_into_the_console_and_is_its_owner_s_alone(office: Office) -> None:
    lan, hoa = await office.person("lan", "viewer"), await office.person("hoa", "viewer")
    form = (await lan.get("/console/views?address=https://elsewhere.example/")).text
    assert 'name="title"' not in form, "nothing to save"
    assert token_of(form)
    bad = await lan.submit(form, "/console/views", title="X", address="//elsewhere.example/")
    assert bad.status_code == 422
    good = await lan.submit(form, "/console/views", title="Của Lan", address="/console/causes?side=desk")
    assert good.status_code == 303
    assert "Của Lan" not in (await hoa.get("/console/causes")).text
    mine = await office.house.ledger.views().of("lan")
    await hoa.submit((await hoa.get("/console/views")).text, "/console/views", drop=str(mine[0].id))
    assert len(await office.house.ledger.views().of("lan")) == 1


async def test_the_delivery_list_leads_to_exchanges_within_its_filter(console: httpx.AsyncClient) -> None:
    shown = await page(console, f"/console/deliveries?state=dead&partner={PORTAL}")
    assert re.search(rf'href="/console/exchanges/\d+\?state=dead&amp;partner={PORTAL}"', shown)
