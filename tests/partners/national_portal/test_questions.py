"""Questions in and answers out, owners' accounts, and the status of the portal's own services (domain notes 3.1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from bus.adapter import Call, Found, Job, Poll
from bus.outcome import Delivered, Outcome, Permanent, Transient, Unknown
from contracts.envelope import judge
from contracts.national_portal.messages import TraCuu
from tests.builders import a_job
from tests.partners.national_portal.conftest import Portal

CASES = Path(str(files("mappings.national_portal"))) / "cases"


def a_case(words: str, **filing: Any) -> Job:
    """The delivery of the case whose name holds these words."""
    (path,) = (path for path in CASES.glob("*.json") if words in path.stem)
    told = json.loads(path.read_text(encoding="utf-8"))
    if filing:
        told["given"]["data"]["filing"] |= filing
    event = judge(told["given"])
    return a_job(envelope=event, dossier=event.subject, operation=told["operation"], key=words.replace(" ", "-"))


async def polled(portal: Portal, cursor: str = "") -> Poll:
    found = await portal.adapter.poll(cursor, Call("c", 2.0))
    assert isinstance(found, Poll), found
    return found


async def test_a_question_of_the_portal_becomes_an_event_once_however_often_it_is_listed(portal: Portal) -> None:
    portal.simulator.ask("HD-1", "Bao lâu có kết quả?", MaTTHC="1.012783", NguoiHoi="Nguyễn Văn An")
    first = await polled(portal)
    again = await polled(portal, first.cursor)
    assert [event.id for event in first.events] == [event.id for event in again.events]
    (event,) = first.events
    assert (event.type, event.subject) == ("vn.lienthong.question.asked.v1", "HD-1")
    assert event.data["question"]["content"] == "Bao lâu có kết quả?"
    assert datetime.fromisoformat(first.cursor) == event.time
    later = await polled(portal, (event.time + timedelta(hours=2)).isoformat())
    assert later.events == ()


async def test_a_row_that_cannot_be_read_is_kept_and_the_others_go_on(portal: Portal) -> None:
    portal.simulator.ask("HD-1", "Hỏi", NgayHoi="hôm qua")
    portal.simulator.ask("HD-2", "")
    portal.simulator.ask("HD-3", "Hỏi gì đó")
    found = await polled(portal)
    assert [event.subject for event in found.events] == ["HD-3"]
    assert len(found.bad_rows) == 2


async def test_a_time_ahead_of_ours_does_not_hide_what_comes_before_it(portal: Portal) -> None:
    portal.simulator.ask("HD-1", "Hỏi", NgayHoi="20991231000000")
    assert datetime.fromisoformat((await polled(portal)).cursor) <= datetime.now(UTC)


async def test_a_poll_the_portal_does_not_answer_is_an_outcome(portal: Portal) -> None:
    await polled(portal)
    portal.simulator.weather.left["busy"] = 1
    assert isinstance(await portal.adapter.poll("", Call("c", 2.0)), Transient)
    portal.simulator.weather.left["html"] = 1
    assert isinstance(await portal.adapter.poll("", Call("c", 2.0)), Unknown)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("promotion notice that is done", "status"),
        ("asked in the province", "published"),
        ("of the portal is answered", "answered"),
    ],
)
async def test_what_is_told_stands_there_once(portal: Portal, words: str, kind: str) -> None:
    for _ in range(2):
        (outcome,) = await portal.send(a_case(words))
        assert isinstance(outcome, Delivered), outcome
    assert len(portal.simulator.book.of(kind)) == 1
    assert len(portal.simulator.book.of("repeat")) == 1


async def test_an_answer_to_a_question_nobody_asked_is_refused(portal: Portal) -> None:
    portal.simulator.ask("HD-9", "Hỏi gì đó")
    (outcome,) = await portal.send(a_case("of the portal is answered"))
    assert isinstance(outcome, Permanent)
    assert "Không có câu hỏi HD-2026-000123" in outcome.words


async def test_an_owner_of_one_account_is_found_and_told_to_the_dossier_system(portal: Portal) -> None:
    job = a_case("without an account")
    (outcome,) = await portal.send(job)
    assert isinstance(outcome, Delivered)
    (told,) = outcome.replies
    assert (told.type, told.data["portal_code"]) == (
        "vn.lienthong.portal.owner_identified.v1",
        job.envelope.data["filing"]["portal_code"],
    )


@pytest.mark.parametrize(
    ("number", "says"), [("000080000123", "knows no accounts"), ("001080000123", "knows 2 accounts")]
)
async def test_an_owner_with_no_account_or_several_is_for_a_person(portal: Portal, number: str, says: str) -> None:
    (outcome,) = await portal.send(a_case("without an account", owner_id=number))
    assert isinstance(outcome, Permanent)
    assert says in outcome.words


async def test_a_caller_may_look_an_account_up_and_none_of_several_is_chosen(portal: Portal) -> None:
    async def ask(number: str) -> Found | Outcome:
        return await portal.adapter.look_up(TraCuu(mstorcmnd=number), Call("c", 2.0))

    for number, count in (("084080000123", 1), ("001080000123", 2), ("000080000123", 0)):
        found = await ask(number)
        assert isinstance(found, Found)
        assert len(found.matches) == count
    portal.simulator.weather.left["html"] = 1
    assert isinstance(await ask("084080000124"), Unknown)
