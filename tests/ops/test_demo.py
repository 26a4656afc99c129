"""The demo's people: families who file, a desk that settles what they file, a citizen who signs in."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

from adapters.national_portal.citizens import filing
from contracts.envelope import Envelope, judge
from contracts.linked_services import KINDS
from contracts.national_portal.messages import CauHoi, HoSoNop
from mappings.linked_services.inbound import filed
from mappings.national_portal.inbound import asked
from mappings.national_portal.inbound import filed as filed_on_portal
from ops.sample.linked_desk import LinkedDesk
from ops.sample.portal_desk import PortalDesk

FIELDS: dict[str, Any] = {
    "maHoSo": "G22.99.5-260703-000017",
    "maTTHC": "2.000986",
    "ngayNop": "20260703081500",
    "hoTich": {"module": "KS", "nksHoTen": "NGUYỄN MINH KHÔI", "nksGioiTinh": "1", "nksNgaySinh": "27.06.2026"},
}


def registered(code: str, state: str = "registered") -> Envelope:
    """The registry's word about a dossier."""
    at = datetime(2026, 7, 3, 9, tzinfo=UTC).isoformat()
    data = {
        "dossier_code": code,
        "procedure_code": "2.000986",
        "kind": "birth",
        "province": "86",
        "state": state,
        "status": 9 if state == "registered" else 4,
        "at": at,
    }
    return judge(
        {
            "specversion": "1.0",
            "id": f"{code}-{state}",
            "source": "urn:lienthong:civil-registry",
            "type": "vn.lienthong.registration.changed.v1",
            "subject": code,
            "time": at,
            "data": data,
        }
    )


def test_a_filing_becomes_a_dossier_of_the_commune_sent_to_the_registry() -> None:
    begun = LinkedDesk().answer(filed(FIELDS))
    assert [event.data["dossier"]["status"] for event in begun] == [1, 2, 4, 4]
    assert [event.sequence for event in begun] == [1, 2, 3, 4]
    assert begun[-1].type == "vn.lienthong.registration.requested.v1"
    asked = begun[-1].data["registration"]
    assert (asked["linked_code"], asked["birth"]["child"]["name"]) == (FIELDS["maHoSo"], "NGUYỄN MINH KHÔI")
    assert asked["birth"]["child"]["born_on"] == "2026-06-27"


def test_the_same_filing_always_becomes_the_same_dossier() -> None:
    assert [e.to_json() for e in LinkedDesk().answer(filed(FIELDS))] == [
        e.to_json() for e in LinkedDesk().answer(filed(FIELDS))
    ]


def test_the_desk_hands_over_once_when_the_registry_has_registered_and_not_before() -> None:
    desk = LinkedDesk()
    code = desk.answer(filed(FIELDS))[0].subject
    assert desk.answer(registered(code, "processing")) == []
    done = desk.answer(registered(code))
    assert [event.data["dossier"]["status"] for event in done] == [9, 10]
    assert [event.sequence for event in done] == [5, 6]
    assert desk.answer(registered(code)) == [], "the id that comes later changes nothing for the desk"


def test_a_supplement_is_asked_for_and_comes_under_the_same_codes() -> None:
    desk = LinkedDesk()
    code = desk.answer(filed(FIELDS))[0].subject
    (wanted,) = desk.answer(registered(code, "supplement"))
    assert (wanted.type, wanted.data["dossier"]["status"]) == ("vn.lienthong.dossier.supplement_requested.v1", 5)
    assert desk.answer(registered(code, "supplement")) == [], "it was asked for"
    form = FIELDS["hoTich"] | {"nksHoTen": "NGUYỄN MINH KHANG"}
    brought, sent = desk.answer(filed(FIELDS | {"ngayNop": "20260708091500", "hoTich": form}))
    assert {(event.subject, event.data["dossier"]["status"]) for event in (brought, sent)} == {(code, 4)}
    assert brought.type == "vn.lienthong.dossier.supplemented.v1"
    assert brought.data["dossier"]["supplements"][0]["received_at"]
    assert sent.data["registration"]["birth"]["child"]["name"] == "NGUYỄN MINH KHANG"
    assert [event.sequence for event in (wanted, brought, sent)] == [5, 6, 7]
    assert [event.sequence for event in desk.answer(registered(code))] == [8, 9]


def test_a_death_and_a_dossier_of_another_desk_are_left_alone() -> None:
    death = FIELDS | {"maTTHC": "2.002622", "hoTich": {"module": next(k for k, v in KINDS.items() if v == "death")}}
    assert LinkedDesk().answer(filed(death)) == []
    assert LinkedDesk().answer(registered("000.07.31.H59-260703-0003")) == []


def test_what_is_filed_on_the_portal_is_settled_under_a_code_of_the_desks_own_and_the_portals_beside_it() -> None:
    told = HoSoNop.model_validate(filing(Random(1), "G00.99.1-260703-000001", datetime(2026, 7, 3, 8, 15)))
    life = PortalDesk().answer(filed_on_portal(told))
    assert [event.data["dossier"]["status"] for event in life] == [1, 2, 4, 9, 10]
    assert [event.sequence for event in life] == [1, 2, 3, 4, 5]
    assert {event.data["dossier"]["other_code"] for event in life} == {"G00.99.1-260703-000001"}
    assert {(e.data["dossier"]["filed_on"], e.data["dossier"]["channel"]) for e in life} == {("portal", "online")}
    assert [e.to_json() for e in PortalDesk().answer(filed_on_portal(told))] == [e.to_json() for e in life]
    unknown = told.model_copy(update={"MaTTHC": "9.999999"})
    assert PortalDesk().answer(filed_on_portal(unknown)) == []


def test_a_question_of_the_portal_is_answered_once() -> None:
    told = asked(CauHoi(MaHoiDap="HD1", NoiDung="Bao lâu có kết quả?", NgayHoi="20260703081500"))
    (answer,) = PortalDesk().answer(told)
    assert (answer.type, answer.subject) == ("vn.lienthong.question.answered.v1", "HD1")
    assert answer.data["answer"]["at"] > answer.data["question"]["asked_at"]
