"""A dossier is found by every number it is known by, however it is typed, and by a person only through a digest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from bus.ledger import backfill, migrations, schema
from bus.ledger.keys import Hit, SearchKeys
from bus.ledger.ledger import FenceLost
from bus.ledger.sql_ledger import open_ledger
from bus.ledger.views import CauseGroup
from bus.ledger.words import Action, Filter, Move, State
from bus.outcome import Cause
from bus.seal import Keyring
from tests.builders import DOSSIER, an_envelope
from tests.bus.ledger.conftest import Desk, arrival, take_back
from tests.conftest import HandClock

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OTHER = "000.00.17.H59-230425-0002"
NEW_FORM = "H59.17.5-230501-00123"
TRACKING = ("tracking", "EV 123.456 789-VN")
PARKED = Move(State.DEAD, Cause.REFUSED, doubt=0)


@pytest.fixture
def keys_of(desk: Desk) -> SearchKeys:
    return desk.ledger.search_keys()


@pytest.mark.parametrize(
    "asked",
    [DOSSIER, DOSSIER.lower(), "  000.00.17.h59 230425 0001 ", "0000017H592304250001", "230425-0001", "230425 0001"],
)
async def test_a_code_is_found_whole_or_from_its_day_on_however_it_is_typed(
    desk: Desk, keys_of: SearchKeys, asked: str
) -> None:
    await desk.accept(arrival(1), arrival(1, dossier=OTHER), arrival(1, dossier=NEW_FORM))
    assert {hit.dossier for hit in await keys_of.find(asked)} == {DOSSIER}


async def test_a_dossier_is_found_by_event_trace_delivery_reference_and_receipt(
    desk: Desk, keys_of: SearchKeys
) -> None:
    await desk.accept(replace(arrival(1), traceparent=f"00-{TRACE}-00f067aa0ba902b7-01", references=(TRACKING,)))
    job = await desk.one()
    assert await keys_of.find("PH-2023/77") == []
    await desk.close(job, receipt="PH-2023/77")
    for asked, kind in (
        (f"{DOSSIER}/1", "event"),
        (TRACE.upper(), "trace"),
        ("ev123456789vn", "tracking"),
        ("ph 2023 77", "reference"),
    ):
        assert await keys_of.find(asked) == [Hit(DOSSIER, kind)]
    assert await keys_of.find(str(job.delivery)) == [Hit(DOSSIER, "delivery", job.delivery)]
    assert await keys_of.find("") == await keys_of.find("-") == await keys_of.find("9" * 30) == []


async def test_what_an_officer_settled_by_hand_is_found_by_the_reference_he_gave(
    desk: Desk, keys_of: SearchKeys
) -> None:
    await desk.accept(arrival(1))
    await desk.close(await desk.one(), PARKED)
    settled = Action("resolve", Filter(dossier=DOSSIER), "lan", "seen there", as_="delivered", reference="SO-9")
    assert [row.done for row in await desk.ledger.act(settled)] == [True]
    assert await keys_of.find("so9") == [Hit(DOSSIER, "reference")]


async def test_a_beginning_suggests_a_few_codes_and_to_a_partner_only_its_own(desk: Desk, keys_of: SearchKeys) -> None:
    codes = [f"000.00.17.H59-230425-{number:04}" for number in range(1, 21)]
    await desk.accept(*(arrival(1, dossier=code, partner="plain" if code != codes[14] else "iso") for code in codes))
    assert await keys_of.suggest("2304") == codes[:10]
    assert await keys_of.suggest("000.00.17.h59-230425-001") == codes[9:19]
    assert await keys_of.suggest("2304", "iso") == [codes[14]]
    assert await keys_of.suggest("230") == await keys_of.suggest("2305") == []


async def test_whether_a_dossier_is_known_and_to_whom_is_asked_without_its_story(
    desk: Desk, keys_of: SearchKeys
) -> None:
    await desk.accept(arrival(1))
    assert await keys_of.known(DOSSIER)
    assert await keys_of.known(DOSSIER, "plain")
    assert not await keys_of.known(DOSSIER, "iso")
    assert not await keys_of.known(OTHER)
    await desk.accept(arrival(2, "row", "state"))
    standing = (await keys_of.standing([DOSSIER, OTHER]))[DOSSIER]
    assert (standing.states, standing.changed_at) == ({State.PENDING: 3}, desk.clock.at)


async def test_a_person_is_found_by_digest_alone(desk: Desk, keys_of: SearchKeys, ledger_url: str) -> None:
    citizen = "084080000123"
    await desk.accept(arrival(1, finders=(("citizen", citizen),)))
    assert await keys_of.find(citizen) == []
    assert await keys_of.find_people(("citizen", "tax"), (citizen,)) == [DOSSIER]
    assert await keys_of.find_people(("tax",), (citizen,)) == []
    if ledger_url.startswith("sqlite"):
        files = Path(ledger_url.removeprefix("sqlite:///")).parent.glob("ledger.db*")
        assert not [file for file in files if citizen.encode() in file.read_bytes()]
    else:
        with psycopg.connect(ledger_url) as connection:
            for table in ("search_key", "finder", "event"):
                assert citizen not in str(connection.execute(f"SELECT t::text FROM {table} t".encode()).fetchall())


async def test_old_rows_get_their_keys_page_by_page_and_trouble_is_counted_from_them(
    tmp_path: Path, keys: Keyring, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger of the step before, filled; the fill stops after a page, and another process goes on."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = open_ledger(url, keys, clock=clock)
    desk = Desk(ledger, clock)
    slip = {"dossier_code": DOSSIER, "slip": "MP-31", "at": "2023-04-25T02:30:00Z"}
    opened = an_envelope(1, type="vn.lienthong.iso.slip_opened.v1", data=slip)
    await desk.accept(replace(arrival(1), body=opened.to_json()))
    await desk.accept(*(arrival(1, dossier=f"000.00.17.H59-230425-{number:04}") for number in range(2, 301)))
    await desk.close((await desk.claim(rows=1)).jobs[0], PARKED, code="E7")
    await desk.close((await desk.claim(rows=1)).jobs[0], receipt="PH-1")
    told = await ledger.causes()
    await ledger.close()
    take_back(tmp_path / "ledger.db", "0015")
    assert schema.upgrade(url) == migrations.HEAD
    ledger = open_ledger(url, keys, clock=clock)
    assert (
        await ledger.causes()
        == told
        == [CauseGroup("plain", "row", State.DEAD, Cause.REFUSED, "E7", "", 1, 1, clock.at, 1)]
    )
    assert (await ledger.verify()).holds
    found = ledger.search_keys()
    first = await ledger.take_duty(backfill.DUTY, "one", 30)
    assert first is not None
    assert await found.fill(first)
    assert await found.find("230425-0300")
    assert not await found.find("230425-0001")
    clock.advance(31)
    second = await ledger.take_duty(backfill.DUTY, "two", 30)
    assert second is not None
    with pytest.raises(FenceLost):
        await found.fill(first)
    pages = 0
    while await found.fill(second):
        pages += 1
    assert pages == 2
    assert [hit.kind for hit in await found.find("230425-0001")] == ["code"]
    assert await found.find("mp31") == [Hit(DOSSIER, "slip")]
    assert [hit.kind for hit in await found.find("PH-1")] == ["reference"]
    await ledger.close()


async def test_a_new_ledger_has_nothing_to_fill(desk: Desk) -> None:
    await desk.accept(arrival(1))
    fence = await desk.ledger.take_duty(backfill.DUTY, "one", 30)
    assert fence is not None
    assert not await desk.ledger.search_keys().fill(fence)


async def test_causes_count_dossiers_once_however_often_they_fail(desk: Desk) -> None:
    await desk.accept(*(arrival(number, "row", dossier=code) for code in (DOSSIER, OTHER) for number in (1, 3, 4)))
    (gaps,) = await desk.ledger.causes()
    assert (gaps.cause, gaps.count, gaps.dossiers) == (Cause.GAP, 4, 2)
    for job in (await desk.claim()).jobs:
        await desk.close(job, PARKED, code="E1")
    refused = next(group for group in await desk.ledger.causes() if group.cause is Cause.REFUSED)
    assert (refused.code, refused.count, refused.dossiers) == ("E1", 2, 2)
    await desk.ledger.act(Action("resend", Filter(dossier=OTHER, states=(State.DEAD,)), "lan", "again"))
    refused = next(group for group in await desk.ledger.causes() if group.cause is Cause.REFUSED)
    assert (refused.count, refused.dossiers) == (1, 1)
    assert (await desk.ledger.verify()).holds
