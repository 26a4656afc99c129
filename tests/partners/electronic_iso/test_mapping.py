"""What is told to the ISO system and what it tells us, case by case, and both against the agreed schema."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from adapters.transport import xml
from contracts import electronic_iso as contract
from contracts.canonical.events import PREFIX
from contracts.electronic_iso import messages
from contracts.envelope import judge
from mappings.electronic_iso.inbound import step_changed
from mappings.electronic_iso.outbound import request
from mappings.routes import ISO, ROUTES, owed
from tests.partners.electronic_iso.conftest import SAMPLE, an_event

CASES = sorted(Path(str(files("mappings.electronic_iso"))).joinpath("cases").glob("*.json"))
EXAMPLES = sorted(Path(str(files(contract))).joinpath("examples").glob("*.xml"))
SCHEMA = xml.schema(contract.wsdl())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case(case: Path) -> None:
    told: dict[str, Any] = json.loads(case.read_text(encoding="utf-8"))
    assert request(told["operation"], judge(told["given"]).message) == told["expect"]


def test_there_are_cases_for_every_operation() -> None:
    operations = {json.loads(case.read_text(encoding="utf-8"))["operation"] for case in CASES}
    assert operations == {route.operation for route in ROUTES if route.partner == ISO}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_every_example_is_as_the_wsdl_says(example: Path) -> None:
    root = xml.parse(example.read_bytes())
    assert SCHEMA.validate(root), SCHEMA.error_log
    assert example.stem in root.tag


def test_an_example_of_a_change_becomes_an_event() -> None:
    (example,) = (path for path in EXAMPLES if path.stem == "BaoThayDoi")
    fields = {child.tag.partition("}")[2]: child.text for child in xml.parse(example.read_bytes())[0]}
    event = step_changed(fields | {"HanXuLyGio": float(fields["HanXuLyGio"] or 0)})
    assert event.data["step"]["result"] == "sent_back"


def test_the_models_name_the_fields_of_the_wsdl() -> None:
    elements = {
        element.get("name"): [field.get("name") for field in element.iter(f"{{{xml.XSD}}}element")][1:]
        for element in xml.parse(contract.wsdl()).iterfind(f".//{{{xml.XSD}}}schema/{{{xml.XSD}}}element")
    }
    for model in (messages.TiepNhanHoSo, messages.CapNhatBuoc, messages.KetThuc):
        assert list(model.model_fields) == elements[model.__name__]


def test_every_sampled_event_can_be_told_as_it_is_owed() -> None:
    told = [(debt.operation, request(debt.operation, event.message)) for event in SAMPLE for debt in owed(event, {ISO})]
    assert {operation for operation, _ in told} == {"TiepNhanHoSo", "CapNhatBuoc", "KetThuc"}
    assert all(fields["TrangThai"] in (3, 7, 9) for operation, fields in told if operation == "KetThuc")


def test_paused_time_does_not_count() -> None:
    for name in ("supplement_requested", "fee_requested", "stopped"):
        event = an_event(f"dossier.{name}.v1")
        fields = request("CapNhatBuoc", event.message)
        assert fields["KetQua"] == "TAM_DUNG", PREFIX + name
        assert fields["KetThuc"] is None
        assert fields["BatDau"] == event.data["change"]["at"]
