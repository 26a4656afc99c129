"""Cards of children under six: asked for once the personal id is there, watched until issued (domain notes 3.9, 7b)."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from adapters import discover
from adapters.social_insurance import ADAPTER
from adapters.social_insurance.faults import FAULTS
from adapters.social_insurance.simulator import InsuranceSimulator
from bus.adapter import Row
from bus.intake import Intake
from bus.ledger.sql_ledger import open_ledger
from bus.outcome import Cause, Contract, Delivered, Held, Taken, Transient, Unknown
from bus.seal import Keyring
from contracts.envelope import Envelope
from contracts.marks import redact
from contracts.social_insurance import STATES
from contracts.social_insurance.messages import DangKyTheBHYT, TraLoiThe
from mappings.routes import owed
from mappings.social_insurance.inbound import changed
from mappings.social_insurance.outbound import card
from ops.overdue import overdue
from tests.conftest import HandClock
from tests.ledgers import new_ledger
from tests.partners.social_insurance.conftest import AT, LINKED, Insurance, a_request, a_watch, asked_for, registered

HERE = {"social_insurance"}


def debts(event: Envelope) -> list[str]:
    return [debt.operation for debt in owed(event, HERE)]


def test_a_registered_birth_of_the_linked_procedures_owes_a_card_and_no_other() -> None:
    assert debts(registered()) == ["dangKyTheBHYT"]
    assert debts(registered(citizen_id="")) == ["dangKyTheBHYT"]
    assert debts(registered(procedure="2.001023")) == ["dangKyTheBHYT"]
    assert debts(registered(procedure="1.001193")) == []
    assert debts(asked_for()) == []


async def test_without_the_personal_id_the_delivery_waits_uncounted_for_that_alone(insurance: Insurance) -> None:
    held = await insurance.deliver(a_request(registered(citizen_id="")))
    assert isinstance(held, Held)
    assert held.key == "personal-id:000.07.31.H59-260703-0003"
    assert insurance.simulator.book.entries == []


async def test_a_card_is_taken_and_owes_a_watch(insurance: Insurance) -> None:
    event = await insurance.taken()
    assert (event.type, event.data["state"]) == ("vn.lienthong.insurance.card_changed.v1", "received")
    assert debts(event) == ["traCuuTheBHYT"]
    (entry,) = insurance.simulator.book.of("card")
    assert entry["maHoSoLT"] == LINKED[:-1] + "3"
    assert entry["child"]["soDinhDanh"] == "086226000123"


async def test_sent_again_no_second_card_is_asked_for(insurance: Insurance) -> None:
    insurance.simulator.weather.left["lost_500"] = 1
    insurance.simulator.weather.left["session"] = 0
    first = await insurance.deliver(a_request(registered()))
    assert isinstance(first, Transient | Unknown)
    assert isinstance(await insurance.deliver(a_request(registered())), Delivered)
    assert isinstance(await insurance.deliver(a_request(registered())), Delivered)
    assert len(insurance.simulator.book.of("card")) == 1


async def test_an_id_the_insurance_has_not_yet_is_tried_again(insurance: Insurance) -> None:
    insurance.simulator.unknown_ids.add("086226000123")
    later = await insurance.deliver(a_request(registered()))
    assert isinstance(later, Transient)
    assert (later.cause, later.code) == (Cause.LATER, "BHXH-03")
    insurance.simulator.unknown_ids.clear()
    assert isinstance(await insurance.deliver(a_request(registered())), Delivered)


async def test_nothing_new_stays_taken_until_the_next_common_moment(insurance: Insurance) -> None:
    event = await insurance.taken()
    insurance.clock.advance(10)
    waits = await insurance.deliver(a_watch(event))
    assert isinstance(waits, Taken)
    assert (insurance.clock.at + waits.ask_after_s) % 300 == pytest.approx(0)


@pytest.mark.parametrize(("theirs", "ours"), STATES.items())
async def test_the_status_table_cell_by_cell(insurance: Insurance, theirs: str, ours: str) -> None:
    event = await insurance.taken()
    insurance.simulator.decide(LINKED[:-1] + "3", theirs)
    told = await insurance.deliver(a_watch(event))
    if ours == "received":
        assert isinstance(told, Taken)
        return
    assert isinstance(told, Delivered), told
    (reply,) = told.replies
    assert reply.data["state"] == ours
    assert told.receipt == reply.data["reference"] != ""
    assert debts(reply) == (["traCuuTheBHYT"] if ours == "supplement" else [])
    assert bool(reply.data["card"]) == bool(reply.data["file"]) == (ours == "issued")


async def test_what_the_insurance_asked_to_be_added_goes_under_the_same_code(
    insurance: Insurance, tmp_path: Path
) -> None:
    """The desk sends the registration again with the clinic; the registry's word brings it here."""
    event = await insurance.taken()
    insurance.simulator.decide(LINKED[:-1] + "3", "2")
    assert isinstance(await insurance.deliver(a_request(registered())), Delivered)
    assert insurance.simulator.cards[LINKED[:-1] + "3"]["trangThai"] == "2"
    added = await insurance.deliver(a_request(registered(clinic="86001", key="c2")))
    assert isinstance(added, Delivered)
    assert added.replies[0].data["state"] == "received"
    assert [entry["asked"]["noiKCB"] for entry in insurance.simulator.book.of("supplement")] == ["86001"]
    assert InsuranceSimulator(tmp_path / "book.jsonl").cards == insurance.simulator.cards
    insurance.simulator.decide(LINKED[:-1] + "3", "4")
    assert isinstance(await insurance.deliver(a_watch(event)), Delivered)


