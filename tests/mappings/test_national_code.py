"""A procedure has one code for the whole country: each partner is told that one, whatever the province calls it (domain notes 2.3)."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contracts import codes
from contracts.codes import Code
from contracts.envelope import judge
from mappings import business_registry, linked_services, national_portal, online_payment, service_evaluation
from mappings.business_registry.outbound import request as told_the_register
from mappings.linked_services.outbound import request as told_the_linked_services
from mappings.national_portal.outbound import OWN_QUESTION, dossier_object
from mappings.online_payment.outbound import Asked, init
from mappings.service_evaluation.outbound import Site
from mappings.service_evaluation.outbound import request as counted
from mappings.table import build

CODES = {
    "2.000488.000.00.00.H59": "3.000333",
    "2.000815.000.00.00.H59.02": "2.000815",
    "1.999999.000.00.00.H59": "1.999999",
}
"""The map of local codes knows the first, the base of the second is the portal's, nobody knows the third."""
ACCOUNT = SimpleNamespace(number="1", bank="2", holder="3")


def message(room: Any, words: str, code: str) -> Any:
    """The message of the case whose name holds these words, about a procedure of this code."""
    (path,) = (path for path in Path(str(files(room))).joinpath("cases").glob("*.json") if words in path.stem)
    given = json.loads(path.read_text(encoding="utf-8"))["given"]
    if "dossier" in given["data"]:
        given["data"]["dossier"]["procedure"]["code"] = code
    elif "question" in given["data"]:
        given["data"]["question"]["procedure_code"] = code
    else:
        given["data"]["procedure_code"] = code
    return judge(given).message


@pytest.mark.parametrize(("code", "national"), CODES.items())
def test_systems_that_count_or_carry_on_are_told_the_national_code(code: str, national: str) -> None:
    assert counted(message(service_evaluation, "at the counter", code), Site(123))["CodeTTHC"] == national
    assert told_the_register(message(business_registry, "lines of business", code))["maThuTuc"] == national
    for words in ("received dossier", "sent on", "residence is not known"):
        assert told_the_linked_services(message(linked_services, words, code))["maTTHC"] == national


@pytest.mark.parametrize(("code", "national"), list(CODES.items())[:2])
def test_the_portals_own_systems_are_told_codes_and_names_of_its_catalogue_alone(code: str, national: str) -> None:
    told = dossier_object(message(national_portal, "every kind of paper", code))
    assert (told["MaTTHC"], told["TenTTHC"]) == (
        national,
        codes.lookup("procedure", national, date(2026, 7, 3)).name_vi,
    )
    question = message(national_portal, "published with its answer", code)
    assert build(OWN_QUESTION, question)["MaTTHC"] == national
    asked = message(online_payment, "two fees", code)
    bill = init(Asked(asked.dossier, asked.order, ACCOUNT, "P", "10.0.0.5"))["ThongTinBienLai"]
    assert (bill["MaTTHC"], bill["MaDVC"]) == (national, f"{national}.01")


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (("Lý lịch tư pháp", "Bộ Công an", "STANDARD", "G01-CA20"), ("G01-CA20", "Lý lịch tư pháp")),
        (("Lý lịch tư pháp", "Bộ Công an", "STANDARD", ""), ("G13-DD01", "Đất đai")),
        (("", "Bộ Công an", "STANDARD", "G01-CA20"), ("G13-DD01", "Đất đai")),
        ((), ("G13-DD01", "Đất đai")),
    ],
    ids=["both", "no code", "no name", "a row of the province"],
)
def test_the_portal_is_told_the_field_of_work_that_was_pulled_else_the_desks_whole(
    extra: tuple[str, ...], told: tuple[str, str]
) -> None:
    codes.load_pulled("procedure", [Code("3.000333", "Cấp phiếu lý lịch tư pháp", extra=extra)])
    try:
        written = dossier_object(message(national_portal, "every kind of paper", "2.000488.000.00.00.H59"))
    finally:
        codes.load_pulled("procedure", [])
    assert (written["MaLinhVuc"], written["TenLinhVuc"]) == told


def test_the_field_of_work_is_the_desks_until_the_procedure_was_pulled() -> None:
    written = dossier_object(message(national_portal, "every kind of paper", "1.001193"))
    assert (written["MaLinhVuc"], written["TenLinhVuc"]) == ("G13-DD01", "Đất đai")
