"""Orders by our account and by VNPost's cursor: what is missing on either side shows, and what is not answered is said."""

from __future__ import annotations

from datetime import date, datetime

from adapters.postal.adapter import COLLECT
from adapters.postal.reconcile import note, theirs
from adapters.postal.simulator import PostalSimulator
from bus.adapter import Account, Call, Entry
from bus.maintenance import VIETNAM
from bus.outcome import Delivered
from contracts.postal.messages import TrangThaiBuuGui
from mappings.postal.inbound import moved
from tests.partners.postal.conftest import CODE, Open, Post, an_event, job

OTHER = "000.00.17.H59-260703-0002"


def today() -> date:
    return datetime.now(VIETNAM).date()


async def held(post: Post, day: date | None = None) -> Account:
    """VNPost's account of a day."""
    on = day or today()
    return await theirs(post.adapter, (), on, on, Call("c", 5.0))


async def ordered(post: Post) -> list[Entry]:
    """Our lines of three orders that VNPost took: two results and a collection."""
    post.clock.at = datetime.now(VIETNAM).timestamp()
    jobs = [job(), job(an_event(code=OTHER)), job(an_event("roles swapped", code=OTHER), COLLECT)]
    outcomes = [await post.send(each) for each in jobs]
    replies = [outcome.replies[0] for outcome in outcomes if isinstance(outcome, Delivered)]
    return [line for line in map(note, replies) if line is not None]


async def test_both_accounts_name_the_same_orders_whatever_has_moved_since(
    open_post: Open, vnpost: tuple[PostalSimulator, str]
) -> None:
    post = open_post(vnpost[1], vnpost[0], page_size=2)
    ours = await ordered(post)
    of_yesterday = ("000.00.17.H59-260703-0008", "300")
    for number, status in ((CODE, "200"), (CODE, "500"), ("000.00.09.H56-260701-0001", "100"), of_yesterday):
        post.simulator.move(number, status)
    assert [line.key for line in ours] == [CODE, OTHER, f"{OTHER}-TG"]
    account = await held(post)
    assert sorted(account.entries) == sorted(ours)
    assert account.unanswered == ()
    assert (await held(post, date(2026, 1, 1))).entries == ()


async def test_an_order_that_is_missing_there_or_that_another_made_is_seen(post: Post) -> None:
    await ordered(post)
    post.simulator.rows = [row for row in post.simulator.rows if row["orderNumber"] != OTHER]
    post.simulator.move("000.00.17.H59-260703-0009", "100")
    account = await held(post)
    assert {line.key for line in account.entries} == {CODE, f"{OTHER}-TG", "000.00.17.H59-260703-0009"}
    (told,) = account.events["000.00.17.H59-260703-0009"]
    assert (told.subject, told.data["shipment"]["state"]) == ("000.00.17.H59-260703-0009", "created")


async def test_a_row_that_cannot_be_read_hides_no_other(post: Post) -> None:
    await ordered(post)
    post.simulator.rows.insert(0, {"_id": {"$oid": post.simulator.rows[0]["_id"]["$oid"]}, "statusCode": "100"})
    assert len((await held(post)).entries) == 3


async def test_what_vnpost_does_not_answer_is_said(post: Post) -> None:
    await ordered(post)
    post.simulator.weather.left["500"] = -1
    account = await held(post)
    assert account.entries == ()
    assert len(account.unanswered) == 1


def test_what_is_told_of_an_item_later_is_no_order() -> None:
    row = {"_id": {"$oid": "64477a2f5e2b8c0001000001"}, "orderNumber": CODE, "statusCode": "100", "statusMessage": ""}
    (told,) = moved(TrangThaiBuuGui.model_validate(row))
    assert note(told) is None
