"""What should have ended and has not: every room's watches, and the one answer that shows them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from adapters import discover
from adapters.budget_unit_codes import watch as budget
from adapters.civil_registry import watch as civil
from adapters.online_payment import watch as payment
from adapters.postal import ADAPTER
from bus.intake import Intake
from bus.ledger.sql_ledger import open_ledger
from bus.seal import Keyring
from contracts.canonical.events import EVENTS, PREFIX
from contracts.envelope import Envelope, judge
from contracts.postal.messages import TrangThaiBuuGui
from mappings.postal.inbound import moved
from mappings.routes import owed
from ops.events_doc.example import examples
from ops.overdue import overdue
from tests.conftest import HandClock
from tests.ledgers import new_ledger
from tests.ops.conftest import Served

NOW = datetime(2026, 7, 10, 3, 0, tzinfo=UTC)


def row(order: str, status: str, days_ago: float) -> Envelope:
    """The post tells where an item was some days ago."""
    at = NOW - timedelta(days=days_ago)
    oid = f"{int(at.timestamp()):08x}{crc32(order.encode() + status.encode()):016x}"
    told = {"_id": {"$oid": oid}, "orderNumber": order, "statusCode": status, "statusMessage": ""}
    return moved(TrangThaiBuuGui.model_validate(told))[0]


async def test_items_under_way_for_more_than_seven_days_are_overdue_since_their_order(
    tmp_path: Path, keys: Keyring
) -> None:
    """Not since their last word: an item that goes to and fro is late all the same."""
    ledger = open_ledger(new_ledger(tmp_path), keys, clock=HandClock(NOW.timestamp()))
    intake = Intake(ledger, lambda _partners: None, partial(owed, partners={"postal"}), discover())
    slow, done, back, young, strange = (f"000.00.17.H59-260701-{number:04}" for number in range(1, 6))
    walked = [
        *(row(code, "100", 8) for code in (slow, done, back, strange, f"{slow}-TG")),
        *(row(slow, "401", 1), row(done, "500", 1), row(back, "601", 1), row(young, "100", 7), row(strange, "777", 2)),
    ]
    await intake.accept(walked, client="postal")
    (told,) = await overdue(ledger, [ADAPTER])
    assert [(one["key"], one["dossier"], one["state"]) for one in told["items"]] == [
        (slow, slow, "failed"),
        (f"{slow}-TG", slow, "created"),
        (strange, strange, "unknown"),
    ]
    assert {one["since"][:10] for one in told["items"]} == {"2026-07-02"}
    assert (told["open"], told["overdue"]) == (4, 3)
    await ledger.close()


async def test_a_watch_that_is_new_finds_what_came_before_it(tmp_path: Path, keys: Keyring) -> None:
    ledger = open_ledger(new_ledger(tmp_path), keys, clock=HandClock(NOW.timestamp()))
    unwatched = replace(ADAPTER, watches=())
    intake = Intake(ledger, lambda _partners: None, partial(owed, partners={"postal"}), {"postal": unwatched})
    await intake.accept([row("000.00.17.H59-260701-0001", "100", 8)], client="postal")
    for _ in range(2):
        (told,) = await overdue(ledger, [ADAPTER])
        assert [one["dossier"] for one in told["items"]] == ["000.00.17.H59-260701-0001"]
    await ledger.close()


EXAMPLES = {name: judge(given) for name, given in examples().items()}


def an_example(name: str, **data: Any) -> Envelope:
    """The example of an event type, its data changed."""
    event = EXAMPLES[f"{PREFIX}{name}.v1"]
    return judge(json.loads(event.to_json()) | {"data": event.data | data})


REGISTERED = EXAMPLES[f"{PREFIX}registration.changed.v1"].data["certificate"]
ENDS = {
    "the registry has it": (civil.answer, an_example("registration.accepted"), True),
    "it is at work": (civil.answer, an_example("registration.changed", state="processing", status=4), True),
    "the citizen has to add something": (
        civil.answer,
        an_example("registration.changed", state="supplement", status=5),
        False,
    ),
    "it is registered": (civil.answer, an_example("registration.changed"), False),
    "the child has no id": (
        civil.personal_id,
        an_example("registration.changed", certificate={**REGISTERED, "citizen_id": None}),
        True,
    ),
    "the child has its id": (civil.personal_id, an_example("registration.changed"), False),
    "the code came alone": (
        budget.certificate,
        an_example("budget.code_issued", certificate=None, file_sha256=""),
        True,
    ),
    "its certificate came": (budget.certificate, an_example("budget.code_issued"), False),
    "its certificate cannot be read": (
        budget.certificate,
        an_example("budget.code_issued", certificate=None, file_sha256="", file_fault="not a PDF"),
        False,
    ),
    "the citizen can pay": (payment.order, an_example("payment.link_created"), True),
    "the citizen paid": (payment.order, an_example("payment.confirmed"), False),
    "the payment failed": (payment.order, an_example("payment.failed"), False),
}


@pytest.mark.parametrize("case", ENDS)
def test_a_matter_is_open_until_what_it_waits_for_has_come(case: str) -> None:
    note, event, still = ENDS[case]
    stand = note(event)
    assert stand is not None
    assert stand.open is still
    assert stand.key
    assert stand.dossier


def test_a_death_waits_for_no_personal_id() -> None:
    assert civil.personal_id(an_example("registration.changed", kind="death", birth=None)) is None


def test_every_watch_reads_every_event_it_names() -> None:
    for partner in discover().values():
        for watch in partner.watches:
            assert set(watch.events) <= EVENTS.keys()
            stands = [watch.note(EXAMPLES[name]) for name in watch.events]
            assert all(stand is None or stand.at.tzinfo for stand in stands)


async def test_the_bus_answers_for_one_partner_or_all_that_are_on(served: Served) -> None:
    key = {"Authorization": f"Bearer {served.keys['viewer']}"}
    told = await served.http.get("/v1/overdue", params={"partner": "postal"}, headers=key)
    assert [(one["partner"], one["watch"]) for one in told.json()["items"]] == [("postal", "undelivered")]
    assert (await served.http.get("/v1/overdue", headers=key)).json()["items"] == []
    assert (await served.http.get("/v1/overdue", params={"partner": "x"}, headers=key)).status_code == 404
    assert (await served.http.get("/v1/overdue")).status_code == 401
