"""What `lienthong mappings check` finds: tables with one thing wrong each."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pydantic import BaseModel, Field

from mappings.check import Named, check_table, exists
from mappings.table import Table, computed, row, table


class Town(BaseModel):
    name: str
    ward: str = ""


class Person(BaseModel):
    """Ours."""

    name: str
    town: Town | None = None
    towns: tuple[Town, ...] = ()

    @property
    def initials(self) -> str:
        return self.name[:1]


class Nguoi(BaseModel):
    """Theirs."""

    HoTen: str
    Xa: str = Field(default="", alias="MaXa")


@dataclass(frozen=True)
class Wrapped:
    person: Person
    other: object = None


def whole_name(_message: object) -> str:
    """The whole name."""
    return ""


GOOD = (row("name", "HoTen", source="s"), row("town.ward", "MaXa", source="s"))


def found(mapping: Table, *, reads: bool = False) -> list[tuple[str, str]]:
    return [(finding.field, finding.what) for finding in check_table(Named("m", "T", mapping, reads))]


def test_a_complete_table_has_no_findings() -> None:
    assert found(table(*GOOD, of=Person, to=Nguoi)) == []
    assert found(table(*GOOD, of=Person, to=Nguoi), reads=True) == []


@pytest.mark.parametrize(
    ("mapping", "field", "what"),
    [
        (table(*GOOD), "", "does not say what it maps"),
        (table(GOOD[1], of=Person, to=Nguoi), "HoTen", "required, and no row fills it"),
        (table(*GOOD, row("name", "Ten", source="s"), of=Person, to=Nguoi), "Ten", "has no such field"),
        (table(row("nam", "HoTen", source="s"), of=Person, to=Nguoi), "nam", "has no such path"),
        (table(GOOD[0], row("town.wart", "MaXa", source="s"), of=Person, to=Nguoi), "town.wart", "has no such path"),
        (table(row("name", "HoTen", source=" "), of=Person, to=Nguoi), "HoTen", "no source"),
        (table(*GOOD, of=Person, to=Nguoi, beside=("Tuoi",)), "Tuoi", "there is no such field"),
    ],
)
def test_one_thing_wrong_is_one_finding(mapping: Table, field: str, what: str) -> None:
    ((place, said),) = found(mapping)
    assert place == field
    assert what in said


def test_a_table_that_reads_must_fill_our_required_fields() -> None:
    ((place, said),) = found(table(row("town.name", "HoTen", source="s"), of=Person, to=Nguoi), reads=True)
    assert (place, said) == ("name", "required, and no row fills it")


def test_what_is_filled_beside_the_table_is_filled() -> None:
    assert found(table(GOOD[1], of=Person, to=Nguoi, beside=("HoTen",))) == []
    assert found(table(GOOD[1], computed("HoTen", whole_name, source="s"), of=Person, to=Nguoi)) == []


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("person.name", True),
        ("person.town.ward", True),
        ("person.initials", True),
        ("person.towns", True),
        ("person.age", False),
        ("person.town.wart", False),
        ("nobody", False),
    ],
)
def test_a_path_is_followed_through_what_has_a_shape(path: str, there: bool) -> None:
    assert exists(Wrapped, path) is there
