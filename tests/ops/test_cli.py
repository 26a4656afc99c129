"""The command line: every command has an example that runs as printed, JSON for programs, and exit codes that mean something."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bus.seal import Keyring
from ops.cli import app
from ops.commands.common import BAD_SETTINGS, NO, UNFIT, UNREACHABLE, USAGE
from tests.demo import command, demo
from tests.servers import free_port

RUNNING = {"up", "serve", "work", "simulate"}
"""Commands that run until they are stopped: their examples are read, not run (tests/demo.py runs `up`)."""
ELSEWHERE = {"new-partner", "weather", "conformance"}
"""Commands that need a source tree or a simulator beside them: tests/ops/test_rooms.py runs them."""
DOSSIER = "000.00.17.H59-260106-774020001"
"""The first dossier of `lienthong sample`."""


def commands() -> dict[str, Any]:
    """Every command by its words, such as `db upgrade`."""

    def walk(group: Any, words: str) -> Iterator[tuple[str, Any]]:
        for name, found in group.commands.items():
            path = f"{words} {name}".strip()
            if hasattr(found, "commands"):
                yield from walk(found, path)
            else:
                yield path, found

    return dict(walk(typer.main.get_command(app), ""))


COMMANDS = commands()


def options(name: str) -> set[str]:
    return {option for parameter in COMMANDS[name].params for option in parameter.opts}


def example(name: str) -> str:
    """The line of the help that shows how the command is called."""
    said = " ".join((COMMANDS[name].help or "").split())
    found = re.search(r"Example: (.+)\Z", said)
    assert found, f"`lienthong {name} --help` shows no example"
    return found[1]


@dataclass
class Desk:
    """A running bus with some dossiers, and a folder with settings to run commands in."""

    url: str
    folder: Path

    def run(self, *words: str, given: str = "", url: str | None = None) -> Any:
        """One command in this process, towards the bus; exit code and what it printed."""
        environment = {"LIENTHONG_URL": self.url if url is None else url, "COLUMNS": "200"}
        return CliRunner().invoke(app, list(words), input=given, env=environment)

    def line(self, text: str) -> Any:
        """A line as a shell would run it: pipes, and `>` into a file."""
        text = text.replace("http://127.0.0.1:8080", self.url).replace("/etc/lienthong/", f"{self.folder}/")
        text, _, target = text.partition(" > ")
        given, done = "", None
        for part in text.split(" | "):
            program, *words = shlex.split(part)
            if program == "echo":
                given = " ".join(words) + "\n"
                continue
            assert program == "lienthong"
            done = self.run(*words, given=given)
            given = done.stdout
        assert done is not None
        if target:
            (self.folder / target).write_text(given)
        return done


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A live bus that has taken some dozens of events; its address."""
    with demo(tmp_path_factory.mktemp("bus")) as url:
        events = CliRunner().invoke(app, ["sample"]).stdout
        events += CliRunner().invoke(app, ["sample", "--events", "100", "--dossiers", "20"]).stdout
        sent = CliRunner().invoke(app, ["send", "--url", url], input=events)
        assert sent.exit_code == 0, sent.output
        yield url


