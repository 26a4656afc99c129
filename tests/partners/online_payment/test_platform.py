"""Orders out, their ends and receipts back: what is peculiar to the payment platform (domain notes 3.4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.online_payment import ADAPTER
from adapters.online_payment.client import PaymentSettings
from adapters.online_payment.simulator import SECRET
from bus.adapter import Call
from bus.outcome import Absent, Cause, Contract, Delivered, Held, Outcome, Permanent, Taken, Transient, Unknown
from contracts.canonical.registration import MAX_FILE_BYTES
from contracts.marks import redact
from contracts.online_payment import FAILED
from ops.events_doc.payment import reported
from tests.conftest import HandClock
from tests.partners.online_payment.conftest import TAX, Desk, Told, fees_asked, opened, order_in
from tests.weather import DEADLINE_S, Storm, each_storm, lay


async def test_an_order_gets_its_link_and_owes_a_watch(desk: Desk) -> None:
    made = desk.order()
    linked = await desk.call("INIT", made)
    assert isinstance(linked, Delivered)
    (event,) = linked.replies
    assert event.type == "vn.lienthong.payment.link_created.v1"
    assert event.data["url"].endswith(order_in(made).reference)
    (entry,) = desk.simulator.book.of("order")
    assert entry["subject"] == made.subject
    assert isinstance(desk.prepared("QUERY", event), Taken)


@each_storm
async def test_a_storm_over_an_order_comes_to_what_it_is_and_asking_settles_it(desk: Desk, storm: Storm) -> None:
    lay(desk.simulator, storm)
    made = desk.order()
    outcome = await desk.call("INIT", made, deadline_s=DEADLINE_S)
    assert (type(outcome), outcome.cause) == (storm.outcome, storm.cause)
    assert len(desk.simulator.book.of("order")) == storm.taken
    settled = await desk.call("INIT", made, step="ask", in_doubt=True)
    if storm.taken:
        assert isinstance(settled, Delivered)
        assert settled.replies[0].data["url"].endswith(order_in(made).reference)
    else:
        assert isinstance(settled, Absent)


async def test_an_order_in_doubt_that_was_paid_meanwhile_needs_no_link(desk: Desk) -> None:
    desk.simulator.weather.left["lost_500"] = 1
    made = desk.order()
    await desk.call("INIT", made)
    await desk.simulator.end(order_in(made).reference)
    settled = await desk.call("INIT", made, step="ask", in_doubt=True)
    assert isinstance(settled, Delivered)
    assert settled.replies[0].data["state"] == "paid"


async def test_an_order_the_platform_has_already_is_asked_for_its_link(desk: Desk) -> None:
    made = desk.order()
    first, again = [await desk.call("INIT", made) for _ in range(2)]
    assert isinstance(first, Delivered)
    assert isinstance(again, Delivered)
    assert first.replies[0].data["url"] == again.replies[0].data["url"]
    assert (len(desk.simulator.book.of("order")), len(desk.simulator.book.of("repeat"))) == (1, 1)


async def test_a_watch_goes_on_until_the_platform_knows_the_end(desk: Desk) -> None:
    linked = await desk.linked()
    reference = order_in(linked).reference
    assert isinstance(await desk.asked(linked), Taken)
    await desk.simulator.end(reference, FAILED)
    failed = await desk.asked(linked)
    assert isinstance(failed, Delivered)
    assert failed.replies[0].data["state"] == "failed"
    await desk.simulator.end(reference)
    paid = await desk.asked(linked)
    assert isinstance(paid, Delivered)
    told = paid.replies[0].data
    assert (told["state"], told["amount_vnd"], told["reference"]) == ("paid", 500_000, reference)


async def test_an_order_left_lying_is_asked_about_ever_more_seldom_and_at_last_no_more(desk: Desk) -> None:
    linked = await desk.linked()
    paces = []
    for age_s in (0, 3_000, 30_000, 300_000):
        desk.clock.at = order_in(linked).requested_at.timestamp() + age_s
        outcome = await desk.asked(linked)
        assert isinstance(outcome, Taken)
        paces.append(outcome.ask_after_s)
    assert paces == [30.0, 300.0, 3000.0, 3600.0]
    desk.clock.advance(30 * 86_400)
    over = await desk.asked(linked)
    assert isinstance(over, Delivered)
    assert over.replies[0].data["state"] == "lapsed"


async def test_the_receipt_comes_as_it_is_or_later(desk: Desk) -> None:
    linked = await desk.linked()
    reference = order_in(linked).reference
    assert isinstance(await desk.call("GET_BILL", linked), Transient)
    await desk.simulator.end(reference)
    watched = await desk.asked(linked)
    assert isinstance(watched, Delivered)
    fetched = await desk.call("GET_BILL", desk.confirmed(watched.replies[0]))
    assert isinstance(fetched, Delivered)
    data = fetched.replies[0].data
    assert (data["file"][:8], len(data["file_sha256"])) == ("JVBERi0x", 64)


async def test_an_agency_without_an_account_holds_its_order_and_no_other(desk: Desk, clock: HandClock) -> None:
    adapter = opened(
        "http://127.0.0.1:1", clock, accounts={"000.00.17.H59": {"number": "1", "bank": "2", "holder": "3"}}
    )
    desk.adapter, before = adapter, desk.adapter
    decided = desk.prepared("YEU_CAU", fees_asked(7001, {"title": "Phí", "amount_vnd": 1}, TAX))
    assert isinstance(decided, Delivered)
    ours, theirs = (desk.prepared("INIT", event) for event in decided.replies)
    desk.adapter = before
    assert not isinstance(ours, Outcome)
    assert isinstance(theirs, Held)
    assert (theirs.cause, theirs.key) == (Cause.CODE_GAP, "setting:online_payment.accounts.000.00.86.H59")
    assert "000.00.86.H59" in theirs.words


async def test_refused_credentials_hold_the_partner(desk: Desk, clock: HandClock) -> None:
    made = desk.order()
    port = desk.adapter._settings.base_url
    for changes in ({"credentials": {"secret": "wrong"}}, {"partner_code": "ANOTHER"}):
        wrong = Desk(opened(port, clock, **changes), desk.simulator, clock)
        held = await wrong.call("INIT", made)
        assert isinstance(held, Held)
        assert (held.cause, held.key) == (Cause.FORBIDDEN, "")
        assert isinstance(await wrong.adapter.probe(Call("p", 2.0)), Held)
        await wrong.adapter.close()
    assert isinstance(await desk.adapter.probe(Call("p", 2.0)), Delivered)


async def test_what_the_platform_refuses_is_for_a_person(desk: Desk) -> None:
    made = desk.order()
    desk.simulator.weather.row = made.subject
    desk.simulator.weather.left["refuse_row"] = 1
    refused = await desk.call("INIT", made)
    assert isinstance(refused, Permanent)
    assert refused.code == "03"


async def test_json_may_come_in_a_string_once_more(desk: Desk) -> None:
    desk.simulator.weather.left["text_reply"] = 2
    linked = await desk.linked()
    assert isinstance(await desk.asked(linked), Taken)
    assert desk.simulator.weather.left["text_reply"] == 0


LINK = json.dumps({"UrlThanhToan": "https://x.example/1"})
ANSWERS: list[tuple[dict[str, Any] | bytes, type[Outcome]]] = [
    ({"error_code": "0", "message": LINK}, Delivered),
    ({"error_code": 0, "message": {"UrlThanhToan": "https://x.example/1"}}, Delivered),
    ({"error_code": "0", "message": "{}"}, Unknown),
    ({"error_code": "0", "message": "Thành công"}, Unknown),
    ({"error_code": "0", "message": '{"UrlThanhToan": "javascript:1"}'}, Unknown),
    ({"error_code": "", "message": LINK}, Unknown),
    ({"error_code": "777", "message": "?"}, Unknown),
    ({"error_code": "99", "message": "busy"}, Unknown),
    (b"", Unknown),
    (b"<html>bao tri</html>", Unknown),
    (b'{"error_code": "0", "message": "{', Unknown),
    (b'"plain text"', Unknown),
    (b"\xef\xbb\xbf" + json.dumps({"error_code": "0", "message": LINK}).encode(), Delivered),
]


@pytest.mark.parametrize(("body", "outcome"), ANSWERS, ids=lambda value: str(value)[:40])
async def test_every_way_to_answer_an_order(
    told: tuple[Desk, Told], body: dict[str, Any] | bytes, outcome: type[Outcome]
) -> None:
    desk, platform = told
    platform.body = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert isinstance(await desk.call("INIT", desk.order()), outcome)


QUESTION: list[tuple[dict[str, Any], type[Outcome]]] = [
    ({"MaLoi": "00", "TrangThaiGD": "3"}, Taken),
    ({"MaLoi": "00", "TrangThaiGD": "7"}, Taken),
    ({"MaLoi": "00", "TrangThaiGD": "1"}, Unknown),
    ({"MaLoi": "00", "TrangThaiGD": 4, "SoTien": 500000, "ThoiGianGD": "20260703154010"}, Delivered),
    ({"MaLoi": "00", "TrangThaiGD": "3", "MaThamChieu": "another"}, Unknown),
    ({"MaLoi": "00", "TrangThaiGD": "3", "MaXacThuc": "0" * 64}, Unknown),
    ({"MaLoi": "05"}, Permanent),
    ({"MaLoi": "99"}, Transient),
    ({"MaLoi": "55"}, Unknown),
    ({"TrangThaiGD": "3"}, Unknown),
]


@pytest.mark.parametrize(("fields", "outcome"), QUESTION, ids=lambda value: str(value)[:60])
async def test_every_way_to_answer_a_question(
    told: tuple[Desk, Told], fields: dict[str, Any], outcome: type[Outcome]
) -> None:
    desk, platform = told
    platform.says(error_code="0", message=LINK)
    linked = await desk.linked()
    platform.says(**({"MaThamChieu": order_in(linked).reference} | fields))
    assert isinstance(await desk.asked(linked), outcome)
    assert [sorted(heard)[:2] for heard in platform.heard[1:]] == [["LoaiBanTin", "MaDoiTac"]]


@pytest.mark.parametrize(
    ("body", "content_type", "outcome"),
    [
        (b"%PDF-1.4\n%%EOF", "application/octet-stream", Delivered),
        (b"<html>", "text/html", Unknown),
        (b"", "application/pdf", Unknown),
        (b'{"MaLoi": "06"}', "application/json", Transient),
        (b'{"MaLoi": "05"}', "application/json", Permanent),
        (b'{"MaLoi": "00"}', "application/json", Unknown),
        (b"%PDF-" + b"0" * MAX_FILE_BYTES, "application/pdf", Delivered),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_every_way_to_answer_for_a_receipt(
    told: tuple[Desk, Told], body: bytes, content_type: str, outcome: type[Outcome]
) -> None:
    desk, platform = told
    platform.body, platform.content_type = body, content_type
    fetched = await desk.call("GET_BILL", desk.confirmed(reported(order_in(desk.order()), "GD1")))
    assert isinstance(fetched, outcome)
    if isinstance(fetched, Delivered):
        data = fetched.replies[0].data
        assert (data["file"] is None) == bool(data["file_fault"]) == (len(body) > MAX_FILE_BYTES)
        assert len(data["file_sha256"]) == 64


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (403, Held),
        (429, Transient),
        (202, Unknown),
        (500, Unknown),
        (401, Transient),
        (413, Contract),
        (404, Transient),
    ],
)
async def test_every_status_of_a_gateway(told: tuple[Desk, Told], status: int, outcome: type[Outcome]) -> None:
    desk, platform = told
    platform.status = status
    assert isinstance(await desk.call("INIT", desk.order()), outcome)


async def test_neither_the_secret_nor_a_checksum_is_kept_with_an_attempt(desk: Desk) -> None:
    linked = await desk.call("INIT", desk.order())
    assert b"MaXacThuc" not in linked.request
    assert SECRET.encode() not in linked.request
    shown = json.dumps(redact(json.loads(linked.request), ADAPTER.operation("INIT").message), ensure_ascii=False)
    for canary in ("Nguyễn Văn An", "084080000123"):
        assert canary in linked.request.decode()
        assert canary not in shown


def test_the_settings_demand_what_checksums_are_made_of() -> None:
    with pytest.raises(ValidationError, match="checksums need"):
        PaymentSettings.model_validate({"base_url": "http://x", "partner_code": "P"})
    with pytest.raises(ValidationError, match="agency id"):
        PaymentSettings.model_validate({"accounts": {"rubbish": {"number": "1", "bank": "2", "holder": "3"}}})
    assert PaymentSettings.model_validate({}).secrets == ("", "")
