"""The bus as a newcomer starts it: `lienthong up --demo --no-stream` in a process and a folder of its own."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
STOP_S = 40
"""The bus promises to be gone 30 s after SIGTERM."""


@contextlib.contextmanager
def demo(folder: Path, settings: str = "", *, stream: bool = False) -> Iterator[str]:
    """A live bus with every simulator, `settings` (TOML) over its own, with its stream of dossiers as in `make run` where that is wanted;
    its address. It is drained and must end well.

    Raises AssertionError otherwise.
    """
    command = [sys.executable, "-m", "ops", "up", "--demo", *([] if stream else ["--no-stream"]), "--port", "0"]
    if settings:
        (folder / "demo.toml").write_text(settings)
        command += ["--config", "demo.toml"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    said = folder / "terminal.txt"
    with said.open("w") as terminal:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=terminal, stderr=subprocess.STDOUT)
    try:
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", said.read_text())):
            assert process.poll() is None, f"the bus did not start: {said.read_text()}"
            time.sleep(0.05)
        yield found[0]
    finally:
        process.terminate()
        ended = process.wait(STOP_S)
    assert ended == 0, said.read_text()


def command(*words: str, url: str, given: str = "") -> str:
    """Run `lienthong` on a bus; what it printed. Raises AssertionError when it says no."""
    done = subprocess.run(
        [sys.executable, "-m", "ops", *words, *(["--url", url] if url else [])],
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
