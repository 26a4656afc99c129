"""A household business from filing to its tax code, and firms looked up on the way (domain notes 7c).

What goes wrong in practice goes wrong here: the registry refuses a state until its clerk has mended the data, and an operator sends it
again; a suspended firm, a branch and a code nobody has are told apart, and none of them is taken for an outage.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any, NamedTuple

import pytest

from ops.sample import generate
from ops.sample.person import tax_code
from tests.journeys.province import Province, province, tells_everything, until

pytestmark = pytest.mark.slow

LIFE = tuple(e for e in generate(57, 10, 5) if e.data["dossier"]["procedure"]["code"] == "1.001612")
"""Filed, received, at work, supplement asked and brought, registered, handed over."""
CODE = LIFE[0].subject
OWNER = LIFE[0].data["dossier"]["business"]["owner_id"]
NAME = LIFE[0].data["dossier"]["business"]["name"]
SUSPENDED, BRANCH, NOBODY = "0300588569", "0100109106-001", tax_code(Random(7))


class Lived(NamedTuple):
    """What is left of the journey: the province, the dossier's story and tellings, what was dead, the answers to look-ups."""

    there: Province
    story: dict[str, Any]
    told: tuple[str, str]
    dead: list[dict[str, Any]]
    answers: dict[str, dict[str, Any]]
    partners: dict[str, dict[str, Any]]


def look_up(there: Province, key: str, what: str = "enterprise", *fields: str) -> dict[str, Any]:
    """As an officer at reception asks."""
    wanted = [word for name in fields for word in ("--field", name)]
    asked = ("lookup", "business_registry", key, "--what", what, "--purpose", "reception", *wanted, "--json")
    answer: dict[str, Any] = json.loads(there.run(*asked))
    return answer


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    with province(tmp_path_factory.mktemp("business")) as there:
        answers = {key: look_up(there, key) for key in (SUSPENDED, BRANCH, NOBODY)}
        answers["before"] = look_up(there, OWNER, "household")
        there.tell("business_registry", "misbehave", mode="refuse_row", times=1, row=CODE)
        there.post(LIFE[:2])
        dead = until(lambda: there.deliveries(CODE, "business_registry", "dead"), lambda: there.run("causes"))
        there.run("resend", str(dead[0]["id"]), "--reason", "the registry's clerk has mended the data")
        there.post(LIFE[2:])
        story = there.settled(CODE)
        answers["after"] = look_up(there, OWNER, "household", "name", "standing", "unit")
        by = ("--what", "name", "--by", f"name={NAME}", "--by", "ward=29557", "--purpose", "reception", "--json")
        answers["name"] = json.loads(there.run("lookup", "business_registry", *by))
        partners = {item["partner"]: item for item in json.loads(there.run("partners", "--json"))["items"]}
        return Lived(there, story, there.told(CODE), dead, answers, partners)


def only(answer: dict[str, Any]) -> dict[str, Any]:
    (match,) = answer["matches"]
    assert isinstance(match, dict)
    return match


def test_a_suspended_firm_is_told_as_suspended_with_its_days(lived: Lived) -> None:
    firm = only(lived.answers[SUSPENDED])
    assert firm["standing"] == "suspended"
    (status,) = firm["legal_statuses"]
    assert (status["suspended_from"], status["suspended_until"]) == ("2026-03-10", "2027-03-09")


def test_a_branch_is_told_as_one_and_its_code_is_not_cut_to_the_firms(lived: Lived) -> None:
    branch = only(lived.answers[BRANCH])
    assert (branch["unit"], branch["code"]) == ("branch", BRANCH)


def test_a_code_nobody_has_is_an_answer_and_no_outage(lived: Lived) -> None:
    assert lived.answers[NOBODY]["count"] == 0
    registry = lived.partners["business_registry"]
    assert (registry["breaker"], registry["paused"]) == ("closed", False)


def test_a_state_the_registry_refused_is_told_to_the_desk_and_sent_again_by_an_operator(lived: Lived) -> None:
    (refused,) = lived.dead
    assert (refused["cause"], refused["code"]) == ("refused", "01")
    assert len(lived.there.notices(CODE, "exchange.refused")) == 1
    (again,) = (d for d in lived.story["deliveries"] if d["id"] == refused["id"])
    assert again["state"] in ("delivered", "superseded")
    assert any("the registry's clerk has mended the data" in json.dumps(note) for note in lived.story["notes"])


def test_the_registry_hears_how_the_registration_stands_and_ends_with_the_household_registered(lived: Lived) -> None:
    told = [entry["data"]["trangThai"] for entry in lived.there.book("business_registry", "household", maHoSo=CODE)]
    assert told[-1] == "10"
    walk = iter(("2", "4", "5", "4", "9", "10"))
    assert all(status in walk for status in told), "in this order; a newer state may have replaced one that waited"
    assert lived.answers["before"]["count"] == 0
    assert only(lived.answers["after"])["standing"] == "active"


def test_the_registers_decision_comes_back_to_the_desk_with_the_certificate_and_its_number(lived: Lived) -> None:
    said = lived.there.notices(CODE, "household.registration_changed")
    states, walk = [decision["state"] for decision in said], iter(("waiting", "processing", "registered"))
    assert all(state in walk for state in states), "in this order; the desk's own result may come in between"
    assert states[-1] == "registered"
    assert (said[-1]["number"], bool(said[-1]["file"])) == (OWNER, True)


def test_a_name_that_is_taken_is_told_before_it_is_applied_for(lived: Lived) -> None:
    assert only(lived.answers["name"])["name"] == NAME.upper()


def test_portal_iso_and_evaluation_have_seen_the_dossier_through(lived: Lived) -> None:
    progress = [e["data"]["TrangThai"] for e in lived.there.book("national_portal", "progress", MaHoSo=CODE)]
    assert progress == ["2", "4", "5", "4", "9", "10"]
    assert lived.there.book("electronic_iso", "close", MaHoSo=CODE)
    assert lived.there.book("service_evaluation", "usage", MaHoSo=CODE)


def test_the_story_is_told_in_two_languages_without_the_owners_id(lived: Lived) -> None:
    tells_everything(lived.story, *lived.told, OWNER)
