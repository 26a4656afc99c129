"""The status translation of the life cycle, cell by cell: what each partner is told of each status, and what is never told.

The table below is the domain's own (domain notes, 4), written down here as data and held against routes and mappings.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, NamedTuple

import pytest

from contracts.canonical.events import PREFIX
from contracts.civil_registry.messages import KetQua
from contracts.codes import REFORM_ON, every
from contracts.envelope import Envelope, judge
from contracts.lifecycle import flag
from mappings.civil_registry import inbound as civil
from mappings.electronic_iso import outbound as iso
from mappings.linked_services import outbound as linked
from mappings.national_portal import outbound as portal
from mappings.routes import owed
from mappings.service_evaluation.outbound import Site, request
from ops.events_doc.example import examples
from ops.events_doc.registration import requested
from ops.sample import generate

PARTNERS = ("national_portal", "electronic_iso", "linked_services", "civil_registry", "service_evaluation")


class Line(NamedTuple):
    """One status: `portal` is what stands beside it there, `iso` operation or TAM_DUNG, `btp` the registry's states that lead here."""

    event: str
    portal: str | None
    emc: str
    dvclt: str | None
    btp: tuple[str, ...]
    iso: str | None


TABLE = {
    1: Line("submitted", None, "1", "1", (), None),
    2: Line("received", "", "1", "3", (), "TiepNhanHoSo"),
    3: Line("refused", "NgayTuChoi", "0", "6", ("6",), "KetThuc"),
    4: Line("status_changed", "", "2", None, ("1", "3"), "CapNhatBuoc"),
    5: Line("supplement_requested", "DanhSachHoSoBoSung", "0", "2", ("2",), "TAM_DUNG"),
    6: Line("fee_requested", "DanhSachLePhi", "0", None, (), "TAM_DUNG"),
    7: Line("withdrawn", "", "0", None, (), "KetThuc"),
    8: Line("stopped", "", "0", None, (), "TAM_DUNG"),
    9: Line("result_issued", "DanhSachGiayToKetQua", "3", None, ("4",), "KetThuc"),
    10: Line("returned", "NgayTra", "3", "5", (), None),
}
"""DVCLT is told 7 and 4 by what the registry answers, see below: statuses 4 and 9 of the desk alone tell it nothing."""
BEFORE = {1: None, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 8: 4, 9: 4, 10: 9}
AT = "2026-03-02T09:30:00+07:00"
NOW = datetime(2026, 7, 3, tzinfo=UTC)


@cache
def _a_dossier() -> dict[str, Any]:
    """A dossier of a linked procedure that has everything a status may bring along."""
    found = next(e for e in generate(400, 60, 5, date(2026, 1, 5)) if e.type.endswith("dossier.received.v1"))
    name = next(row.name_vi for row in every("procedure") if row.code == "2.000986")
    fee = {"title": "Lệ phí", "amount_vnd": 8000, "collected": "online"}
    asked = {"id": "1", "asked_by": "Trần Thị Bình", "content": "Bổ sung giấy chứng sinh", "asked_at": AT}
    result = {"id": "r1", "title": "Giấy khai sinh", "url": "https://hoso.example.com/tep/r1", "number": "12/2026"}
    times = dict.fromkeys(("received_at", "refused_at", "finished_at", "returned_at"), AT)
    more = {"other_code": "G22.99.5-260302-000017", "fees": [fee], "supplements": [asked], "results": [result], **times}
    procedure = {"code": "2.000986", "name": name, "field_code": "G15-TP07", "field_name": "Hộ tịch"}
    return {**json.loads(json.dumps(found.data["dossier"])), "procedure": procedure, "filed_on": "portal", **more}


def an_event(status: int, before: int | None, event: str = "", **dossier: Any) -> Envelope:
    """The event that tells of a change of status."""
    told = _a_dossier() | {"status": status} | dossier
    change = {"to_status": status, "at": AT, "officer": "Trần Thị Bình"}
    return judge(
        {
            "specversion": "1.0",
            "id": f"{before}-{status}",
            "source": "urn:lienthong:dossier-system",
            "type": f"{PREFIX}dossier.{event or TABLE[status].event}.v1",
            "subject": told["code"],
            "time": AT,
            "data": {"dossier": told, "change": change if before is None else change | {"from_status": before}},
        }
    )


