"""The ledger's part in look-ups: the partner's switches and budget hold for them, and each is on record."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bus.ledger import migrations, schema
from bus.ledger.claim import Admission
from bus.ledger.ledger import LedgerUnfit
from bus.ledger.lookup import Looked
from bus.ledger.sign_in import Line
from bus.ledger.sql_ledger import open_ledger
from bus.ledger.words import Claim, PartnerChange
from bus.seal import Keyring
from tests.bus.ledger.conftest import LEASE_S, Desk, arrival, take_back

ASKED = Looked(
    who="dossier-system",
    partner="plain",
    name="person",
    purpose="settlement",
    question='{"number":"084080000123"}',
    about=(("citizen", "084080000123"), ("tax", "0100109106")),
    outcome="found",
    matches=1,
    dossier="000.00.17.H59-230425-0001",
    fields=("name", "born_on"),
    reason="Bà Nguyễn Thị Bình hỏi",
    officer="Trần Văn Sáu",
    took_s=0.25,
    trace_id="ab" * 16,
)


def a_claim(**changes: Any) -> Claim:
    asked = Claim(partner="plain", worker="w", calls=1, rows=1, lease_s=LEASE_S, batches={})
    return replace(asked, **changes)


async def last_success(desk: Desk, partner: str = "plain") -> float | None:
    return next((view.last_success_at for view in await desk.ledger.partners() if view.partner == partner), None)


@pytest.mark.parametrize(
    ("outcome", "cached", "worked"),
    [("found", False, True), ("none", False, True), ("found", True, False), ("unavailable", False, False)],
)
async def test_a_partner_that_answers_a_caller_is_seen_at_work(
    desk: Desk, outcome: str, cached: bool, worked: bool
) -> None:
    await desk.ledger.lookups().keep(replace(ASKED, outcome=outcome, cached=cached))
    assert (await last_success(desk) == desk.clock.now()) is worked


async def test_a_partner_that_is_polled_or_signs_people_in_is_seen_at_work(desk: Desk) -> None:
    fence = await desk.ledger.take_duty("poll:plain", "me", 60)
    assert fence is not None
    assert await last_success(desk) is None
    await desk.ledger.accept_polled("poll:plain", fence, "", [], [])
    assert await last_success(desk) == desk.clock.now()
    line = Line("dossier-system", "vneid", "signed_in")
    await desk.ledger.sign_ins().conclude(line, (("tech_id", "t"),), lambda _linked: (), "provider")
    assert await last_success(desk, "provider") == desk.clock.now()


async def test_a_look_up_is_on_record_by_whom_it_was_about_and_its_words_are_sealed(desk: Desk) -> None:
    await desk.ledger.lookups().keep(ASKED)
    desk.clock.advance(60)
    await desk.ledger.lookups().keep(
        replace(ASKED, who="desk", about=(), question="{}", reason="", officer="", cached=True)
    )
    views, following = await desk.ledger.lookups().page()
    assert ([view.who for view in views], following) == (["desk", "dossier-system"], "")
    assert (views[1].fields, views[1].reason, views[1].officer) == (("name", "born_on"), ASKED.reason, ASKED.officer)
    assert (views[0].cached, views[0].at - views[1].at) == (True, 60)
    for about in (("citizen", "084080000123"), ("tax", "0100109106")):
        (one,), _ = await desk.ledger.lookups().page(about=about)
        assert one.who == "dossier-system"
    assert await desk.ledger.lookups().page(about=("citizen", "084080000124")) == ([], "")
    assert [view.who for view in (await desk.ledger.lookups().page(who="desk"))[0]] == ["desk"]
    assert (await desk.ledger.lookups().page(partner="other"))[0] == []
    page, following = await desk.ledger.lookups().page(limit=1)
    assert [view.who for view in page + (await desk.ledger.lookups().page(limit=1, cursor=following))[0]] == [
        "desk",
        "dossier-system",
    ]


async def test_nothing_of_whom_it_was_about_stands_in_the_file(tmp_path: Path, keys: Keyring) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path}/l.db", keys)
    await ledger.lookups().keep(ASKED)
    await ledger.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for canary in ("084080000123", "0100109106", "Bình", "Sáu"):
        assert canary.encode() not in written


async def test_a_record_taken_away_or_changed_shows_in_the_journal(tmp_path: Path, keys: Keyring) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path}/l.db", keys)
    await ledger.lookups().keep(ASKED)
    fence = await ledger.take_duty("sealer", "me", 60)
    assert fence is not None
    assert await ledger.seal_journal(fence) == 1
    assert await ledger.verify_chain() == (1, "")
    with sqlite3.connect(tmp_path / "l.db") as other:
        (entry,) = other.execute("SELECT entry FROM journal").fetchone()
        assert '"lookup",1,' in entry
        assert "dossier-system" in entry
        other.execute("UPDATE journal SET entry = replace(entry, 'dossier-system', 'somebody')")
    assert "was changed" in (await ledger.verify_chain())[1]
    await ledger.close()


async def test_the_switches_of_the_partner_hold_for_look_ups(desk: Desk) -> None:
    assert await desk.ledger.lookups().admit(a_claim()) == Admission(True)
    await desk.ledger.pause("plain", "an officer", "they asked us to")
    assert (await desk.ledger.lookups().admit(a_claim())).why == "paused"
    await desk.ledger.resume("plain", "an officer", "they are back")
    now = desk.clock.now()
    await desk.ledger.record([], [PartnerChange("plain", not_before=now + 30)])
    assert await desk.ledger.lookups().admit(a_claim()) == Admission(False, wait_until=now + 30, why="not_before")
    await desk.ledger.resume("plain", "an officer", "no longer")
    await desk.ledger.record([], [PartnerChange("plain", open_until=now + 10)])
    assert (await desk.ledger.lookups().admit(a_claim())).why == "breaker"


async def test_one_look_up_alone_tries_an_open_breaker_and_a_good_answer_closes_it(desk: Desk) -> None:
    await desk.ledger.record([], [PartnerChange("plain", open_until=desk.clock.now() + 10)])
    desk.clock.advance(11)
    assert await desk.ledger.lookups().admit(a_claim()) == Admission(True, probe=True)
    assert (await desk.ledger.lookups().admit(a_claim())).why == "breaker"
    await desk.ledger.record([], [PartnerChange("plain", close=True)])
    assert await desk.ledger.lookups().admit(a_claim()) == Admission(True)


async def test_look_ups_and_deliveries_spend_one_budget(desk: Desk) -> None:
    rate: dict[str, Any] = {"rate_per_s": 1.0, "burst": 2}
    assert (await desk.ledger.lookups().admit(a_claim(**rate))).granted
    assert (await desk.ledger.lookups().admit(a_claim(**rate))).granted
    refused = await desk.ledger.lookups().admit(a_claim(**rate))
    assert (refused.granted, refused.why) == (False, "rate")
    assert refused.wait_until == pytest.approx(desk.clock.now() + 1)
    await desk.accept(arrival(1))
    assert (await desk.claim(**rate)).why == "rate"
    desk.clock.advance(1)
    assert len((await desk.claim(**rate)).jobs) == 1


def test_a_ledger_of_the_schema_before_is_brought_forward(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/l.db"
    schema.upgrade(url)
    take_back(tmp_path / "l.db", "0004")
    with pytest.raises(LedgerUnfit, match="lienthong db upgrade"):
        schema.check(url)
    assert schema.upgrade(url) == schema.check(url) == migrations.HEAD
    with sqlite3.connect(tmp_path / "l.db") as other:
        assert other.execute("SELECT COUNT(*) FROM lookup, lookup_about").fetchone() == (0,)
