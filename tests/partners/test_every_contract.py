"""Every partner's contract: whose document it is, its models, examples, codes and service description, and what it marks as personal."""

from __future__ import annotations

import csv
import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from adapters.transport import xml
from adapters.transport.soap import open_wsdl
from bus.adapter import Operation, Partner
from contracts.contract import ContractDocument
from contracts.marks import redact
from tests.partners.rooms import PARTNERS, before, each_operation, each_partner, leaves, personal

CODE_COLUMNS = {"code", "name_vi", "name_en", "valid_from", "valid_to", "source"}
EXTRA = ("allow", "forbid", "ignore")


def folder_of(partner: str) -> Path:
    return Path(str(files(f"contracts.{partner}")))


def models_of(partner: str) -> Iterator[type[BaseModel]]:
    """Every model that a module of the room defines."""
    room = importlib.import_module(f"contracts.{partner}")
    for module in pkgutil.iter_modules(room.__path__):
        found = importlib.import_module(f"contracts.{partner}.{module.name}")
        for _, model in inspect.getmembers(found, inspect.isclass):
            if issubclass(model, BaseModel) and model.__module__ == found.__name__:
                yield model


MODELS = [model for name in PARTNERS for model in models_of(name)]
EXAMPLES = [(name, file) for name in PARTNERS for file in sorted(folder_of(name).glob("examples/*"))]
CODE_LISTS = [file for name in PARTNERS for file in sorted(folder_of(name).glob("codes/*.csv"))]
SERVICES = [file for name in PARTNERS for file in sorted(folder_of(name).glob("*.wsdl"))]
each_example = pytest.mark.parametrize(
    ("partner", "file"), EXAMPLES, ids=[f"{name}-{file.name}" for name, file in EXAMPLES]
)


@each_partner
def test_the_document_behind_the_contract_is_named(partner: Partner) -> None:
    """A contract that is not public is a proposal, and the room says what it assumes."""
    document = importlib.import_module(f"contracts.{partner.name}").CONTRACT
    assert isinstance(document, ContractDocument)
    assert all((document.document, document.version, document.source))
    assert date.fromisoformat(document.in_force_from) <= date(2026, 12, 31)
    assert document.verified or partner.assumed or not partner.operations, "a proposal that assumes nothing"


@each_partner
def test_every_operation_names_the_model_of_its_request_and_both_its_titles(partner: Partner) -> None:
    assert partner.title_vi
    assert partner.title_en
    names = [operation.name for operation in partner.operations]
    assert len(names) == len(set(names))
    for operation in partner.operations:
        assert operation.message or operation.inside, f"{operation.name} has no model: nobody knows what to mask"
        assert operation.title_vi
        assert operation.title_en
        assert operation.title_vi != operation.title_en


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.__module__.split('.')[1]}-{model.__name__}")
def test_every_model_says_what_it_does_with_fields_it_does_not_know(model: type[BaseModel]) -> None:
    assert model.model_config.get("extra") in EXTRA, 'say extra = "allow" (kept), "ignore" or "forbid"'
    if model.model_config["extra"] == "forbid":
        with pytest.raises(ValidationError, match="extra"):
            model.model_validate({"noSuchField": 1})


@each_example
def test_an_example_is_read_whole_by_a_model_of_the_room(partner: str, file: Path) -> None:
    """No field of it is unknown to the model, and read and written again it is the same, numbers and their digits being one."""
    raw = file.read_bytes()
    if file.suffix != ".json":
        assert file.suffix != ".xml" or xml.parse(raw) is not None
        return
    example = json.loads(raw)
    rows = example if isinstance(example, list) else [example]
    for row in rows:
        assert any(_reads(model, row) for model in models_of(partner)), "no model reads it whole"


def _reads(model: type[BaseModel], example: Any) -> bool:
    try:
        read = model.model_validate(example)
    except ValidationError:
        return False
    written = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return not read.model_extra and _plain(written) == _plain(example)


def _plain(value: Any) -> list[tuple[str, str]]:
    """Leaves by path, numbers and their digits, a list of one and its only member being the same."""
    return sorted((path.replace("[0]", ""), _said(leaf)) for path, leaf in leaves(value))


def _said(leaf: Any) -> str:
    whole = isinstance(leaf, float) and leaf.is_integer()
    return "" if leaf is None else str(int(leaf)) if whole else str(leaf)


@pytest.mark.parametrize("file", CODE_LISTS, ids=lambda file: f"{file.parent.parent.name}-{file.stem}")
def test_a_code_list_has_both_names_its_dates_and_its_source(file: Path) -> None:
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert rows
    assert set(rows[0]) >= CODE_COLUMNS
    for row in rows:
        assert row["code"] == row["code"].strip() != ""
        assert all((row["name_vi"], row["name_en"], row["source"])), row["code"]
        days = [date.fromisoformat(row[name]) for name in ("valid_from", "valid_to") if row[name]]
        assert days == sorted(days)


def test_every_shared_list_has_both_names_and_a_source() -> None:
    """But for a list that only translates one code into another."""
    text = files("contracts.codes").joinpath("code_lists.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        names = row["meaning_vi"].startswith("-> ") or (row["meaning_vi"] and row["meaning_en"])
        assert all((row["list"], row["code"], names, row["source"])), row


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: f"{file.parent.name}-{file.name}")
def test_a_service_description_is_read_and_its_schema_holds_together(file: Path) -> None:
    client = open_wsdl(file.read_bytes())
    assert client.wsdl.services
    assert xml.schema(file.read_bytes()) is not None


@each_operation
async def test_what_is_personal_in_the_event_is_personal_in_the_request(partner: Partner, operation: Operation) -> None:
    """Names, numbers, addresses, phones that reach a request stand in fields its model marks: they are masked wherever it is shown."""
    async with before(partner, operation) as (room, step):
        body = json.loads(room.row(step).body)
    values = {value for value in personal(step[0]) if any(letter.isspace() or letter.isdigit() for letter in value)}
    if not isinstance(body, dict | list):
        assert not any(value in str(body) for value in values), "the whole body is personal, and no model marks it"
        return
    shown = dict(leaves(redact(body, operation.message)))
    open_fields = {
        path for path, leaf in leaves(body) if shown[path] == leaf and any(value in str(leaf) for value in values)
    }
    assert not open_fields, f"shown although personal: {', '.join(sorted(open_fields))}"
