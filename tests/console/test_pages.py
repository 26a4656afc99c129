"""The console over a real bus: what an officer reads, and what a button does, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from ops import causes
from ops.console import text
from tests.console.conftest import CODE, PORTAL, RECEIVED, page, submit


async def test_the_way_from_the_work_list_to_a_resent_dossier_is_three_clicks(console: httpx.AsyncClient) -> None:
    home = await page(console, "/console/")
    assert "Cổng từ chối dữ liệu hồ sơ" in home
    resend = re.search(r'href="(/console/act\?verb=resend[^"]*)"', home)
    assert resend
    preview = await page(console, resend[1].replace("&amp;", "&"))
    assert CODE.partition("-")[2] in preview
    done = await submit(console, preview, "/console/act", reason="đã sửa")
    assert "Đã làm 1 việc" in done.text
    story = (await console.get(f"/v1/dossiers/{CODE}")).json()
    assert [(n["verb"], n["reason"]) for n in story["notes"]] == [("resend", "đã sửa")]


async def test_a_dossier_says_where_it_is_stuck_and_shows_nobodys_name(console: httpx.AsyncClient) -> None:
    shown = await page(console, f"/console/dossiers/{CODE}")
    assert "Đang kẹt ở Cổng Dịch vụ công quốc gia." in shown
    assert "dữ liệu không hợp lệ" in shown
    assert RECEIVED.data["dossier"]["applicant"]["name"] not in shown
    assert RECEIVED.data["dossier"]["summary"] not in shown
    assert "Stuck at National public-service portal." in await page(console, f"/console/dossiers/{CODE}?lang=en")


async def test_an_action_on_what_has_changed_since_the_preview_is_refused_and_says_so(
    console: httpx.AsyncClient,
) -> None:
    (dead,) = (await console.get("/v1/deliveries", params={"partner": PORTAL, "state": "dead"})).json()["items"]
    preview = await page(console, f"/console/act?verb=resend&ids={dead['id']}")
    body = {"verb": "skip", "where": {"ids": [dead["id"]]}, "reason": "someone else was faster"}
    await console.post("/v1/deliveries/actions", json=body)
    answer = await submit(console, preview, "/console/act", reason="đã sửa")
    assert "Không làm: đã đổi từ lúc xem trước, hãy xem lại" in answer.text
    story = (await console.get(f"/v1/dossiers/{CODE}")).json()
    assert [note["verb"] for note in story["notes"]] == ["skip"]


@pytest.mark.parametrize("trick", ["no token", "another origin"])
async def test_a_change_that_does_not_come_from_our_page_is_refused(console: httpx.AsyncClient, trick: str) -> None:
    form = await page(console, f"/console/switch?partner={PORTAL}&verb=pause")
    if trick == "no token":
        answer = await console.post("/console/switch", data={"partner": PORTAL, "verb": "pause", "reason": "xấu"})
    else:
        console.headers["Origin"] = "https://evil.example"
        answer = await submit(console, form, "/console/switch", reason="xấu")
    assert answer.status_code == 403
    views = (await console.get("/v1/partners")).json()["items"]
    assert not next(view for view in views if view["partner"] == PORTAL)["paused"]


async def test_a_partner_is_paused_and_resumed_with_a_reason(console: httpx.AsyncClient) -> None:
    for verb, paused in (("pause", True), ("resume", False)):
        form = await page(console, f"/console/switch?partner={PORTAL}&verb={verb}")
        assert (await submit(console, form, "/console/switch", reason="bảo trì")).status_code == 303
        views = (await console.get("/v1/partners")).json()["items"]
        assert next(view for view in views if view["partner"] == PORTAL)["paused"] is paused


async def test_a_citizens_id_is_searched_by_post_and_stands_in_no_address(console: httpx.AsyncClient) -> None:
    applicant = RECEIVED.data["dossier"]["applicant"]
    citizen = applicant.get("citizen_id") or applicant.get("old_id")
    home = await page(console, "/console/")
    token = re.search(r'name="token" value="([^"]+)"', home)
    assert token
    found = await console.post("/console/search", data={"token": token[1], "q": citizen})
    assert found.status_code == 303
    assert found.headers["location"] == f"/console/dossiers/{CODE}"
    by_code = await console.post("/console/search", data={"token": token[1], "q": CODE.lower()})
    assert by_code.headers["location"] == f"/console/dossiers/{CODE}"


@pytest.mark.parametrize("path", ["/console/", "/console/causes", "/console/partners", "/console/deliveries"])
async def test_every_page_is_said_in_english_too(console: httpx.AsyncClient, path: str) -> None:
    shown = await page(console, f"{path}?lang=en")
    assert '<html lang="en">' in shown
    assert "Work list" in shown
    assert "Việc cần làm" not in shown


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/console/dossiers/000.00.17.H59-990101-0001", 404),
        ("/console/nothing", 404),
        ("/console/static/../pages.py", 404),
        ("/console/deliveries?state=lost", 422),
        ("/console/act?verb=explode&ids=1", 422),
        ("/console/act?verb=resend", 422),
    ],
)
async def test_what_is_not_there_or_wrong_is_said_in_words(console: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await console.get(path)
    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_every_word_has_both_languages() -> None:
    for key, row in text._table().items():
        assert row["vi"].strip(), key
        assert row["en"].strip(), key
        assert set(re.findall(r"{\w+", row["vi"])) == set(re.findall(r"{\w+", row["en"])), key


@pytest.mark.parametrize(
    ("n", "en", "vi"), [(1, "See 1 dossier", "Xem 1 hồ sơ"), ("1.213", "See 1.213 dossiers", "Xem 1.213 hồ sơ")]
)
def test_one_is_counted_as_one(n: int | str, en: str, vi: str) -> None:
    assert text.Speech("en", 0.0)("see.dossiers", n=n) == en
    assert text.Speech("vi", 0.0)("see.dossiers", n=n) == vi


def test_no_english_sentence_counts_one_thing_as_many() -> None:
    many = (
        r"{\w+} (\w+ )?(causes|codes|days|deliveries|dossiers|fields|gaps|incidents|lines"
        r"|months|partners|people|rows|tasks|things|tries)\b"
    )
    assert [key for key, row in text._table().items() if re.search(many, row["en"])] == []


async def test_a_group_of_failures_has_an_owner_a_note_and_its_place_in_the_record(console: httpx.AsyncClient) -> None:
    shown = await page(console, "/console/causes")
    assert "Chưa ai nhận" in shown
    group = re.search(r'href="\?group=(\w+)#group"', shown)
    assert group
    chosen = await page(console, f"/console/causes?group={group[1]}")
    assert "dữ liệu không hợp lệ" in chosen, "the partner's own words"
    kept = await submit(console, chosen, "/console/causes", owner="Tổ danh mục", note="đã gọi đầu mối của Cổng")
    assert kept.status_code == 303
    assert "Người nhận: Tổ danh mục" in await page(console, "/console/causes")
    assert "Owner: Tổ danh mục" in await page(console, "/console/causes?lang=en")
    assert "đã gọi đầu mối của Cổng" in await page(console, "/console/audit")
    told = (await console.get("/v1/causes")).json()["items"]
    assert [one["owner"] for one in told if one["fingerprint"] == group[1]] == ["Tổ danh mục"]


async def test_a_failure_the_catalogue_does_not_know_is_named_once_for_its_past_and_future(
    console: httpx.AsyncClient, tmp_path: Path
) -> None:
    causes.OWN.use(tmp_path / "causes.csv")
    try:
        (told,) = [one for one in (await console.get("/v1/causes")).json()["items"] if one["code"] == "3"]
        assert told["known"]
        shown = await page(console, f"/console/causes?group={told['fingerprint']}")
        named = {
            "title_vi": "Đơn vị chưa có trên Cổng",
            "title_en": "The portal does not know the unit",
            "advice_vi": "Khai báo đơn vị rồi gửi lại",
            "advice_en": "Declare the unit, then resend",
        }
        short = await submit(
            console, shown, "/console/causes", **(named | {"advice_en": " "}), side="province", resend="fix"
        )
        assert short.status_code == 422
        done = await submit(console, shown, "/console/causes", **named, side="province", resend="fix")
        assert done.status_code == 303, done.text
        assert "Đơn vị chưa có trên Cổng" in await page(console, "/console/causes")
        assert "Declare the unit, then resend" in await page(console, "/console/causes?lang=en")
    finally:
        causes.OWN.use(None)
