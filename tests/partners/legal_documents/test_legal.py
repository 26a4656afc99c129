"""Legal documents in by the feed, the province's own out, and procedures that rest on nothing any more."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from adapters.legal_documents import ADAPTER
from adapters.legal_documents.adapter import LegalQuestion
from bus.adapter import Call, Found, Poll
from bus.outcome import Absent, Contract, Delivered, Outcome, Permanent, Transient, Unknown
from contracts.canonical.legal import LegalText
from contracts.envelope import flags
from contracts.fault import Refusal
from contracts.legal_documents import texts
from tests.partners.legal_documents.conftest import Library, a_document, a_procedure

CHANGED, EXPIRED = "vn.lienthong.legal.document_changed.v1", "vn.lienthong.legal.basis_expired.v1"


async def test_the_feed_is_read_to_its_end_once_and_then_only_what_changes(library: Library) -> None:
    events = await library.read()
    assert Counter(event.type for event in events) == {CHANGED: len(texts())}
    assert await library.read() == []
    library.simulator.change("45/2020/NĐ-CP", ngayHetHieuLuc="2026-07-01", tinhTrangHieuLuc="3")
    (event,) = await library.read()
    assert event.data["document"]["validity"] == "expired"
    assert (await library.ledger.totals()).events == len(texts()) + 1


async def test_a_cursor_that_is_too_old_begins_the_feed_anew_and_brings_nothing_twice(library: Library) -> None:
    await library.read()
    library.cursor, library.simulator.oldest = "c1", 2
    await library.read()
    assert (await library.ledger.totals()).events == len(texts())


async def test_a_document_that_cannot_be_read_is_kept_raw_and_spoils_no_other(library: Library) -> None:
    library.simulator.change("99/2026/NĐ-CP", tinhTrangHieuLuc="7")
    library.simulator.change("không phải số")
    bad: list[bytes] = []
    more = True
    while more:
        polled = await library.turn()
        assert isinstance(polled, Poll)
        bad += polled.bad_rows
        more = polled.more
    assert len(bad) == 2
    assert (await library.ledger.totals()).events == len(texts())


async def test_an_expired_basis_is_raised_once_and_names_the_procedures(library: Library) -> None:
    await library.publish(
        a_procedure("1.001193", "60/2014/QH13", "61/2018/NĐ-CP"),
        a_procedure("1.004884", "61/2018/NĐ-CP"),
        a_procedure("1.012783", "118/2025/NĐ-CP"),
    )
    raised = [event for event in await library.read() if event.type == EXPIRED]
    (event,) = raised
    assert event.data["number"] == "61/2018/NĐ-CP"
    assert [one["code"] for one in event.data["procedures"]] == ["1.001193", "1.004884"]
    assert event.data["expired_on"] == "2025-07-01"
    assert await library.read() == []


async def test_another_procedure_that_quotes_it_is_raised_by_itself(library: Library) -> None:
    await library.publish(a_procedure("1.001193", "61/2018/NĐ-CP"))
    await library.read()
    await library.publish(a_procedure("1.004884", "61/2018/NĐ-CP"))
    (event,) = await library.read()
    assert [one["code"] for one in event.data["procedures"]] == ["1.004884"]


async def test_a_procedure_that_is_no_longer_public_is_not_raised(library: Library) -> None:
    await library.publish(a_procedure("1.001193", "61/2018/NĐ-CP", state="withdrawn"))
    assert not [event for event in await library.read() if event.type == EXPIRED]


async def test_a_basis_expires_on_its_day_without_any_news(library: Library) -> None:
    at = date.fromtimestamp(library.clock.at)
    library.simulator.change("45/2020/NĐ-CP", ngayHetHieuLuc=date.fromordinal(at.toordinal() + 3).isoformat())
    await library.publish(a_procedure("1.001193", "45/2020/NĐ-CP"))
    assert not [event for event in await library.read() if event.type == EXPIRED]
    library.clock.advance(3 * 86_400)
    ((text, quoting, _),) = library.adapter._known.not_raised(date.fromordinal(at.toordinal() + 3))
    assert (text.number, [one.code for one in quoting]) == ("45/2020/NĐ-CP", ["1.001193"])


async def test_of_documents_of_one_number_the_one_whose_agency_is_named_is_meant(library: Library) -> None:
    gone = {"ngayHetHieuLuc": "2025-01-01", "tinhTrangHieuLuc": "3"}
    library.simulator.change("15/2024/QĐ-UBND", itemId="A", coQuanBanHanh="UBND tỉnh Vĩnh Long", **gone)
    library.simulator._put({**library.simulator.items["A"], "itemId": "B", "coQuanBanHanh": "UBND tỉnh Bến Tre"})
    await library.publish(
        a_procedure("1.001193", "15/2024/QĐ-UBND: Quyết định của UBND tỉnh Vĩnh Long"),
        a_procedure("1.004884", "15/2024/QĐ-UBND: Quyết định về lệ phí"),
    )
    raised = [event for event in await library.read() if event.type == EXPIRED]
    assert [(event.data["item_id"], [one["code"] for one in event.data["procedures"]]) for event in raised] == [
        ("A", ["1.001193"])
    ]


async def test_a_number_nobody_knows_is_looked_for_once_a_month(library: Library) -> None:
    library.simulator.feed.clear()
    await library.publish(a_procedure("1.001193", "61/2018/NĐ-CP", "7/1999/TT-BXX"))
    first = await library.read()
    assert {event.data.get("number") or event.data["document"]["number"] for event in first} == {"61/2018/NĐ-CP"}
    sought = len(library.simulator.book.of("reading"))
    await library.read()
    assert len(library.simulator.book.of("reading")) == sought == 2
    library.adapter._known.sought["7/1999/TT-BXX"] = date(2020, 1, 1)
    await library.read()
    assert len(library.simulator.book.of("reading")) == sought + 1


async def test_the_provinces_document_is_posted_and_its_receipt_told(library: Library) -> None:
    outcome = await library.send(a_document())
    assert isinstance(outcome, Delivered), outcome
    assert library.simulator.items[outcome.receipt]["soKyHieu"] == "15/2026/NQ-HĐND"
    (reply,) = outcome.replies
    assert (reply.type, reply.data["item_id"]) == ("vn.lienthong.legal.document_posted.v1", outcome.receipt)


async def test_a_correction_is_an_update_under_the_same_item(library: Library) -> None:
    first = await library.send(a_document())
    again = await library.send(a_document(title="Quy định mức thu (đính chính)"), memo={"itemId": "x"})
    assert isinstance(first, Delivered)
    assert isinstance(again, Delivered)
    assert (again.receipt, again.words) == (first.receipt, "CAP_NHAT")
    assert library.simulator.items[first.receipt]["trichYeu"] == "Quy định mức thu (đính chính)"


async def test_after_a_lost_answer_the_document_is_asked_for_by_number_and_agency(library: Library) -> None:
    library.simulator.weather.left["lost_500"] = 1
    assert isinstance(await library.send(a_document()), Unknown)
    settled = await library.ask(a_document())
    assert isinstance(settled, Delivered)
    assert settled.receipt in library.simulator.items
    elsewhere = {"id": "000.00.00.H07", "name": "Hội đồng nhân dân tỉnh Bến Tre"}
    assert isinstance(await library.ask(a_document(agency=elsewhere)), Absent)
    assert isinstance(await library.ask(a_document(), has_full=True), Absent)


async def test_it_is_found_behind_pages_of_documents_of_its_number(library: Library) -> None:
    for place in range(12):
        number = f"UBND tỉnh {place}"
        item = library.simulator.change(f"{place}/2026/NQ-HĐND", coQuanBanHanh=number)
        item["soKyHieu"] = "15/2026/NQ-HĐND"
    await library.send(a_document())
    assert isinstance(await library.ask(a_document()), Delivered)


@pytest.mark.parametrize("mode", ["busy", "500", "html", "empty", "502_page", "malformed"])
async def test_trouble_is_never_success_and_leaves_the_cursor_alone(library: Library, mode: str) -> None:
    for _ in range(2):
        library.simulator.weather.left[mode] = 1
        polled = await library.turn()
        assert isinstance(polled, Transient if mode == "busy" else Unknown), polled
        library.simulator.weather.left[mode] = 1
        sent = await library.send(a_document())
        assert isinstance(sent, Transient if mode == "busy" else Unknown), sent
    assert library.cursor == ""
    assert library.simulator.book.of("new") == []


async def test_a_refused_document_is_dead_in_the_databases_words(library: Library) -> None:
    library.simulator.weather.row = "15/2026/NQ-HĐND"
    library.simulator.weather.left["refuse_row"] = 1
    refused = await library.send(a_document())
    assert isinstance(refused, Permanent)
    assert refused.code == "VBPL-002"


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"number": "15-2026"}, "$.data.document.number"),
        ({"url": "tệp.pdf"}, "$.data.document.url"),
        ({"expires_on": "2026-07-01"}, "$.data.document"),
        ({"id": "mã có dấu"}, "$.data.document.id"),
    ],
)
def test_a_document_that_could_not_be_posted_is_refused_at_the_door(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(Refusal) as refused:
        a_document(**fields)
    assert where in [fault.path for fault in refused.value.faults]


def test_the_subject_is_the_documents_id() -> None:
    with pytest.raises(Refusal, match="document's id"):
        a_document(id="VB-2026-9")


def test_look_alike_letters_of_a_number_are_one_number() -> None:
    assert a_document(number="15/2026/NQ-HÐND").message == a_document().message


def test_the_deadline_of_posting_is_flagged_on_the_event() -> None:
    assert flags(a_document(promulgated_on="2026-02-20")) == ("deadline:2026-03-07",)


async def test_what_does_not_fit_the_wsdl_never_leaves(library: Library) -> None:
    row = library.adapter.prepare(library.job(a_document(), request=b'{"soKyHieu": "1/2026/NQ-HDND"}'))
    assert not isinstance(row, Outcome)
    (outcome,) = await library.adapter.deliver([row], Call("c", 5.0))
    assert isinstance(outcome, Contract)
    assert library.simulator.book.entries == []


async def test_the_look_up_answers_with_all_of_a_number_or_the_one_of_an_agency(library: Library) -> None:
    await library.send(a_document())
    elsewhere = {"id": "000.00.00.H07", "name": "Hội đồng nhân dân tỉnh Bến Tre"}
    await library.send(a_document(agency=elsewhere))
    (lookup,) = ADAPTER.lookups
    answers = []
    for question in ({}, {"agency": "bến tre"}, {"agency": "cà mau"}):
        asked = lookup.question.model_validate({"number": "15/2026/nq-hÐnd", **question})
        assert isinstance(asked, LegalQuestion)
        found = await lookup.ask(library.adapter, asked, Call("c", 5.0))
        assert isinstance(found, Found)
        answers.append([one.agency for one in found.matches if isinstance(one, LegalText)])
    assert [len(answer) for answer in answers] == [2, 1, 0]
    assert answers[1] == ["Hội đồng nhân dân tỉnh Bến Tre"]


async def test_the_probe_reads_and_changes_nothing(library: Library) -> None:
    assert isinstance(await library.adapter.probe(Call("c", 5.0)), Delivered)
    assert Counter(entry["kind"] for entry in library.simulator.book.entries) == {"reading": 1}