@pytest.fixture
def desk(bus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(bus, settings_in(tmp_path))


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose bus does not answer."""
    monkeypatch.chdir(tmp_path)
    return Desk(f"http://127.0.0.1:{free_port()}", settings_in(tmp_path))


def settings_in(folder: Path) -> Path:
    keys = folder / "ring.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    text = f'[ledger]\nurl = "sqlite:///{folder}/own.db"\n[keys]\nfile = "{keys}"\n'
    (folder / "lienthong.toml").write_text(text)
    return folder


def test_every_command_the_design_names_is_there() -> None:
    named = """up sample send serve work simulate status story exchange causes ask resend reprocess skip hold release resolve cancel pause
    resume verify-audit bench new-partner weather partners"""
    groups = {"db upgrade", "config check", "mappings check", "mappings show", "mappings preview"}
    assert {*named.split(), *groups} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_says_what_it_does_and_shows_an_example_that_can_be_read(name: str) -> None:
    told = CliRunner().invoke(app, [*name.split(), "--help"])
    assert told.exit_code == 0
    (words,) = [
        shlex.split(part)[1:] for part in example(name).partition(" > ")[0].split(" | ") if f"lienthong {name}" in part
    ]
    assert COMMANDS[name].make_context(name, words[len(name.split()) :]).info_name == name


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(COMMANDS) - RUNNING - ELSEWHERE - {"bench"}))
def test_every_example_runs_as_it_is_printed(desk: Desk, name: str) -> None:
    if name == "keys rotate":
        assert desk.line(example("keys new")).exit_code == 0
    done = desk.line(example(name))
    said_no = done.exit_code == NO and ("--reason" in options(name) or name == "incidents try")
    nothing_wrong = "there is no incident 1" in done.output
    assert done.exit_code == 0 or said_no or nothing_wrong, f"{example(name)}: {done.exit_code} {done.output}"
    assert done.exception is None or isinstance(done.exception, SystemExit)


WHY = ("--reason", "seen on the portal")
TURNS = ("pause", "resume", "cancel", "approve")
VERBS = ("ask", "resend", "reprocess", "skip", "hold", "release", "resolve", "cancel")
AS_JSON: dict[str, tuple[str, ...]] = {
    **{verb: (verb, "1", *WHY, "--dry-run") for verb in VERBS},
    "resolve": ("resolve", "1", *WHY, "--as", "not-taken", "--dry-run"),
    "pause": ("pause", "electronic_iso", *WHY),
    "resume": ("resume", "electronic_iso", *WHY),
    "close-gap": ("close-gap", "urn:lienthong:dossier-system", DOSSIER, *WHY),
    "note-cause": ("note-cause", "0123456789ab", "--owner", "Tổ danh mục", *WHY),
    "verify-audit": ("verify-audit",),
    "status": ("status", "--verify"),
    "story": ("story", DOSSIER),
    "causes": ("causes",),
    "exchange": ("exchange", "1"),
    "deliveries": ("deliveries", "--limit", "3"),
    "partners": ("partners",),
    "reconcile": ("reconcile", "online_payment", "--from", "2026-07-01", "--to", "2026-07-02"),
    "overdue": ("overdue",),
    "kept-raw": ("kept-raw", "--all"),
    "deal-with": ("deal-with", "1", *WHY),
    "retention": ("retention",),
    "erase": ("erase", "citizen", "--dry-run", *WHY),
    "procedures": ("procedures", "đất", "đai"),
    "search": ("search", "084080000123"),
    "sign-ins": ("sign-ins",),
    "people add": ("people", "add", "hoa", "--role", "viewer", "--reason", "try"),
    "people disable": ("people", "disable", "hoa", "--reason", "try"),
    "people enable": ("people", "enable", "hoa", "--reason", "try"),
    "people entrust": ("people", "entrust", "hoa", "--role", "operator", "--reason", "try"),
    "people list": ("people", "list"),
    "people reset": ("people", "reset", "hoa", "--reason", "try"),
    **{f"tasks {turn}": ("tasks", turn, "1", *WHY) for turn in TURNS},
    "tasks list": ("tasks", "list"),
    "edit": ("edit", "1"),
    "tasks show": ("tasks", "show"),
    "incidents list": ("incidents", "list", "--all"),
    "incidents show": ("incidents", "show", "1"),
    "incidents acknowledge": ("incidents", "acknowledge", "1", *WHY),
    "incidents try": ("incidents", "try"),
    "lookup": ("lookup",),
    "lookups": ("lookups", "--who", "nobody"),
    "send": ("send",),
    "codes show": ("codes", "show", "ward", "28858"),
    "codes gaps": ("codes", "gaps"),
    "codes add": ("codes", "add", "procedure", "9.999998", "--name-vi", "Thủ tục", "--source", "QĐ 1/QĐ-UBND"),
    "mappings check": ("mappings", "check"),
    "mappings replay": ("mappings", "replay", "national_portal"),
    "mappings try": ("mappings", "try", "1"),
    "mappings show": ("mappings", "show", "postal"),
    "db upgrade": ("db", "upgrade"),
    "config check": ("config", "check"),
    "config show": ("config", "show"),
    "targets": ("targets",),
    "who-looked": ("who-looked",),
}
GIVEN = {"erase": "084080000999\n"}
"""What a command reads from standard input."""
MAY_BE_ABSENT = {"incidents show", "incidents acknowledge"} | {f"tasks {turn}" for turn in TURNS}
"""What concerns one that this bus need not have; then it says so, and writes nothing."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", sorted(name for name in set(COMMANDS) - ELSEWHERE if "--json" in options(name) and name != "bench")
)
def test_every_command_with_json_prints_json_and_nothing_else(desk: Desk, name: str) -> None:
    done = desk.run(*AS_JSON[name], "--json", given=GIVEN.get(name, ""))
    if name in MAY_BE_ABSENT and not done.stdout:
        assert done.exit_code in (NO, USAGE)
        assert done.stderr.endswith(f"there is no {name.split()[0][:-1]} 1\n")
        return
    assert done.exit_code in (0, NO), done.output
    assert json.loads(done.stdout)


def test_every_command_that_asks_the_bus_speaks_json() -> None:
    assert {name for name in COMMANDS if "--url" in options(name)} <= {
        name for name in COMMANDS if "--json" in options(name)
    }


