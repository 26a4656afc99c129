"""The nightly pull: everything once, then what changed; versions, withdrawals, odd rows, and nights that go wrong."""

from __future__ import annotations

from datetime import date

import pytest

from bus.adapter import Call, Poll
from bus.outcome import Cause, Delivered, Held, Permanent, Transient, Unknown
from contracts.procedure_catalogue.messages import DongTTHC
from tests.partners.procedure_catalogue.conftest import FEW, Night


async def test_the_first_pull_brings_every_procedure_once_and_the_next_night_nothing(night: Night) -> None:
    events = await night.events()
    assert sorted(event.subject for event in events) == sorted(code.removesuffix("-Xoa") for code in FEW)
    assert night.cursor == "2026-07-03"
    assert await night.turn() is None
    night.next_night()
    assert await night.events() == []
    assert (await night.ledger.totals()).events == len(FEW)


async def test_a_new_decision_makes_a_new_version_and_the_old_one_stays(night: Night) -> None:
    await night.pull()
    night.simulator.change("1.001193", IDQUYETDINHCONGBO="QD0007", TENTTHC="Đăng ký khai sinh (mới)")
    night.next_night()
    (event,) = await night.events()
    assert (event.subject, event.data["procedure"]["decision"]["id"]) == ("1.001193", "QD0007")
    known = await night.adapter.catalogue()
    assert len(known.versions["1.001193"]) == 2
    names = {version.name for version in known.versions["1.001193"].values()}
    assert names == {"Thủ tục đăng ký khai sinh", "Đăng ký khai sinh (mới)"}


async def test_the_version_of_a_day_is_the_last_that_had_taken_effect(night: Night) -> None:
    await night.pull()
    for number, place in (("QD0907", "07"), ("QD0909", "09")):
        night.simulator.invented.decisions[number] = {"IDQDCB": number, "NGAYHIEULUC": f"{place}/07/2026"}
        night.simulator.change("1.004884", IDQUYETDINHCONGBO=number, TENTTHC=f"Từ ngày {place}")
        night.next_night()
        await night.pull()
    known = await night.adapter.catalogue()
    said = [known.on("1.004884", date(2026, 7, day)) for day in (6, 7, 8, 9)]
    names = [version.name for version in said if version]
    assert names == ["Thủ tục đăng ký lại khai sinh", "Từ ngày 07", "Từ ngày 07", "Từ ngày 09"]


async def test_a_procedure_hidden_or_taken_out_of_the_list_is_ended_and_stays_findable(night: Night) -> None:
    await night.pull()
    night.simulator.change("1.001193", TRANGTHAI="0")
    night.simulator.change("1.012783", remove=True)
    night.next_night()
    states = {event.subject: event.data["procedure"]["state"] for event in await night.events()}
    assert states == {"1.001193": "hidden", "1.012783": "withdrawn"}
    known = await night.adapter.catalogue()
    assert {known.search(code)[0].state for code in states} == {"hidden", "withdrawn"}
    assert str(known.search("1.012783")[0].ended_on) == "2026-07-04"
    night.next_night()
    assert await night.events() == []


async def test_odd_rows_are_mended_kept_and_named(night: Night) -> None:
    raw = "  1.004884"
    night.simulator.invented.known.add(raw)
    night.simulator.invented.codes = [raw, "1.0133611", "1.999998-Xoa"]
    night.simulator.invented.change(raw, TENTTHC="Đăng ký lại\n khai  sinh", COQUANTHUCHIEN=None)
    found = {event.subject: event.data["procedure"] for event in await night.events()}
    assert found["1.004884"]["name"] == "Đăng ký lại khai sinh"
    assert {"code_blank", "name_blank", "no_agency"} <= set(found["1.004884"]["quirks"])
    assert "code_malformed" in found["1.0133611"]["quirks"]
    assert found["1.999998"]["state"] == "withdrawn"
    assert (found["1.999998"]["code_as_given"], "code_marked_deleted" in found["1.999998"]["quirks"]) == (
        "1.999998-Xoa",
        True,
    )


async def test_a_row_that_is_no_procedure_is_kept_raw_and_spoils_no_other(night: Night) -> None:
    night.simulator.invented.known.add("không phải mã")
    night.simulator.invented.codes = ["1.001193", "không phải mã"]
    turns = await night.pull()
    assert [event.subject for turn in turns for event in turn.events] == ["1.001193"]
    (raw,) = (row for turn in turns for row in turn.bad_rows)
    assert "không phải mã" in raw.decode()


