"""What EMC is told, case by case; its words against the portal's (domain notes 3.8 and 4)."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import codes
from contracts import service_evaluation as contract
from contracts.envelope import Envelope, judge
from contracts.service_evaluation.messages import NguoiDung, SuKien
from mappings.national_portal.outbound import dossier_object
from mappings.routes import EVALUATION, ROUTES, USES, owed
from mappings.service_evaluation.outbound import STATUS, Site, request
from ops.sample import generate

CASES = sorted(Path(str(files("mappings.service_evaluation"))).joinpath("cases").glob("*.json"))
SITE = Site(123)
SAMPLE = [event for event in generate(300, 50, 3) if owed(event, {EVALUATION})]
TABLE = {1: "1", 2: "1", 3: "0", 4: "2", 5: "0", 6: "0", 7: "0", 8: "0", 9: "3", 10: "3"}
"""Domain notes 4, column EMC."""


def case(words: str) -> dict[str, Any]:
    (path,) = (path for path in CASES if words in path.stem)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    key = told["site"].pop("key", "")
    written = request(judge(told["given"]).message, Site(123, key.encode() or None, **told["site"]))
    assert written == told["expect"]
    assert list(written) == list(SuKien.model_fields)


def test_the_example_is_one_of_the_contract() -> None:
    example = files(contract).joinpath("examples", "TrackingMCDT.json").read_bytes()
    NguoiDung.model_validate_json(SuKien.model_validate_json(example).User)


@given(st.sampled_from(SAMPLE), st.booleans())
def test_every_change_can_be_told_in_emcs_words(event: Envelope, hashed: bool) -> None:
    site = Site(123, b"0123456789abcdef" if hashed else None)
    told = SuKien.model_validate(request(event.message, site))
    NguoiDung.model_validate_json(told.User)
    applicant = event.data["dossier"]["applicant"]
    assert not any(applicant.get(name, "none") in told.User for name in ("citizen_id", "tax_code", "account"))


@pytest.mark.parametrize(("way", "emc", "portal"), [("counter", "0", "0"), ("post", "1", "1"), ("carrier", "2", "1")])
def test_how_a_result_goes_to_the_citizen_in_emcs_words_and_the_portals(way: str, emc: str, portal: str) -> None:
    event = json.loads(SAMPLE[0].to_json())
    event["data"]["dossier"]["return_method"] = way
    message = judge(event).message
    assert request(message, Site(123, None))["IsDVCBC"] == emc
    assert dossier_object(message)["HinhThuc"] == portal


def test_every_cell_of_the_status_table() -> None:
    assert STATUS == TABLE
    named = {row.code for row in codes.every("channel")}
    assert named  # the catalogue knows channels at all


def test_each_change_of_status_and_each_payment_is_a_use_and_a_correction_is_none() -> None:
    used = {route.event for route in ROUTES if route.partner == EVALUATION}
    assert used == set(USES)
    changes = {route.event for route in ROUTES if route.event.startswith("dossier.")}
    assert changes - used == {"dossier.corrected.v1", "dossier.step_completed.v1"}


def test_the_channel_words_are_the_opposite_of_the_portals() -> None:
    assert case("received at the counter")["expect"]["FormsReception"] == "2"
    assert case("filed online")["expect"]["FormsReception"] == "1"


def test_nothing_is_fully_online_that_the_province_has_not_declared() -> None:
    levels = {request(event.message, SITE)["Level"] for event in SAMPLE}
    assert levels <= {"1", "3"}
    event = next(event for event in SAMPLE if event.data["dossier"]["procedure"]["code"] == "1.001193")
    assert event.data["dossier"]["channel"] == "counter"
    assert request(event.message, SITE)["Level"] == "3"  # the catalogue knows an online channel
    assert request(event.message, Site(1, levels={"1.001193": "4"}))["Level"] == "4"
    assert request(event.message, Site(1, levels={"1.001193": "0"}))["Level"] == "0"


def test_digests_depend_on_the_key_and_are_the_same_for_the_same_person() -> None:
    message = judge(case("keyed digests")["given"]).message
    users = [request(message, Site(1, key))["User"] for key in (b"a" * 16, b"b" * 16, b"a" * 16)]
    assert users[0] == users[2] != users[1]


def test_old_provinces_have_heirs_and_an_unknown_one_is_a_gap() -> None:
    assert {codes.merged_province(code) for code in ("83", "84", "86")} == {"86"}
    with pytest.raises(codes.CodeGap):
        codes.merged_province("85")
