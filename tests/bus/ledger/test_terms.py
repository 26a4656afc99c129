"""The terms of `[retention]`: read, refused where they make no sense, kept by the duty of one process, told by CLI and story."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from bus.ledger.retention import DAY_S, Terms
from ops import dossiers, retention
from ops.settings import RetentionSettings
from ops.story import tell
from tests.builders import DOSSIER
from tests.bus.ledger.conftest import Desk, arrival

TERMS = Terms(events=90, messages=30)


async def test_the_duty_lets_go_in_one_process_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PACE_S", 0.01)
    monkeypatch.setattr(retention, "PAUSE_S", 0.0)
    await desk.accept(arrival(1))
    await desk.close(await desk.one())
    desk.clock.advance(91 * DAY_S)
    await desk.ledger.take_duty(retention.DUTY, "another process", retention.DUTY_S)
    keeping = asyncio.create_task(retention.keep_terms(desk.ledger, TERMS))
    await asyncio.sleep(0.1)
    assert await retention.preview(desk.ledger, TERMS) == [
        {"rule": "events_days", "days": 90, "due": 1, "complete": True},
        {"rule": "messages_days", "days": 30, "due": 0, "complete": True},
        *(
            {"rule": f"{rule}_days", "days": None, "due": 0, "complete": True}
            for rule in ("people", "raw", "lookups", "audit")
        ),
    ]
    desk.clock.advance(retention.DUTY_S + 1)
    for _ in range(500):
        await asyncio.sleep(0.01)
        if (await _story(desk))["events"][0]["erased_at"]:
            break
    else:
        pytest.fail("nothing was let go")
    keeping.cancel()


async def test_without_terms_there_is_no_duty(desk: Desk) -> None:
    await asyncio.wait_for(retention.keep_terms(desk.ledger, Terms()), 5)


async def test_the_story_says_when_and_why_its_contents_went(desk: Desk) -> None:
    await desk.accept(replace(arrival(1), type="vn.lienthong.result.checked.v1"))
    await desk.close(await desk.one())
    desk.clock.advance(91 * DAY_S)
    async for _gone in desk.ledger.retention(TERMS).lap():
        pass
    story = await _story(desk) | {"deliveries": []}
    assert "nội dung đã xóa lúc" in tell(story, "vi")
    assert "contents removed on" in tell(story, "en")
    assert "[retention] events_days = 90" in tell(story, "en")


async def _story(desk: Desk) -> dict[str, Any]:
    story = await dossiers.story(desk.ledger, {}, DOSSIER)
    assert story is not None
    return story


@pytest.mark.parametrize("wrong", [{"events_days": 30}, {"audit_days": 30}, {"events_days": 90, "messages_days": 91}])
def test_terms_that_break_a_promise_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        RetentionSettings(**wrong)


def test_left_out_everything_is_kept() -> None:
    assert RetentionSettings().terms == Terms()
