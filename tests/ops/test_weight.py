"""What a process loads: a bus at work, and a command that asks one, leave aside what only the demo or a rare page needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASIDE = {
    "ops.up": ("adapters.national_portal.simulator", "ops.demo", "ops.sample", "ops.scaffold", "reportlab", "pyhanko"),
    "ops.cli": ("aiohttp", "zeep", "fastapi", "bus.ledger.sql_ledger", "ops.house"),
}


@pytest.mark.parametrize("loaded", ASIDE)
def test_what_is_seldom_needed_is_loaded_when_it_is(loaded: str) -> None:
    asked = f"import sys, {loaded}; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True).stdout.split()
    assert loaded in modules
    assert not set(ASIDE[loaded]) & set(modules)
