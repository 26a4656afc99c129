"""Windows that overlap, rows that repeat, look-ups, and a dossier's whole way (domain notes 3.6 and 7d)."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adapters.budget_unit_codes import ADAPTER
from adapters.budget_unit_codes.adapter import CONFIRM, NAME, unit_by_code, units_by_owner
from adapters.budget_unit_codes.client import Window
from adapters.budget_unit_codes.faults import FAULTS, refused
from adapters.budget_unit_codes.simulator import DEMO, OLD_UNIT, SUPERIOR, BudgetSimulator
from adapters.dossier_system.simulator import SECRET, DossierSimulator
from bus.adapter import Call, Found, Row
from bus.outcome import Contract, Delivered, Held, Outcome, Permanent, Transient, Unknown
from bus.seal import Keyring
from contracts.budget_unit_codes import PAGE, STATES
from contracts.budget_unit_codes.messages import HoSoBTC, TraLoi
from contracts.canonical.budget import BudgetUnit, BudgetUnitQuestion, BudgetUnitSearch
from contracts.marks import redact
from mappings.budget_unit_codes.progress import LATER
from ops.events_doc.budget import a_row
from ops.house import House
from ops.settings import Settings
from ops.simulate import Served, bind
from tests.conftest import HandClock
from tests.ledgers import new_ledger
from tests.partners.budget_unit_codes.conftest import Ministry, Open, Told, a_confirmation
from tests.weather import DEADLINE_S, Storm, each_storm, lay


def a_call() -> Call:
    return Call("c", 5.0)


async def test_a_dossier_from_its_filing_to_a_certificate_that_comes_after_the_code(ministry: Ministry) -> None:
    code = ministry.simulator.file("Phòng Kinh tế xã Long Hữu")
    told = [(event.data["state"], event.data["status"]) for event in await ministry.look()]
    for state in ("2", "4", "5", "4"):
        ministry.simulator.decide(code, state, lyDo="Bổ sung quyết định" if state == "5" else "")
        told += [(event.data["state"], event.data["status"]) for event in await ministry.look()]
    assert told == [("new", 1), ("received", 2), ("processing", 4), ("supplement", 5), ("processing", 4)]
    ministry.simulator.decide(code, "9")
    changed, issued = await ministry.look()
    assert (changed.data["state"], issued.data["certificate"]) == ("issued", None)
    assert issued.data["unit"]["superior"] == SUPERIOR
    assert issued.data["warnings"] == []
    assert len(issued.data["unit_code"]) == 7
    ministry.simulator.certify(code)
    (late,) = await ministry.look()
    assert late.data["certificate"].startswith("JVBER")
    assert late.data["unit_code"] == issued.data["unit_code"]
    assert await ministry.look() == []
    assert ministry.bad == []


async def test_windows_overlap_and_what_they_repeat_is_told_once(ministry: Ministry) -> None:
    code = ministry.simulator.file()
    assert len(await ministry.look()) == 1
    first = Window.model_validate_json(ministry.cursor)
    ministry.clock.advance(30)
    assert await ministry.look() == []
    ministry.clock.advance(30)
    ministry.simulator.decide(code, "2")
    assert [event.data["state"] for event in await ministry.look()] == ["received"]
    assert Window.model_validate_json(ministry.cursor).until == first.until + 62


async def test_another_process_goes_on_where_the_first_stood(
    open_ministry: Open, finance: tuple[BudgetSimulator, str]
) -> None:
    first, second = (open_ministry(finance[1], finance[0]) for _ in range(2))
    code = finance[0].file()
    assert len(await first.look()) == 1
    second.cursor = first.cursor
    finance[0].decide(code, "4")
    assert [event.data["state"] for event in await second.look()] == ["processing"]
    assert await first.look() == []


async def test_what_a_process_read_and_did_not_commit_is_read_again(ministry: Ministry) -> None:
    ministry.simulator.file()
    ministry.clock.advance(1)
    lost = await ministry.page(commits=False)
    again = await ministry.page()
    assert [event.id for event in lost.events] == [event.id for event in again.events] != []


async def test_many_dossiers_come_page_by_page(ministry: Ministry) -> None:
    for number in range(2 * PAGE + 3):
        ministry.simulator.file(f"Đơn vị số {number}")
    ministry.clock.advance(1)
    pages = [await ministry.page() for _ in range(3)]
    assert [len(page.events) for page in pages] == [PAGE, PAGE, 3]
    assert [page.more for page in pages] == [True, True, False]


async def test_a_window_that_ends_with_a_full_page_has_an_empty_one_behind(ministry: Ministry) -> None:
    for number in range(PAGE):
        ministry.simulator.file(f"Đơn vị số {number}")
    ministry.clock.advance(1)
    assert (await ministry.page()).more
    last = await ministry.page()
    assert (last.events, last.more) == ((), False)


async def test_an_older_row_told_late_never_overwrites_a_newer_one(open_ministry: Open, told: Told) -> None:
    ministry = open_ministry(told.url, BudgetSimulator())
    told.body = b'{"maLoi": "01", "moTa": "none"}'
    newer, older = (a_row(state).model_dump() for state in ("9", "4"))
    told.pages = [[newer], [older, newer], [older]]
    assert [len(await ministry.look()) for _ in range(3)] == [2, 0, 0]


async def test_no_bad_row_spoils_another(open_ministry: Open, told: Told) -> None:
    ministry = open_ministry(told.url, BudgetSimulator())
    good = a_row("1").model_dump()
    spoilt: list[Any] = ["rubbish", good | {"maHoSoBTC": "có dấu"}, good | {"maHoSoBTC": "B1", "trangThai": "7"}]
    spoilt.append(good | {"maHoSoBTC": "B2", "ngayNop": "32/01/2026 00:00:00"})
    told.pages = [[*spoilt, good]]
    assert [event.subject for event in await ministry.look()] == ["BTC-2026-000001"]
    assert len(ministry.bad) == 4


async def test_the_same_unit_filed_twice_is_raised(ministry: Ministry) -> None:
    ministry.simulator.file("Phòng Kinh tế xã Tam Bình")
    await ministry.look()
    ministry.simulator.file("PHÒNG KINH TẾ XÃ TAM BÌNH")
    ministry.simulator.file("Phòng Kinh tế xã Tam Bình", loaiDichVu="6")
    assert [event.data["warnings"] for event in await ministry.look()] == [["registered_twice"], []]


async def test_a_code_given_before_the_decision_is_raised(
    ministry: Ministry, capsys: pytest.CaptureFixture[str]
) -> None:
    code = ministry.simulator.file()
    ministry.simulator.decide(code, "9")
    (given,) = [unit for number, unit in ministry.simulator.units.items() if number not in (SUPERIOR, OLD_UNIT)]
    given["ngayQuyetDinh"] = "31/12/2099"
    issued = (await ministry.look())[1]
    assert issued.data["warnings"] == ["before_decision"]
    assert "before_decision" in capsys.readouterr().out


async def test_a_code_is_told_although_the_register_gives_no_answer(open_ministry: Open, told: Told) -> None:
    told.status, told.body = 500, b"server error"
    told.pages = [[a_row().model_dump()]]
    issued = (await open_ministry(told.url, BudgetSimulator()).look())[1]
    assert (issued.data["unit"], issued.data["warnings"]) == (None, ["not_looked_up"])


async def test_the_first_window_reaches_back_as_told_and_times_are_vietnamese(
    open_ministry: Open, told: Told, clock: HandClock
) -> None:
    clock.at = 1_783_050_000.0  # 2026-07-03 10:40:00 in Vietnam
    told.pages = [[], []]
    ministry = open_ministry(told.url, BudgetSimulator(), first_look_s=86400, overlap_s=600)
    await ministry.page()
    clock.advance(timedelta(hours=1).total_seconds())
    await ministry.page()
    assert told.heard == [
        {"tuNgay": "02/07/2026 10:30:00", "denNgay": "03/07/2026 10:40:00", "trang": 1},
        {"tuNgay": "03/07/2026 10:30:00", "denNgay": "03/07/2026 11:40:00", "trang": 1},
    ]


async def test_a_unit_by_its_code_and_a_closed_one_with_a_warning(ministry: Ministry) -> None:
    async def ask(code: str) -> Found:
        found = await unit_by_code(ministry.adapter, BudgetUnitQuestion(code=code), a_call())
        assert isinstance(found, Found), found
        return found

    (superior,) = (await ask(SUPERIOR)).matches
    assert isinstance(superior, BudgetUnit)
    assert (superior.state, superior.warnings) == ("active", ())
    (closed,) = (await ask(OLD_UNIT)).matches
    assert isinstance(closed, BudgetUnit)
    assert (closed.state, closed.warnings) == ("closed", ("closed",))
    assert (await ask("9999999")).matches == ()


async def test_of_several_units_none_is_chosen(ministry: Ministry) -> None:
    for number in range(3):
        ministry.simulator.add_unit(f"107000{number}", f"Phòng Kinh tế xã {number}")
    found = await units_by_owner(ministry.adapter, BudgetUnitSearch(name="phòng kinh tế"), a_call())
    assert isinstance(found, Found)
    assert len(found.matches) == 3
    by_tax = await units_by_owner(ministry.adapter, BudgetUnitSearch(tax_code="1500202503"), a_call())
    assert isinstance(by_tax, Found)
    assert [getattr(match, "code", "") for match in by_tax.matches] == [SUPERIOR]


ANSWERS = [
    (b'{"maLoi": "00"}', "application/json", Delivered),
    (b'{"maLoi": 0, "moTa": ""}', "application/json", Unknown),
    (b'{"maLoi": "01", "moTa": "none"}', "application/json", Permanent),
    (b'{"maLoi": "02"}', "application/json", Permanent),
    (b'{"maLoi": "99"}', "application/json", Transient),
    (b'{"maLoi": "77"}', "application/json", Unknown),
    (b'{"maLoi": ""}', "application/json", Unknown),
    (b"{}", "application/json", Unknown),
    (b'\xef\xbb\xbf{"maLoi": "00"}', "application/json", Delivered),
    (b"<html>bao tri</html>", "text/html", Unknown),
]


@pytest.mark.parametrize(("body", "content_type", "outcome"), ANSWERS, ids=lambda value: str(value)[:40])
async def test_every_way_to_answer_our_word(
    open_ministry: Open, told: Told, body: bytes, content_type: str, outcome: type[Outcome]
) -> None:
    told.body, told.content_type = body, content_type
    assert isinstance(await open_ministry(told.url, BudgetSimulator()).confirm(), outcome)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(403, Held), (429, Transient), (202, Unknown), (500, Unknown), (413, Contract), (404, Transient)],
)
async def test_every_status_of_the_gateway(
    open_ministry: Open, told: Told, status: int, outcome: type[Outcome]
) -> None:
    told.status = status
    ministry = open_ministry(told.url, BudgetSimulator())
    assert isinstance(await ministry.confirm(), outcome)
    assert isinstance(await ministry.adapter.poll("", a_call()), outcome)
    assert isinstance(await unit_by_code(ministry.adapter, BudgetUnitQuestion(code=SUPERIOR), a_call()), outcome)


@each_storm
async def test_a_storm_is_read_as_what_it_is(ministry: Ministry, storm: Storm) -> None:
    code = ministry.simulator.file()
    (event,) = await ministry.look()
    lay(ministry.simulator, storm)
    outcome = await ministry.confirm(a_confirmation(event), DEADLINE_S)
    assert (type(outcome), outcome.cause) == (storm.outcome, storm.cause)
    assert (("xacNhan", code) in ministry.simulator.done()) is storm.taken


async def test_our_word_said_twice_is_one(ministry: Ministry) -> None:
    code = ministry.simulator.file()
    (event,) = await ministry.look()
    for _ in range(2):
        assert isinstance(await ministry.confirm(a_confirmation(event)), Delivered)
    assert ministry.simulator.done() == {("xacNhan", code): 1}
    ministry.simulator.dossiers.clear()
    assert isinstance(await ministry.confirm(), Permanent)  # a dossier they do not have


def test_every_line_of_the_fault_table_is_reached() -> None:
    outcomes = [refused(TraLoi(maLoi=line.codes[0])) for line in FAULTS]
    assert [type(outcome) for outcome in outcomes] == [type(None), Permanent, Permanent, Transient]


def test_who_filed_is_not_shown(ministry: Ministry) -> None:
    row = ministry.adapter.prepare(a_confirmation())
    assert isinstance(row, Row)
    assert "Bình" not in json.dumps(redact(json.loads(row.body), ADAPTER.operation(CONFIRM).message))
    assert "Bình" not in json.dumps(redact(a_row().model_dump(), HoSoBTC), ensure_ascii=False)


async def test_the_simulator_reads_its_book_again(ministry: Ministry, tmp_path: Path) -> None:
    code = ministry.simulator.file()
    ministry.simulator.decide(code, "9")
    again = BudgetSimulator(tmp_path / "book.jsonl")
    assert again.dossiers == ministry.simulator.dossiers
    assert again.changed_at == ministry.simulator.changed_at
    assert set(again.units) == set(ministry.simulator.units)


async def test_from_the_ministrys_desk_to_the_provinces_through_the_whole_bus(tmp_path: Path) -> None:
    """Busy clerks at the ministry; the dossier system hears each state once, in order, then the code, then its certificate."""
    finance, home = BudgetSimulator(busy_clerks=True, seed=3), DossierSimulator()
    code = finance.file("Phòng Kinh tế xã Long Hữu")
    served = [Served(simulator.app(), bind("127.0.0.1", 0)) for simulator in (finance, home)]
    for one in served:
        await one.started()
    fast = {"retry": {"base_s": 0.05, "cap_s": 0.2, "floor_s": 0.01}, "timeout_s": 2.0}
    (tmp_path / "keys.json").touch(0o600)
    (tmp_path / "keys.json").write_text(Keyring.generate())
    webhook = {"base_url": served[1].url, "path": "/events", "credentials": {"webhook_secret": SECRET}}
    settings = {
        "ledger": {"url": new_ledger(tmp_path)},
        "keys": {"file": str(tmp_path / "keys.json")},
        "partners": {
            NAME: {**DEMO, "base_url": served[0].url, "asks_every_s": 0.05, **fast},
            "dossier_system": webhook | fast,
        },
    }
    house = House(Settings.model_validate(settings))
    await house.start()
    try:
        for _ in range(400):
            heard = [notice["data"] for notice in home.book.of("notice") if notice["subject"] == code]
            if any(data.get("certificate") for data in heard):
                break
            await asyncio.sleep(0.025)
    finally:
        await house.stop()
        for one in served:
            await one.stop()
    states = [data["state"] for data in heard if "state" in data]
    numbers = [number for state in states for number, word in STATES.items() if word == state]
    assert numbers[-1] == "9"
    assert all(after in LATER[before] for before, after in pairwise(numbers))
    codes = [data["unit_code"] for data in heard if "unit_code" in data]
    assert len(set(codes)) == 1
    assert len(codes) == 2
    assert ("xacNhan", code) in finance.done()
