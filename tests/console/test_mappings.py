"""The mappings on their pages: each as a table, tried on a recorded message, and over many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from bus.adapter import Row
from mappings.national_portal import outbound
from ops.replay import compared
from tests.console.conftest import PORTAL, RECEIVED, Office, page


async def sent(console: httpx.AsyncClient) -> int:
    (dead,) = (await console.get("/v1/deliveries", params={"partner": PORTAL, "state": "dead"})).json()["items"]
    return int(dead["id"])


async def test_a_mapping_reads_as_a_table_in_the_reader_s_words(console: httpx.AsyncClient) -> None:
    overview = await page(console, "/console/mappings")
    assert f'href="/console/mappings/{PORTAL}"' in overview
    assert "Đủ theo hợp đồng" in overview
    assert "(theo hai phần mềm nguồn mở đang dùng): 2020, thêm các trường" in overview, "the contract's title"
    assert "bản 1" in overview
    shown = await page(console, f"/console/mappings/{PORTAL}")
    for said in (
        "dossier.procedure.code",
        "MaTTHC",
        "mã danh mục Thủ tục hành chính theo ngày của dossier.filed_at",
        "bắt buộc",
    ):
        assert said in shown
    assert "code of list procedure" in await page(console, f"/console/mappings/{PORTAL}?lang=en")
    await page(console, "/console/mappings/nobody", 404)


async def test_what_was_sent_is_made_anew_and_is_the_same_today(console: httpx.AsyncClient) -> None:
    number = await sent(console)
    shown = await page(console, f"/console/mappings/{PORTAL}/try?delivery={number}")
    assert "Hôm nay lập ra đúng như đã gửi." in shown
    assert RECEIVED.data["dossier"]["applicant"]["name"] not in shown
    told = (await console.get(f"/v1/exchanges/{number}/today")).json()
    assert (told["recorded"], told["differs"]) == (True, False)
    await page(console, f"/console/mappings/{PORTAL}/try?delivery=999999", 404)
    await page(console, f"/console/mappings/electronic_iso/try?delivery={number}", 404)


async def test_another_mapping_is_seen_field_by_field_before_it_is_switched_on(
    console: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tomorrow's mapping says the code of the procedure otherwise, and cannot say the rest of them at all."""
    number = await sent(console)

    def otherwise(message: Any, written: dict[str, Any]) -> None:
        written["MaTTHC"] = "9.999999"

    changed = replace(outbound.DOSSIER, steps=(*outbound.DOSSIER.steps, otherwise))
    monkeypatch.setattr(outbound, "DOSSIER", changed)
    shown = await page(console, f"/console/mappings/{PORTAL}/replay?operation=DongBoHoSoMC")
    assert "9.999999" in shown
    assert f"try?delivery={number}" in shown
    told = (await console.get(f"/v1/mappings/{PORTAL}/replay", params={"operation": "DongBoHoSoMC"})).json()
    assert (told["looked"], told["same"], told["differs"]) == (1, 0, 1)
    assert [(line["field"], line["now"], line["count"]) for line in told["fields"]] == [("MaTTHC", "9.999999", 1)]
    assert "1 trường khác với bản đã gửi." in await page(console, f"/console/mappings/{PORTAL}/try?delivery={number}")


def test_a_field_that_comes_or_goes_differs_and_without_a_record_nothing_does() -> None:
    made = Row.__new__(Row)
    made.body = b'{"a": "1", "b": "2"}'
    told = {
        field.name: (field.then is None, field.now is None, field.differs)
        for field in compared('{"a":"1","c":"3"}', made, None)
    }
    assert told == {"a": (False, False, False), "b": (True, False, True), "c": (False, True, True)}
    assert not any(field.differs for field in compared("", made, None))


async def test_replay_is_told_a_page_at_a_time(console: httpx.AsyncClient) -> None:
    first = (await console.get(f"/v1/mappings/{PORTAL}/replay", params={"limit": 1})).json()
    assert first["looked"] == 1
    assert first["next"]
    assert (await console.get(f"/v1/mappings/{PORTAL}/replay", params={"limit": 1000})).status_code == 422
    assert (await console.get("/v1/mappings/nobody/replay")).status_code == 404


async def test_who_is_bound_to_a_partner_sees_its_mapping_alone(office: Office) -> None:
    theirs = await office.person("ba", "viewer", partner="electronic_iso")
    overview = (await theirs.get("/console/mappings")).text
    assert "/console/mappings/electronic_iso" in overview
    assert PORTAL not in overview
    assert (await theirs.get(f"/console/mappings/{PORTAL}")).status_code == 404
    assert (await theirs.get(f"/console/mappings/{PORTAL}/replay")).status_code == 404
