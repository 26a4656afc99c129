"""The third result of a birth filed for all: the residence that the police register, told by the dossier's XML (domain notes 7b)."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.linked_services.adapter import TELL, WATCH
from adapters.linked_services.simulator import POLICE_TAKE_S, LinkedSimulator
from bus.outcome import Contract, Delivered, Outcome, Permanent, Taken, Unknown
from bus.seal import Keyring
from contracts.envelope import Envelope, judge
from mappings.routes import LINKED, owed
from tests.builders import a_job
from tests.partners.linked_services.conftest import LINKED_CODE, Desk, case, desk_at, scripted

DECIDED = "<cuTru><trangThai>{}</trangThai><thoiGianThucHien>{}</thoiGianThucHien><lyDo>{}</lyDo></cuTru>"


def registered(**data: Any) -> Envelope:
    """A birth filed for a residence too, registered."""
    told = json.loads(case("filed for a residence").to_json())
    return judge(told | {"data": told["data"] | data})


@pytest.mark.parametrize(
    ("changes", "operations"),
    [
        ({}, [WATCH, TELL]),
        ({"procedure_code": "2.001023"}, [TELL]),
        ({"linked_code": ""}, []),
        ({"state": "refused", "status": 3, "certificate": None}, []),
    ],
)
def test_a_registered_birth_filed_for_a_residence_is_asked_about(
    changes: dict[str, Any], operations: list[str]
) -> None:
    assert [debt.operation for debt in owed(registered(**changes), {LINKED})] == operations


async def test_it_is_asked_for_until_the_police_have_decided_and_told_twice_it_is_one_event(desk: Desk) -> None:
    desk.simulator.file(LINKED_CODE)
    assert isinstance(await desk.tell(registered(), WATCH), Taken)
    desk.simulator.reside(LINKED_CODE, thoiGianThucHien="20260707093000")
    first = told(await desk.tell(registered(), WATCH))
    assert first.type == "vn.lienthong.residence.decided.v1"
    assert first.data == {
        "dossier_code": "000.07.31.H59-260703-0003",
        "linked_code": LINKED_CODE,
        "procedure_code": "2.000986",
        "state": "registered",
        "at": "2026-07-07T02:30:00+00:00",
        "place": "Số 12, Phường Phước Hậu, Tỉnh Vĩnh Long",
        "number": "CT-000001",
    }
    later = registered(at="2026-07-04T08:20:00+00:00")
    again = told(await desk.tell(later, WATCH))
    assert (again.id, again.content()) == (first.id, first.content())
    assert [(debt.partner, debt.operation) for debt in owed(first, {LINKED, "dossier_system"})] == [
        ("dossier_system", "notify")
    ]


def told(outcome: Outcome) -> Envelope:
    assert isinstance(outcome, Delivered), outcome
    (event,) = outcome.replies
    return event


async def test_a_refusal_comes_with_the_reason_of_the_police(desk: Desk) -> None:
    desk.simulator.file(LINKED_CODE)
    transport = httpx.ASGITransport(desk.simulator.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://police") as police:
        said = [
            await police.post("/_sim/reside", json=told) for told in ({"maHoSo": LINKED_CODE, "trangThai": "6"}, {})
        ]
        assert [one.status_code for one in said] == [200, 422]
    event = told(await desk.tell(registered(), WATCH))
    assert (event.data["state"], event.data["reason"]) == ("refused", "Chỗ ở chưa được chủ sở hữu đồng ý")
    assert "number" not in event.data


async def test_a_dossier_the_software_does_not_know_is_for_the_officer(desk: Desk) -> None:
    assert isinstance(await desk.tell(registered(), WATCH), Permanent)


async def test_what_is_filed_again_is_the_same_filing_whatever_the_police_decided(desk: Desk) -> None:
    desk.simulator.file(LINKED_CODE)
    (before,) = (await desk.poll()).events
    desk.simulator.reside(LINKED_CODE)
    assert [event.id for event in (await desk.poll()).events] == [before.id]


@pytest.mark.parametrize(
    "decided",
    [
        DECIDED.format("9", "20260707093000", "bà Lan"),
        DECIDED.format("4", "07/07/2026", "bà Lan"),
        DECIDED.format("4", "", "bà Lan"),
        DECIDED.format("6", "20260707093000", "bà Lan" * 1000),
        "<cuTru>bà Lan</cuTru>",
        2 * DECIDED.format("4", "20260707093000", "bà Lan"),
        "<cuTru>bà Lan",
        "<maHoSo>G22.99.5-260703-000018</maHoSo>" + DECIDED.format("4", "20260707093000", "bà Lan"),
    ],
    ids=["state", "time", "no time", "too long", "text", "twice", "no XML", "another's"],
)
async def test_what_cannot_be_read_is_kept_as_it_came_and_asked_for_again(
    tmp_path: Path, keys: Keyring, decided: str
) -> None:
    answer = json.dumps({"data": f"<hoSo><maHoSo>{LINKED_CODE}</maHoSo>{decided}</hoSo>"}).encode()
    async for adapter in desk_at(scripted(answer), tmp_path, keys):
        outcome = await Desk(adapter, LinkedSimulator()).tell(registered(), WATCH)
        assert isinstance(outcome, Unknown), outcome
        assert "bà Lan" in outcome.reply.decode()
        assert "Lan" not in outcome.words


async def test_an_empty_decision_is_none_yet(tmp_path: Path, keys: Keyring) -> None:
    answer = json.dumps({"data": f"<hoSo><maHoSo>{LINKED_CODE}</maHoSo><cuTru/></hoSo>"}).encode()
    async for adapter in desk_at(scripted(answer), tmp_path, keys):
        assert isinstance(await Desk(adapter, LinkedSimulator()).tell(registered(), WATCH), Taken)


async def test_a_code_that_is_no_part_of_an_address_is_not_asked_for(desk: Desk) -> None:
    job = a_job(operation=WATCH, envelope=registered(linked_code="../token"), dossier="000.07.31.H59-260703-0003")
    prepared = desk.adapter.prepare(job)
    assert isinstance(prepared, Contract)
    assert prepared.code == "id"


async def test_in_the_demo_the_police_decide_some_time_after_the_births_result(tmp_path: Path, keys: Keyring) -> None:
    book = tmp_path / "book.jsonl"
    simulator = LinkedSimulator(book, busy_citizens=True)
    simulator.file(LINKED_CODE)
    async for adapter in desk_at(simulator.app(), tmp_path, keys):
        desk = Desk(adapter, simulator)
        for words in ("received dossier", "sent on", "filed for a residence"):
            assert isinstance(await desk.tell(case(words)), Delivered), words
        assert isinstance(await desk.tell(registered(), WATCH), Taken)
        simulator.now = lambda: time.time() + 2 * POLICE_TAKE_S
        event = told(await desk.tell(registered(), WATCH))
    assert event.data["state"] == "registered"
    assert LinkedSimulator(book).residences == simulator.residences
