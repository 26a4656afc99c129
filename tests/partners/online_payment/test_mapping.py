"""References, checksums, orders and what a report comes to: the pure half of the payment room."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from adapters.online_payment.checksum import checksum, is_right
from adapters.online_payment.client import Account
from adapters.online_payment.simulator import ACCOUNTS, PARTNER
from contracts import online_payment as contract
from contracts.canonical.order import Order
from contracts.envelope import Envelope, judge
from contracts.fault import Refusal
from contracts.identifier import DossierCode
from contracts.online_payment.messages import HoiPhaiNop, KetQuaTraSoat, KhoiTao, ThongBao, TraLoiKhoiTao, TraSoat
from mappings.online_payment.inbound import answered, notified
from mappings.online_payment.orders import CLOSED, ask, close, collected, record
from mappings.online_payment.outbound import Asked, init, question
from mappings.online_payment.reference import MAX_LENGTH, named, reference
from tests.partners.online_payment.conftest import APPRAISAL, TAX, dossier_event, fees_asked, order_in

CASES = sorted(Path(str(files("mappings.online_payment"))).joinpath("cases").glob("*.json"))
EXAMPLES = Path(str(files(contract))).joinpath("examples")
AT = datetime(2026, 7, 3, 8, 30, 5, tzinfo=UTC)
"""15:30:05 in Vietnam: the hour a 12-hour clock gets wrong."""

VECTORS = [
    (
        KhoiTao.SIGNED,
        "INIT|1.0.6|TRAVINH01|H59230425000001|80000|PAY|1|1|vi-VN|VND|PAYMENT|"
        "THANH TOAN HO SO 000.00.17.H59-230425-0001|20230425153000|10.0.0.5",
        "ff0da758d45f9719d12dc5d83d951cf04fa1bd335e287fdc929bcb56adfde167",
    ),
    (
        TraSoat.SIGNED,
        "QUERY|1.0.6|TRAVINH01|H59230425000001|20230425153000",
        "9ff90a2269b381e58bb7bca5569caa588917149b8af7a319035b18f718a6d768",
    ),
    (
        ThongBao.SIGNED,
        "CONFIRM|00|TRAVINH01|H59230425000001|80000|VND|GD000123|VCB|20230425153412|Thanh toán hồ sơ",
        "5ad9c090c5f2e2f8c12d5fb873f35b786c458bd11bd2e9084136b9cc5515a213",
    ),
]


@pytest.mark.parametrize(("signed", "joined", "expected"), VECTORS, ids=["INIT", "QUERY", "CONFIRM"])
def test_checksums_are_those_of_the_worked_vectors(signed: tuple[str, ...], joined: str, expected: str) -> None:
    fields = dict(zip(signed, joined.split("|"), strict=True))
    assert checksum(fields, signed, "BI_MAT_MAU") == expected
    assert is_right(fields | {"MaXacThuc": expected}, signed, ["", "BI_MAT_MAU"])
    assert not is_right(fields | {"MaXacThuc": expected}, signed, ["", "another"])
    assert not is_right(fields | {"MaXacThuc": checksum(fields, signed, "")}, signed, [""])


def test_a_checksum_is_over_composed_letters_however_they_came() -> None:
    fields = {"ThongTinGiaoDich": "Thanh toa\u0301n ho\u0302\u0300 so\u031b"}
    composed = {"ThongTinGiaoDich": "Thanh toán hồ sơ"}
    assert checksum(fields, ThongBao.SIGNED, "s") == checksum(composed, ThongBao.SIGNED, "s")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("init.json", KhoiTao),
        ("query.json", TraSoat),
        ("callback.json", ThongBao),
        ("query_reply.json", KetQuaTraSoat),
        ("payable_question.json", HoiPhaiNop),
    ],
)
def test_the_examples_are_as_the_models_say_and_rightly_signed(name: str, model: Any) -> None:
    message = model.model_validate_json((EXAMPLES / name).read_bytes())
    assert is_right(message.model_dump(), model.SIGNED, ["BI_MAT_MAU"])


def test_the_example_of_an_answer_holds_json_inside_a_string() -> None:
    answer = TraLoiKhoiTao.model_validate_json((EXAMPLES / "init_reply.json").read_bytes())
    assert json.loads(answer.message)["UrlThanhToan"].startswith("https://")


OLD = st.builds(
    "{:03}.{:02}.{:02}.{}{:02}".format,
    *(st.integers(0, n) for n in (999, 99, 99)),
    *(st.sampled_from("ABGHPXZ"), st.integers(0, 99)),
)
GROUP = st.integers(1, 3).flatmap(lambda digits: st.integers(0, 10**digits - 1).map(lambda n: f"{n:0{digits}}"))
NEW = st.builds(
    lambda letter, province, groups: ".".join([f"{letter}{province:02}", *groups])[:35].rstrip("."),
    st.sampled_from("AHGXZ"),
    st.integers(0, 99),
    st.lists(GROUP, max_size=9),
)
DAYS = st.dates(min_value=datetime(2000, 1, 1).date(), max_value=datetime(2099, 12, 31).date())
NUMBERS = st.integers(4, 10).flatmap(lambda digits: st.integers(0, 10**digits - 1).map(lambda n: f"{n:0{digits}}"))
CODES = st.builds(lambda agency, day, number: f"{agency}-{day:%y%m%d}-{number}", OLD | NEW, DAYS, NUMBERS)


@given(CODES, st.integers(1, 9999))
def test_a_reference_can_be_read_back_and_is_letters_and_digits(code: str, order: int) -> None:
    assert TypeAdapter(DossierCode).validate_python(code) == code
    made = reference(code, order)
    assert named(made) == (code, order)
    assert made.isascii()
    assert made.isalnum()
    assert len(made) <= MAX_LENGTH


@given(CODES, CODES, st.integers(1, 9999), st.integers(1, 9999))
def test_two_orders_never_share_a_reference(one: str, other: str, first: int, second: int) -> None:
    assert (reference(one, first) == reference(other, second)) == ((one, first) == (other, second))


@given(st.text("0123456789AHZ", max_size=30) | st.text(max_size=20))
def test_what_is_read_as_ours_is_ours_and_nothing_else_breaks(text: str) -> None:
    found = named(text)
    assert found is None or reference(*found) == text


@pytest.mark.parametrize(
    "bad", [("rubbish", 1), ("000.00.17.H59-260702-0001", 0), ("000.00.17.H59-260702-0001", 10_000)]
)
def test_no_reference_is_made_of_rubbish(bad: tuple[str, int]) -> None:
    with pytest.raises(ValueError, match="a reference is made of"):
        reference(*bad)


def ordered(*fees: Any, memo: dict[str, str] | None = None) -> tuple[list[Order], dict[str, str]]:
    """The orders made of fees, and the memo after it."""
    event: Any = fees_asked(7001, *fees).message
    decided = ask(event.dossier, memo or {}, AT)
    return [order_in(one) for one in decided.events], {**(memo or {}), **decided.memo}


def test_fees_of_two_recipients_are_two_orders() -> None:
    orders, _ = ordered(APPRAISAL, TAX, APPRAISAL | {"title": "Phí khác", "amount_vnd": 1000})
    assert [(order.payee, order.amount_vnd) for order in orders] == [
        ("000.00.17.H59", 501_000),
        ("000.00.86.H59", 3_250_000),
    ]
    assert [named(order.reference) for order in orders] == [("000.00.17.H59-260703-7001", n) for n in (1, 2)]


def test_asked_again_for_the_same_there_is_no_second_order() -> None:
    _, memo = ordered(APPRAISAL, TAX)
    assert ordered(APPRAISAL, TAX, memo=memo)[0] == []
    (more,), memo = ordered(APPRAISAL | {"amount_vnd": 600_000}, TAX, memo=memo)
    assert (more.amount_vnd, named(more.reference)) == (600_000, ("000.00.17.H59-260703-7001", 3))
    assert ordered(APPRAISAL | {"collected": "cash"}, TAX | {"amount_vnd": 0}, memo=memo)[0] == []


def at_counter(*fees: Any, memo: dict[str, str]) -> tuple[list[Order], dict[str, str]]:
    """The orders made when the desk says what was collected, and the memo after it."""
    event: Any = dossier_event("status_changed", 7001, 2, 4, *fees).message
    decided = collected(event.dossier, memo, AT)
    return [order_in(one) for one in decided.events], memo | decided.memo


def test_a_fee_collected_at_the_counter_closes_the_order_that_asks_for_it_and_no_other() -> None:
    (order, tax), memo = ordered(APPRAISAL, TAX)
    asked, memo = at_counter(APPRAISAL | {"collected": "cash"}, TAX, memo=memo)
    assert asked == []
    (event,) = record(report(order), memo).events
    assert (event.type, event.data["reason"]) == ("vn.lienthong.payment.refund_due.v1", "replaced")
    assert becomes(memo, report(tax)) == ["confirmed"]
    assert at_counter(APPRAISAL | {"collected": "cash"}, TAX, memo=memo) == ([], memo)


def test_what_an_order_asked_for_besides_is_asked_for_anew() -> None:
    other = APPRAISAL | {"title": "Phí khác", "amount_vnd": 1000}
    _, memo = ordered(APPRAISAL, other)
    (left,), memo = at_counter(APPRAISAL | {"collected": "cash"}, other, memo=memo)
    assert (left.amount_vnd, named(left.reference)) == (1000, ("000.00.17.H59-260703-7001", 2))
    assert becomes(memo, report(left)) == ["confirmed"]


def test_two_equal_fees_are_told_apart_by_their_ids_and_counted_without() -> None:
    """A page's certificate for 8,000 đồng twice: one paid or collected says nothing of the other."""
    first, second = ({"id": name, "title": "Phí bản sao", "amount_vnd": 8000} for name in ("a", "b"))
    (order,), memo = ordered(first)
    assert becomes(memo, report(order)) == ["confirmed"]
    (again,), _ = ordered(second, memo=memo)
    assert [fee.id for fee in again.fees] == ["b"]
    (both,), memo = ordered(first, second)
    (left,), memo = at_counter(first | {"collected": "cash"}, second, memo=memo)
    assert ([fee.id for fee in left.fees], left.amount_vnd) == (["b"], 8000)
    assert becomes(memo, report(both)) == ["refund_due"]
    alike = {"title": "Phí bản sao", "amount_vnd": 8000}
    _, memo = ordered(alike, alike)
    (left,), _ = at_counter(alike | {"collected": "cash"}, alike, memo=memo)
    assert left.amount_vnd == 8000


