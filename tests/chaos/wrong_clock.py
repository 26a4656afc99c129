"""The bus under trial with a wall clock that goes wrong: `TRIAL_WALL` names a file with the seconds it is off, read at each look.

`python -m tests.chaos.wrong_clock` takes what `tests.chaos.serve` takes.
"""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path

WALL = Path(os.environ["TRIAL_WALL"])
RIGHT_TIME = time.time


def wrong_time() -> float:
    """The wall clock, as far off as the file says."""
    return RIGHT_TIME() + float(WALL.read_text() or 0)


if __name__ == "__main__":
    time.time = wrong_time
    importlib.import_module("tests.chaos.serve").main()  # only now: others bind the clock when they are imported
