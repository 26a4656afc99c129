"""A land transfer with its fees and its return by post, from the portal's push to the hand-over, told as one story (domain notes 7a).

The bus is the one a newcomer starts; it is stopped in the middle of the dossier's life and started again. What goes wrong in practice
goes wrong here: the notice of a payment is lost and the payment found by asking; the post brings another dossier's result back.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from adapters.national_portal.simulator import PUSH_SECRET
from adapters.transport.signature import HEADER, sign
from contracts.envelope import Envelope
from ops.sample import generate
from tests.journeys.province import Province, province, tells_everything, until

pytestmark = pytest.mark.slow

SAMPLE = tuple(generate(67, 11, 5))
LIFE, OTHER = (
    tuple(event for event in SAMPLE if event.subject == code)
    for code in dict.fromkeys(e.subject for e in SAMPLE if e.data["dossier"]["procedure"]["code"] == "1.012787")
)
"""Two land dossiers of ten events: filed, received, at work, fee asked and paid, at work, result, returned."""
CODE, BACK = LIFE[0].subject, OTHER[0].subject
APPLICANT = LIFE[0].data["dossier"]["applicant"]["name"]


class Lived(NamedTuple):
    """What is left of the two journeys: the province, the first one's story and its tellings, the second one's open lanes."""

    there: Province
    story: dict[str, Any]
    told: tuple[str, str]


def steps(life: Sequence[Envelope], since: str, until_: str) -> tuple[Envelope, ...]:
    """The events from the first of type `since` to the first of type `until_`, both included."""
    types = [event.type.removeprefix("vn.lienthong.").removesuffix(".v1") for event in life]
    return tuple(life[types.index(since) : types.index(until_) + 1])


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    folder = tmp_path_factory.mktemp("land")
    with province(folder) as there:
        there.tell("online_payment", "misbehave", mode="lose_callback", times=-1)
        there.post(steps(LIFE, "dossier.submitted", "dossier.fee_requested"))
        until(lambda: len(there.notices(CODE, "payment.confirmed")) == 2, lambda: there.run("causes"))
    with province(folder) as there:
        there.post(steps(LIFE, "payment.completed", "dossier.result_issued"))
        there.post(steps(OTHER, "dossier.submitted", "dossier.result_issued"))
        until(lambda: shipments(there, BACK))
        there.tell("postal", "move", orderNumber=BACK, statusCode="601")
        until(lambda: "delivered" in shipments(there, CODE))
        there.post(steps(LIFE, "dossier.returned", "dossier.returned"))
        until(lambda: there.notices(BACK, "desk.task_opened"))
        return Lived(there, there.settled(CODE), there.told(CODE))


def shipments(there: Province, code: str) -> list[str]:
    """Where the dossier system was told a dossier's item is, in its order."""
    return [data["shipment"]["state"] for data in there.notices(code, "postal.shipment_changed")]


def test_the_portal_has_the_dossier_created_once_and_every_status_in_order(lived: Lived) -> None:
    states = lived.there.book("national_portal", "create", "update", MaHoSo=CODE)
    assert [entry["kind"] for entry in states].count("create") == 1
    assert states[0]["kind"] == "create"
    assert states[-1]["data"]["TrangThaiHoSo"] == "10"
    progress = [entry["data"]["TrangThai"] for entry in lived.there.book("national_portal", "progress", MaHoSo=CODE)]
    assert progress == ["2", "4", "6", "4", "4", "9", "10"]
    assert lived.there.book("national_portal", "repeat") == []


def test_the_iso_system_opened_one_slip_and_every_step_carries_it_after_a_restart_too(lived: Lived) -> None:
    (slip,) = lived.there.book("electronic_iso", "slip", MaHoSo=CODE)
    steps_told = lived.there.book("electronic_iso", "step", MaHoSo=CODE)
    closed = lived.there.book("electronic_iso", "close", MaHoSo=CODE)
    assert steps_told
    assert closed
    assert {entry["data"]["MaPhieu"] for entry in [*steps_told, *closed]} == {slip["MaPhieu"]}
    assert closed[-1]["at"] >= steps_told[-1]["at"]


