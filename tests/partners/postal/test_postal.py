"""Orders, cancellations, item codes: what is peculiar to VNPost (domain notes 3.10)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.postal import ADAPTER
from adapters.postal.adapter import CANCEL, COLLECT, ORDER
from adapters.postal.client import PostalSettings
from adapters.postal.faults import FAULTS, read
from adapters.postal.pool import EMPTY
from adapters.postal.simulator import FIXED, POOL, PostalSimulator
from bus.adapter import Call, Row
from bus.outcome import Cause, Contract, Delivered, Held, Outcome, Permanent, Transient, Unknown
from contracts.envelope import Envelope
from contracts.marks import redact
from contracts.postal.item_code import expand
from contracts.postal.messages import TraLoi
from tests.partners.postal.conftest import CODE, Open, Post, Told, an_event, job
from tests.weather import DEADLINE_S, Storm, each_storm, lay

PAPERS = an_event("roles swapped")


def a_withdrawal(**memo: str) -> Any:
    event = an_event()
    return job(event, CANCEL, memo=memo, key="cancel")


async def ordered(post: Post, event: Envelope | None = None, operation: str = ORDER) -> Delivered:
    outcome = await post.send(job(event, operation))
    assert isinstance(outcome, Delivered), outcome
    return outcome


async def test_an_order_goes_out_and_the_desk_is_told_but_no_status_changes(post: Post) -> None:
    outcome = await ordered(post)
    (told,) = outcome.replies
    assert told.type == "vn.lienthong.postal.shipment_changed.v1"
    assert (told.data["shipment"]["state"], told.data["shipment"]["purpose"]) == ("created", "result")
    held = post.simulator.orders[CODE]
    assert held["CustomerCode"] == "TV0017"
    assert held["ItemCode"] == told.data["shipment"]["tracking"] == outcome.receipt != ""


async def test_every_other_desk_has_the_common_customer_code(post: Post) -> None:
    code = "000.00.12.H59-260703-0001"
    event = an_event(code=code, agency={"id": "000.00.12.H59", "name": "Sở Tài chính"})
    await ordered(post, event)
    assert post.simulator.orders[code]["CustomerCode"] == "TV0001"
    assert post.simulator.orders[code]["SenderName"] == "Sở Tài chính"


async def test_an_agency_without_a_desk_waits_for_the_setting_by_either_form_of_its_id(
    open_post: Open, vnpost: tuple[PostalSimulator, str]
) -> None:
    desk = {"customer_code": "TV0017", "address": "Số 19", "phone": "02943850000", "province": 89}
    post = open_post(vnpost[1], vnpost[0], desks={"H59.17": desk})
    await ordered(post)
    event = an_event(code="000.00.12.H59-260703-0001", agency={"id": "000.00.12.H59", "name": "Sở Tài chính"})
    held = await post.send(job(event))
    assert isinstance(held, Held)
    assert held.key == "setting:postal.desks.000.00.12.H59"


async def test_collection_and_return_of_one_dossier_are_two_orders(post: Post) -> None:
    (told,) = (await ordered(post, PAPERS, COLLECT)).replies
    assert told.data["shipment"]["purpose"] == "papers"
    await ordered(post)
    assert set(post.simulator.orders) == {CODE, f"{CODE}-TG"}
    assert post.simulator.done() == {("order", CODE): 1, ("collect", CODE): 1}


async def test_what_was_taken_before_the_line_broke_is_not_ordered_twice(post: Post) -> None:
    await ordered(post, an_event(code="000.00.17.H59-260703-0009"))  # a token is at hand
    post.simulator.weather.left["lost_500"] = 1
    lost = await post.send()
    assert isinstance(lost, Unknown)
    again = await post.send(job(request=lost.request, in_doubt=True))
    assert isinstance(again, Delivered)
    assert again.code == "101"
    assert len(again.replies) == 1
    assert post.simulator.done()["order", CODE] == 1


async def test_an_order_that_stood_there_before_is_noticed(post: Post) -> None:
    await ordered(post)
    second = await post.send(job(key="second"))
    assert isinstance(second, Delivered)
    assert [event.data.get("task") for event in second.replies] == [None, "ordered_before"]


async def test_every_attempt_of_an_order_carries_the_same_item_code_and_no_two_orders_do(post: Post) -> None:
    await ordered(post, an_event(code="000.00.17.H59-260703-0009"))
    lay(post.simulator, Storm("500", Unknown, Cause.UNKNOWN))
    broken = await post.send()
    assert isinstance(broken, Unknown)
    after_a_crash = await ordered(post)
    assert json.loads(broken.request)["ItemCode"] == after_a_crash.receipt
    other = await ordered(post, an_event(code="000.00.17.H59-260703-0002"))
    assert other.receipt != after_a_crash.receipt


async def test_an_empty_pool_sends_without_a_code_or_holds_as_the_province_chose(
    open_post: Open, vnpost: tuple[PostalSimulator, str]
) -> None:
    one = next(expand(POOL))
    post = open_post(vnpost[1], vnpost[0], item_codes=[one], without_item_code="hold")
    assert (await ordered(post)).receipt == one
    other = an_event(code="000.00.17.H59-260703-0002")
    assert await post.send(job(other)) is EMPTY
    await ordered(open_post(vnpost[1], vnpost[0], item_codes=[one]), other)
    assert post.simulator.orders[other.subject]["ItemCode"] == ""
    assert await post.ledger.stocks() == {"postal": (0, 1)}


async def test_a_pool_that_runs_low_is_said(
    open_post: Open, vnpost: tuple[PostalSimulator, str], capsys: pytest.CaptureFixture[str]
) -> None:
    plenty = open_post(vnpost[1], vnpost[0])
    await plenty.poll()
    assert "run low" not in capsys.readouterr().out
    low = open_post(vnpost[1], vnpost[0], item_codes_low=1000)
    await low.poll()
    assert "run low" in capsys.readouterr().out


async def test_a_withdrawal_cancels_what_went_out_and_nothing_else(post: Post) -> None:
    nothing = await post.send(a_withdrawal())
    assert isinstance(nothing, Delivered)
    assert post.simulator.book.entries == []
    memo = dict((await ordered(post, PAPERS, COLLECT)).memo) | dict((await ordered(post)).memo)
    cancelled = await post.send(a_withdrawal(**memo))
    assert isinstance(cancelled, Delivered)
    assert {number: post.simulator.status(number) for number in post.simulator.orders} == {
        CODE: "900",
        f"{CODE}-TG": "900",
    }
    assert isinstance(await post.send(a_withdrawal(**memo)), Delivered)
    assert post.simulator.done()["cancel", CODE] == 2


@pytest.mark.parametrize("hours", [-1, 1], ids=["received before", "received after"])
async def test_a_collection_is_over_once_the_desk_has_received_what_was_to_be_fetched(post: Post, hours: int) -> None:
    memo = (await ordered(post, PAPERS, COLLECT)).memo
    post.simulator.move(f"{CODE}-TG", "500")
    event = an_event(received_at=(PAPERS.time + timedelta(hours=hours)).isoformat(), filed_at=PAPERS.time.isoformat())
    outcome = await post.send(job(event, CANCEL, memo=memo))
    assert isinstance(outcome, Delivered if hours > 0 else Permanent), outcome


async def test_an_item_on_its_way_cannot_be_cancelled_and_a_person_reads_why(post: Post) -> None:
    memo = dict((await ordered(post)).memo)
    post.simulator.move(CODE, "300")
    refused = await post.send(a_withdrawal(**memo))
    assert isinstance(refused, Permanent)
    assert "không hủy được" in refused.words


@each_storm
async def test_a_storm_is_read_as_what_it_is(post: Post, storm: Storm) -> None:
    await ordered(post, an_event(code="000.00.17.H59-260703-0002"))
    lay(post.simulator, storm)
    outcome = await post.send(deadline_s=DEADLINE_S)
    assert (type(outcome), outcome.cause) == (storm.outcome, storm.cause)
    assert (CODE in post.simulator.orders) is storm.taken


SENT = [
    (b'{"Status": "100", "Message": ""}', "application/json", Delivered),
    (b'{"Status": 101, "Message": null}', "application/json", Delivered),
    (b'\xef\xbb\xbf{"Status": "100"}', "application/json", Delivered),
    (b'{"Status": "500", "Message": "sai"}', "application/json", Permanent),
    (b'{"Status": "777"}', "application/json", Unknown),
    (b'{"Status": ""}', "application/json", Unknown),
    (b"{}", "application/json", Unknown),
    (b'{"Status": "100"', "application/json", Unknown),
    (b"<html>bao tri</html>", "text/html", Unknown),
    (b"", "application/json", Unknown),
]


@pytest.mark.parametrize(("body", "content_type", "outcome"), SENT, ids=lambda value: str(value)[:40])
async def test_every_way_to_answer_an_order(
    open_post: Open, told: Told, body: bytes, content_type: str, outcome: type[Outcome]
) -> None:
    told.body, told.content_type = body, content_type
    assert isinstance(await open_post(told.url, PostalSimulator()).send(), outcome)


@pytest.mark.parametrize("auth", ["oauth2", "access_token"])
@pytest.mark.parametrize(
    ("status", "outcome"),
    [(403, Held), (429, Transient), (202, Unknown), (500, Unknown), (413, Contract), (404, Transient)],
)
async def test_every_status_of_the_gateway(
    open_post: Open, told: Told, auth: str, status: int, outcome: type[Outcome]
) -> None:
    told.status = status
    post = open_post(told.url, PostalSimulator(), auth=auth, credentials={"access_token": "x"})
    assert isinstance(await post.send(), outcome)


async def test_a_fixed_token_goes_in_its_header_and_is_not_renewed(
    open_post: Open, vnpost: tuple[PostalSimulator, str]
) -> None:
    good = open_post(vnpost[1], vnpost[0], auth="access_token", credentials={"access_token": FIXED})
    await ordered(good)
    assert await good.adapter.probe(_call()) == Delivered()
    wrong = open_post(vnpost[1], vnpost[0], auth="access_token", credentials={"access_token": "another"})
    assert isinstance(await wrong.send(job(an_event(code="000.00.17.H59-260703-0002"))), Held)
    assert isinstance(await wrong.adapter.probe(_call()), Held)
    assert post_tokens(vnpost[0]) == 0


async def test_a_token_that_ended_is_renewed_once(post: Post) -> None:
    await ordered(post)
    post.simulator.weather.left["session"] = 1
    await ordered(post, an_event(code="000.00.17.H59-260703-0002"))
    assert post_tokens(post.simulator) == 2


def post_tokens(simulator: PostalSimulator) -> int:
    return len(simulator.book.of("token"))


def _call() -> Call:
    return Call("c", 5.0)


def test_every_line_of_the_fault_table_is_reached() -> None:
    said = [read(TraLoi(Status=line.codes[0], Message=f"ĐƠN {' '.join(line.words).upper()}")) for line in FAULTS]
    assert said == [line.means for line in FAULTS]
    assert read(TraLoi(Status="777")) == "unknown"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"item_codes": ["RT473124820VN"]}, "check digit"),
        ({"desks": {"x": {"customer_code": "T", "address": "a", "phone": "12", "province": 1}}}, "phone"),
        ({"base_url": "http://x", "auth": "access_token"}, "needs credentials.access_token"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_start(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        PostalSettings.model_validate(settings)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"CustomerCode": "XX"}, "không tồn tại"),
        ({"ReceiverProvince": 84}, "Mã tỉnh 84"),
        ({"ItemCode": "EH000000000VN"}, "không thuộc dải"),
        ({"ReceiverTel": "0912 345 678"}, "ReceiverTel"),
    ],
)
async def test_the_simulator_refuses_what_vnpost_would(post: Post, changes: dict[str, Any], says: str) -> None:
    row = post.adapter.prepare(job())
    assert isinstance(row, Row)
    body = json.dumps(json.loads(row.body) | {"ItemCode": next(expand(POOL))} | changes).encode()
    (refused,) = await post.adapter.deliver([Row(row.job, body)], _call())
    assert isinstance(refused, Permanent)
    assert says in refused.words


def test_nothing_personal_of_an_order_is_shown(post: Post) -> None:
    row = post.adapter.prepare(job())
    assert isinstance(row, Row)
    shown = json.dumps(redact(json.loads(row.body), ADAPTER.operation(ORDER).message), ensure_ascii=False)
    for canary in ("Nguyễn Văn An", "0912345678", "Số 12"):
        assert canary not in shown
    assert "TV0017" in shown
