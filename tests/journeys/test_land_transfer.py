"""A land transfer with its fee and its return by post, from the portal's push to the hand-over, told as one story.

The worked example of the domain notes as far as the first three partners go: dossier system, national portal, electronic ISO. The bus is
the one a newcomer starts; it is stopped in the middle of the dossier's life and started again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.envelope import Envelope
from ops.sample import generate
from tests.demo import command, demo

pytestmark = pytest.mark.slow

LIFE = tuple(generate(10, 1, 5))
"""The ten events of one dossier: filed, received, at work, fee asked and paid, at work, result, returned."""
CODE = LIFE[0].subject
STOPPED_AFTER = 5
PATIENCE_S = 30.0


def book(folder: Path, partner: str, *kinds: str) -> list[dict[str, Any]]:
    """What a partner wrote down of our dossier, by itself."""
    lines = (folder / "var" / f"{partner}.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    return [entry for entry in entries if entry["kind"] in kinds and entry.get("MaHoSo", CODE) == CODE]


def post(url: str, events: Sequence[Envelope]) -> None:
    """One event after the other, as the desk works, each sent as a vendor would."""
    command("send", "-", url=url, given="\n".join(event.to_json().decode() for event in events) + "\n")


def told_once_delivered(url: str) -> dict[str, Any]:
    """The dossier's story when nothing of it is open any more."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        story: dict[str, Any] = httpx.get(f"{url}/v1/dossiers/{CODE}", trust_env=False).json()
        if all(delivery["state"] in ("delivered", "superseded") for delivery in story["deliveries"]):
            return story
        assert time.monotonic() < deadline, [d for d in story["deliveries"] if d["state"] != "delivered"]
        time.sleep(0.1)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str, str]:
    """The folder of the demo, the story as JSON, in Vietnamese and in English."""
    folder = tmp_path_factory.mktemp("land")
    with demo(folder) as url:
        post(url, LIFE[:STOPPED_AFTER])
        told_once_delivered(url)
    with demo(folder) as url:
        post(url, LIFE[STOPPED_AFTER:])
        story = told_once_delivered(url)
        return (
            folder,
            story,
            command("story", CODE, "--lang", "vi", url=url),
            command("story", CODE, "--lang", "en", url=url),
        )


Lived = tuple[Path, dict[str, Any], str, str]


def test_the_portal_has_the_dossier_created_once_and_every_status_in_order(lived: Lived) -> None:
    folder = lived[0]
    states = book(folder, "national_portal", "create", "update")
    assert [entry["kind"] for entry in states].count("create") == 1
    assert states[0]["kind"] == "create"
    assert states[-1]["data"]["TrangThaiHoSo"] == "10"
    progress = [entry["data"]["TrangThai"] for entry in book(folder, "national_portal", "progress")]
    assert progress == ["2", "4", "6", "4", "4", "9", "10"]
    assert book(folder, "national_portal", "repeat") == []


def test_the_iso_system_opened_one_slip_and_every_step_carries_it_after_a_restart_too(lived: Lived) -> None:
    folder = lived[0]
    (slip,) = book(folder, "electronic_iso", "slip")
    steps = book(folder, "electronic_iso", "step")
    closed = book(folder, "electronic_iso", "close")
    assert steps
    assert closed
    assert {entry["data"]["MaPhieu"] for entry in [*steps, *closed]} == {slip["MaPhieu"]}
    assert closed[-1]["at"] >= steps[-1]["at"]


def test_what_the_partners_answered_came_back_to_the_dossier_system(lived: Lived) -> None:
    notices = [entry["type"] for entry in book(lived[0], "dossier_system", "notice") if entry["subject"] == CODE]
    assert "vn.lienthong.portal.dossier_synced.v1" in notices
    assert notices.count("vn.lienthong.iso.slip_opened.v1") == 1


def test_the_result_was_ordered_from_the_post_once_with_a_number_of_its_own(lived: Lived) -> None:
    (order,) = [entry for entry in book(lived[0], "postal", "order") if entry["subject"] == CODE]
    assert order["data"]["ReceiverName"] == LIFE[0].data["dossier"]["applicant"]["name"]
    notices = [entry for entry in book(lived[0], "dossier_system", "notice") if entry["subject"] == CODE]
    created = next(entry["data"]["shipment"] for entry in notices if "shipment" in entry["data"])
    assert (created["state"], created["tracking"]) == ("created", order["data"]["ItemCode"])


def test_the_story_is_complete_and_joined_by_its_correlation(lived: Lived) -> None:
    story = lived[1]
    assert [e["sequence"] for e in story["events"] if e["source"] == LIFE[0].source] == list(range(1, 11))
    threads = {e["id"]: e["correlation_id"] for e in story["events"]}
    replies = [e for e in story["events"] if e["source"] != LIFE[0].source and e["causation_id"]]
    assert replies
    assert all(e["causation_id"] in threads for e in replies if e["causation_id"])
    assert len(set(threads.values())) == 1
    assert all(delivery["trace_id"] for delivery in story["deliveries"])


def test_the_story_is_told_in_vietnamese_and_in_english(lived: Lived) -> None:
    _, story, vietnamese, english = lived
    for text in (vietnamese, english):
        assert CODE in text
        assert LIFE[0].data["dossier"]["applicant"]["name"] not in text
    for event in story["events"]:
        assert event["title_vi"] in vietnamese
        assert event["title_en"] in english


def test_a_dossier_filed_on_the_portal_comes_in_once_and_goes_to_the_desk(tmp_path: Path) -> None:
    filed = {
        "MaHoSo": "G22.99-260702-0007",
        "MaTTHC": "1.012783",
        "TenChuHoSo": "Nguyễn Văn Thử",
        "SoDienThoai": "0900000000",
        "NgayNop": "20260702080000",
    }
    with demo(tmp_path) as url:
        said = [
            httpx.post(
                f"{url}/callbacks/national_portal/hoso",
                json=filed,
                headers={"X-Portal-Secret": "portal-demo"},
                trust_env=False,
            ).json()["error_code"]
            for _ in range(2)
        ]
        deadline = time.monotonic() + PATIENCE_S
        while not (notices := filings(tmp_path)) and time.monotonic() < deadline:
            time.sleep(0.1)
    assert said == [0, 1]
    assert len(notices) == 1


def filings(folder: Path) -> list[dict[str, Any]]:
    file = folder / "var" / "dossier_system.jsonl"
    entries = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [e for e in entries if e["kind"] == "notice" and e["type"] == "vn.lienthong.portal.dossier_filed.v1"]
