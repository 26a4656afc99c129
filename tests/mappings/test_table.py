"""The engine of mappings: rows become a message, a message becomes values, and what cannot be said is named."""

from __future__ import annotations

import typing
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from contracts.canonical.events import DossierEvent, SlipStepEvent, StepEvent
from contracts.codes import CodeGap
from mappings.convert import Unsayable, choice, known_code, number, stamp, text, yes_no
from mappings.electronic_iso import inbound as iso_inbound
from mappings.electronic_iso import outbound as iso
from mappings.national_portal import outbound as portal
from mappings.table import Table, Unmappable, build, computed, many, read, row, table

DOC = "a document, table 1"


def child(**fields: Any) -> SimpleNamespace:
    return SimpleNamespace(**fields)


BIRTH = table(
    row("child.full_name", "hoTen", text(20), source=DOC, required=True),
    row("child.registered_at", "ngayDK", stamp("%d/%m/%Y %H:%M:%S"), source=DOC),
    row("child.weight", "canNang", number(), source=DOC),
    row("child.kind", "loai", choice({"first": "1", "later": "2"}), source=DOC),
    row("child.alive", "song", yes_no(), source=DOC),
    many("papers", "giayTo", table(row("title", "ten", text(), source=DOC, required=True)), source=DOC),
)


@given(
    name=st.text(st.sampled_from("Nguyễn Văn An"), min_size=1, max_size=20).filter(str.strip),
    at=st.none() | st.datetimes(datetime(1900, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)),
    weight=st.none() | st.integers(0, 9000),
    kind=st.none() | st.sampled_from(["first", "later"]),
    alive=st.booleans(),
    titles=st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=9)),
)
def test_reading_back_what_was_built_gives_the_event_again(
    name: str, at: datetime | None, weight: int | None, kind: str | None, alive: bool, titles: list[str]
) -> None:
    at = at and at.replace(microsecond=0)
    given = {"full_name": name, "registered_at": at, "weight": weight, "kind": kind, "alive": alive}
    again = read(BIRTH, build(BIRTH, child(child=child(**given), papers=[child(title=title) for title in titles])))
    assert again["child"] == {field: value for field, value in given.items() if value is not None}
    assert [paper["title"] for paper in again.get("papers", [])] == [text().out(title, None) for title in titles]


def test_fields_keep_the_partners_order_and_absent_ones_its_emptiness() -> None:
    message = child(child=child(full_name="An", registered_at=None, weight=None, kind="first", alive=True), papers=())
    assert list(build(BIRTH, message).items()) == [
        ("hoTen", "An"),
        ("ngayDK", ""),
        ("canNang", ""),
        ("loai", "1"),
        ("song", "1"),
        ("giayTo", []),
    ]
    nulls = table(*BIRTH.rows, empty=None)
    assert build(nulls, message)["ngayDK"] is None


def test_an_absent_parent_is_an_absent_value() -> None:
    rows = table(row("mother.name", "me", text(), source=DOC))
    assert build(rows, child(mother=None)) == {"me": ""}
    assert build(rows, child()) == {"me": ""}
    papers = table(many("mother.papers", "giayTo", rows, source=DOC))
    assert build(papers, child(mother=None)) == build(papers, child()) == {"giayTo": []}


def test_a_fault_inside_a_function_is_poison_not_an_absent_value() -> None:
    def careless(message: Any) -> str:
        """Asks for what is not there."""
        return str(message.nothing)

    with pytest.raises(Unmappable, match="AttributeError"):
        build(table(computed("ma", careless, source=DOC)), child())


@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_required_field_with_nothing_to_say_is_named(value: str | None) -> None:
    rows = table(row("name", "hoTen", text(cut=True, max_length=2), source=DOC, required=True))
    with pytest.raises(Unmappable, match=r"hoTen \(from name\): required"):
        build(rows, child(name=value))


def test_a_value_the_partner_has_no_word_for_is_named_without_the_value() -> None:
    rows = table(row("name", "hoTen", text(5), source=DOC))
    with pytest.raises(Unmappable, match=r"hoTen \(from name\): 13 characters, 5 allowed") as found:
        build(rows, child(name="Nguyễn Văn An"))
    assert (found.value.partner_field, found.value.path) == ("hoTen", "name")
    assert "Nguyễn" not in str(found.value)


