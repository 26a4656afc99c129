"""Commands about the partners' rooms: a stamped partner that passes what all partners pass, weather, tables, previews."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops import scaffold, simulate
from ops.cli import app
from ops.commands.common import NO, UNREACHABLE, USAGE
from ops.events_doc.example import examples, smallest

ROOT = Path(__file__).parent.parent.parent
NAME = "fire_safety"
TITLES = ("--title-vi", "Cảnh sát phòng cháy", "--title-en", "Fire safety police")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "build", "*.egg-info", "__pycache__", ".ruff_cache")
"""What mypy knows of the other modules is taken along."""


def run(*words: str, given: str = "") -> Any:
    return CliRunner().invoke(app, list(words), input=given, env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source tree into which a partner was stamped."""
    copy = tmp_path_factory.mktemp("tree") / "copy"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    done = run("new-partner", NAME, *TITLES, "--root", str(copy))
    assert done.exit_code == 0, done.output
    assert f"adapters/{NAME}/adapter.py" in done.stdout
    return copy


def inside(tree: Path, *words: str) -> str:
    """A tool's output in the copy; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_a_stamped_partner_is_formatted_linted_and_typed(tree: Path) -> None:
    rooms = [f"{floor}/{NAME}" for floor in ("contracts", "mappings", "adapters", "tests/partners")]
    inside(tree, "ruff", "check", *rooms, "mappings/routes.py")
    inside(tree, "ruff", "format", "--check", *rooms, "mappings/routes.py")
    inside(tree, "mypy", *rooms)


@pytest.mark.slow
def test_a_stamped_partner_passes_what_every_partner_passes(tree: Path) -> None:
    suites = sorted(str(file.relative_to(tree)) for file in (tree / "tests/partners").glob("test_every_*.py"))
    others = [f"tests/partners/{NAME}", "tests/test_house.py", "tests/test_partner_docs.py", "tests/test_events_doc.py"]
    chosen = ("-k", f"{NAME} or all_its_rooms or committed", "-m", "not slow")
    said = inside(tree, "pytest", *suites, *others, *chosen, "-p", "no:cacheprovider", "-vv")
    assert f"[{NAME}-sendDossier]" in said
    assert said.count(f"[{NAME}") > 25


@pytest.mark.slow
def test_a_stamped_partner_is_seen_by_every_command(tree: Path) -> None:
    assert f"{NAME}" in inside(tree, "ops", "mappings", "show", NAME)
    assert "sendDossier" in inside(tree, "ops", "partners", "show", NAME)
    assert json.loads(inside(tree, "ops", "mappings", "check", NAME, "--json"))["findings"] == []


@pytest.mark.parametrize(
    ("name", "titles", "says"),
    [
        ("Fire", TITLES, "a name is small letters"),
        ("a" * 25, TITLES, "at most 24"),
        ("../fire", TITLES, "a name is small letters"),
        ("fire", ("--title-vi", 'x"y z', "--title-en", "Fire"), "without quotes"),
        ("national_portal", TITLES, "is there already"),
    ],
)
def test_what_cannot_be_stamped_is_told_and_nothing_is_written(name: str, titles: tuple[str, ...], says: str) -> None:
    done = run("new-partner", name, *titles, "--root", str(ROOT))
    assert done.exit_code == USAGE
    assert says in done.stderr


def test_a_folder_that_is_no_source_tree_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not the source tree"):
        scaffold.stamp(tmp_path, NAME, "Cảnh sát", "Police")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def sky(tmp_path: Path) -> Iterator[Any]:
    """A running simulator, by a loop of its own; where it wrote down its address."""
    loop = asyncio.new_event_loop()
    served = loop.run_until_complete(simulate.serve(["national_portal"], tmp_path))["national_portal"]

    def ask(*words: str) -> Any:
        """A command while the simulator is served."""
        return loop.run_until_complete(
            loop.run_in_executor(None, lambda: run("weather", *words, "--data", str(tmp_path)))
        )

    yield ask, served.app.state.simulator
    loop.run_until_complete(served.stop())
    loop.close()


def test_weather_is_made_and_mended_at_a_running_simulator(sky: Any) -> None:
    ask, simulator = sky
    listed = ask("national_portal")
    assert listed.exit_code == 0
    assert "maintenance" in listed.stdout
    done = ask("national_portal", "says", "--times", "2", "--code", "3", "--words", "Hồ sơ không hợp lệ")
    assert json.loads(done.stdout) == {"says": 2}
    assert (simulator.weather.code, simulator.weather.words) == ("3", "Hồ sơ không hợp lệ")
    assert ask("national_portal", "says", "--times", "0").exit_code == 0
    assert not simulator.weather.takes("says")
    part = ask("national_portal", "500", "--share", "0.05", "--seed", "7")
    assert json.loads(part.stdout)["500"] == 0.05
    wrong = ask("national_portal", "snow")
    assert (wrong.exit_code, "mode is one of" in wrong.stderr) == (USAGE, True)


def test_weather_for_a_simulator_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    done = run("weather", "postal", "busy", "--data", str(tmp_path))
    assert done.exit_code == UNREACHABLE
    assert len(done.stderr.splitlines()) == 1


def test_a_preview_masks_what_is_personal_and_sends_nothing() -> None:
    done = run("mappings", "preview", "national_portal", given=json.dumps(smallest(9001)))
    assert done.exit_code == 0, done.output
    state, progress = json.loads(done.stdout)
    assert state["request"]["MaHoSo"] == "000.00.17.H59-260703-9001"
    assert progress["operation"] == "CapNhatTienDoHoSoMC"
    for name in ("Nguyễn Văn An", "084080000123", "Trần Thị Bình"):
        assert name not in done.stdout


def test_a_preview_of_what_cannot_be_said_tells_why() -> None:
    event = json.dumps(examples()["vn.lienthong.dossier.result_issued.v1"])
    done = run("mappings", "preview", "electronic_iso", "--operation", "KetThuc", given=event)
    assert done.exit_code == NO
    assert "no slip" in done.stdout
    filled = run(
        "mappings", "preview", "electronic_iso", "--operation", "KetThuc", "--memo", "MaPhieu=PH000001", given=event
    )
    assert json.loads(filled.stdout)[0]["request"]["MaPhieu"] == "PH000001"


@pytest.mark.parametrize(
    ("words", "given", "code", "says"),
    [
        (("preview", "nobody"), "{}", USAGE, "this is no event"),
        (("preview", "postal", "--event", "absent.json"), "", USAGE, "absent.json"),
        (("preview", "postal"), json.dumps(smallest(9001)), NO, "owes postal nothing"),
        (("show", "nobody"), "", USAGE, "there is no partner nobody"),
    ],
)
def test_wrong_questions_about_tables_are_told_in_a_sentence(
    words: tuple[str, ...], given: str, code: int, says: str
) -> None:
    done = run("mappings", *words, given=given)
    assert done.exit_code == code
    assert says in done.stderr
