"""Processes of a trial: started anew, or copied from one that has imported the bus already, which spares two seconds of a core each.

A copy shares nothing with its model but what was imported; it is killed, stopped and waited for like any other process.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import bus.crash

ROOT = Path(__file__).parents[2]
COPIES = multiprocessing.get_context("forkserver")
COPIES.set_forkserver_preload(["ops.up", "ops.bench.plain", "alembic.command"])


class Process(Protocol):
    """What a trial asks of its processes: a part of `subprocess.Popen`."""

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def kill(self) -> None: ...
    def terminate(self) -> None: ...


def started(log: Path, module: str, words: Sequence[str], environment: dict[str, str]) -> Process:
    """`python -m module words...`, writing to `log`."""
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", module, *words], stdout=file, stderr=file, env=os.environ | environment, cwd=ROOT
        )


class Copied:
    """The same from a copy; `module` must have a `main` and read the environment when it is imported, not before."""

    def __init__(self, log: Path, module: str, words: Sequence[str], environment: dict[str, str]) -> None:
        self._process = COPIES.Process(target=_live, args=(str(log), module, list(words), environment))
        self._process.start()

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if (code := self._process.exitcode) is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None and self._process.pid is not None:
            os.kill(self._process.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def _live(log: str, module: str, words: list[str], environment: dict[str, str]) -> None:
    """In the copy: its own words, environment and log, then the module's work."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.environ.update(environment)
    sys.argv = [module, *words]
    importlib.reload(bus.crash)  # it was imported before this environment
    importlib.import_module(module).main()
