"""A part of the year in the suite, and the judge itself judged: books made to differ on purpose are named."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import uvloop

from adapters import discover
from adapters.dossier_system.simulator import DossierSimulator
from adapters.national_portal.simulator import PortalSimulator
from adapters.simulator import Book, Simulator
from bus.ledger.schema import SQLITE
from ops.sample import BLOCK_EVENTS
from tests.servers import RabbitMQ
from tests.year.judge import judge
from tests.year.run import ROUND, Year

EVENTS = ROUND
"""20,040 of the sample, 44,000 with what they set off; `make year` runs a million."""
SOME_EVENTS = 10 * BLOCK_EVENTS
SERVED = {name for name, partner in discover().items() if partner.operations}
KINDS: dict[str, type[Simulator]] = {"national_portal": PortalSimulator, "dossier_system": DossierSimulator}
CODE = "000.00.17.H59-260701-0001"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_part_of_a_year_goes_through_every_partner_and_their_books_equal_the_ledger(tmp_path: Path) -> None:
    goes_through(Year(tmp_path), EVENTS)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_some_of_it_goes_through_every_partner_on_servers_too(
    tmp_path: Path, postgres_url: str, rabbitmq: RabbitMQ
) -> None:
    goes_through(Year(tmp_path, postgres_url, rabbitmq.url), SOME_EVENTS)


def goes_through(year: Year, events: int) -> None:
    """Nothing lost, nothing overtaken, and every partner that is delivered to was."""
    figures = uvloop.run(year.run(events))
    assert figures.wrong == []
    assert figures.posted == events
    assert sum(figures.delivered.values()) > events
    assert {name for name, count in figures.delivered.items() if count} == SERVED


def ledger(folder: Path, *rows: tuple[str, str, str, str]) -> str:
    """A ledger with these deliveries in one lane each partner: partner, operation, state, cause."""
    file = folder / "ledger.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, event_id TEXT)")
        connection.execute(
            "CREATE TABLE delivery (id INTEGER PRIMARY KEY, event INTEGER, lane INTEGER, number INTEGER, partner TEXT, dossier TEXT,"
            " operation TEXT, state TEXT, cause TEXT)"
        )
        for number, (partner, operation, state, cause) in enumerate(rows, start=1):
            connection.execute("INSERT INTO event VALUES (?, ?)", (number, f"e{number}"))
            connection.execute(
                "INSERT INTO delivery VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)",
                (number, number, number, partner, CODE, operation, state, cause),
            )
    return f"{SQLITE}{file}"


def portal(folder: Path, *entries: tuple[str, str]) -> None:
    """A portal's book: kind and time of processing."""
    book = Book(folder / "national_portal.jsonl")
    for kind, at in entries:
        book.write(kind, MaHoSo=CODE, data={"ThoiDiemXuLy": at})


STATE, PROGRESS = (
    ("national_portal", "DongBoHoSoMC", "delivered", ""),
    ("national_portal", "CapNhatTienDoHoSoMC", "delivered", ""),
)
TOLD: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str, str, str]], str]] = {
    "lost": ([("create", "1")], [STATE, PROGRESS], "CapNhatTienDoHoSoMC"),
    "doubled": ([("create", "1"), ("progress", "2"), ("progress", "3")], [STATE, PROGRESS], "CapNhatTienDoHoSoMC"),
    "swapped": ([("progress", "2"), ("create", "1")], [STATE, PROGRESS], "DongBoHoSoMC"),
    "overtaken": ([("create", "1"), ("progress", "3"), ("progress", "2")], [STATE, PROGRESS, PROGRESS], "overtaken"),
    "told again": ([("create", "1"), ("repeat", "1")], [STATE], "told again"),
    "still open": (
        [("create", "1")],
        [STATE, ("national_portal", "DongBoHoSoMC", "waiting", "busy")],
        "waiting (busy)",
    ),
    "given up": (
        [("create", "1")],
        [STATE, ("national_portal", "DongBoHoSoMC", "dead", "given_up")],
        "dead (given_up)",
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_the_judge_names_what_was(tmp_path: Path, name: str) -> None:
    book, deliveries, says = TOLD[name]
    portal(tmp_path, *book)
    verdict = judge(tmp_path, ledger(tmp_path, *deliveries), 0, KINDS, {})
    assert [line for line in verdict.wrong if says in line]


def test_the_judge_agrees_with_books_that_are_equal_and_counts_what_was_refused(tmp_path: Path) -> None:
    portal(tmp_path, ("create", "1"), ("progress", "2"), ("progress", "2"), ("update", "2"))
    refused = ("national_portal", "DongBoHoSoMC", "dead", "refused")
    verdict = judge(tmp_path, ledger(tmp_path, STATE, PROGRESS, PROGRESS, refused, STATE), 0, KINDS, {})
    assert verdict.wrong == []
    assert (verdict.delivered, verdict.refused) == ({"national_portal": 4}, {"national_portal": 1})


def test_the_judge_knows_notices_by_their_ids_and_sees_two_that_changed_places(tmp_path: Path) -> None:
    notice = ("dossier_system", "notify", "delivered", "")
    book = Book(tmp_path / "dossier_system.jsonl")
    for number in (2, 1):
        book.write("notice", id=f"e{number}", subject=CODE)
    verdict = judge(tmp_path, ledger(tmp_path, notice, notice), 0, KINDS, {})
    assert [line for line in verdict.wrong if "['e2', 'e1']" in line]


def test_a_book_keeps_its_last_entries_at_hand_and_all_of_them_in_its_file(tmp_path: Path) -> None:
    book = Book(tmp_path / "book.jsonl", keep=5)
    for number in range(100):
        book.write("notice", number=number)
    assert len(book.entries) <= 10
    assert book.entries[-1]["number"] == 99
    written: list[Any] = [json.loads(line) for line in (tmp_path / "book.jsonl").read_text().splitlines()]
    assert [entry["number"] for entry in written] == list(range(100))
