"""The guides say what is there: commands, options, links and pictures; and the same in both languages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from ops.cli import app
from tests.console.screenshots import PICTURES

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = sorted(DOCS.glob("guide-*.md"))
COMMAND: Any = typer.main.get_command(app)
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def commands(guide: Path) -> list[list[str]]:
    """The words of every command of ours that a guide prints to be typed."""
    blocks = BLOCK.findall(guide.read_text(encoding="utf-8"))
    lines = [line.partition(" > ")[0] for block in blocks for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("lienthong ")]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_command_of_a_guide_is_one_with_its_options(guide: Path) -> None:
    for words in commands(guide):
        command, left = COMMAND, list(words)
        while hasattr(command, "commands") and left:
            command = command.commands[left.pop(0)]
        with command.make_context("lienthong", left, resilient_parsing=False):
            pass


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_file_and_picture_a_guide_names_is_there(guide: Path) -> None:
    named = re.findall(r"\]\(([^)#:]+)\)", guide.read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if not (DOCS / name).exists()] == []


@pytest.mark.parametrize("name", ["officer", "operator", "partner"])
def test_both_languages_say_the_same_commands_under_as_many_heads(name: str) -> None:
    english, vietnamese = (DOCS / f"guide-{name}{language}.md" for language in ("", ".vi"))
    assert commands(english) == commands(vietnamese)
    heads = [re.findall(r"^## ", guide.read_text(encoding="utf-8"), re.MULTILINE) for guide in (english, vietnamese)]
    assert len(heads[0]) == len(heads[1]) > 2


def test_the_pictures_are_those_that_the_script_takes() -> None:
    assert {path.stem for path in (DOCS / "screens").glob("*.png")} == {picture.name for picture in PICTURES}
