"""What the portal is told, case by case."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from contracts.envelope import judge
from contracts.national_portal.messages import HoSo, TienDo
from mappings.national_portal.outbound import dossier_object, progress_row

CASES = sorted(Path(str(files("mappings.national_portal"))).joinpath("cases").glob("*.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case(case: Path) -> None:
    told: dict[str, Any] = json.loads(case.read_text(encoding="utf-8"))
    progress = told.get("operation") == "CapNhatTienDoHoSoMC"
    written = (progress_row if progress else dossier_object)(judge(told["given"]).message)
    (TienDo if progress else HoSo).model_validate(written)
    assert written == told["expect"]


def test_there_is_a_case_for_either_operation() -> None:
    assert {json.loads(case.read_text(encoding="utf-8")).get("operation", "") for case in CASES} == {
        "",
        "CapNhatTienDoHoSoMC",
    }
