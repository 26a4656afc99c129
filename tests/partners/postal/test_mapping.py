"""What VNPost is sent, case by case; item codes, order numbers, and what its rows become."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import codes
from contracts import postal as contract
from contracts.envelope import Envelope, judge
from contracts.postal.item_code import LIMIT, expand, item_code
from contracts.postal.messages import Don, Oid, TrangThaiBuuGui, TrangTheoDoi
from mappings.postal.inbound import dossier_of, is_ours, moved, written_at
from mappings.postal.outbound import Desk, Parcel, collection_order, home_province, result_order
from mappings.routes import CANCEL_PARCEL, FETCH_PAPERS, POSTAL, SEND_PARCEL, owed
from mappings.table import Unmappable
from ops.sample import generate
from tests.partners.postal.conftest import CASES, CODE, an_event, case

EXAMPLES = files(contract).joinpath("examples")
OID = "64477a2f5e2b8c0001000001"
SAMPLE = [event for event in generate(300, 50, 3) if owed(event, {POSTAL})]
DESK = Desk("TV0017", "Số 19", "02943850000", 89)


def parcel_of(event: Envelope) -> Parcel:
    message: Any = event.message
    return Parcel(message.dossier, DESK)


def a_row(status: str, order: str = CODE, words: str = "lời của bưu tá") -> TrangThaiBuuGui:
    row = {"_id": {"$oid": OID}, "orderNumber": order, "statusCode": status, "statusMessage": words}
    return TrangThaiBuuGui.model_validate(row)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    event = judge(told["given"])
    message: Any = event.message
    parcel = Parcel(message.dossier, Desk(**told["desk"]), getattr(message, "note", ""), told["collects_fees"])
    collects = event.type.endswith("collection_requested.v1")
    written = (collection_order if collects else result_order)(parcel)
    assert written == told["expect"]
    assert set(written) == set(Don.model_fields)
    Don.model_validate(written)


def test_in_a_collection_the_roles_are_swapped() -> None:
    back, forth = case("a result goes")["expect"], case("roles swapped")["expect"]
    for name in ("Name", "Address", "Tel", "Province"):
        assert (back[f"Sender{name}"], back[f"Receiver{name}"]) == (forth[f"Receiver{name}"], forth[f"Sender{name}"])
    assert forth["OrderNumber"] == back["OrderNumber"] + contract.COLLECTION_MARK


def test_the_examples_are_of_the_contract() -> None:
    Don.model_validate_json(EXAMPLES.joinpath("order.json").read_bytes())
    page = TrangTheoDoi.model_validate_json(EXAMPLES.joinpath("tracking.json").read_bytes())
    assert page.embedded is not None
    assert moved(TrangThaiBuuGui.model_validate(page.embedded.rhDoc[0]))[0].data["shipment"]["state"] == "delivered"


@given(st.sampled_from(SAMPLE))
def test_every_order_of_the_sample_can_be_said(event: Envelope) -> None:
    (debt,) = owed(event, {POSTAL})
    parcel = parcel_of(event)
    if debt.operation != CANCEL_PARCEL:
        Don.model_validate((collection_order if debt.operation == FETCH_PAPERS else result_order)(parcel))


def test_only_what_travels_by_post_is_ordered_and_cancelled() -> None:
    assert {debt.operation for event in SAMPLE for debt in owed(event, {POSTAL})} == {
        SEND_PARCEL,
        FETCH_PAPERS,
        CANCEL_PARCEL,
    }
    assert owed(an_event(return_method="counter"), {POSTAL}) == ()


def test_a_withdrawal_calls_papers_back_that_the_post_was_to_fetch_however_the_dossier_came() -> None:
    """A dossier filed online and handed over at the desk may have a collection under way all the same."""
    told = an_event(channel="online", return_method="counter")
    given = json.loads(told.to_json()) | {"type": "vn.lienthong.dossier.withdrawn.v1"}
    given["data"]["dossier"]["status"] = given["data"]["change"]["to_status"] = 7
    assert [debt.operation for debt in owed(judge(given), {POSTAL})] == [CANCEL_PARCEL]


def test_an_applicant_without_address_or_phone_cannot_be_reached() -> None:
    applicant = an_event().data["dossier"]["applicant"]
    for missing in ("address", "phone"):
        left = {name: value for name, value in applicant.items() if name != missing}
        with pytest.raises(Unmappable, match="Receiver"):
            result_order(parcel_of(an_event(applicant=left)))


def test_vnposts_provinces_are_its_own_list_by_the_day_of_the_address() -> None:
    known = {code: codes.lookup("postal_province", code, date(2024, 1, 1)).name_vi for code in ("83", "84", "86")}
    assert known == {"83": "93", "84": "94", "86": "89"}
    applicant = an_event().data["dossier"]["applicant"]
    address = {"province": "84", "as_of": "2026-07-03", "detail": "Số 1"}
    with pytest.raises(codes.CodeGap, match="postal_province"):
        home_province(parcel_of(an_event(applicant=applicant | {"address": address})))


@given(st.integers(0, 10**8 - 1), st.sampled_from(("RT", "EH", "CP")))
def test_every_item_code_is_read_back(serial: int, letters: str) -> None:
    code = item_code(letters, serial)
    assert len(code) == 13
    assert list(expand(code)) == [code]
    spoilt = code[:10] + str((int(code[10]) + 1) % 10) + code[11:]
    with pytest.raises(ValueError, match="check digit"):
        list(expand(spoilt))


def test_the_check_digit_is_the_one_of_the_postal_union() -> None:
    assert item_code("RT", 47312482) == "RT473124829VN"  # the example of UPU S10


@pytest.mark.parametrize("written", ["", "X", "RT473124829VN..", "RT473124829VN..EH473124829VN", "RT473124829US"])
def test_what_is_no_range_is_refused(written: str) -> None:
    if written == "RT473124829VN..":
        assert list(expand(written)) == ["RT473124829VN"]
        return
    with pytest.raises(ValueError, match="item code"):
        list(expand(written))


def test_a_range_is_counted_from_its_first_to_its_last() -> None:
    first, last = item_code("EH", 10), item_code("EH", 14)
    assert list(expand(f"{first}..{last}")) == [item_code("EH", serial) for serial in range(10, 15)]
    with pytest.raises(ValueError, match="range"):
        list(expand(f"{last}..{first}"))
    with pytest.raises(ValueError, match=f"{LIMIT}"):
        list(expand(f"{first}..{item_code('EH', 10 + LIMIT)}"))


@given(st.from_regex(r"[0-9a-f]{24}", fullmatch=True))
def test_every_key_of_the_cursor_tells_its_second(oid: str) -> None:
    Oid.model_validate({"$oid": oid})
    assert written_at(oid) == datetime.fromtimestamp(int(oid[:8], 16), UTC)


def test_an_order_number_names_its_dossier_and_its_way() -> None:
    assert dossier_of(CODE) == (CODE, "result")
    assert dossier_of(f"{CODE}-TG") == (CODE, "papers")
    assert is_ours(f"{CODE}-TG", ("H59",))
    assert is_ours("H59.17-260703-0001", ("H59",))
    assert not any(is_ours(order, ("H59",)) for order in ("000.00.09.H56-260701-0001", "ABC123", "", "-", "12-H59"))


def test_each_described_status_has_a_word_of_ours_and_another_is_unknown_with_its_code() -> None:
    states = {row.code: moved(a_row(row.code))[0].data["shipment"]["state"] for row in codes.every("postal_status")}
    assert states["500"] == "delivered"
    assert len(set(states.values())) == 9
    strange = moved(a_row("777"))[0].data["shipment"]
    assert (strange["state"], strange["code"], strange["words"]) == ("unknown", "777", "lời của bưu tá")


def test_a_result_that_came_back_is_a_task_and_papers_that_came_back_are_none() -> None:
    shipment, task = moved(a_row("601"))
    assert (shipment.data["shipment"]["state"], task.data["task"]) == ("returned", "result_returned")
    assert task.subject == CODE
    assert [event.data["shipment"]["purpose"] for event in moved(a_row("601", f"{CODE}-TG"))] == ["papers"]
