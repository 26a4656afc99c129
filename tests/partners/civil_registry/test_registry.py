"""Registrations out, results back: what is peculiar to the registry (domain notes 3.5, 7b)."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from adapters.civil_registry import ADAPTER
from adapters.civil_registry.adapter import WAIT, WATCH
from adapters.civil_registry.faults import FAULTS, read
from adapters.transport.http import REPLY_LIMIT_BYTES
from bus.adapter import Call, Row
from bus.delivery import settle
from bus.ledger.words import State
from bus.outcome import Cause, Contract, Delivered, Held, Outcome, Permanent, Taken, Transient, Unknown
from bus.policy import RetryPolicy
from contracts.civil_registry.messages import TraLoi
from contracts.marks import redact
from mappings.civil_registry.outbound import request
from mappings.routes import owed
from tests.partners.civil_registry.conftest import Registry, Told, a_sending, a_watch, asked_for


async def test_a_registration_is_taken_and_owes_a_watch(registry: Registry) -> None:
    event = await registry.taken()
    assert event.type == "vn.lienthong.registration.accepted.v1"
    held = registry.simulator.dossiers[event.subject]
    assert (held["module"], held["trangThai"]) == ("LTKS", "1")


async def test_sent_again_it_has_been_taken_already_and_that_is_success(registry: Registry) -> None:
    await registry.taken()
    again = await registry.send(asked_for())
    assert isinstance(again, Delivered)
    assert "đã được tiếp nhận" in again.words
    assert len(registry.simulator.book.of("taken")) == 1


async def test_what_was_taken_before_the_line_broke_is_not_registered_twice(registry: Registry) -> None:
    registry.simulator.weather.left["lost_500"] = 1
    lost = await registry.send(asked_for())
    assert isinstance(lost, Transient | Unknown)
    assert isinstance(await registry.send(asked_for()), Delivered)
    assert len(registry.simulator.book.of("taken")) == 1


async def test_a_commune_that_is_not_configured_is_for_a_person(registry: Registry) -> None:
    registry.simulator.not_configured.add("29557")
    refused = await registry.send(asked_for())
    assert isinstance(refused, Permanent)
    assert refused.code == "HT-03"


def written(**fields: Any) -> bytes:
    """A good body of `nhanDKHT` but for some fields of it; those of the form begin with its prefixes."""
    body = request(asked_for().message)
    form = json.loads(body["data"]) | {name: value for name, value in fields.items() if name not in body}
    told = body | {name: value for name, value in fields.items() if name in body}
    return json.dumps(told | {"data": json.dumps(form)}).encode()


A_PAPER = {"id": 1, "loaiGiayTo": 1, "tenGiayTo": "Giấy chứng sinh", "tenTepDinhKem": "gcs.pdf", "huyGiayTo": 0}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"nksNgaySinh": "17/04/2023"}, "nksNgaySinh"),
        ({"ngayCapGCS": "20230417"}, "ngayCapGCS"),
        ({"nksNoiSinh": "Bệnh viện"}, "nksNoiSinh"),
        ({"fileDinhKem": [A_PAPER | {"duLieuTepDinhKem": "%%%"}]}, "gcs.pdf"),
        ({"fileDinhKem": [A_PAPER | {"duLieuTepDinhKem": "JVBERi0x", "huyGiayTo": 1}]}, "gcs.pdf"),
    ],
    ids=["day with slashes", "day as digits", "address as text", "not Base64", "withdrawn paper"],
)
async def test_the_registry_refuses_what_it_could_not_read_and_names_it(
    registry: Registry, fields: dict[str, Any], named: str
) -> None:
    reply = await registry.adapter._client.send(written(**fields), Call("c", 5.0))
    assert isinstance(reply, TraLoi)
    assert (reply.status, named in reply.errorDescription) == ("0", True)
    assert not registry.simulator.book.of("taken")


async def test_the_registry_takes_a_day_of_which_the_year_alone_is_known(registry: Registry) -> None:
    reply = await registry.adapter._client.send(written(meNgaySinh="1957"), Call("c", 5.0))
    assert isinstance(reply, TraLoi)
    assert reply.status == "1"


async def test_a_token_that_ended_is_renewed_once(registry: Registry) -> None:
    await registry.taken()
    registry.simulator.weather.left["session"] = 1
    await registry.taken(4)
    assert len(registry.simulator.book.of("token")) == 2


async def test_nothing_new_stays_taken_until_the_next_common_moment(registry: Registry) -> None:
    event = await registry.taken()
    registry.clock.at = 1_700_000_010.0
    (outcome,) = await registry.deliver(a_watch(event))
    assert isinstance(outcome, Taken)
    assert (registry.clock.at + outcome.ask_after_s) % 300 == pytest.approx(0)


async def test_one_question_settles_the_answered_and_leaves_the_others(registry: Registry) -> None:
    events = [await registry.taken(number) for number in (3, 4, 5)]
    registry.simulator.decide(events[1].subject, "6")
    registry.simulator.dossiers.pop(events[2].subject)
    outcomes = await registry.deliver(*(a_watch(event, f"w{place}") for place, event in enumerate(events)))
    assert [type(outcome) for outcome in outcomes] == [Taken, Delivered, Taken]
    assert len(registry.simulator.book.of("question")) == 1
    for outcome in outcomes:
        told = outcome.reply.decode()
        assert sum(event.subject in told for event in events) <= 1


async def test_a_thousand_dossiers_share_a_question(registry: Registry) -> None:
    event = await registry.taken()
    registry.simulator.decide(event.subject, "3")
    jobs = [replace(a_watch(event, f"w{place}"), dossier=f"000.07.31.H59-260704-{place:04}") for place in range(999)]
    outcomes = await registry.deliver(*jobs, a_watch(event))
    assert [type(outcome) for outcome in outcomes] == [Taken] * 999 + [Delivered]
    (asked,) = registry.simulator.book.of("question")
    assert len(asked["codes"]) == ADAPTER.operation(WATCH).batch == 1000


async def test_where_the_certificates_are_too_much_for_one_answer_half_are_asked_about(
    registry_told: Registry, told: Told
) -> None:
    told.body = b'{"status": 1}'
    events = [await registry_told.taken(number) for number in range(1, 5)]
    told.body = b'{"status": 1, "value": [{"ketQuaXuLy": "' + b"A" * REPLY_LIMIT_BYTES + b'"}]}'
    many = await registry_told.deliver(*(a_watch(event) for event in events))
    job, operation = a_watch(events[0]), ADAPTER.operation(WATCH)
    for outcome in many:
        move = settle(job, outcome, operation, RetryPolicy(), 0.0, random.Random(1), group=len(many))
        assert (move.state, move.step, move.group_size, move.counted) == (State.PENDING, "ask", 2, False)
    (one,) = await registry_told.deliver(job)
    assert isinstance(
        one, Unknown
    )  # of one alone there is nothing to halve: it is asked about again, and stands among the unanswered


async def test_a_birth_from_supplement_to_an_id_that_comes_later(registry: Registry) -> None:
    event = await registry.taken()
    code = event.subject
    registry.simulator.decide(code, "2")
    (asked,) = await registry.deliver(a_watch(event))
    assert isinstance(asked, Delivered)
    wanted = asked.replies[0]
    assert (wanted.data["state"], wanted.data["status"], wanted.data["deadline"]) == ("supplement", 5, "08/07/2026")

    event = await registry.taken()
    assert registry.simulator.dossiers[code]["trangThai"] == "1"
    registry.simulator.decide(code, "4")
    (done,) = await registry.deliver(a_watch(event, "w2"))
    assert isinstance(done, Delivered)
    registered = done.replies[0]
    assert registered.data["certificate"]["citizen_id"] is None
    assert registered.data["certificate"]["file"]

    (still,) = await registry.deliver(a_watch(registered, "w3"))
    assert isinstance(still, Taken)
    registry.simulator.decide(code, "4", soDinhDanh=registry.simulator.new_id())
    (complete,) = await registry.deliver(a_watch(registered, "w3"))
    assert isinstance(complete, Delivered)
    assert complete.replies[0].data["certificate"]["citizen_id"].startswith("086")
    assert len({event.id for event in (wanted, registered, complete.replies[0])}) == 3


async def test_a_registration_whose_supplement_does_not_come_is_heard_to_be_refused(registry: Registry) -> None:
    event = await registry.taken()
    registry.simulator.decide(event.subject, "2")
    (asked,) = await registry.deliver(a_watch(event))
    assert isinstance(asked, Delivered)
    wanted = asked.replies[0]
    assert [debt.operation for debt in owed(wanted, {"civil_registry"})] == [WAIT]
    waiting = replace(a_watch(wanted, "w2"), operation=WAIT)
    assert isinstance((await registry.deliver(waiting))[0], Taken)
    registry.simulator.decide(event.subject, "6", noiDungXuLy="Quá hạn bổ sung")
    (refused,) = await registry.deliver(waiting)
    assert isinstance(refused, Delivered)
    assert (refused.replies[0].data["state"], refused.replies[0].data["status"]) == ("refused", 3)


@pytest.mark.parametrize("state", ["1", "3", "4"])
async def test_where_the_supplement_came_its_own_watch_tells_what_follows(registry: Registry, state: str) -> None:
    event = await registry.taken()
    registry.simulator.decide(event.subject, "2")
    (asked,) = await registry.deliver(a_watch(event))
    assert isinstance(asked, Delivered)
    registry.simulator.decide(event.subject, state)
    (over,) = await registry.deliver(replace(a_watch(asked.replies[0], "w2"), operation=WAIT))
    assert isinstance(over, Delivered)
    assert over.replies == ()


SENT = [
    (b'{"status": 0, "errorDescription": "client received SOAP Fault"}', "application/json", Transient),
    (b'{"status": 0, "errorDescription": "sai"}', "application/json", Permanent),
    (b"Client received SOAP fault from server", "text/plain", Transient),
    (b"<html>bao tri</html>", "text/html", Unknown),
    (b"", "application/json", Unknown),
    (b'{"status": "1"', "application/json", Unknown),
    (b'{"status": "9"}', "application/json", Unknown),
    (b'\xef\xbb\xbf{"status": "1"}', "application/json", Delivered),
]


@pytest.mark.parametrize(("body", "content_type", "outcome"), SENT, ids=lambda value: str(value)[:40])
async def test_every_way_to_answer_a_registration(
    registry_told: Registry, told: Told, body: bytes, content_type: str, outcome: type[Outcome]
) -> None:
    told.body, told.content_type = body, content_type
    assert isinstance(await registry_told.send(asked_for()), outcome)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(403, Held), (429, Transient), (202, Unknown), (500, Unknown), (401, Transient), (413, Contract)],
)
async def test_every_status_of_the_gateway(
    registry_told: Registry, told: Told, status: int, outcome: type[Outcome]
) -> None:
    told.status = status
    assert isinstance(await registry_told.send(asked_for()), outcome)


async def test_a_row_that_cannot_be_read_spoils_no_other(registry_told: Registry, told: Told) -> None:
    told.body = b'{"status": 1}'
    events = [await registry_told.taken(number) for number in (3, 4)]
    rows = [{"maHoSoMCDT": events[0].subject, "trangThai": 9}, {"maHoSoMCDT": events[1].subject, "trangThai": 3}]
    told.body = json.dumps({"status": "1", "value": [*rows, "rubbish"]}).encode()
    outcomes = await registry_told.deliver(*(a_watch(event) for event in events))
    assert [type(outcome) for outcome in outcomes] == [Unknown, Delivered]


async def test_a_list_of_one_may_come_as_its_only_member(registry_told: Registry, told: Told) -> None:
    told.body = b'{"status": 1}'
    event = await registry_told.taken()
    told.body = json.dumps({"status": 1, "value": {"maHoSoMCDT": event.subject, "trangThai": 3}}).encode()
    assert isinstance((await registry_told.deliver(a_watch(event)))[0], Delivered)
    told.body = b'{"status": 0, "value": null}'
    assert isinstance((await registry_told.deliver(a_watch(event)))[0], Transient)
    assert told.heard[-1] == {"maDinhDanhHoSo": [event.subject], "maTinh": "86", "module": "LTKS"}


async def test_refused_credentials_hold_the_service(registry: Registry) -> None:
    registry.adapter._client._gateway._basic = {"Authorization": "Basic eA=="}
    held = await registry.send(asked_for())
    assert isinstance(held, Held)
    assert (held.cause, held.key) == (Cause.FORBIDDEN, "")


def test_every_line_of_the_prose_table_is_reached() -> None:
    assert [read(line.words[0].upper()) for line in FAULTS] == [line.means for line in FAULTS]


async def test_nothing_personal_of_a_request_is_shown(registry: Registry) -> None:
    row = registry.adapter.prepare(a_sending(asked_for()))
    assert isinstance(row, Row)
    shown = json.dumps(redact(json.loads(row.body), ADAPTER.operation("nhanDKHT").message), ensure_ascii=False)
    for canary in ("KHÔI", "084190000123", "JVBERi0xLjQKJSVFT0YK"):
        assert canary not in shown
