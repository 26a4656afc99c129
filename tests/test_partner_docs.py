"""docs/partners: every partner has its page, its own words above the mark, and below it what the code says today."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import discover
from ops.partner_docs import BEGIN, END, documents, whole

FOLDER = Path(__file__).parent.parent / "docs/partners"


@pytest.mark.parametrize("name", discover())
def test_the_committed_page_is_what_the_code_says_today(name: str) -> None:
    """Mended by `python -m ops.partner_docs docs/partners`."""
    assert (FOLDER / f"{name}.md").read_text(encoding="utf-8") == documents(FOLDER)[f"{name}.md"]


@pytest.mark.parametrize("name", discover())
def test_every_page_has_words_of_its_own_on_how_it_goes_and_on_credentials(name: str) -> None:
    written = (FOLDER / f"{name}.md").read_text(encoding="utf-8").partition(BEGIN)[0]
    assert written.startswith("# ")
    assert written.count("\n## ") >= 2
    assert "redential" in written


@pytest.mark.parametrize("name", discover())
def test_every_setting_of_a_page_says_what_it_means(name: str) -> None:
    page = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    _, _, table = page.partition("| key | default | meaning |\n")
    lines = [line.split("|") for line in table.partition("\n\n")[0].splitlines()[1:]]
    assert not [key for _, key, *_, meaning, _ in lines if not meaning.strip()]


def test_there_is_no_page_of_a_partner_that_is_not_there() -> None:
    assert {file.stem for file in FOLDER.glob("*.md")} == set(discover())


def test_what_is_written_by_hand_stays_and_what_was_generated_goes() -> None:
    partner = discover()["national_portal"]
    once = whole(partner, "# Portal\n\nOurs.\n")
    assert once.startswith("# Portal\n\nOurs.\n\n" + BEGIN)
    assert once.endswith(END + "\n")
    assert whole(partner, once.partition(BEGIN)[0]) == once
