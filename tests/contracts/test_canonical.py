"""The canonical model: what it lets in, how it writes it down, and that every type has a place in the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest

from contracts.canonical.base import Shape
from contracts.canonical.events import EVENTS, PREFIX, DossierEvent
from contracts.canonical.words import field_words, value_words
from contracts.envelope import judge
from contracts.fault import Refusal
from tests.contracts.examples import event, set_at


def rules(value: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Refusal) as found:
        judge(value)
    return {fault.path.removeprefix("$.data."): fault.rule for fault in found.value.faults}


def spoilt(path: str, value: Any, name: str = "dossier.supplemented.v1") -> dict[str, str]:
    return rules(set_at(event(name), f"data.{path}", value))


def test_every_event_type_is_named_by_noun_participle_and_version() -> None:
    for name in EVENTS:
        noun, participle, version = name.removeprefix(PREFIX).split(".")
        assert noun.isalpha()
        assert participle.endswith(("ed", "withdrawn", "due"))
        assert version == "v1"


def test_every_event_type_has_titles_in_two_languages_and_a_described_model() -> None:
    for kind in EVENTS.values():
        assert kind.title_vi != kind.title_en
        assert kind.model.__doc__


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("dossier.status", 0),
        ("dossier.status", 11),
        ("dossier.status", "4"),
        ("dossier.status", True),
        ("dossier.status", 4.0),
        ("dossier.channel", "phone"),
        ("dossier.filed_at", "20260701083000"),
        ("dossier.received_at", 1_782_800_000),
        ("dossier.due_at", "2026-07-01"),
        ("dossier.applicant.address.as_of", 0),
        ("dossier.applicant.address.as_of", "01/07/2026"),
        ("dossier.applicant.address.ward", "٢٨٧٥٦"),
        ("dossier.applicant.name", " \u200b "),
        ("dossier.applicant.name", "An\x01"),
        ("dossier.applicant.name", "x" * 301),
        ("dossier.applicant.verified", "1"),
        ("dossier.applicant.email", "not an address"),
        ("dossier.papers.0.id", ""),
        ("dossier.papers.0.title", ""),
        ("dossier.papers.0.digitised", 1),
        ("dossier.papers.0.url", "ftp://example.com/a.pdf"),
        ("dossier.papers.0.url", "https://user:secret@example.com/a.pdf"),
        ("dossier.papers.0.url", "https:///a.pdf"),
        ("dossier.papers.0.url", "javascript:alert(1)"),
        ("dossier.supplements.0.asked_at", "yesterday"),
        ("dossier.unknown", "field"),
    ],
)
def test_a_bad_value_is_refused_at_its_path(path: str, value: Any) -> None:
    assert list(spoilt(path, value)) == [
        path.replace("papers.0", "papers[0]").replace("supplements.0", "supplements[0]")
    ]


@pytest.mark.parametrize("amount", [-1, 1.5, "8000", 10**13 + 1, True])
def test_money_is_whole_dong(amount: Any) -> None:
    assert "dossier.fees[0].amount_vnd" in spoilt("dossier.fees.0.amount_vnd", amount, "payment.completed.v1")


@pytest.mark.parametrize("status", [2, 4, 8, 9, 10])
def test_a_dossier_past_reception_tells_when_it_was_received(status: int) -> None:
    value = event("dossier.corrected.v1")
    value["data"]["change"]["to_status"] = value["data"]["dossier"]["status"] = status
    del value["data"]["dossier"]["received_at"]
    assert "received_at" in rules(value)["dossier"]


def test_an_enterprise_is_known_by_its_tax_code() -> None:
    value = event("dossier.refused.v1")
    assert value["data"]["dossier"]["applicant"]["kind"] == "enterprise"
    del value["data"]["dossier"]["applicant"]["tax_code"]
    assert rules(value) == {"dossier.applicant": "an enterprise is known by its tax code"}


@pytest.mark.parametrize(
    "url", ["https://hồ-sơ.example.vn/Đơn đề nghị.pdf", "http://[2001:db8::1]:8443/a?b=c#d", "HTTPS://A.VN"]
)
def test_a_file_may_be_anywhere_on_the_web(url: str) -> None:
    assert judge(set_at(event(), "data.dossier.papers.0.url", url))


def test_text_is_held_tidy_while_the_original_stays_in_the_envelope() -> None:
    written = "  Nguye\u0302\u0303n\u200b \n Va\u0306n  An "
    envelope = judge(set_at(event(), "data.dossier.applicant.name", written))
    assert isinstance(envelope.message, DossierEvent)
    assert envelope.message.dossier.applicant.name == "Nguyễn Văn An"
    assert envelope.data["dossier"]["applicant"]["name"] == written


def test_too_many_papers_are_refused() -> None:
    value = event()
    value["data"]["dossier"]["papers"] *= 100
    assert "dossier.papers" in rules(value)


def shapes(model: type[Shape]) -> Iterator[type[Shape]]:
    """The model and every shape within it."""
    yield model
    for field in model.model_fields.values():
        for inner in (field.annotation, *get_args(field.annotation), *map(first, get_args(field.annotation))):
            if isinstance(inner, type) and issubclass(inner, Shape):
                yield from shapes(inner)


def first(annotation: Any) -> Any:
    return next(iter(get_args(annotation)), None)


def test_every_field_is_called_something_in_both_languages_and_no_other() -> None:
    fields = {
        (shape.__name__, name)
        for kind in EVENTS.values()
        for shape in shapes(kind.model)
        for name in shape.model_fields
    }
    assert {key for key, words in field_words().items() if words.vi and words.en} == fields


def choices(annotation: Any) -> Iterator[str]:
    """What may be chosen, wherever in an annotation; an empty one is none."""
    if get_origin(annotation) is Literal:
        yield from filter(None, get_args(annotation))
    for inner in get_args(annotation):
        yield from choices(inner)


def test_every_value_that_may_be_chosen_is_called_something_in_both_languages_and_no_other() -> None:
    values = {
        (name, value)
        for kind in EVENTS.values()
        for shape in shapes(kind.model)
        for name, field in shape.model_fields.items()
        for value in choices(field.annotation)
    }
    assert {key for key, words in value_words().items() if words.vi and words.en} == values