def test_a_dossier_may_not_call_two_fees_by_one_id() -> None:
    with pytest.raises(Refusal, match="two fees of a dossier have two ids"):
        fees_asked(7001, APPRAISAL | {"id": "a"}, TAX | {"id": "a"})


def test_each_fine_has_an_order_to_itself_even_of_one_recipient() -> None:
    fine = {
        "kind": "Phạt vi phạm hành chính",
        "decision_number": "77/QĐ-XPVPHC",
        "decided_on": "2026-07-01",
        "authority": "Thanh tra Sở",
        "treasury": "Kho bạc Nhà nước khu vực XVIII",
        "violator": "Nguyễn Văn An",
    }
    other = fine | {"decision_number": "78/QĐ-XPVPHC"}
    orders, memo = ordered(TAX, TAX | {"id": "1", "fine": fine}, TAX | {"id": "2", "fine": other})
    assert [order.payee for order in orders] == ["000.00.86.H59"] * 3
    assert [order.fees[0].fine and order.fees[0].fine.decision_number for order in orders] == [
        None,
        "77/QĐ-XPVPHC",
        "78/QĐ-XPVPHC",
    ]
    assert (
        at_counter(
            TAX, TAX | {"id": "1", "fine": fine, "collected": "cash"}, TAX | {"id": "2", "fine": other}, memo=memo
        )[0]
        == []
    )