async def test_a_procedure_the_catalogue_cannot_show_is_passed_by_and_asked_for_again_the_next_night(
    night: Night,
) -> None:
    night.simulator.invented.known.discard("1.001193")
    first = await night.pull()
    assert sum(len(turn.bad_rows) for turn in first) == 1
    night.simulator.invented.known.add("1.001193")
    night.next_night()
    assert [event.subject for event in await night.events()] == ["1.001193"]


async def test_a_pull_goes_on_where_it_stopped_even_in_another_process(night: Night) -> None:
    night.restart(page=2)
    first = await night.turn()
    assert isinstance(first, Poll)
    assert (first.more, night.cursor) == (True, "2026-07-03>1.004884")
    night.restart(page=2)
    rest = [event.subject for event in await night.events()]
    assert rest == ["1.012783", "1.0133611", "1.999998"]


async def test_a_pull_begins_at_night_but_the_first_begins_at_once(night: Night) -> None:
    night.clock.advance(8 * 3600)
    assert len(await night.events()) == len(FEW)
    night.next_night()
    assert await night.turn() is None
    night.clock.advance(16 * 3600)
    assert isinstance(await night.turn(), Poll)


async def test_a_list_that_lost_most_of_its_procedures_is_not_believed(night: Night) -> None:
    await night.pull()
    night.simulator.invented.codes = ["1.001193"]
    night.next_night()
    assert isinstance(await night.turn(), Unknown)
    assert (await night.adapter.catalogue()).search("1.012783")[0].state == "public"


async def test_a_decision_not_yet_published_is_asked_for_again_and_measured(night: Night) -> None:
    late = night.simulator.invented.decisions["QD0005"] | {"NGAYQUYETDINH": "02/07/2026", "NGAYCONGKHAI": ""}
    night.simulator.invented.decisions["QD0005"] = late
    night.simulator.change("1.001193", IDQUYETDINHCONGBO="QD0005")
    await night.pull()
    known = await night.adapter.catalogue()
    assert (str(known.decisions["QD0005"].publish_by), known.decisions["QD0005"].late) == ("2026-07-09", False)
    late["NGAYCONGKHAI"] = "10/07/2026"
    night.next_night()
    await night.pull()
    assert (await night.adapter.catalogue()).decisions["QD0005"].late


@pytest.mark.parametrize(
    ("mode", "outcome"), [("busy", Transient), ("500", Unknown), ("html", Unknown), ("empty", Unknown)]
)
async def test_a_night_that_goes_wrong_brings_nothing_and_loses_nothing(
    night: Night, mode: str, outcome: type[object]
) -> None:
    await night.turn()
    night.cursor = ""
    night.restart()
    night.simulator.change("1.001193", TENTTHC="Tên mới")
    night.simulator.weather.left[mode] = 1
    assert isinstance(await night.turn(), outcome)
    assert night.cursor == ""
    assert [event.subject for event in await night.events()] == ["1.001193"]


async def test_a_session_that_ended_is_renewed_once_in_the_middle_of_a_pull(night: Night) -> None:
    night.simulator.weather.left["session"] = 1
    assert len(await night.events()) == len(FEW)
    assert len(night.simulator.book.of("login")) == 2


async def test_refused_credentials_hold_the_catalogue(night: Night) -> None:
    night.restart(credentials={"username": "sim", "password": "wrong"})
    held = await night.turn()
    assert isinstance(held, Held)
    assert held.cause is Cause.FORBIDDEN


async def test_a_service_the_catalogue_refuses_is_its_answer(night: Night) -> None:
    answered = await night.adapter._client._rows("KhongCo", {}, DongTTHC, Call("c", 5.0))
    assert isinstance(answered, Permanent)
    assert "KhongCo" in answered.words


async def test_an_address_that_is_not_the_catalogue_is_tried_again_later(night: Night) -> None:
    night.restart(service_path="/khac")
    assert isinstance(await night.turn(), Transient)
    assert night.cursor == ""


async def test_a_pull_goes_through_the_facade_of_the_provinces_own_bus(night: Night) -> None:
    key = {"consumer_key": "sim", "consumer_secret": "sim"}
    night.restart(facade_path="/KetNoiMotCuaQuocGia", credentials=key, page=2)
    assert len(await night.events()) == len(FEW)
    assert (len(night.simulator.book.of("token")), night.simulator.book.of("login")) == (1, [])


async def test_the_probe_is_a_login(night: Night) -> None:
    assert isinstance(await night.adapter.probe(Call("c", 5.0)), Delivered)
    assert not night.simulator.book.of("reading")
