"""The indicators: what one dossier counts as by each rule, and that the counters say what a count of everything says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.ledger.words import Arrival
from bus.seal import Keyring
from contracts.canonical.dossier import Dossier
from contracts.envelope import Envelope
from ops.cli import app
from ops.sample import generate
from ops.targets import report, rules
from ops.targets.follow import once
from tests.conftest import HandClock
from tests.ops.conftest import Served

EVENTS = list(generate(300, 60, 3, date(2026, 1, 5)))
RECEIVED = next(e for e in EVENTS if e.type.endswith("dossier.received.v1")).data["dossier"]
AT = datetime.fromisoformat("2026-03-31T20:00:00+00:00")
DUE = AT + timedelta(days=3)
FILE = "https://hoso.example.gov.vn/kq.pdf"
PAPER = {"id": "p1", "title": "Đơn", "url": "https://hoso.example.gov.vn/don.pdf"}


def dossier(**changes: Any) -> Dossier:
    plain = {
        "channel": "counter",
        "paid_by": "none",
        **dict.fromkeys(("papers", "results", "fees", "supplements"), ()),
        **dict.fromkeys(("finished_at", "returned_at", "refused_at")),
    }
    return Dossier.model_validate(RECEIVED | plain | {"status": 4, "received_at": AT, "due_at": DUE} | changes)


def counters(heard: tuple[str, ...] = (), now: datetime = AT, **changes: Any) -> set[str]:
    one = rules.counted(dossier(**changes), AT, heard, now.timestamp())
    return set(one.counters) - {"received"}


def asked(*days: int) -> list[dict[str, Any]]:
    return [
        {"id": f"s{day}", "asked_by": "Lan", "content": "Bổ sung", "asked_at": AT + timedelta(days=day)} for day in days
    ]


def test_a_dossier_counts_in_the_month_of_vietnam_in_which_it_was_received() -> None:
    one = rules.counted(dossier(), AT, (), AT.timestamp())
    assert (one.month, one.agency, one.field) == (
        "2026-04",
        RECEIVED["agency"]["id"],
        RECEIVED["procedure"]["field_code"],
    )
    never = rules.counted(dossier(status=1, received_at=None), AT, (rules.SYNCED,), AT.timestamp())
    assert (never.month, never.counters, never.later_at) == ("", (), None)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"status": 9, "finished_at": DUE}, {"judged", "on_time"}),
        ({"status": 9, "finished_at": DUE + timedelta(seconds=1)}, {"judged"}),
        ({"status": 10, "returned_at": DUE}, {"judged", "on_time"}),
        ({"status": 10, "finished_at": DUE, "returned_at": DUE + timedelta(days=9)}, {"judged", "on_time"}),
        ({"status": 8}, {"judged", "on_time"}),
        ({"status": 3, "refused_at": DUE + timedelta(days=1)}, {"judged"}),
        ({"status": 5, "supplements": asked(1)}, {"judged", "on_time"}),
        ({"status": 5, "supplements": asked(4)}, {"judged"}),
        ({"status": 9, "finished_at": DUE, "supplements": asked(1, 2)}, {"judged"}),
        ({"status": 9, "finished_at": DUE, "due_at": None}, set()),
        ({"status": 4}, set()),
        ({"status": 7}, set()),
    ],
)
def test_on_time_is_judged_by_the_end_the_rule_names(changes: dict[str, Any], verdict: set[str]) -> None:
    assert counters(**changes) & {"judged", "on_time"} == verdict


def test_what_is_open_when_its_date_passes_is_late_from_then_on_and_what_was_withdrawn_never() -> None:
    one = rules.counted(dossier(), AT, (), AT.timestamp())
    assert (one.later_at, set(one.later)) == (DUE.timestamp(), {"received", "judged"})
    assert counters(now=DUE) == {"judged"}
    assert rules.counted(dossier(status=7), AT, (), AT.timestamp()).later_at is None


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"channel": "online"}, {"online"}),
        ({"channel": "online", "status": 9, "finished_at": DUE + timedelta(1)}, {"online", "done", "judged"}),
        (
            {
                "channel": "online",
                "status": 9,
                "finished_at": DUE + timedelta(1),
                "results": [{"id": "r", "title": "KQ"}],
            },
            {"done", "judged"},
        ),
        (
            {
                "status": 10,
                "finished_at": DUE,
                "results": [{"id": "r", "title": "KQ", "url": FILE, "result_code": "KQ.1"}],
            },
            {"done", "e_result", "judged", "on_time"},
        ),
        (
            {
                "status": 9,
                "finished_at": DUE,
                "papers": [PAPER],
                "results": [{"id": "r", "title": "KQ", "url": FILE, "result_code": "KQ.1"}],
            },
            {"done", "e_result", "digitised", "judged", "on_time"},
        ),
        ({"papers": [PAPER | {"digitised": True}]}, {"reused"}),
        ({"fees": [{"title": "Lệ phí", "amount_vnd": 0}], "paid_by": "portal"}, set()),
        ({"fees": [{"title": "Lệ phí", "amount_vnd": 9000}], "paid_by": "offline"}, {"fee"}),
        ({"fees": [{"title": "Lệ phí", "amount_vnd": 9000}], "paid_by": "gateway"}, {"fee", "paid_online"}),
        ({"fees": [{"title": "Lệ phí", "amount_vnd": 9000}], "heard": (rules.PAID,)}, {"fee", "paid_online"}),
        ({"heard": (rules.SYNCED,)}, {"synced"}),
    ],
)
def test_each_counter_moves_by_its_own_rule(changes: dict[str, Any], counts: set[str]) -> None:
    assert counters(**changes) == counts


def test_what_was_filed_online_counts_as_far_as_it_was_synced() -> None:
    online = next(one for one in rules.indicators() if one.key == "online")
    assert online.share({"received": 200, "online": 100, "synced": 150}) == 37.5
    assert online.share({}) is None


def test_every_indicator_counts_what_the_rules_count_and_goals_are_the_published_ones() -> None:
    known = {
        "received",
        "synced",
        "online",
        "done",
        "e_result",
        "digitised",
        "reused",
        "fee",
        "paid_online",
        "judged",
        "on_time",
    }
    assert {name for one in rules.indicators() for name in (one.counted, one.among)} == known
    goals = {one.key: one.goal for one in rules.indicators()}
    for figure in rules.published():
        assert all(figure.says(what, "vi") and figure.says(what, "en") for what in ("title", "source"))
        if figure.indicator:
            assert goals[figure.indicator] == figure.value
    told = {figure.key: figure.value for figure in rules.published()}
    assert [told[key] for key in ("procedures", "integrated", "partly", "fully")] == [1844, 923, 26.87, 35.45]


def _arrival(event: Envelope) -> Arrival:
    return Arrival(
        source=event.source,
        id=event.id,
        type=event.type,
        subject=event.subject,
        sequence=event.sequence,
        occurred_at=event.time.timestamp(),
        body=event.to_json(),
        content=event.content(),
        debts=(),
        client="test",
        envelope=event,
    )


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
async def ledger(request: pytest.FixtureRequest, clock: HandClock) -> AsyncIterator[SqlLedger]:
    opened = open_ledger(
        str(request.getfixturevalue(f"{request.param}_url")),
        Keyring.parse(Keyring.generate()),
        clock=clock,
        unsafe=True,
    )
    yield opened
    await opened.close()


async def counted(ledger: SqlLedger) -> None:
    """Chain what was told, and let the duty count it all."""
    fence = await ledger.take_duty("sealer", "me", 60)
    assert fence is not None
    await ledger.seal_journal(fence)
    while await once(ledger):
        pass


async def test_the_counters_say_what_a_count_of_all_dossiers_says_also_after_each_part(ledger: SqlLedger) -> None:
    for start in range(0, len(EVENTS), 100):
        await ledger.accept([_arrival(event) for event in EVENTS[start : start + 100]])
        await counted(ledger)
    newest: dict[str, Envelope] = {}
    for event in EVENTS:
        if event.type in rules.STANDS and (event.sequence or 0) >= (newest.get(event.subject, event).sequence or 0):
            newest[event.subject] = event
    full: dict[str, Counter[str]] = {}
    for event in newest.values():
        message: Any = event.message
        change = getattr(message, "change", None)
        one = rules.counted(message.dossier, change.at if change else event.time, (), ledger.clock.now())
        if one.month:
            full.setdefault(one.month, Counter()).update(one.counters)
    months = await ledger.figures().by_month("0000", "9999")
    assert {month: +counters for month, counters in months.items() if +counters} == full
    assert sum(counters["received"] for counters in full.values()) > 30


async def test_the_report_tells_of_the_newest_month_and_narrows_to_an_agency_or_a_field(ledger: SqlLedger) -> None:
    empty = await report.report(ledger)
    assert (empty.received, {value.share for value in empty.values}) == (0, {None})
    await ledger.accept([_arrival(event) for event in EVENTS])
    await counted(ledger)
    whole = await report.report(ledger)
    assert whole.month == whole.months[0] == whole.values[0].series[-1][0]
    assert whole.received == sum(line.received for line in whole.lines) > 0
    one = whole.lines[0]
    assert one.name == whole.named("agency")[one.code] != one.code
    own = await report.report(ledger, whole.month, one.code, by="field")
    assert own.received == one.received == sum(line.received for line in own.lines)
    assert tuple(value.share for value in own.values) == one.shares
    for wrong in ({"month": "2026-13"}, {"agency": "nobody"}, {"field": "'"}):
        with pytest.raises(report.Unasked):
            await report.report(ledger, **wrong)  # type: ignore[arg-type]


async def test_a_dossier_that_is_forgotten_past_its_date_becomes_late_without_an_event(
    ledger: SqlLedger, clock: HandClock
) -> None:
    first = next(e for e in EVENTS if e.type.endswith("dossier.received.v1") and e.data["dossier"].get("due_at"))
    due = datetime.fromisoformat(first.data["dossier"]["due_at"]).timestamp()
    clock.advance(due - 1 - clock.now())
    await ledger.accept([_arrival(first.model_copy(update={"sequence": 1}))])
    await counted(ledger)
    book = ledger.figures()
    assert sum(c["judged"] for c in (await book.by_month("0000", "9999")).values()) == 0
    clock.advance(1)
    await counted(ledger)
    assert sum(c["judged"] for c in (await book.by_month("0000", "9999")).values()) == 1


@given(st.integers(1901, 2199), st.integers(1, 12), st.integers(0, 60))
def test_months_are_counted_back_as_the_calendar_does(year: int, month: int, back: int) -> None:
    told = report._earlier(f"{year}-{month:02}", back)
    assert (int(told[:4]) * 12 + int(told[5:])) == year * 12 + month - back
    assert report.MONTH.fullmatch(f"{year}-{month:02}")


async def test_the_command_prints_them_and_writes_both_files(served: Served, tmp_path: Path) -> None:
    url, key = str(served.http.base_url), served.keys["viewer"]
    runner = CliRunner()

    def run(*words: str) -> str:
        done = runner.invoke(app, ["targets", "--url", url, "--key", key, *words])
        assert done.exit_code == 0, done.output
        return done.output

    assert "Nộp hồ sơ trực tuyến" in await asyncio.to_thread(run)
    table, page = tmp_path / "t.csv", tmp_path / "t.pdf"
    await asyncio.to_thread(run, "--csv", str(table), "--pdf", str(page), "--lang", "en")
    assert table.read_text("utf-8-sig").startswith("Month,Code,Name")
    assert page.read_bytes().startswith(b"%PDF-")
    assert (await served.http.get("/v1/targets?month=2026-13", headers=served.auth("viewer"))).status_code == 404
    assert (await served.http.get("/v1/targets", headers=served.auth("dossier-system"))).status_code == 403


@pytest.mark.parametrize("wrong", [("--by", "year"), ("--lang", "fr")])
def test_a_wrong_word_is_a_wrong_usage(wrong: tuple[str, str]) -> None:
    assert CliRunner().invoke(app, ["targets", *wrong]).exit_code == 2
