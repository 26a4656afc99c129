"""Citizens file and ask on the portal, whose simulator tells the bus by itself; the bus tells the dossier system."""

from __future__ import annotations

from tests.partners.national_portal.conftest import Province


async def test_what_a_citizen_files_arrives_with_its_files_and_its_owners_account(province: Province) -> None:
    told = await province.portal.file(TechID="")
    (filed,) = [one["filing"] for one in await province.notices("portal.dossier_filed", 1)]
    assert (filed["portal_code"], filed["owner_name"]) == (told["MaHoSo"], told["TenChuHoSo"])
    whole, named = filed["files"]
    assert (whole["bytes"], whole["kind"], len(whole["sha256"])) == (15, "application/pdf", 64)
    assert named["path"] == f"tep/{told['MaHoSo']}/2"
    (owner,) = await province.notices("portal.owner_identified", 1)
    assert owner["portal_code"] == told["MaHoSo"]
    assert [entry["error_code"] for entry in province.portal.book.of("filed")] == [0]


async def test_a_push_repeated_is_known_again_and_told_once(province: Province) -> None:
    told = await province.portal.file(TechID="tech")
    await province.portal.file(**told)
    assert [entry["error_code"] for entry in province.portal.book.of("filed")] == [0, 1]
    assert len(await province.notices("portal.dossier_filed", 1)) == 1


async def test_a_question_asked_on_the_portal_is_fetched_at_the_provinces_pace(province: Province) -> None:
    province.portal.ask_something()
    (asked,) = await province.notices("question.asked", 1)
    assert asked["question"]["origin"] == "portal"
