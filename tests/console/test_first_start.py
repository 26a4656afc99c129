"""The first start of a bus that has nobody: one administrator, one word, said once on the terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bus.seal import Keyring
from tests.demo import ROOT, STOP_S


def started(folder: Path) -> str:
    """Start the bus on any free port, stop it; what it printed."""
    said = folder / "terminal.txt"
    command = [sys.executable, "-m", "ops", "up", "--port", "0", "--config", "bus.toml"]
    with said.open("w") as terminal:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=terminal, stderr=subprocess.STDOUT)
    while "Started server" not in said.read_text():
        assert process.poll() is None, said.read_text()
        time.sleep(0.05)
    process.terminate()
    assert process.wait(STOP_S) == 0
    return said.read_text()


@pytest.mark.slow
def test_the_first_administrators_password_is_printed_at_the_first_start_alone(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.touch(0o600)
    keys.write_text(Keyring.generate())
    (tmp_path / "bus.toml").write_text('[keys]\nfile = "keys.json"\n[ledger]\nurl = "sqlite:///ledger.db"\n')
    first, second = started(tmp_path), started(tmp_path)
    assert len(re.findall(r"admin, one-time password (?:\w{5}-){3}\w{5} ", first)) == 1
    assert "password" not in second
