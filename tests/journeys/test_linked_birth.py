"""A birth filed once for all services: linked services, desk, registry, health card, residence, and back (domain notes 7b).

What goes wrong in practice goes wrong here: the linked-services software has not got the acceptance yet when it is told that the
registry has the dossier; the personal id comes late and holds the card; twins share mother, birthday and requester.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from contracts.canonical.events import EVENTS, PREFIX
from contracts.envelope import Envelope, judge
from ops.sample.linked_desk import LinkedDesk
from tests.journeys.province import Province, province, tells_everything, until

pytestmark = pytest.mark.slow
LINKED = {"G22.99.5-260703-000017": "NGUYỄN MINH KHÔI", "G22.99.5-260703-000018": "NGUYỄN MINH KHANG"}
"""The twins by the codes their mother was given; the first is filed when the demo starts."""
MOTHER = "086190000123"
REGISTRATION, CARD, RESIDENCE = "registration.changed", "insurance.card_changed", "residence.decided"


class Desk:
    """The commune's desk: it answers each notice once, as the sample's desk does."""

    def __init__(self, there: Province) -> None:
        self._desk, self._there, self._seen = LinkedDesk(), there, 0
        self.codes: set[str] = set()
        self._returned = 0

    def work(self) -> int:
        """Answer what has come in since the last time; how many dossiers are handed over by now."""
        notices = self._there.book("dossier_system", "notice")[self._seen :]
        self._seen += len(notices)
        steps = [step for notice in notices for step in self._desk.answer(as_event(notice))]
        self._there.post(steps)
        self.codes |= {step.subject for step in steps}
        self._returned += sum(step.type.endswith("dossier.returned.v1") for step in steps)
        return self._returned


def as_event(notice: dict[str, Any]) -> Envelope:
    """A notice as the event it tells of."""
    fields = {name: notice[name] for name in ("id", "type", "subject", "data")}
    return judge({"specversion": "1.0", "source": "urn:lienthong:bus", "time": "2026-07-03T02:00:00Z", **fields})


class Lived(NamedTuple):
    """What is left of the twins' journeys."""

    there: Province
    stories: dict[str, dict[str, Any]]
    tellings: list[tuple[str, str]]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    with province(tmp_path_factory.mktemp("birth")) as there:
        _, second = LINKED
        there.tell("linked_services", "misbehave", mode="accepts_late", times=2, seconds=3)
        there.tell("civil_registry", "misbehave", mode="late_id", times=2)
        there.tell("linked_services", "file", maHoSo=second, nksHoTen=LINKED[second])
        desk = Desk(there)
        until(lambda: desk.work() == len(LINKED), lambda: there.run("causes"))
        codes = sorted(desk.codes)
        until(lambda: all(states(there, code).count("issued") == 1 for code in codes), lambda: there.run("causes"))
        until(lambda: all(there.notices(code, RESIDENCE) for code in codes), lambda: there.run("causes"))
        stories = {code: there.settled(code) for code in codes}
        return Lived(there, stories, [there.told(code) for code in codes])


def states(there: Province, code: str) -> list[str]:
    """How registration and card of a dossier moved, as the dossier system was told."""
    told = there.book("dossier_system", "notice", subject=code)
    return [entry["data"]["state"] for entry in told if REGISTRATION in entry["type"] or CARD in entry["type"]]


def attempts(lived: Lived, partner: str) -> list[dict[str, Any]]:
    """Every try of what was owed to a partner."""
    owed = [delivery for story in lived.stories.values() for delivery in story["deliveries"]]
    return [attempt for delivery in owed if delivery["partner"] == partner for attempt in delivery["attempts"]]


def test_twins_are_two_dossiers_though_mother_and_birthday_are_the_same(lived: Lived) -> None:
    taken = lived.there.book("civil_registry", "taken")
    assert {entry["form"]["nksHoTen"] for entry in taken} == set(LINKED.values())
    assert len({(entry["form"]["meHoTen"], entry["form"]["nksNgaySinh"]) for entry in taken}) == 1
    assert {entry["subject"] for entry in taken} == lived.stories.keys()
    assert len(lived.there.book("social_insurance", "card")) == len(LINKED)