def test_a_function_that_finds_nothing_to_say_is_unmappable_too() -> None:
    def owner(message: Any) -> str:
        """The owner's number."""
        raise Unsayable("the owner has none")

    with pytest.raises(Unmappable, match=r"SoDinhDanh \(from several fields\): the owner has none"):
        build(table(computed("SoDinhDanh", owner, source=DOC)), child())


@pytest.mark.parametrize("value", ["not a time", 5, object()])
def test_a_value_of_a_wrong_kind_is_poison_not_a_bug(value: Any) -> None:
    rows = table(row("at", "ngay", stamp("%Y"), source=DOC))
    with pytest.raises(Unmappable, match=r"ngay \(from at\): (AttributeError|TypeError)"):
        build(rows, child(at=value))


def test_a_fault_in_a_member_of_a_list_names_the_members_field() -> None:
    message = child(child=child(full_name="An"), papers=[child(title="Đơn"), child(title=None)])
    with pytest.raises(Unmappable, match=r"ten \(from title\)"):
        build(table(*BIRTH.rows[-1:]), message)


def test_a_code_gap_passes_through_so_that_the_delivery_waits() -> None:
    rows = table(row("code", "ma", known_code("province", on="at"), source=DOC))
    with pytest.raises(CodeGap):
        build(rows, child(code="84", at=datetime(2026, 1, 1, tzinfo=UTC)))


def test_two_rows_for_one_field_are_a_mistake_of_the_table() -> None:
    with pytest.raises(ValueError, match="filled twice: ma"):
        table(row("a", "ma", source=DOC), row("b", "ma", source=DOC))


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"ngayDK": "2023-04-25"}, "ngayDK"),
        ({"ngayDK": 20230425}, "ngayDK"),
        ({"ngayDK": "01/01/0001 00:00:00"}, "ngayDK"),
        ({"canNang": "heavy"}, "canNang"),
        ({"loai": "3"}, "loai"),
        ({"loai": ["1"]}, "loai"),
        ({"song": {}}, "song"),
        ({"giayTo": "text"}, "giayTo"),
        ({"giayTo": ["text"]}, "giayTo"),
        ({"giayTo": 5}, "giayTo"),
    ],
)
def test_an_unreadable_field_of_a_partner_is_named(message: dict[str, Any], field: str) -> None:
    with pytest.raises(Unmappable, match=field):
        read(BIRTH, message)


def test_a_list_of_one_may_come_as_its_only_member() -> None:
    assert read(BIRTH, {"giayTo": {"ten": "Đơn"}}) == {"papers": [{"title": "Đơn"}]}


def test_fields_without_words_are_left_out_when_read() -> None:
    assert read(BIRTH, {"hoTen": "", "loai": None, "unknown": 1}) == {}


TABLES: list[tuple[Table, type[BaseModel]]] = [
    (portal.DOSSIER, DossierEvent),
    (portal.PROGRESS, DossierEvent),
    (iso.OPEN_SLIP, DossierEvent),
    (iso.STATUS_STEP, DossierEvent),
    (iso.CLOSE_SLIP, DossierEvent),
    (iso.STEP, StepEvent),
    (iso_inbound.CHANGE, SlipStepEvent),
]


def model_at(model: type[BaseModel], path: str) -> Any:
    """The annotation at a dotted path of a model. Raises KeyError where there is none."""
    annotation: Any = model
    for name in path.split("."):
        annotation = inside(annotation).model_fields[name].annotation
    return annotation


def inside(annotation: Any) -> type[BaseModel]:
    """The model within `X | None` or `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(inside(inner) for inner in typing.get_args(annotation) if inner not in (type(None), ...))


def check_paths(mapping: Table, model: type[BaseModel]) -> None:
    for line in mapping:
        if not line.path:
            continue
        annotation = model_at(model, line.path)
        if line.inner is not None:
            check_paths(line.inner, inside(annotation))


@pytest.mark.parametrize(("mapping", "model"), TABLES)
def test_every_path_of_a_table_leads_to_a_field_of_the_model(mapping: Table, model: type[BaseModel]) -> None:
    check_paths(mapping, model)
    assert all(line.source for line in mapping)


def test_a_path_that_leads_nowhere_would_be_noticed() -> None:
    with pytest.raises(KeyError):
        check_paths(table(row("dossier.nmae", "ten", source=DOC)), DossierEvent)
