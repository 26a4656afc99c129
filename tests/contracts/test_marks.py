"""Marks: what is personal is masked wherever shown; people are found by the identifiers marked so and by no others."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from contracts.canonical.events import EVENTS
from contracts.envelope import judge
from contracts.fault import mask
from contracts.marks import PERSONAL, Finder, cut, fields_of, finders, has_mark, redact
from tests.contracts.examples import event, set_at


class Inner(BaseModel):
    number: Annotated[str, PERSONAL, Finder("citizen")] = ""
    kind: str = ""


class Outer(BaseModel):
    plain: str = ""
    secret: Annotated[dict[str, Any], PERSONAL] = {}
    maybe: Annotated[str | None, PERSONAL] = None
    one: Inner | None = None
    many: tuple[Inner, ...] = ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("084080000123", "084******123"),
        ("Nguyễn", "******"),
        ("12345678", "********"),
        ("123456789", "123***789"),
        ("", ""),
    ],
)
def test_a_mask_shows_enough_to_recognise_and_too_little_to_know(text: str, shown: str) -> None:
    assert mask(text) == shown


def test_marked_fields_are_masked_at_any_depth_and_the_shape_is_kept() -> None:
    value = {
        "plain": "shown",
        "secret": {"name": "Nguyễn Văn An", "list": ["084080000123", None, True, ""]},
        "maybe": None,
        "one": {"number": "084080000123", "kind": "shown"},
        "many": [{"number": "084080000124", "kind": "shown"}],
    }
    assert redact(value, Outer) == {
        "plain": "shown",
        "secret": {"name": "Ngu*******An", "list": ["084******123", None, True, ""]} | {"name": mask("Nguyễn Văn An")},
        "maybe": None,
        "one": {"number": "084******123", "kind": "shown"},
        "many": [{"number": "084******124", "kind": "shown"}],
    }


def test_what_the_model_does_not_know_is_masked_whole() -> None:
    assert redact({"unknown": ["084080000123", {"deep": 123456789012}]}, Outer) == {
        "unknown": ["084******123", {"deep": "123******012"}]
    }
    assert redact({"any": "084080000123"}, None) == {"any": "084******123"}


def test_finders_are_gathered_once_each_and_only_where_marked() -> None:
    message = Outer(
        plain="084080000999",
        one=Inner(number="084080000123", kind="x"),
        many=(Inner(number="084080000123"), Inner(number="084080000124"), Inner()),
    )
    assert finders(message) == [("citizen", "084080000123"), ("citizen", "084080000124")]
    assert has_mark(Outer, Finder)


def test_the_applicant_of_a_dossier_is_found_by_every_number_of_his() -> None:
    value = set_at(event(), "data.dossier.applicant.old_id", "334123456")
    set_at(value, "data.dossier.applicant.tax_code", "0100109106")
    applicant = value["data"]["dossier"]["applicant"]
    assert set(finders(judge(value).message)) == {
        ("citizen", applicant["citizen_id"]),
        ("citizen", "334123456"),
        ("tax", "0100109106"),
    }


@pytest.mark.parametrize(
    "canary",
    ["name", "citizen_id", "born_on", "phone", "email", "account"],
)
def test_nothing_of_the_applicant_is_shown(canary: str) -> None:
    value = event("dossier.received.v1")
    dossier = value["data"]["dossier"]
    secret = dossier["applicant"][canary]
    shown = json.dumps(redact(value["data"], EVENTS[value["type"]].model), ensure_ascii=False)
    assert secret in json.dumps(value["data"], ensure_ascii=False)
    assert secret not in shown
    assert dossier["code"] in shown
    assert dossier["procedure"]["name"] in shown


@pytest.mark.parametrize(
    "path",
    ["dossier.summary", "dossier.note", "dossier.return_note", "change.note", "dossier.papers.0.url", "change.officer"],
)
def test_free_text_and_addresses_of_files_are_masked(path: str) -> None:
    value = set_at(event(), f"data.{path}", "https://a.vn/Nguyễn-Văn-Canary.pdf")
    shown = json.dumps(redact(value["data"], EVENTS[value["type"]].model), ensure_ascii=False)
    assert "Canary" not in shown


class Street(BaseModel):
    """Half personal."""

    ward: str = "29557"
    number: Annotated[str, PERSONAL] = "12"


class Somebody(BaseModel):
    """Personal, harmless, and both in one."""

    name: Annotated[str, PERSONAL] = "Nguyễn Văn An"
    status: str = "active"
    home: Street = Street()
    homes: list[Street] = [Street(), Street(ward="29263")]
    kin: Annotated[list[Street], PERSONAL] = [Street()]


def test_what_stands_in_a_personal_field_is_personal_with_it() -> None:
    assert [name for name, personal in fields_of(Somebody).items() if not personal] == [
        "status",
        "home",
        "home.ward",
        "homes",
        "homes.ward",
    ]


@given(st.sets(st.sampled_from(sorted(fields_of(Somebody)))))
def test_a_value_is_cut_to_what_was_asked_for_and_no_more(wanted: set[str]) -> None:
    value = Somebody().model_dump()
    told = cut(value, Somebody, tuple(wanted))
    assert set(told) == ({name.partition(".")[0] for name in wanted} or {"status", "home", "homes"})
    if not wanted:
        assert told["homes"] == [{"ward": "29557"}, {"ward": "29263"}]
    if "home.ward" in wanted and not wanted & {"home", "home.number"}:
        assert told["home"] == {"ward": "29557"}
    assert cut(value, Somebody, tuple(value)) == value
