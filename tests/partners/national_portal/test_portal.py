"""What is peculiar to the portal: sessions, create and update, prose answers, arrays, questions (domain notes 3.1)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest

from adapters.national_portal import ADAPTER, simulator
from adapters.national_portal.adapter import PortalAdapter
from adapters.national_portal.client import PortalSettings
from adapters.national_portal.faults import read
from adapters.national_portal.receive import receive
from adapters.receiver import Answer, Incoming, Received
from adapters.transport.signature import HEADER, sign
from bus.adapter import Call, Found, Row, Wiring
from bus.clock import SteadyClock
from bus.outcome import Absent, Cause, Contract, Delivered, Held, Permanent, Transient, Unknown
from bus.seal import Keyring
from contracts.canonical.document import FILE_LIMIT_BYTES
from contracts.national_portal.messages import HoSo, TepDaLay, TepHoi
from contracts.portal_envelope import Reply
from ops.conformance import MemoryVault
from tests.builders import a_job
from tests.partners.national_portal.conftest import (
    PROGRESS,
    STATE,
    Portal,
    a_progress,
    a_state,
    body_of,
    opened,
    received,
)
from tests.servers import free_port
from tests.weather import DEADLINE_S, Storm, each_storm, lay


async def test_a_create_is_confirmed_and_told_to_the_dossier_system(portal: Portal) -> None:
    outcome = (await portal.send(a_state()))[0]
    assert isinstance(outcome, Delivered)
    assert outcome.memo == {"exists": "1"}
    assert [reply.type for reply in outcome.replies] == ["vn.lienthong.portal.dossier_synced.v1"]
    assert received().subject in portal.simulator.dossiers


async def test_every_field_of_the_dossier_table_is_filled_as_text(portal: Portal) -> None:
    told = body_of(a_state(), portal)
    assert set(told) == set(HoSo.model_fields)
    HoSo.model_validate(told)
    assert all(isinstance(value, str | list) or name == "MaDoiTuong" for name, value in told.items())
    dossier = received().data["dossier"]
    assert told["MaHoSo"] == dossier["code"]
    assert told["TrangThaiHoSo"] == "2"
    assert len(told["NgayTiepNhan"]) == 14
    for paper in told["TaiLieuNop"]:
        assert " " not in paper["DuongDanTaiTepTin"]
        assert paper["DuongDanTaiTepTin"].isascii()


@pytest.mark.parametrize("status", [5, 6, 8])
async def test_paused_states_are_told_truthfully(portal: Portal, status: int) -> None:
    envelope = received()
    dossier = envelope.data["dossier"] | {"status": status}
    changed = envelope.model_copy(update={"data": envelope.data | {"dossier": dossier}})
    changed.__dict__.pop("message", None)
    assert body_of(a_job(envelope=changed, operation=STATE), portal)["TrangThaiHoSo"] == str(status)


async def test_an_owner_without_any_number_is_raised_and_never_given_a_sentinel(portal: Portal) -> None:
    envelope = received()
    applicant = {
        k: v for k, v in envelope.data["dossier"]["applicant"].items() if k not in ("citizen_id", "old_id", "tax_code")
    }
    data = envelope.data | {"dossier": envelope.data["dossier"] | {"applicant": applicant | {"kind": "citizen"}}}
    changed = envelope.model_copy(update={"data": data})
    changed.__dict__.pop("message", None)
    outcome = portal.adapter.prepare(a_job(envelope=changed, operation=STATE))
    assert isinstance(outcome, Contract)
    assert outcome.code == "SoGiayToChuHoSo"


async def test_a_procedure_the_catalogue_does_not_have_waits_for_its_code(portal: Portal) -> None:
    envelope = received()
    procedure = envelope.data["dossier"]["procedure"] | {"code": "9.999999"}
    changed = envelope.model_copy(
        update={"data": envelope.data | {"dossier": envelope.data["dossier"] | {"procedure": procedure}}}
    )
    changed.__dict__.pop("message", None)
    outcome = portal.adapter.prepare(a_job(envelope=changed, operation=STATE))
    assert isinstance(outcome, Held)
    assert outcome.cause is Cause.CODE_GAP
    assert outcome.key.startswith("code:procedure:9.999999:")


async def test_a_create_that_exists_already_becomes_an_update_in_the_same_attempt(portal: Portal) -> None:
    await portal.send(a_state())
    outcome = (await portal.send(a_state()))[0]
    assert isinstance(outcome, Delivered)
    assert [entry["kind"] for entry in portal.simulator.book.entries if entry["kind"] != "login"] == [
        "create",
        "update",
    ]
    assert portal.extra_calls == [1]


async def test_an_array_with_one_existing_dossier_is_refused_whole_and_split(portal: Portal) -> None:
    await portal.send(a_state(0))
    outcomes = await portal.send(a_state(0), a_state(1))
    assert all(isinstance(outcome, Permanent) and outcome.whole for outcome in outcomes)
    assert received(1).subject not in portal.simulator.dossiers


async def test_progress_goes_in_arrays_and_a_repeat_is_dropped_by_its_natural_key(portal: Portal) -> None:
    await portal.send(a_state(0), a_state(1))
    outcomes = await portal.send(a_progress(0), a_progress(1))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    await portal.send(a_progress(0))
    assert len(portal.simulator.book.of("progress")) == 2
    assert len(portal.simulator.book.of("repeat")) == 1


async def test_a_lost_session_is_renewed_once_for_all_waiters_and_the_call_repeated(portal: Portal) -> None:
    await portal.send(a_state(0))
    portal.simulator._sessions.clear()
    outcomes = await asyncio.gather(*(portal.send(a_state(n)) for n in range(1, 6)))
    assert all(isinstance(outcome[0], Delivered) for outcome in outcomes)
    assert len(portal.simulator.book.of("login")) == 2


async def test_a_session_that_dies_at_once_again_is_transient(portal: Portal) -> None:
    portal.simulator.weather.left["session"] = -1
    outcome = (await portal.send(a_state()))[0]
    assert isinstance(outcome, Transient)
    assert outcome.cause is Cause.EXPIRED
    assert not portal.simulator.dossiers


async def test_refused_credentials_hold_the_partner_and_are_not_tried_in_a_loop(tmp_path: Path, keys: Keyring) -> None:
    async with opened(tmp_path, keys, credentials={}) as portal:
        outcome = (await portal.send(a_state()))[0]
    assert isinstance(outcome, Held)
    assert outcome.cause is Cause.FORBIDDEN
    assert outcome.key == ""


async def test_a_portal_that_cannot_be_reached_is_said_to_be_so_and_no_session_to_have_ended() -> None:
    settings = PortalSettings(base_url=f"http://127.0.0.1:{free_port()}")
    adapter = PortalAdapter(Wiring(settings, MemoryVault(), SteadyClock(), random.Random(1)))
    row = adapter.prepare(a_state())
    assert isinstance(row, Row)
    for outcome in (await adapter.probe(Call("p", 2.0)), (await adapter.deliver([row], Call("c", 2.0)))[0]):
        assert isinstance(outcome, Transient)
        assert outcome.cause is Cause.NOT_SENT
    await adapter.close()


@each_storm
async def test_a_storm_becomes_the_outcome_of_the_table_and_asking_tells_what_became_of_it(
    portal: Portal, storm: Storm
) -> None:
    await portal.send(a_state(1))
    lay(portal.simulator, storm)
    found = (await portal.send(a_state(0), deadline_s=DEADLINE_S))[0]
    assert (type(found), found.cause) == (storm.outcome, storm.cause)
    assert bool(found.request) is isinstance(found, Unknown)
    assert len(portal.simulator.book.of("create")) == 1 + storm.taken
    asked = await portal.ask(a_state(0, step="ask", in_doubt=True))
    assert isinstance(asked, Delivered if storm.taken else Absent)


async def test_an_update_in_doubt_is_the_whole_state_and_simply_sent_again(portal: Portal) -> None:
    await portal.send(a_state(0))
    assert isinstance(await portal.ask(a_state(0, has_full=True, step="ask", in_doubt=True)), Absent)


async def test_busy_carries_the_partners_retry_after(portal: Portal) -> None:
    await portal.send(a_state(1))
    portal.simulator.weather.left["busy"] = 1
    portal.simulator.weather.retry_after = "7"
    outcome = (await portal.send(a_state(0)))[0]
    assert isinstance(outcome, Transient)
    assert (outcome.cause, outcome.retry_after_s) == (Cause.BUSY, 7.0)


@pytest.mark.parametrize(
    ("code", "message", "meaning"),
    [
        ("0", "Đồng bộ hồ sơ thành công", "done"),
        (0, "THÀNH CÔNG", "done"),
        ("0", "", "unknown"),
        ("3", "Hồ sơ H59 đã tồn tại", "exists"),
        (-3, "Hồ sơ không hợp lệ", "refused"),
        ("-1", "Lỗi", "refused"),
        ("-2", "Phiên làm việc hết hạn", "expired"),
        ("99", "gì đó", "unknown"),
    ],
)
def test_prose_answers_are_read_by_the_table(code: object, message: str, meaning: str) -> None:
    assert read(Reply.model_validate({"error_code": code, "message": message})) == meaning


def test_a_setting_lets_progress_wait_for_a_person() -> None:
    tuned = ADAPTER.tune(ADAPTER, PortalSettings(progress_dedupe="none"))
    assert tuned.operation(PROGRESS).dedupe == "none"
    assert ADAPTER.operation(PROGRESS).dedupe == "key"


FILED = {
    "MaHoSo": "G22.99-260105-000017",
    "MaTTHC": "1.012783",
    "TenChuHoSo": "Nguyễn Văn An",
    "SoDinhDanh": "084080000123",
    "NgayNop": "20260105081502",
    "DiaChi": {"MaTinh": "86", "MaXa": "29602"},
    "DanhSachTep": [{"TenTepDinhKem": "Đơn.pdf", "DuongDan": "tep/9001"}],
}


SECRETS = {"push_secret": "push", "previous_push_secret": "before"}


def incoming(
    body: bytes, secret: str = "push", *, age_s: float = 0.0, path: str = "hoso", said: bytes = b"", **more: object
) -> Incoming:
    """A call signed `age_s` ago for a path; `said` is what stood in it then, where it was altered since."""
    given = {"base_url": "http://127.0.0.1:1", "credentials": SECRETS} | more
    clock = SteadyClock()
    signature = sign(secret, int(clock.now() - age_s), path, said or body)
    headers = {HEADER.lower(): signature, "x-portal-secret": secret}
    return Incoming(body, headers, PortalSettings.model_validate(given), clock, "http://127.0.0.1:8080")


STRANGERS: dict[str, dict[str, Any]] = {
    "another secret": {"secret": "sai"},
    "no secret at all": {"secret": "", "credentials": {}},
    "a call of six minutes ago": {"age_s": 360.0},
    "a call of six minutes hence": {"age_s": -360.0},
    "another address": {"path": "khac"},
    "another body": {"said": b"{}"},
    "a shown secret where a signature is agreed": {"secret": "push", "path": ""},
}


@pytest.mark.parametrize("case", STRANGERS)
async def test_a_call_that_is_not_the_portals_own_of_just_now_is_refused(case: str) -> None:
    answer = await receive(incoming(json.dumps(FILED).encode(), **STRANGERS[case]))
    assert isinstance(answer, Answer)
    assert answer.status == 401


async def test_while_one_secret_replaces_the_other_both_are_the_portals() -> None:
    for push_auth in ("signature", "secret"):
        for secret in ("push", "before"):
            received = await receive(incoming(json.dumps(FILED).encode(), secret, push_auth=push_auth))
            assert isinstance(received, Received)


async def test_a_filed_dossier_becomes_an_event_and_its_repeat_the_same_one() -> None:
    first, again = [await receive(incoming(json.dumps(FILED).encode())) for _ in range(2)]
    assert isinstance(first, Received)
    assert isinstance(again, Received)
    assert first.events[0].id == again.events[0].id
    assert first.events[0].data["filing"]["files"] == [{"id": "1", "title": "Đơn.pdf", "path": "tep/9001"}]
    assert json.loads(first.answer([{"status": "accepted"}]).body)["error_code"] == 0
    assert json.loads(first.answer([{"status": "duplicate"}]).body)["error_code"] == 1
    assert json.loads(first.answer([{"status": "refused"}]).body)["error_code"] == -1
    assert json.loads(first.answer([{"status": "conflict"}]).body)["error_code"] == -1


PDF = b"%PDF-1.4 " + bytes(range(256)) * 400


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (
            {"NoiDung": base64.b64encode(PDF).decode()},
            {
                "content": base64.b64encode(PDF).decode(),
                "bytes": len(PDF),
                "kind": "application/pdf",
                "sha256": hashlib.sha256(PDF).hexdigest(),
            },
        ),
        ({"DuongDan": "https://portal.example.com/tep/1"}, {"url": "https://portal.example.com/tep/1"}),
        ({"DuongDan": "tep/1"}, {"path": "tep/1"}),
    ],
)
async def test_a_file_comes_as_bytes_address_or_path_and_its_bytes_stay_as_they_were(
    sent: dict[str, str], kept: dict[str, object]
) -> None:
    filing = FILED | {"DanhSachTep": [{"TenTepDinhKem": "Đơn.pdf", **sent}]}
    received = await receive(incoming(json.dumps(filing).encode()))
    assert isinstance(received, Received), received
    assert received.events[0].data["filing"]["files"] == [{"id": "1", "title": "Đơn.pdf"} | kept]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("JVBERi0*", "a file travels as Base64"),
        ("JVBERi0xL", "a file travels as Base64"),
        (base64.b64encode(b"<html>").decode(), "a file is a PDF"),
        (base64.b64encode(b"%PDF-" + bytes(10 * 2**20)).decode(), "a file has at most"),
        ("", "a file has an address, a path or its bytes"),
    ],
    ids=["no Base64", "cut short", "a page", "too large", "nothing"],
)
async def test_a_file_that_is_none_is_refused_and_the_portal_keeps_it(content: str, says: str) -> None:
    filing = FILED | {"DanhSachTep": [{"TenTepDinhKem": "Đơn.pdf", "NoiDung": content}]}
    answer = await receive(incoming(json.dumps(filing).encode()))
    assert isinstance(answer, Answer)
    assert json.loads(answer.body)["error_code"] == -1
    assert says in json.loads(answer.body)["message"]


async def test_a_file_is_fetched_by_its_path_with_its_digest(portal: Portal) -> None:
    found = await portal.adapter.fetch(TepHoi(DuongDan="tep/9001"), Call("c", 2.0))
    assert isinstance(found, Found)
    (file,) = found.matches
    assert isinstance(file, TepDaLay)
    assert base64.b64decode(file.NoiDung).startswith(b"%PDF-")
    assert (file.Loai, file.SHA256) == ("application/pdf", hashlib.sha256(base64.b64decode(file.NoiDung)).hexdigest())
    portal.simulator.weather.left["html"] = 1
    assert isinstance(await portal.adapter.fetch(TepHoi(DuongDan="tep/9001"), Call("c", 2.0)), Unknown)
    nothing = await portal.adapter.fetch(TepHoi(DuongDan="tep/khong-co"), Call("c", 2.0))
    assert isinstance(nothing, Permanent)


async def test_the_largest_file_a_dossier_may_have_is_fetched(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    content = base64.b64encode(b"%PDF-" + bytes(FILE_LIMIT_BYTES - 5)).decode()
    monkeypatch.setattr(simulator, "PDF", content)
    found = await portal.adapter.fetch(TepHoi(DuongDan="tep/1"), Call("c", 10.0))
    assert isinstance(found, Found), found
    (file,) = found.matches
    assert isinstance(file, TepDaLay)
    assert (file.KichThuoc, len(file.NoiDung)) == (FILE_LIMIT_BYTES, len(content))


async def test_a_dossier_filed_again_after_a_refusal_is_another_event_under_the_same_code() -> None:
    first = await receive(incoming(json.dumps(FILED).encode()))
    again = await receive(incoming(json.dumps(FILED | {"NgayNop": "20260107081502"}).encode()))
    assert isinstance(first, Received)
    assert isinstance(again, Received)
    assert first.events[0].id != again.events[0].id
    assert first.events[0].subject == again.events[0].subject


@pytest.mark.parametrize(
    ("body", "secret", "status"),
    [
        (json.dumps(FILED).encode(), "wrong", 401),
        (b"{", "push", 200),
        (json.dumps(FILED | {"NgayNop": "hôm qua"}).encode(), "push", 200),
        (json.dumps(FILED | {"MaTTHC": "x"}).encode(), "push", 200),
    ],
)
async def test_what_the_portal_may_not_push_is_answered_with_failure(body: bytes, secret: str, status: int) -> None:
    answer = await receive(incoming(body, secret))
    assert isinstance(answer, Answer)
    assert answer.status == status
    assert json.loads(answer.body)["error_code"] == -1