def test_a_fee_collected_at_the_counter_asks_for_nothing_that_was_not_asked_for() -> None:
    assert at_counter(APPRAISAL | {"collected": "cash"}, TAX, memo={}) == ([], {})
    (order,), memo = ordered(APPRAISAL)
    assert becomes(memo, report(order)) == ["confirmed"]
    assert at_counter(APPRAISAL | {"collected": "online"}, TAX | {"collected": "cash"}, memo=memo) == ([], memo)


def report(order: Order, **changes: Any) -> Any:
    """A notice about an order: paid."""
    fields = {
        "LoaiBanTin": "CONFIRM",
        "MaLoi": "00",
        "MaDoiTac": PARTNER,
        "MaThamChieu": order.reference,
        "SoTien": order.amount_vnd,
        "MaTienTe": "VND",
        "MaGiaoDich": "GD1",
        "MaNganHang": "VCB",
        "ThoiGianGD": "20260703154010",
    }
    return notified(ThongBao.model_validate(fields | changes)).message


def _message(event: Envelope) -> Any:
    return event.message


def becomes(memo: dict[str, str], told: Any) -> list[str]:
    """The kinds of events a report comes to; the memo goes on."""
    decided = record(told, memo)
    memo |= decided.memo
    return [event.type.split(".")[-2] for event in decided.events]