async def test_a_card_with_a_bad_file_is_issued_all_the_same(insurance: Insurance) -> None:
    event = await insurance.taken()
    for place, (file, fault) in enumerate((("%%%", "not Base64"), ("PGh0bWw+", "not a PDF"))):
        insurance.simulator.decide(LINKED[:-1] + "3", "4", fileThe=file)
        told = await insurance.deliver(a_watch(event, f"w{place}"))
        assert isinstance(told, Delivered)
        assert fault in told.replies[0].data["file_fault"]


@pytest.mark.parametrize(
    "fields", [{"trangThai": ""}, {"soTheBHYT": "?"}, {"giaTriTu": "06/07/2026"}, {"trangThai": "9"}]
)
async def test_an_answer_out_of_shape_is_asked_again(insurance: Insurance, fields: dict[str, str]) -> None:
    event = await insurance.taken()
    insurance.simulator.decide(LINKED[:-1] + "3", "4", **fields)
    assert isinstance(await insurance.deliver(a_watch(event)), Unknown)


async def test_a_single_mothers_child_goes_without_a_father_and_lives_with_her(insurance: Insurance) -> None:
    said = card(registered().message)
    assert "cha" not in said
    assert said["me"]["hoTen"] == "Nguyễn Thị Lan"
    assert said["diaChiThuongTru"]["maXa"] == "29557"
    DangKyTheBHYT.model_validate(said)


async def test_twins_are_two_cards(insurance: Insurance) -> None:
    await insurance.taken(3)
    await insurance.taken(4)
    assert len(insurance.simulator.book.of("card")) == 2


async def test_a_birth_of_which_too_little_is_known_is_for_the_officer(insurance: Insurance) -> None:
    event = registered(child={"name": "NGUYỄN MINH KHÔI", "born_on": "2026-06-27"})
    told = await insurance.deliver(a_request(event))
    assert isinstance(told, Contract)
    assert told.code == "treEm" or told.code == "gioiTinh"


async def test_nothing_personal_of_a_request_is_shown(insurance: Insurance) -> None:
    row = insurance.adapter.prepare(a_request(registered()))
    assert isinstance(row, Row)
    shown = json.dumps(redact(json.loads(row.body), ADAPTER.operation("dangKyTheBHYT").message), ensure_ascii=False)
    for canary in ("KHÔI", "084190000123", "086226000123", "Số 12", "20260627"):
        assert canary not in shown


def test_every_line_of_the_table_says_what_to_do() -> None:
    assert all(line.advice_vi and line.advice_en for line in FAULTS)


async def test_births_without_a_card_for_more_than_five_days_are_overdue(tmp_path: Path, keys: Keyring) -> None:
    """The signal a monitoring officer asks for (domain notes 8), for its id or the insurance."""
    clock = HandClock(AT.timestamp())
    ledger = open_ledger(new_ledger(tmp_path), keys, clock=clock)
    intake = Intake(ledger, lambda _partners: None, partial(owed, partners=HERE), discover())
    no_card_due = registered(9, procedure="1.001193", key="c9")
    without_id, with_id, issued = registered(3, citizen_id=""), registered(5, key="c5"), registered(6, key="c6")
    told_of = changed(issued.message, TraLoiThe(trangThai="4", soTheBHYT="TE1868612345678"), "ref", "k", AT)
    assert told_of is not None
    await intake.accept([no_card_due, without_id, with_id, issued, told_of], client="test")
    clock.advance(5 * 86400)
    assert (await overdue(ledger, [ADAPTER]))[0]["items"] == []
    clock.advance(1.0)
    (told,) = await overdue(ledger, [ADAPTER])
    assert [(one["dossier"], one["state"]) for one in told["items"]] == [
        (without_id.subject, "without a personal id"),
        (with_id.subject, "registered"),
    ]
    assert (told["watch"], told["overdue"]) == ("without_card", 2)
    await ledger.close()
