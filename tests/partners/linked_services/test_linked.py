"""The linked-services software: filed dossiers in, statuses out in their order, prose sorted (domain notes 3.5, 7b)."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from adapters.linked_services.adapter import ACKNOWLEDGE, PAGE, TELL
from adapters.linked_services.faults import FAULTS, read
from adapters.linked_services.simulator import LinkedSimulator
from bus.adapter import Call, Poll
from bus.outcome import Cause, Delivered, Held, Outcome, Permanent, Transient, Unknown
from bus.seal import Keyring
from contracts import linked_services as contract
from contracts.envelope import Envelope, judge
from contracts.linked_services.messages import TrangThai
from mappings.linked_services.outbound import request
from mappings.routes import LINKED, owed
from mappings.table import Unmappable
from ops.events_doc.example import examples
from tests.partners.linked_services.conftest import CASES, LINKED_CODE, Desk, case, desk_at, scripted


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    written = request(judge(told["given"]).message)
    assert written == told["expect"]
    if "trangThai" in written:
        TrangThai.model_validate(written)


def test_a_result_that_says_nothing_of_a_father_says_that_nothing_is_known_of_him() -> None:
    given = json.loads(case("residence is not known").to_json())
    entry = given["data"]["certificate"]["entry"]
    given["data"]["certificate"]["entry"] = {name: value for name, value in entry.items() if not name.startswith("cha")}
    told = json.loads(request(judge(given).message)["ketQuaXuLy"])
    assert (told["chaNoiCuTru"], told["chaLoaiCuTru"]) == ("Không có thông tin", "1")


def asked_at(moment: str) -> Envelope:
    """A supplement without a deadline, asked for at that moment."""
    given = json.loads(case("without a deadline").to_json())
    given["data"]["change"]["at"] = moment
    return judge(given)


def test_the_seven_working_days_of_a_supplement_pass_over_holidays() -> None:
    written = request(asked_at("2026-04-23T09:00:00+07:00").message)
    assert written["hanBoSungHoSo"] == "20260507090000"


def test_a_deadline_in_a_year_without_holidays_is_refused_by_name() -> None:
    with pytest.raises(Unmappable, match="hanBoSungHoSo"):
        request(asked_at("2027-12-29T09:00:00+07:00").message)


def test_only_dossiers_of_the_linked_services_are_told_there() -> None:
    event = case("received dossier")
    assert [debt.operation for debt in owed(event, {LINKED})] == [TELL]
    data = event.data | {"dossier": event.data["dossier"] | {"other_code": ""}}
    assert owed(judge(json.loads(event.to_json()) | {"data": data}), {LINKED}) == ()
    assert [debt.operation for debt in owed(case("sent on"), {LINKED})] == [TELL]
    assert [debt.operation for debt in owed(case("acknowledged"), {LINKED})] == [ACKNOWLEDGE]


async def test_a_filed_dossier_is_found_and_after_its_acknowledgement_no_more(desk: Desk) -> None:
    desk.simulator.file(LINKED_CODE)
    (event,) = (await desk.poll()).events
    assert event.subject == LINKED_CODE
    form = event.data["filing"]["form"]
    assert (form["ngayCapGCS"], form["nksHoTen"]) == ("2026-06-28", "NGUYỄN MINH KHÔI")
    assert [again.id for again in (await desk.poll()).events] == [event.id]
    assert isinstance(await desk.tell(event, ACKNOWLEDGE), Delivered)
    assert isinstance(await desk.tell(event, ACKNOWLEDGE), Delivered)
    assert (await desk.poll()).events == ()


async def test_what_a_citizen_files_again_under_the_same_code_comes_in_and_is_acknowledged_too(
    desk: Desk, tmp_path: Path
) -> None:
    """A supplement comes under the code the dossier has (domain notes 7b)."""
    desk.simulator.file(LINKED_CODE)
    (first,) = (await desk.poll()).events
    await desk.tell(first, ACKNOWLEDGE)
    desk.simulator.file(LINKED_CODE, "NGUYỄN MINH KHANG", ngayNop="20260706100000")
    (again,) = (await desk.poll()).events
    assert again.subject == first.subject
    assert again.id != first.id
    assert again.data["filing"]["form"]["nksHoTen"] == "NGUYỄN MINH KHANG"
    assert [told.id for told in (await desk.poll()).events] == [again.id]
    assert LinkedSimulator(tmp_path / "book.jsonl").waiting() == [LINKED_CODE]
    assert isinstance(await desk.tell(again, ACKNOWLEDGE), Delivered)
    assert (await desk.poll()).events == ()
    assert LinkedSimulator(tmp_path / "book.jsonl").waiting() == []


async def test_the_documents_show_the_filing_that_the_simulator_begins_with(desk: Desk) -> None:
    """What tells it beside a poll that finds it tells it twice, and files nothing anew under its code."""
    desk.simulator.file(LINKED_CODE)
    (event,) = (await desk.poll()).events
    assert event.id == examples()[event.type]["id"]


async def test_twins_are_two_dossiers(desk: Desk) -> None:
    for number, child in enumerate(("NGUYỄN MINH KHÔI", "NGUYỄN MINH KHOA")):
        desk.simulator.file(f"G22.99.5-260703-00002{number}", child)
    assert len({event.id for event in (await desk.poll()).events}) == 2


async def test_a_long_list_is_walked_page_by_page_and_a_bad_dossier_never_stops_it(desk: Desk) -> None:
    for number in range(PAGE + 3):
        desk.simulator.file(f"G22.99.5-260703-{number:06}", **({"ngayCapGCS": "28.6"} if number == 4 else {}))
    first = await desk.poll()
    second = await desk.poll(first.cursor)
    assert (len(first.events), len(first.bad_rows), first.more) == (PAGE - 1, 1, True)
    assert (len(second.events), second.cursor, second.more) == (3, "", False)


async def test_a_paper_that_was_taken_back_does_not_come_in(tmp_path: Path, keys: Keyring) -> None:
    detail = Path(str(files(contract))).joinpath("examples", "hosolienthong.json").read_bytes()
    async for adapter in desk_at(scripted(detail, listed=b'{"data": [{"id": "7"}, {}, 8]}'), tmp_path, keys):
        polled = await adapter.poll("", Call("c", 5.0))
        assert isinstance(polled, Poll)
        (event,) = polled.events
        assert [file["id"] for file in event.data["filing"]["attachments"]] == ["2"]
        assert len(polled.bad_rows) == 2


async def test_statuses_are_taken_in_order_and_one_too_early_is_tried_again(desk: Desk) -> None:
    early = await desk.tell(case("sent on"))
    assert isinstance(early, Transient)
    assert early.cause is Cause.LATER
    for words, state in (("received dossier", 3), ("sent on", 7), ("residence is not known", 4), ("closes it", 5)):
        assert isinstance(await desk.tell(case(words)), Delivered), words
        assert desk.simulator.states[LINKED_CODE] == state
    assert isinstance(await desk.tell(case("residence is not known")), Delivered)
    assert len(desk.simulator.book.of("status")) == 4


async def test_a_token_that_ended_is_renewed_once(desk: Desk) -> None:
    await desk.poll()
    desk.simulator.weather.left["session"] = 1
    assert isinstance(await desk.tell(case("received dossier")), Delivered)
    assert len(desk.simulator.book.of("token")) == 2


async def test_refused_credentials_hold_the_service(tmp_path: Path, keys: Keyring) -> None:
    async for adapter in desk_at(LinkedSimulator().app(), tmp_path, keys, password="sai"):
        held = await adapter.poll("", Call("c", 5.0))
        assert isinstance(held, Held)
        assert (held.cause, held.key) == (Cause.FORBIDDEN, "")


ANSWERS: list[tuple[str, int, str, type[Outcome]]] = [
    *(
        (line.words[0], 200, "text/plain", {"done": Delivered, "later": Transient, "refused": Permanent}[line.means])
        for line in FAULTS
    ),
    ('{"message": "Cập nhật không thành công"}', 200, "application/json", Unknown),
    ("server error", 500, "text/plain", Transient),
    ("Logic xử lý không hợp lệ", 400, "text/plain", Permanent),
    ("<html>Đang bảo trì</html>", 200, "text/html", Unknown),
    ("", 200, "application/json", Unknown),
    ('{"message": "Không có hồ sơ"}', 404, "application/json", Permanent),
    ("<html>Không thấy</html>", 404, "text/html", Transient),
    ("quá tải", 429, "text/plain", Transient),
    ("cấm", 403, "text/plain", Held),
]


@pytest.mark.parametrize(("said", "status", "content_type", "outcome"), ANSWERS, ids=lambda value: str(value)[:30])
async def test_every_way_to_answer_a_status(
    tmp_path: Path, keys: Keyring, said: str, status: int, content_type: str, outcome: type[Outcome]
) -> None:
    app = scripted(said.encode(), status=status, content_type=content_type)
    async for adapter in desk_at(app, tmp_path, keys):
        answered = await Desk(adapter, LinkedSimulator()).tell(case("received dossier"))
        assert isinstance(answered, outcome), answered


@pytest.mark.parametrize(
    "detail", [b'{"data": "<a"}', b'{"data": "<!DOCTYPE a><a/>"}', b'{"data": "<a/>"}', b"{}", b"<html/>"]
)
async def test_a_dossier_that_is_no_xml_is_kept_raw(tmp_path: Path, keys: Keyring, detail: bytes) -> None:
    async for adapter in desk_at(scripted(detail, listed=b'{"data": [{"id": "7"}]}'), tmp_path, keys):
        polled = await adapter.poll("", Call("c", 5.0))
        assert isinstance(polled, Poll)
        assert (polled.events, len(polled.bad_rows)) == ((), 1)


def test_every_line_of_the_prose_table_is_reached_as_the_document_sorts_it() -> None:
    for line in FAULTS:
        assert read(f"Hồ sơ {line.words[0].upper()}.") == line.means
    assert read("không thành công") is None
