"""The cursor over everybody's orders: pages, strangers, rows nobody can read, and what the dossier system comes to know."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.dossier_system.simulator import SECRET, DossierSimulator
from adapters.postal.simulator import DEMO, PostalSimulator
from bus.adapter import Call, Poll
from bus.ledger.words import Filter, State
from bus.outcome import Held, Outcome, Transient, Unknown
from bus.seal import Keyring
from contracts.envelope import Envelope, judge
from ops.house import House
from ops.settings import Settings
from ops.simulate import Served, bind
from tests.ledgers import new_ledger
from tests.partners.postal.conftest import CODE, Open, Post, Told, an_event, case, job

FAST = {"retry": {"base_s": 0.05, "cap_s": 0.2, "floor_s": 0.01}, "timeout_s": 2.0}


def states(events: list[Envelope]) -> list[str]:
    return [event.data["shipment"]["state"] for event in events if "shipment" in event.data]


async def test_the_walk_goes_page_by_page_to_the_end_and_begins_there_again(
    open_post: Open, vnpost: tuple[PostalSimulator, str]
) -> None:
    post = open_post(vnpost[1], vnpost[0], page_size=2)
    await post.send()
    for status in ("200", "300", "400", "500"):
        post.simulator.move(CODE, status)
    events, bad, cursor = await post.walk()
    assert states(events) == ["created", "picked_up", "in_transit", "delivering", "delivered"]
    assert (bad, cursor) == ([], post.simulator.rows[-1]["_id"]["$oid"])
    assert await post.poll(cursor) == Poll((), cursor, ())
    post.simulator.move(CODE, "600")
    assert states((await post.walk(cursor))[0]) == ["returning"]


async def test_a_page_read_twice_brings_the_same_events(post: Post) -> None:
    post.simulator.move(CODE, "500")
    first, second = [(await post.walk())[0] for _ in range(2)]
    assert [event.to_json() for event in first] == [event.to_json() for event in second]


async def test_the_first_walk_begins_a_day_back(post: Post) -> None:
    post.clock.at = 1_800_000_000.0
    polled = await post.poll()
    assert int(polled.cursor[:8], 16) == int(post.clock.at) - 86400
    assert polled.cursor[8:] == "0" * 16


async def test_orders_of_others_are_counted_and_passed_by(post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    for order in ("000.00.09.H56-260701-0001", "SHOP-17", CODE):
        post.simulator.move(order, "300")
    events, bad, _ = await post.walk()
    assert [event.subject for event in events] == [CODE]
    assert bad == []
    assert "rows=2" in capsys.readouterr().out


def page(*rows: Any) -> bytes:
    return json.dumps({"_embedded": {"rhDoc": list(rows)}}).encode()


def a_row(number: int, order: Any = CODE, status: Any = "300", **more: Any) -> dict[str, Any]:
    return {"_id": {"$oid": f"{number:024x}"}, "orderNumber": order, "statusCode": status, **more}


async def test_no_bad_row_stops_the_walk_and_each_is_kept_as_it_came(open_post: Open, told: Told) -> None:
    post = open_post(told.url, PostalSimulator())
    spoilt: list[Any] = [
        "rubbish",
        {"orderNumber": CODE, "statusCode": "300"},
        a_row(2, status=None),
        a_row(3, "000.00.17.H59-999999-0001"),
        None,
    ]
    told.body = page(a_row(1), *spoilt, a_row(9, status=500), a_row(10, status="777"))
    polled = await post.poll("0" * 24)
    assert states(list(polled.events)) == ["in_transit", "delivered", "unknown"]
    assert [json.loads(row)["row"] for row in polled.bad_rows] == [*spoilt, a_row(10, status="777")]
    assert (int(polled.cursor, 16), polled.more) == (10, True)


async def test_a_page_without_any_key_does_not_go_round_in_a_circle(open_post: Open, told: Told) -> None:
    told.body = page("rubbish")
    assert isinstance(await open_post(told.url, PostalSimulator()).adapter.poll("", Call("c", 5.0)), Unknown)


async def test_a_list_of_one_may_come_as_its_only_member(open_post: Open, told: Told) -> None:
    told.body = json.dumps({"_embedded": {"rhDoc": a_row(7)}}).encode()
    assert len((await open_post(told.url, PostalSimulator()).poll("0" * 24)).events) == 1


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [(200, b"", Unknown), (200, b'{"_embedded": 5}', Unknown), (429, b"", Transient), (403, b"", Held)],
)
async def test_an_answer_that_is_none_leaves_the_cursor_alone(
    open_post: Open, told: Told, status: int, body: bytes, outcome: type[Outcome]
) -> None:
    told.status, told.body = status, body
    assert isinstance(await open_post(told.url, PostalSimulator()).adapter.poll("a" * 24, Call("c", 5.0)), outcome)
    assert told.heard[0][0] == f"pagesize=100&lastId={'a' * 24}"


def settings(folder: Path, post: str, home: str) -> Settings:
    keys = folder / "keys.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    return Settings.model_validate(
        {
            "ledger": {"url": new_ledger(folder)},
            "keys": {"file": str(keys)},
            "partners": {
                "postal": {**DEMO, "base_url": post, "tracks_every_s": 0.05, **FAST},
                "dossier_system": {
                    "base_url": home,
                    "path": "/events",
                    "credentials": {"webhook_secret": SECRET},
                    **FAST,
                },
            },
        }
    )


async def told_to(home: DossierSimulator, *wanted: str) -> list[str]:
    """States and tasks the dossier system was told, once these are among them."""
    for _ in range(400):
        data = [notice["data"] for notice in home.book.of("notice")]
        said = [one["shipment"]["state"] if "shipment" in one else one["task"] for one in data]
        if set(wanted) <= set(said):
            return said
        await asyncio.sleep(0.025)
    raise TimeoutError(f"{said} without {wanted}")


async def test_from_the_result_to_the_door_and_one_that_comes_back(tmp_path: Path) -> None:
    """Through the whole bus: an order, its way, delivered; a second item returned; a withdrawal that finds nothing to cancel."""
    vnpost, home = PostalSimulator(), DossierSimulator()
    vnpost.weather.left["lost_500"] = 1
    served = [Served(simulator.app(), bind("127.0.0.1", 0)) for simulator in (vnpost, home)]
    for one in served:
        await one.started()
    house = House(settings(tmp_path, served[0].url, served[1].url))
    await house.start()
    other = "000.00.17.H59-260703-0002"
    try:
        events = [first(an_event()), first(an_event(code=other))]
        receipts = await house.intake.accept(events, client="test")
        assert [receipt["owed"] for receipt in receipts] == [["postal.order"], ["postal.order"]]
        await told_to(home, "created")
        async with httpx.AsyncClient(base_url=served[0].url, trust_env=False) as postman:
            for code, status in ((CODE, "200"), (CODE, "500"), (other, "601")):
                await postman.post("/_sim/move", json={"orderNumber": code, "statusCode": status})
        said = await told_to(home, "delivered", "returned", "result_returned")
        await house.intake.accept([withdrawn("000.00.17.H59-260703-0003")], client="test")
        await settled(house)
    finally:
        await house.stop()
        for one in served:
            await one.stop()
    assert said.index("picked_up") < said.index("delivered")
    assert vnpost.done() == {("order", CODE): 1, ("order", other): 1}


def first(event: Envelope) -> Envelope:
    """The event as the first of its dossier."""
    return event.model_copy(update={"sequence": 1, "id": f"first-{event.subject}"})


def withdrawn(code: str) -> Envelope:
    given = case("a result goes")["given"]
    given |= {"type": "vn.lienthong.dossier.withdrawn.v1", "subject": code, "sequence": 1, "id": f"w-{code}"}
    given["data"]["dossier"] |= {"code": code, "status": 7}
    given["data"]["change"] |= {"to_status": 7}
    return judge(given)


async def settled(house: House) -> None:
    """Nothing the post is owed is open or dead."""
    for _ in range(400):
        views, _ = await house.ledger.deliveries(Filter(partner="postal"))
        if {view.state for view in views} == {State.DELIVERED} and len(views) == 3:
            return
        await asyncio.sleep(0.025)
    raise TimeoutError(str([view.state for view in views]))


async def test_the_simulator_reads_its_book_again(post: Post, tmp_path: Path) -> None:
    await post.send(job())
    post.simulator.move(CODE, "500")
    again = PostalSimulator(tmp_path / "book.jsonl")
    assert (again.orders, again.rows) == (post.simulator.orders, post.simulator.rows)


async def test_busy_postmen_bring_every_item_to_an_end(open_post: Open, tmp_path: Path) -> None:
    simulator = PostalSimulator(busy_postmen=True)
    served = Served(simulator.app(), bind("127.0.0.1", 0))
    await served.started()
    post = open_post(served.url, simulator)
    codes = [f"000.00.17.H59-260703-{number:04}" for number in range(1, 9)]
    for code in codes:
        await post.send(job(an_event(code=code)))
    cursor = "0" * 24
    for _ in range(30):
        cursor = (await post.walk(cursor))[2]
    assert {simulator.status(code) for code in codes} <= {"500", "601"}
    await served.stop()
