"""A new commune's finance unit gets its budget code: asked for in overlapping windows, mirrored at the desk (domain notes 7d).

What goes wrong in practice goes wrong here: an older status is seen after a newer one; the certificate comes later than the code; the
code was given before the day of the decision that founded the unit; the same unit is registered twice.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.journeys.province import Province, province, tells_everything, until

pytestmark = pytest.mark.slow
NAME = "Phòng Kinh tế xã Hòa Minh"


class Lived(NamedTuple):
    """What is left of the journey: the province, the dossier's code at the ministry, its story and tellings, its twin's code."""

    there: Province
    code: str
    story: dict[str, Any]
    told: tuple[str, str]
    twin: str


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    with province(tmp_path_factory.mktemp("budget")) as there:
        there.tell("budget_unit_codes", "misbehave", mode="late_certificate", times=8)
        founded = {"ngayQuyetDinh": "31/12/2099"}
        code = str(there.tell("budget_unit_codes", "file", tenDonVi=NAME, donVi=founded)["maHoSoBTC"])
        until(lambda: any(data["certificate"] for data in there.notices(code, "budget.code_issued")))
        there.tell("budget_unit_codes", "decide", maHoSoBTC=code, trangThai="4")
        twin = str(there.tell("budget_unit_codes", "file", tenDonVi=NAME.upper())["maHoSoBTC"])
        until(lambda: states(there, twin))
        return Lived(there, code, there.settled(code), there.told(code), twin)


def states(there: Province, code: str) -> list[str]:
    """How a dossier stands at the ministry, as the desk was told."""
    return [data["state"] for data in there.notices(code, "budget.dossier_changed")]


def test_the_desk_hears_of_each_state_once_though_the_windows_overlap(lived: Lived) -> None:
    told = states(lived.there, lived.code)
    assert told[-1] == "issued"
    assert len(told) == len(set(told))
    assert len(
        {entry["state"] for entry in lived.there.book("budget_unit_codes", "confirmed", subject=lived.code)}
    ) == len(told)


def test_an_older_status_seen_after_the_code_changes_nothing(lived: Lived) -> None:
    decided = [
        e["row"]["trangThai"]
        for e in lived.there.book("budget_unit_codes", "decided")
        if e["row"]["maHoSoBTC"] == lived.code
    ]
    assert "4" in decided[decided.index("9") :]
    assert states(lived.there, lived.code)[-1] == "issued"


def test_the_code_comes_first_and_its_certificate_later(lived: Lived) -> None:
    first, *_, last = lived.there.notices(lived.code, "budget.code_issued")
    assert first["unit_code"] == last["unit_code"]
    assert len(first["unit_code"]) == 7
    assert not first["certificate"]
    assert last["file_sha256"]


def test_a_code_given_before_the_founding_decision_is_pointed_out(lived: Lived) -> None:
    assert "before_decision" in lived.there.notices(lived.code, "budget.code_issued")[0]["warnings"]


def test_a_unit_registered_twice_is_pointed_out(lived: Lived) -> None:
    twin = lived.there.notices(lived.twin, "budget.dossier_changed")[0]
    assert twin["warnings"] == ["registered_twice"]


def test_the_story_is_told_in_two_languages_without_the_applicants_name(lived: Lived) -> None:
    tells_everything(lived.story, *lived.told, "Trần Thị Bình")
