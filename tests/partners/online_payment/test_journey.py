"""Fees from the desk to the receipt through the whole bus, the citizen and the platform behaving and misbehaving (domain notes 7a)."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.online_payment.checksum import checksum, is_right
from adapters.online_payment.simulator import ACCOUNTS, CALLBACK, PARTNER, SECRET
from bus.ledger.words import Action, Filter
from bus.maintenance import VIETNAM
from contracts.online_payment.messages import ThongBao, TraLoiThongBao
from ops.dossiers import story
from ops.reconcile import Refused, reconcile
from tests.partners.online_payment.conftest import (
    APPRAISAL,
    CODE,
    TAX,
    Province,
    a_province,
    dossier_event,
    fees_asked,
    soon,
)


async def test_the_link_is_with_the_dossier_system_two_seconds_after_the_platforms_reply(province: Province) -> None:
    await province.post(fees_asked(7001, APPRAISAL, TAX))
    links = await province.until("link_created", 2)
    replied = {entry["order"]["MaThamChieu"]: entry["at"] for entry in province.platform.book.of("order")}
    late = [link["at"] - replied[link["data"]["order"]["reference"]] for link in links]
    assert len(late) == 2
    assert max(late) < 2.0
    assert {link["data"]["order"]["payee"] for link in links} == {"000.00.17.H59", "000.00.86.H59"}


async def test_a_citizen_pays_once_and_the_desk_gets_the_receipt(province: Province) -> None:
    province.platform.weather.left["double_callback"] = 1
    await province.post(fees_asked())
    await province.until("link_created")
    await province.platform.end(province.references()[0])
    (receipt,) = await province.until("receipt_issued")
    (confirmed,) = province.told("confirmed")
    assert confirmed["data"]["transaction"] == receipt["data"]["transaction"]
    assert [entry["taken"] for entry in province.platform.book.of("notice")] == [True, True]
    await province.settled()
    assert len(province.told("confirmed")) == len(province.platform.book.of("bill")) == 1
    told = await story(province.house.ledger, province.house.partners, CODE)
    assert told is not None
    assert len(told["events"]) == 6
    assert len({event["correlation_id"] for event in told["events"]}) == 1


async def test_a_lost_notice_is_made_up_for_by_asking(tmp_path: Path) -> None:
    async with a_province(tmp_path, asks_first_s=0.1, asks_at_least_every_s=0.1) as province:
        province.platform.weather.left["lose_callback"] = 1
        await province.post(fees_asked())
        await province.until("link_created")
        await province.platform.end(province.references()[0])
        assert len(await province.until("confirmed")) == 1
        assert not province.platform.book.of("notice")


async def test_a_notice_before_the_reply_to_its_order_is_matched(province: Province) -> None:
    province.platform.weather.left["lost"] = 1
    province.platform.weather.seconds = 1.0
    await province.post(fees_asked())
    await soon(lambda: bool(province.references()), "order")
    await province.platform.end(province.references()[0])
    (confirmed,) = await province.until("confirmed")
    assert confirmed["data"]["order"]["amount_vnd"] == 500_000
    assert not province.told("link_created")


async def test_a_changed_amount_is_raised_and_not_applied_and_the_truth_still_comes_through(province: Province) -> None:
    province.platform.weather.left["change_amount"] = 1
    await province.post(fees_asked())
    await province.until("link_created")
    (reference,) = province.references()
    await province.platform.end(reference)
    (disputed,) = await province.until("disputed")
    assert (disputed["data"]["reason"], disputed["data"]["amount_vnd"]) == ("amount", 499_999)
    await province.settled()
    assert not province.told("confirmed")
    (task,) = await province.tasks("review:")
    assert (task.count, task.code) == (1, "amount")
    await province.platform.notify(province.platform.fields_of(province.platform.orders[reference]))
    await province.until("confirmed")


async def test_money_that_comes_after_the_dossier_was_withdrawn_is_on_the_refund_list(province: Province) -> None:
    await province.post(fees_asked())
    await province.until("link_created")
    await province.post(dossier_event("withdrawn", 7001, 2, 7, APPRAISAL))
    await province.settled()
    (reference,) = province.references()
    await province.platform.end(reference)
    (refund,) = await province.until("refund_due")
    assert (refund["data"]["reason"], refund["data"]["order"]["reference"]) == ("closed", reference)
    assert not province.told("confirmed")
    await province.settled()
    (task,) = await province.tasks("refund:")
    done = Action("resolve", Filter(hold_key=task.hold_key), "an.nguyen", "paid back", "delivered", "UNC 17/2026")
    assert [row.done for row in await province.house.ledger.act(done)] == [True]
    assert not await province.tasks("refund:")


async def test_a_fee_paid_in_cash_closes_its_open_order(province: Province) -> None:
    await province.post(fees_asked())
    await province.until("link_created")
    await province.post(dossier_event("status_changed", 7001, 2, 4, APPRAISAL | {"collected": "cash"}))
    await province.settled()
    (reference,) = province.references()
    await province.platform.end(reference)
    (refund,) = await province.until("refund_due")
    assert refund["data"]["reason"] == "replaced"
    assert not province.told("confirmed")


async def test_an_agency_without_an_account_waits_for_one_and_the_others_do_not(tmp_path: Path) -> None:
    known = {agency: account for agency, account in ACCOUNTS.items() if agency != "000.00.86.H59"}
    async with a_province(tmp_path, accounts=known) as province:
        await province.post(fees_asked(7001, APPRAISAL, TAX))
        await province.until("link_created")
        await province.settled()
        (waits,) = await province.tasks("setting:")
        assert waits.hold_key == "setting:online_payment.accounts.000.00.86.H59"
        assert len(province.references()) == 1
    async with a_province(tmp_path) as province:
        links = await province.until("link_created", 2)
        assert len({link["data"]["order"]["payee"] for link in links}) == 2
        assert not await province.tasks("setting:")


def notice(**changes: Any) -> dict[str, Any]:
    """The notice of a payment of the first order, rightly signed unless changed afterwards."""
    fields = {
        "LoaiBanTin": "CONFIRM",
        "MaLoi": "00",
        "MaDoiTac": PARTNER,
        "MaThamChieu": "0000017H59260703470011",
        "SoTien": "500000",
        "MaTienTe": "VND",
        "MaGiaoDich": "GD000123",
        "MaNganHang": "VCB",
        "ThoiGianGD": "20260703154012",
        "ThongTinGiaoDich": "Thanh toán hồ sơ",
    } | changes
    return fields | {"MaXacThuc": checksum(fields, ThongBao.SIGNED, SECRET)}


async def test_a_repeated_notice_gets_the_same_answer_and_the_answer_is_signed(province: Province) -> None:
    answers = [await province.http.post(CALLBACK, json=notice()) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert answers[0].json()["MaLoi"] == "00"
    assert is_right(answers[0].json(), TraLoiThongBao.SIGNED, [SECRET])
    assert set(answers[0].json()) == {"MaLoi", "MoTaLoi", "MaDoiTac", "ThoiGianGD", "MaXacThuc"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (notice() | {"SoTien": "1"}, 401, "02"),
        (notice() | {"MaXacThuc": ""}, 401, "02"),
        (notice(MaDoiTac="ANOTHER"), 401, "01"),
        (notice(MaGiaoDich=""), 400, "03"),
        (notice(ThoiGianGD="20260703154099"), 400, "03"),
        (notice(SoTien="mười"), 400, "03"),
        ([], 400, "03"),
        ({}, 400, "03"),
    ],
    ids=["altered", "unsigned", "another partner", "no transaction", "no time", "no amount", "list", "empty"],
)
async def test_a_notice_that_is_not_right_is_refused_in_the_platforms_own_words(
    province: Province, body: Any, status: int, code: str
) -> None:
    answer = await province.http.post(CALLBACK, json=body)
    assert (answer.status_code, answer.json()["MaLoi"]) == (status, code)
    assert answer.json()["MaXacThuc"] == ""
    assert (await province.house.ledger.totals()).events == 0


async def test_a_notice_of_a_payment_nobody_asked_for_waits_for_a_person(province: Province) -> None:
    for reference in ("0000017H59260703470011", "dvc0000017H59230425000120230425033000"):
        answer = await province.http.post(CALLBACK, json=notice(MaThamChieu=reference))
        assert answer.status_code == 200
    await soon_tasks(province, 2)
    (told,) = await province.until("disputed")
    assert (told["subject"], told["data"]["reason"]) == (CODE, "unknown")


async def soon_tasks(province: Province, count: int) -> None:
    for _ in range(400):
        if len(await province.tasks("review:")) == count:
            return
        await asyncio.sleep(0.02)
    raise TimeoutError("review")


async def test_the_story_of_a_payment_shows_no_secret_no_name_and_no_link(province: Province) -> None:
    await province.post(fees_asked())
    await province.until("link_created")
    await province.platform.end(province.references()[0])
    await province.until("receipt_issued")
    told = json.dumps(await story(province.house.ledger, province.house.partners, CODE), ensure_ascii=False)
    assert "payment.confirmed" in told
    for canary in (SECRET, "Nguyễn Văn An", "084080000123", "JVBERi0x", "https://thanhtoan"):
        assert canary not in told


async def test_both_accounts_agree_until_only_one_side_knows_of_a_payment(province: Province) -> None:
    await province.post(fees_asked(7001, APPRAISAL, TAX))
    await province.until("link_created", 2)
    first, second = province.references()
    await province.platform.end(first)
    await province.until("confirmed")
    told = await compared(province)
    assert told["agrees"]
    (day,) = told["days"]
    assert day["ours"] == day["theirs"] == {"count": 1, "sum": int(province.platform.orders[first]["SoTien"])}

    province.platform.weather.left["lose_callback"] = 1
    await province.platform.end(second)
    told = await compared(province)
    assert [(line["says"], line["key"].split("/")[0]) for line in told["differences"]] == [("only_theirs", second)]
    assert not told["agrees"]
    assert not told["days"][0]["agrees"]

    del province.platform.orders[first]
    told = await compared(province)
    assert {line["key"].split("/")[0]: line["says"] for line in told["differences"]} == {
        first: "only_ours",
        second: "only_theirs",
    }

    province.platform.weather.left["500"] = -1
    told = await compared(province)
    assert sorted(told["unanswered"]) == sorted((first, second))


async def test_what_cannot_be_compared_is_said(province: Province) -> None:
    on = date(2026, 7, 1)
    for name, last, says in (
        ("online_payment", date(2026, 6, 30), "at most 31 days"),
        ("online_payment", date(2026, 8, 1), "at most 31 days"),
        ("dossier_system", on, "with these it is: .*online_payment"),
    ):
        with pytest.raises(Refused, match=says):
            await reconcile(province.house, name, on, last)


async def compared(province: Province) -> dict[str, Any]:
    """Both accounts of today."""
    today = datetime.now(VIETNAM).date()
    return await reconcile(province.house, "online_payment", today, today)
