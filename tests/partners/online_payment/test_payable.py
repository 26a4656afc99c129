"""The portal asks what is to be paid for a dossier (the older variant), of a whole bus over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.online_payment.checksum import checksum
from adapters.online_payment.simulator import PARTNER, SECRET
from contracts.online_payment.messages import HoiPhaiNop, TraLoiPhaiNop
from tests.partners.online_payment.conftest import APPRAISAL, CODE, TAX, Province, dossier_event, fees_asked


async def answer(province: Province, dossier: str = CODE) -> tuple[int, Any]:
    """What the province says is to be paid."""
    told = TraLoiPhaiNop.model_validate(await province.platform.look_up(dossier))
    return told.error_code, told.message


async def test_the_portal_is_told_one_order_after_the_other_until_nothing_is_left(province: Province) -> None:
    await province.post(fees_asked(7001, APPRAISAL, TAX))
    await province.until("link_created", 2)
    paid = []
    for _ in range(2):
        code, found = await answer(province)
        assert code == 1
        order = province.platform.orders[found.transaction_id]
        assert (found.MaTraCuuTT, found.MaHoSo) == (CODE + order["LucTao"], CODE)
        assert {sum(int(x.SoTien) for x in lines) for lines in (found.PhiLePhi, found.DSKhoanNop)} == {
            int(order["SoTien"])
        }
        paid.append(found.transaction_id)
        await province.platform.end(found.transaction_id)
        await province.until("confirmed", len(paid))
    assert sorted(paid) == sorted(province.references())
    assert await answer(province) == (0, [])


async def test_a_dossier_that_is_over_has_nothing_to_pay_and_one_nobody_knows_is_an_error(province: Province) -> None:
    await province.post(fees_asked())
    await province.until("link_created")
    await province.post(dossier_event("withdrawn", 7001, 2, 7, APPRAISAL))
    await province.settled()
    assert await answer(province) == (0, [])
    assert await answer(province, "000.00.17.H59-260703-9999") == (-1, [])


async def test_an_agency_without_an_account_is_no_answer_rather_than_nothing_to_pay(province: Province) -> None:
    await province.post(fees_asked(7001, APPRAISAL | {"payee": "000.00.99.H59"}))
    await province.settled()
    assert await answer(province) == (-1, [])


@pytest.mark.parametrize("spoilt", ["MaXacThuc", "MaDoiTac", "ThoiGianGD", "MaHoSo"])
async def test_who_is_not_the_portal_or_repeats_an_old_question_learns_nothing(province: Province, spoilt: str) -> None:
    await province.post(fees_asked())
    await province.until("link_created")
    now = datetime.now(UTC) + timedelta(hours=7)
    asked = {"MaDoiTac": PARTNER, "MaHoSo": CODE, "MaTraCuuTT": "", "ThoiGianGD": now.strftime("%Y%m%d%H%M%S")}
    other = {"MaDoiTac": "KHAC", "ThoiGianGD": (now - timedelta(minutes=6)).strftime("%Y%m%d%H%M%S")}
    asked |= {spoilt: other[spoilt]} if spoilt in other else {}
    asked["MaXacThuc"] = checksum(asked, HoiPhaiNop.SIGNED, "another" if spoilt == "MaXacThuc" else SECRET)
    if spoilt == "MaHoSo":
        asked["MaHoSo"] = CODE.replace("7001", "7002")
    reply = await province.http.post("/callbacks/online_payment/tracuu", json=asked)
    assert (reply.status_code, reply.json()) == (401, {"error_code": -1, "message": []})


async def test_the_code_of_an_answer_finds_its_order_again_until_it_is_paid(province: Province) -> None:
    await province.post(fees_asked())
    await province.until("link_created")
    _, found = await answer(province)
    asked = {"MaDoiTac": PARTNER, "MaHoSo": "", "MaTraCuuTT": found.MaTraCuuTT}
    asked["ThoiGianGD"] = (datetime.now(UTC) + timedelta(hours=7)).strftime("%Y%m%d%H%M%S")
    asked["MaXacThuc"] = checksum(asked, HoiPhaiNop.SIGNED, SECRET)
    told = (await province.http.post("/callbacks/online_payment/tracuu", json=asked)).json()
    assert (told["error_code"], told["message"]["transaction_id"]) == (1, found.transaction_id)
    await province.platform.end(found.transaction_id)
    await province.until("confirmed")
    assert (await province.http.post("/callbacks/online_payment/tracuu", json=asked)).json()["error_code"] == 0
    asked |= {"MaTraCuuTT": "x", "MaXacThuc": checksum(asked | {"MaTraCuuTT": "x"}, HoiPhaiNop.SIGNED, SECRET)}
    assert (await province.http.post("/callbacks/online_payment/tracuu", json=asked)).json()["error_code"] == -1