def test_the_linked_services_hear_every_status_once_and_in_order(lived: Lived) -> None:
    for code in LINKED:
        told = lived.there.book("linked_services", "status", code=code)
        assert [entry["state"] for entry in told] == [1, 3, 7, 4, 5]
        result = json.loads(told[3]["data"]["ketQuaXuLy"])
        assert result["nksHoTen"] == LINKED[code]
        assert result["giayKhaiSinh"]
    assert {entry["code"] for entry in lived.there.book("linked_services", "acknowledged")} >= LINKED.keys()


def test_a_status_refused_because_the_one_before_is_not_there_yet_is_told_again_by_itself(lived: Lived) -> None:
    early = [a for a in attempts(lived, "linked_services") if a["outcome"] == "Transient"]
    assert early
    assert all("chưa cập nhật trạng thái" in attempt["words"] for attempt in early)


def test_the_card_waits_for_the_late_personal_id_and_is_issued_when_it_comes(lived: Lived) -> None:
    assert [a for a in attempts(lived, "social_insurance") if a["outcome"] == "Held" and "personal id" in a["words"]]
    for code in lived.stories:
        told = states(lived.there, code)
        assert told[0] == "processing"
        assert told.count("registered") == 2, "once without the id, once with it"
        assert told[-1] == "issued"
        assert told.index("received") > len(told) - 1 - told[::-1].index("registered")
    for entry in lived.there.book("social_insurance", "card"):
        assert len(entry["child"]["soDinhDanh"]) == 12


def test_the_certificate_is_told_without_the_id_first(lived: Lived) -> None:
    for code in lived.stories:
        without, with_id = (n for n in lived.there.notices(code, REGISTRATION) if n["state"] == "registered")
        assert without["certificate"]["file"]
        assert without["certificate"].get("citizen_id") is None
        assert len(with_id["certificate"]["citizen_id"]) == 12


def test_the_residence_comes_once_though_it_is_asked_for_after_each_word_of_the_registry(lived: Lived) -> None:
    for code, story in lived.stories.items():
        watches = [delivery for delivery in story["deliveries"] if delivery["operation"] == "traCuuCuTru"]
        assert [watch["state"] for watch in watches] == ["delivered", "delivered"]
        assert len(lived.there.notices(code, RESIDENCE)) == 1


def test_the_desk_is_shown_three_results_in_two_languages(lived: Lived) -> None:
    for code, (vietnamese, english) in zip(lived.stories, lived.tellings, strict=True):
        birth, card, residence = (lived.there.notices(code, kind)[-1] for kind in (REGISTRATION, CARD, RESIDENCE))
        assert birth["certificate"]["file"]
        assert birth["certificate"]["citizen_id"]
        assert (card["state"], len(card["card"])) == ("issued", 15)
        assert (residence["state"], bool(residence["place"]), bool(residence["number"])) == ("registered", True, True)
        for kind in (REGISTRATION, CARD, RESIDENCE):
            title = EVENTS[f"{PREFIX}{kind}.v1"]
            assert title.title_vi in vietnamese
            assert title.title_en in english


def test_the_portal_and_the_evaluation_see_each_dossier_through(lived: Lived) -> None:
    for code in lived.stories:
        progress = lived.there.book("national_portal", "progress", MaHoSo=code)
        assert [entry["data"]["TrangThai"] for entry in progress] == ["2", "4", "9", "10"]
        assert len(lived.there.book("service_evaluation", "usage", MaHoSo=code)) == 5


def test_both_stories_are_told_in_two_languages_without_names_or_ids(lived: Lived) -> None:
    for story, (vietnamese, english) in zip(lived.stories.values(), lived.tellings, strict=True):
        tells_everything(story, vietnamese, english, *LINKED.values(), MOTHER)
