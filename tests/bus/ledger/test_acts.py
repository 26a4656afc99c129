"""Operators' acts: each verb has its rule, and what may not be done to a delivery is refused in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bus.ledger.act import REFUSALS
from bus.ledger.words import Action, Filter, Move, State, Verb
from bus.outcome import Cause
from tests.builders import DOSSIER
from tests.bus.ledger.conftest import Desk, arrival

DEAD = Move(State.DEAD, Cause.REFUSED)
DOUBT = Move(State.IN_DOUBT, Cause.UNKNOWN, "ask", None, doubt=1)


async def act(desk: Desk, verb: Verb, **facts: Any) -> tuple[bool, str]:
    """One verb on everything of the dossier; whether it was done, and why not."""
    rows = await desk.ledger.act(Action(verb, Filter(dossier=DOSSIER), "an officer", "because", **facts))
    return rows[0].done, rows[0].refusal


@pytest.mark.parametrize(
    ("verb", "move", "done"),
    [
        ("cancel", None, True),
        ("cancel", DOUBT, False),
        ("cancel", DEAD, True),
        ("resend", DEAD, True),
        ("resend", None, False),
        ("reprocess", DEAD, True),
        ("reprocess", DOUBT, False),
        ("skip", DEAD, True),
        ("skip", DOUBT, True),
        ("ask", DOUBT, True),
        ("ask", DEAD, False),
    ],
)
async def test_each_verb_has_its_rule(desk: Desk, verb: Verb, move: Move | None, done: bool) -> None:
    await desk.accept(arrival(1))
    if move is not None:
        await desk.close(await desk.one(), move)
    did, refusal = await act(desk, verb)
    assert did is done
    assert bool(refusal) is not done
    assert (await desk.ledger.verify()).holds


async def test_what_is_being_sent_may_not_be_touched(desk: Desk) -> None:
    await desk.accept(arrival(1))
    await desk.claim()
    for verb in ("cancel", "skip", "resend", "reprocess"):
        assert not (await act(desk, verb))[0]


async def test_a_skipped_head_lets_the_lane_go_on_and_never_holds_it_again(desk: Desk) -> None:
    await desk.accept(arrival(1), arrival(2))
    await desk.close(await desk.one(), DEAD)
    first = (await desk.ledger.deliveries(Filter(states=(State.DEAD,))))[0][0]
    await desk.ledger.act(Action("skip", Filter(ids=(first.id,)), "an officer", "withdrawn by the citizen"))
    assert (await desk.one()).envelope.sequence == 2
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    assert [(note.who, note.verb, note.reason) for note in story.notes] == [
        ("an officer", "skip", "withdrawn by the citizen")
    ]


async def test_a_dead_one_that_later_ones_have_passed_is_not_resent_silently(desk: Desk) -> None:
    await desk.accept(arrival(1), arrival(2))
    await desk.close(await desk.one(), DEAD)
    await act(desk, "skip")
    await desk.close(await desk.one())
    done, refusal = await act(desk, "resend")
    assert not done
    assert "passed" in refusal


async def test_what_is_in_doubt_is_settled_by_hand_with_the_partners_reference(desk: Desk) -> None:
    await desk.accept(arrival(1), arrival(2))
    await desk.close(await desk.one(), DOUBT)
    view = (await desk.ledger.deliveries(Filter(states=(State.IN_DOUBT,))))[0][0]
    settle = Action(
        "resolve", Filter(ids=(view.id,)), "an officer", "seen on the portal", as_="delivered", reference="DVC-1"
    )
    assert (await desk.ledger.act(settle))[0].after is State.DELIVERED
    assert (await desk.one()).envelope.sequence == 2


async def test_an_action_on_what_has_changed_since_it_was_seen_is_refused(desk: Desk) -> None:
    await desk.accept(arrival(1))
    (seen,) = await desk.ledger.act(Action("hold", Filter(dossier=DOSSIER), "an officer", "look", dry_run=True))
    cancel = Action("cancel", Filter(dossier=DOSSIER), "an officer", "no need", seen={seen.delivery: seen.changed_at})
    desk.clock.advance(1)
    await desk.close(await desk.one(), Move(State.DEAD, Cause.REFUSED, doubt=0))
    (row,) = await desk.ledger.act(cancel)
    assert not row.done
    assert row.refusal == REFUSALS["changed"]
    assert row.after is State.DEAD
    (row,) = await desk.ledger.act(replace(cancel, seen={row.delivery: row.changed_at}))
    assert row.after is State.CANCELLED


async def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    await desk.accept(arrival(1))
    rows = await desk.ledger.act(Action("cancel", Filter(dossier=DOSSIER), "an officer", "try", dry_run=True))
    assert (rows[0].done, rows[0].after) == (True, State.CANCELLED)
    assert await desk.states() == ["pending"]


async def test_a_held_lane_waits_until_it_is_released(desk: Desk) -> None:
    await desk.accept(arrival(1))
    await act(desk, "hold")
    assert (await desk.claim()).jobs == ()
    await act(desk, "release")
    assert len((await desk.claim()).jobs) == 1


@pytest.mark.parametrize("again", ["resend", "reprocess", "resolve"])
async def test_a_skipped_one_does_not_come_back_beside_a_later_one_that_is_being_sent(desk: Desk, again: Verb) -> None:
    await desk.accept(arrival(1), arrival(2))
    first = await desk.one()
    await desk.close(first, Move(State.DEAD, Cause.REFUSED, doubt=0))
    where = Filter(ids=(first.delivery,))
    await desk.ledger.act(Action("skip", where, "an officer", "settled by letter"))
    await desk.one()
    (row,) = await desk.ledger.act(Action(again, where, "an officer", "changed my mind", as_="not-taken"))
    assert (row.done, row.after) == (False, State.DEAD)
    assert (await desk.claim()).jobs == ()


async def test_an_early_event_is_not_reprocessed_out_of_its_sequence(desk: Desk) -> None:
    await desk.accept(arrival(2))
    (row,) = await desk.ledger.act(Action("reprocess", Filter(dossier=DOSSIER), "an officer", "hurry"))
    assert not row.done
    await desk.accept(arrival(1))
    assert await desk.states() == ["pending", "pending"]