def a_registration() -> Envelope:
    """A linked birth that the registry has taken."""
    event = json.loads(requested().to_json())
    event["data"]["registration"]["linked_code"] = "G22.99.5-260703-000017"
    return civil.accepted(judge(event).message, "k", NOW)


def told_to(partner: str, envelope: Envelope) -> list[str]:
    """The operations an event owes to a partner, in lane order."""
    return [one.operation for one in owed(envelope, PARTNERS) if one.partner == partner]


@pytest.mark.parametrize("status", TABLE)
def test_the_portal_is_told_the_status_as_it_is_with_what_belongs_to_it(status: int) -> None:
    envelope = an_event(status, BEFORE[status])
    operations = told_to("national_portal", envelope)
    assert operations, "a dossier filed on the portal is told in every status"
    beside = TABLE[status].portal
    for operation in operations:
        written = portal.request(operation, envelope.message)
        assert written["TrangThaiHoSo" if operation == "DongBoHoSoMC" else "TrangThai"] == str(status)
        if beside and operation == "DongBoHoSoMC":
            assert written[beside]
    if beside:
        assert "DongBoHoSoMC" in operations
    if status != 1:
        assert "CapNhatTienDoHoSoMC" in operations


def test_the_portal_is_told_of_a_filing_only_when_it_was_filed_there() -> None:
    assert told_to("national_portal", an_event(1, None, filed_on="local")) == []


@pytest.mark.parametrize("status", TABLE)
def test_emc_is_told_its_own_word(status: int) -> None:
    envelope = an_event(status, 4 if status == 4 else BEFORE[status])
    assert told_to("service_evaluation", envelope) == ["TrackingMCDT"]
    site = Site(site_id=1)
    assert request(envelope.message, site)["Status"] == TABLE[status].emc
    assert request(an_event(4, 2).message, site)["Status"] == "4", "the assignment of an officer"


@pytest.mark.parametrize("status", TABLE)
def test_the_linked_services_are_told_their_own_number_or_nothing(status: int) -> None:
    envelope = an_event(status, BEFORE[status])
    wanted = TABLE[status].dvclt
    operations = told_to("linked_services", envelope)
    assert operations == ([] if wanted is None else ["capNhatTrangThai"])
    if wanted is not None:
        assert str(linked.request(envelope.message)["trangThai"]) == wanted
    unlinked = an_event(status, BEFORE[status], other_code="")
    assert told_to("linked_services", unlinked) == []


@pytest.mark.parametrize(("said", "status"), [(said, status) for status, line in TABLE.items() for said in line.btp])
def test_what_the_registry_says_becomes_the_dossiers_status(said: str, status: int) -> None:
    result = {"soDangKy": "12", "giayKhaiSinh": "JVBERi0xLjQK"} if said == "4" else None
    row = KetQua.model_validate({"maHoSoMCDT": "000.07.31.H59-260703-0003", "trangThai": said, "ketQuaXuLy": result})
    before = a_registration().message
    if said == "1":  # nothing new: it waits as it did
        assert civil.changed(before, row, "k", NOW) is None
        assert civil.STATES["1"] == ("waiting", status)
        return
    event = civil.changed(before, row, "k", NOW)
    assert event is not None
    assert event.data["status"] == status
    if said == "4":
        assert told_to("linked_services", event) == ["capNhatTrangThai"]
        told = linked.request(event.message)
        assert told["trangThai"] == 4
        assert json.loads(told["ketQuaXuLy"])["soDangKy"] == "12"


def test_the_linked_services_hear_seven_when_the_registry_has_it() -> None:
    taken = a_registration()
    assert told_to("linked_services", taken) == ["capNhatTrangThai"]
    assert linked.request(taken.message)["trangThai"] == 7


@pytest.mark.parametrize("status", TABLE)
def test_the_iso_system_opens_steps_pauses_and_closes(status: int) -> None:
    envelope = an_event(status, BEFORE[status])
    wanted = TABLE[status].iso
    operations = told_to("electronic_iso", envelope)
    if wanted is None:
        assert operations == []
    elif wanted == "TAM_DUNG":
        assert operations == ["CapNhatBuoc"]
        step = iso.request("CapNhatBuoc", envelope.message)
        assert (step["KetQua"], step["KetThuc"]) == ("TAM_DUNG", None)
    else:
        assert operations == [wanted]
        assert iso.request(wanted, envelope.message)


