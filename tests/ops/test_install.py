"""Installing what the tests need: as root, through sudo, or one sentence that says what to install."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "ops" / "install-packages.sh"


class Machine:
    """A machine with the programs it is given; each writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder / "bin"
        self._bin.mkdir()
        self._called = folder / "called"
        self._called.touch()

    def has(self, name: str, does: str = "") -> None:
        program = self._bin / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {self._called}\n{does}\n')
        program.chmod(0o755)

    def install(self, *packages: str) -> subprocess.CompletedProcess[str]:
        shell = shutil.which("sh") or "/bin/sh"
        return subprocess.run(
            [shell, str(SCRIPT), *packages], env={"PATH": str(self._bin)}, capture_output=True, text=True, timeout=20
        )

    def called(self) -> list[str]:
        return [line for line in self._called.read_text().splitlines() if not line.startswith("id ")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    found = Machine(tmp_path)
    found.has("id", "echo 1000")
    found.has("apt-get")
    found.has("env", 'shift 2; exec "$@"')
    return found


INSTALL = "apt-get install -y -q --no-install-recommends python3-venv make"


def test_root_installs_without_sudo(machine: Machine) -> None:
    machine.has("id", "echo 0")
    assert machine.install("python3-venv", "make").returncode == 0
    assert machine.called()[0] == "apt-get update -q"
    assert machine.called()[-1] == INSTALL


def test_a_user_with_sudo_installs_through_it_and_is_asked_nothing(machine: Machine) -> None:
    machine.has("sudo", 'shift; [ "$1" = true ] || exec "$@"')
    assert machine.install("python3-venv", "make").returncode == 0
    assert machine.called()[:2] == ["sudo -n true", "sudo -n apt-get update -q"]
    assert machine.called()[-1] == INSTALL
    assert f"sudo -n env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 {INSTALL}" in machine.called()


@pytest.mark.parametrize("sudo", ["none", "asks"])
def test_without_the_right_to_one_sentence_says_what_to_install(machine: Machine, sudo: str) -> None:
    if sudo == "asks":
        machine.has("sudo", "echo 'a password is required' >&2; exit 1")
    done = machine.install("postgresql", "rabbitmq-server")
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert sentence.endswith("apt-get install postgresql rabbitmq-server")
    assert not [call for call in machine.called() if call.startswith("apt-get")]


def test_a_machine_without_apt_is_told_so(tmp_path: Path) -> None:
    done = Machine(tmp_path).install("postgresql")
    assert done.returncode == 1
    assert done.stderr.startswith("missing: postgresql - this machine has no apt-get")
