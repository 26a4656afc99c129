"""The walk through of docs/sign-in.md, run as it is printed, and what the documents say of causes and claims."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from adapters.single_sign_on.causes import Cause
from contracts.canonical.sign_in import SignedIn
from contracts.single_sign_on.assertion import Assertion
from tests.partners.single_sign_on.conftest import BACK, Desk

DOCS = Path(__file__).parents[3] / "docs"
SIGN_IN = (DOCS / "sign-in.md").read_text(encoding="utf-8")
PARTNER = (DOCS / "partners" / "single_sign_on.md").read_text(encoding="utf-8")


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="the walk needs curl and jq")
async def test_the_walk_through_works_as_it_is_printed(desk: Desk) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", SIGN_IN, re.DOTALL)
    assert len(blocks) == 7
    environment = {
        "BUS": desk.house.public_url,
        "SSO": desk.sso,
        "KEY": desk.keys["dossier-system"],
        "RETURN_TO": BACK,
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    script = "set -euo pipefail\n" + "\n".join(blocks)
    shell = await asyncio.create_subprocess_exec(
        "bash", "-xc", script, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, failed = await asyncio.wait_for(shell.communicate(), 60)
    assert shell.returncode == 0, (said + failed).decode()
    assert (await desk.signed_in()).link.accounts == ("tk-0001",)


def test_every_cause_and_claim_stands_in_the_documents() -> None:
    for cause in set(Cause) - {Cause.SIGNED_IN}:
        assert f"`{cause}`" in SIGN_IN
        assert f"`{cause}`" in PARTNER
    for claim in SignedIn.model_fields:
        assert claim == "provider" or re.search(rf"`(person)?\.{claim}`", SIGN_IN), claim
        assert claim == "provider" or f"`{claim}`" in PARTNER, claim
    for claim in set(Assertion.model_fields) - {"person", "link", "iat"}:
        assert f"`{claim}`" in SIGN_IN