REGISTRY, HOUSEHOLD = "registration.changed", "household.registration_changed"
MESSAGES = (
    (1, "portal.dossier_filed", "filing"),
    (1, "linked.dossier_filed", "filing"),
    (3, REGISTRY, "note"),
    (3, HOUSEHOLD, "reason"),
    (5, REGISTRY, "deadline"),
    (5, HOUSEHOLD, "deadline_on"),
    (6, "payment.link_created", "url"),
    (9, REGISTRY, "certificate"),
    (9, HOUSEHOLD, "number"),
)
"""What a message to the citizen says in a status, where another than the dossier system knows it first (decision 0024)."""


@pytest.mark.parametrize(("status", "event", "field"), MESSAGES)
def test_what_a_citizen_is_to_read_is_told_to_the_dossier_system_which_writes_to_him(
    status: int, event: str, field: str
) -> None:
    example = examples()[f"{PREFIX}{event}.v1"]
    if "status" in example["data"]:
        example = example | {"data": example["data"] | {"status": status}}
    told = judge(example)
    assert [one.operation for one in owed(told, ("dossier_system",))] == ["notify"]
    assert field in type(told.message).model_fields


def test_a_dossier_that_was_never_received_has_no_slip_to_pause_or_close() -> None:
    for status in (3, 6, 7):
        assert told_to("electronic_iso", an_event(status, 1, received_at=None)) == []


def test_a_fee_collected_before_reception_goes_one_six_two() -> None:
    assert [flag(*step) for step in ((None, 1), (1, 6), (6, 2))] == ["", "", ""]
    fee = an_event(6, 1, received_at=None, due_at=None)
    assert told_to("national_portal", fee) == ["DongBoHoSoMC", "CapNhatTienDoHoSoMC"]
    written = portal.dossier_object(fee.message)
    assert (written["TrangThaiHoSo"], written["NgayTiepNhan"]) == ("6", "")
    assert written["DanhSachLePhi"]
    received = an_event(2, 6)
    assert told_to("electronic_iso", received) == ["TiepNhanHoSo"]
    assert portal.dossier_object(received.message)["NgayTiepNhan"]


def test_a_refused_dossier_may_be_filed_again_under_its_code() -> None:
    assert flag(3, 1) == ""
    again = an_event(1, 3, received_at=None, refused_at=None)
    assert told_to("national_portal", again) == ["DongBoHoSoMC"]
    assert portal.dossier_object(again.message)["NgayTuChoi"] == ""
    assert told_to("electronic_iso", an_event(2, 1)) == ["TiepNhanHoSo"]


def test_a_corrected_result_is_withdrawn_everywhere_and_its_slip_opened_again() -> None:
    assert flag(9, 4) == ""
    corrected = an_event(4, 9, results=[], finished_at=None)
    assert told_to("national_portal", corrected) == ["DongBoHoSoMC", "CapNhatTienDoHoSoMC"]
    written = portal.dossier_object(corrected.message)
    assert (written["TrangThaiHoSo"], written["NgayKetThucXuLy"], written["DanhSachGiayToKetQua"]) == ("4", "", [])
    assert told_to("electronic_iso", corrected) == ["TiepNhanHoSo", "CapNhatBuoc"]
    assert iso.request("CapNhatBuoc", corrected.message)["KetQua"] == "TRA_LAI"
    assert told_to("electronic_iso", an_event(9, 4)) == ["KetThuc"]


def test_ordinary_progress_does_not_send_the_whole_dossier() -> None:
    assert told_to("national_portal", an_event(4, 2)) == ["CapNhatTienDoHoSoMC"]


def test_the_words_of_the_table_are_those_of_the_code_lists() -> None:
    def of(name: str) -> set[str]:
        return {row.code for row in every(name) if row.holds(REFORM_ON)}

    assert {str(status) for status in TABLE} == of("dvcqg.TrangThaiHoSo")
    assert {line.emc for line in TABLE.values()} | {"4"} == of("emc.Status")
    assert {line.dvclt for line in TABLE.values() if line.dvclt} | {"7", "4"} == of("dvclt.trangThai")
    assert {said for line in TABLE.values() for said in line.btp} == of("hotich.btp.trangThai")