def test_each_recipient_of_money_has_one_order_with_a_link_of_its_own(lived: Lived) -> None:
    orders = [entry["order"] for entry in lived.there.book("online_payment", "order", subject=CODE)]
    fees = next(e.data["dossier"]["fees"] for e in LIFE if e.type.endswith("fee_requested.v1"))
    assert sorted(int(order["SoTien"]) for order in orders) == sorted(fee["amount_vnd"] for fee in fees)
    assert len({order["TKThuHuong"] for order in orders}) == 2, "the tax is the tax office's, the fee the land office's"
    links = {data["url"] for data in lived.there.notices(CODE, "payment.link_created")}
    assert links == {order["UrlThanhToan"] for order in orders}


def test_payments_whose_notices_were_lost_are_found_by_asking_and_have_receipts(lived: Lived) -> None:
    paid = {entry["order"]["MaThamChieu"] for entry in lived.there.book("online_payment", "paid", subject=CODE)}
    assert len(paid) == 2
    by_notice, by_asking = (
        {entry["MaThamChieu"] for entry in lived.there.book("online_payment", kind)} for kind in ("notice", "question")
    )
    assert not by_notice & paid
    assert paid <= by_asking
    assert len(lived.there.notices(CODE, "payment.receipt_issued")) == 2


def test_the_result_was_ordered_from_the_post_once_and_followed_to_the_citizens_door(lived: Lived) -> None:
    (order,) = lived.there.book("postal", "order", subject=CODE)
    assert order["data"]["ReceiverName"] == APPLICANT
    seen = shipments(lived.there, CODE)
    assert (seen[0], seen[-1]) == ("created", "delivered")
    first = lived.there.notices(CODE, "postal.shipment_changed")[0]["shipment"]
    assert first["tracking"] == order["data"]["ItemCode"]


def test_a_result_that_comes_back_is_a_task_for_the_desk_and_the_dossier_stays_processed(lived: Lived) -> None:
    (task,) = lived.there.notices(BACK, "desk.task_opened")
    assert task["partner"] == "postal"
    assert shipments(lived.there, BACK)[-1] == "returned"
    told = lived.there.book("national_portal", "progress", MaHoSo=BACK)
    assert told[-1]["data"]["TrangThai"] == "9"


def test_the_evaluation_counts_every_change_with_its_own_codes(lived: Lived) -> None:
    usage = [entry["data"] for entry in lived.there.book("service_evaluation", "usage", MaHoSo=CODE)]
    assert [data["Status"] for data in usage] == ["1", "1", "4", "0", "0", "2", "2", "3", "3"]
    assert {data["FormsReception"] for data in usage} == {"1"}, "online is 1 here and 2 at the portal"


def test_the_story_is_complete_and_joined_by_its_correlation(lived: Lived) -> None:
    story = lived.story
    assert [e["sequence"] for e in story["events"] if e["source"] == LIFE[0].source] == list(range(1, 11))
    threads = {e["id"]: e["correlation_id"] for e in story["events"]}
    replies = [e for e in story["events"] if e["source"] != LIFE[0].source and e["causation_id"]]
    assert replies
    assert all(e["causation_id"] in threads for e in replies)
    assert len(set(threads.values())) == 1
    assert all(delivery["trace_id"] for delivery in story["deliveries"])


def test_the_story_is_told_in_vietnamese_and_in_english(lived: Lived) -> None:
    tells_everything(lived.story, *lived.told, APPLICANT)


def test_a_dossier_filed_on_the_portal_comes_in_once_and_goes_to_the_desk(tmp_path: Path) -> None:
    filed = {
        "MaHoSo": "G22.99-260702-0007",
        "MaTTHC": "1.012783",
        "TenChuHoSo": "Nguyễn Văn Thử",
        "SoDienThoai": "0900000000",
        "NgayNop": "20260702080000",
    }
    body = json.dumps(filed).encode()
    with province(tmp_path) as there:
        said = [
            httpx.post(
                f"{there.url}/callbacks/national_portal/hoso",
                content=body,
                headers={HEADER: sign(PUSH_SECRET, int(time.time()), "hoso", body), "Content-Type": "application/json"},
                trust_env=False,
            ).json()["error_code"]
            for _ in range(2)
        ]
        notices = until(lambda: there.book("dossier_system", "notice", type="vn.lienthong.portal.dossier_filed.v1"))
    assert said == [0, 1]
    assert len(notices) == 1