@pytest.mark.parametrize("name", sorted(name for name in AS_JSON if "--url" in options(name) and name != "send"))
def test_without_a_bus_every_command_says_so_in_one_sentence(alone: Desk, name: str) -> None:
    done = alone.run(*AS_JSON[name], given=GIVEN.get(name, ""))
    assert done.exit_code == UNREACHABLE
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(f"lienthong: no bus answers at {alone.url}")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("resend", "1"), USAGE, "say why with --reason"),
        (("deal-with", "1"), USAGE, "say why with --reason"),
        (("erase", "citizen"), USAGE, "say on what request with --reason"),
        (("pause", "electronic_iso"), USAGE, "say why with --reason"),
        (("close-gap", "urn:x", DOSSIER), USAGE, "say why with --reason"),
        (("story", DOSSIER, "--lang", "fr"), USAGE, "--lang is vi or en"),
        (("sample", "--from", "tomorrow"), USAGE, "--from is a day like 2026-01-05"),
        (("codes", "show", "ward", "--on", "today"), USAGE, "--on is a day like 2025-07-01"),
        (("codes", "add", "ward", "1"), USAGE, "say its name with --name-vi"),
        (("send", "absent.jsonl"), USAGE, "absent.jsonl: No such file"),
        (("simulate", "nobody"), USAGE, "there is no simulator of nobody"),
        (("keys", "rotate", "absent.json"), BAD_SETTINGS, "absent.json"),
        (("keys", "new", "ring.json"), NO, "a keyring is never overwritten"),
        (("status", "--no-such-option"), USAGE, "No such option"),
        (("no-such-command",), USAGE, "No such command"),
    ],
)
def test_wrong_usage_is_told_from_a_no(alone: Desk, words: tuple[str, ...], code: int, says: str) -> None:
    done = alone.run(*words)
    assert done.exit_code == code
    assert says in done.stderr


@pytest.mark.parametrize("words", [("db", "upgrade"), ("config", "check"), ("serve",), ("up",), ("work",), ("bench",)])
def test_settings_that_cannot_be_used_end_with_their_faults(alone: Desk, words: tuple[str, ...]) -> None:
    (alone.folder / "lienthong.toml").write_text('[http]\nport = "a"\n[ledger]\nurll = "x"\n')
    done = alone.run(*words)
    assert done.exit_code == BAD_SETTINGS
    assert "lienthong.toml:2: [http] port" in done.stderr
    assert "lienthong.toml:4: [ledger] urll: there is no such key" in done.stderr


def test_faults_of_the_settings_come_as_json_too(alone: Desk) -> None:
    (alone.folder / "lienthong.toml").write_text('[http]\nport = "a"\n')
    done = alone.run("config", "check", "--json")
    assert done.exit_code == BAD_SETTINGS
    told = json.loads(done.stdout)
    assert (told["good"], len(told["faults"])) == (False, 2)


def test_a_ledger_that_is_none_may_not_be_used(alone: Desk) -> None:
    (alone.folder / "own.db").write_bytes(b"not a database" * 1000)
    done = alone.run("db", "upgrade")
    assert done.exit_code == UNFIT
    assert done.stderr.startswith("lienthong: the ledger")


@pytest.mark.slow
def test_bench_measures_beside_the_ledger_of_the_settings_and_leaves_nothing_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIENTHONG_CONFIG", str(settings_in(tmp_path) / "lienthong.toml"))
    before = sorted(tmp_path.iterdir())
    told = json.loads(command(*shlex.split(example("bench"))[1:], "--events", "50", url=""))
    assert (told.pop("database"), told.pop("events")) == ("sqlite", 50)
    assert set(told) == {"bare_per_s", "bus_per_s", "ratio", "cpu_s_per_1000", "added_p50_ms", "added_p99_ms"}
    assert all(value > 0 for value in told.values())
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.slow
def test_send_ends_well_only_when_everything_was_taken(desk: Desk) -> None:
    good = desk.run("sample", "--events", "3", "--seed", "77").stdout
    assert desk.run("send", given=good).exit_code == 0
    assert desk.run("send", given=good).stdout == "3 duplicate\n"
    bad = good.replace('"specversion":"1.0"', '"specversion":"0.3"', 1)
    refused = desk.run("send", given=bad)
    assert refused.exit_code == NO
    assert "$.specversion" in refused.stderr
    assert desk.run("send", given="{\n").exit_code == NO
    assert desk.run("send", given="").stdout == "nothing to send\n"


@pytest.mark.slow
def test_a_bus_that_says_no_is_told_from_one_that_is_asked_wrongly(desk: Desk) -> None:
    assert desk.run("story", "000.00.17.H59-260105-9999").exit_code == USAGE
    assert desk.run("pause", "nobody", *WHY).exit_code == USAGE
    assert desk.run("status", "--key", "lt_wrong").exit_code == NO
    assert desk.run("skip", "999999", *WHY).exit_code == NO