def test_a_payment_is_applied_once_and_an_older_word_changes_nothing() -> None:
    (order,), memo = ordered(APPRAISAL)
    assert becomes(memo, report(order, MaLoi="24", MaGiaoDich="")) == ["failed"]
    assert becomes(memo, report(order, MaLoi="24", MaGiaoDich="GD0")) == []
    assert becomes(memo, report(order)) == ["confirmed"]
    assert becomes(memo, report(order)) == []
    assert becomes(memo, report(order, MaLoi="24")) == []
    assert becomes(memo, report(order, MaGiaoDich="GD2")) == ["refund_due"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"SoTien": "499999"}, "amount"), ({"MaTienTe": "USD"}, "currency"), ({"SoTien": 0}, "amount")],
)
def test_a_payment_that_is_not_what_was_asked_for_is_never_applied(changes: dict[str, Any], reason: str) -> None:
    (order,), memo = ordered(APPRAISAL)
    before = dict(memo)
    (event,) = record(report(order, **changes), memo).events
    assert (event.type, event.data["reason"]) == ("vn.lienthong.payment.disputed.v1", reason)
    assert memo == before
    assert becomes(memo, report(order)) == ["confirmed"]


def test_a_payment_nobody_asked_for_is_kept_under_its_own_reference() -> None:
    (order,), memo = ordered(APPRAISAL)
    stranger = report(order, MaThamChieu="dvc0000017H59230425000120230425033000")
    assert stranger.dossier_code is None
    (event,) = record(stranger, memo).events
    assert (event.subject, event.data["reason"]) == (stranger.reference, "unknown")


def test_money_for_a_dossier_that_is_over_or_an_order_that_was_replaced_goes_back() -> None:
    (order,), memo = ordered(APPRAISAL)
    (event,) = record(report(order), memo | close().memo).events
    assert (event.type, event.data["reason"]) == ("vn.lienthong.payment.refund_due.v1", "closed")
    _, memo = ordered(APPRAISAL | {"amount_vnd": 600_000}, memo=memo)
    (event,) = record(report(order), memo).events
    assert event.data["reason"] == "replaced"
    assert ordered(APPRAISAL, memo={CLOSED: "1"})[1][CLOSED] == ""


def test_one_payment_is_one_event_whoever_told_it() -> None:
    (order,), memo = ordered(APPRAISAL)
    fields = {"MaLoi": "00", "TrangThaiGD": "1", "MaThamChieu": order.reference, "SoTien": str(order.amount_vnd)}
    fields |= {"MaTienTe": "VND", "MaGiaoDich": "GD1", "MaNganHang": "VCB", "ThoiGianGD": "20260703154010"}
    asked = answered(KetQuaTraSoat.model_validate(fields))
    assert asked is not None
    told, answer = report(order), _message(asked)
    assert answer == told
    one, other = (record(message, memo).events[0] for message in (told, answer))
    assert (one.id, one.content()) == (other.id, other.content())


@pytest.mark.parametrize(
    "changes", [{"MaGiaoDich": " "}, {"ThoiGianGD": "20260703159910"}, {"ThoiGianGD": "20261303154010"}]
)
def test_a_notice_that_makes_no_sense_is_not_believed(changes: dict[str, str]) -> None:
    (order,), _ = ordered(APPRAISAL)
    with pytest.raises(ValueError, match=r"MaGiaoDich|time data|unconverted"):
        report(order, **changes)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case(case: Path) -> None:
    told: dict[str, Any] = json.loads(case.read_text(encoding="utf-8"))
    message: Any = judge(told["given"]).message
    account = Account.model_validate(ACCOUNTS[message.order.payee])
    written = init(Asked(message.dossier, message.order, account, PARTNER, "10.0.0.5"))
    KhoiTao.model_validate(written)
    assert written == told["expect"]


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=6),
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2090, 1, 1)),
)
def test_sums_are_right_and_times_are_on_a_24_hour_clock(amounts: list[int], at: datetime) -> None:
    fees = [{"title": f"Phí {place}", "amount_vnd": amount} for place, amount in enumerate(amounts)]
    event: Any = fees_asked(7001, *fees).message
    (made,) = ask(event.dossier, {}, at.replace(tzinfo=UTC)).events
    order = order_in(made)
    written = init(Asked(event.dossier, order, Account.model_validate(ACCOUNTS[order.payee]), PARTNER, "10.0.0.5"))
    bill = written["ThongTinBienLai"]
    for lines in (bill["PhiLePhi"], bill["DSKhoanNop"]):
        assert sum(int(line["SoTien"]) for line in lines) == int(written["SoTien"]) == sum(amounts)
    read = datetime.strptime(written["ThoiGianGD"] + "+0700", "%Y%m%d%H%M%S%z")
    assert read == order.requested_at.replace(microsecond=0)
    assert question("QUERY", order, PARTNER)["ThoiGianGD"] == written["ThoiGianGD"]
