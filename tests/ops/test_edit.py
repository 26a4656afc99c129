"""An edit by the event's contract: what may be left out, entries of lists put in, changed and left out, and what is told of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bus.ledger.views import EventView
from ops import edit
from ops.edit_form import MOST_SPARE
from ops.sample import generate

RECEIVED = next(
    e
    for e in generate(400, 60, 1, date(2026, 1, 5))
    if e.type.endswith("dossier.received.v1") and len(e.data["dossier"].get("papers", ())) > 1
)
PAPERS = [paper["title"] for paper in RECEIVED.data["dossier"]["papers"]]


def the_event(**dossier: Any) -> EventView:
    data = {**RECEIVED.data, "dossier": {**RECEIVED.data["dossier"], **dossier}}
    body = RECEIVED.model_copy(update={"data": data}).to_json()
    return EventView(
        id=1,
        source=RECEIVED.source,
        event_id=RECEIVED.id,
        type=RECEIVED.type,
        sequence=1,
        occurred_at=1.0,
        accepted_at=1.0,
        client="test",
        erased_at=None,
        entered=True,
        flags=(),
        correlation_id="c",
        causation_id="",
        traceparent="",
        body=body,
    )


def turned(event: EventView, **changes: str) -> Any:
    """The dossier after these changes (`__` for the dots of a path), by somebody who may see personal data."""
    told = {f"dossier.{name.replace('__', '.')}": text for name, text in changes.items()}
    return edit.edited(event, told, personal=True, number="1").data["dossier"]


def test_a_field_that_may_be_absent_is_left_out_and_one_that_must_not_is_told() -> None:
    event = the_event(receipt_number="BN-17")
    assert "receipt_number" not in turned(event, receipt_number="")
    form = {field.path: field for field in edit.fields(event, personal=True)}
    assert form["dossier.receipt_number"].optional
    assert not form["dossier.channel"].optional
    with pytest.raises(edit.Wrong, match=r"\$\.data\.dossier\.channel"):
        turned(event, channel="")


def test_an_entry_is_changed_left_out_and_put_in() -> None:
    event = the_event(databases=["dân cư", "đất đai"])
    assert turned(event, databases__0="cư trú")["databases"] == ["cư trú", "đất đai"]
    assert turned(event, databases__0="")["databases"] == ["đất đai"]
    assert turned(event, databases__2="hộ tịch", databases__0="")["databases"] == ["đất đai", "hộ tịch"]
    assert turned(the_event(), databases__0="hộ tịch")["databases"] == ["hộ tịch"], "into a list that was not there"
    assert [paper["title"] for paper in turned(event, papers__0="")["papers"]] == PAPERS[1:]


def test_what_is_put_in_is_judged_by_the_contract_and_empty_entries_before_it_are_no_matter() -> None:
    place = len(PAPERS) + 2
    told = {f"papers__{place}__{name}": text for name, text in (("id", "gt-9"), ("title", "Đơn.pdf"))}
    with pytest.raises(edit.Wrong, match=rf"papers.*{len(PAPERS)}.*url"):
        turned(the_event(), **told)
    done = turned(the_event(), **told, **{f"papers__{place}__url": "https://hoso.vinhlong.gov.vn/tep/9.pdf"})
    assert [paper["title"] for paper in done["papers"]] == [*PAPERS, "Đơn.pdf"]


def test_what_is_absent_may_be_put_in_whole_and_left_out_whole() -> None:
    applicant = {k: v for k, v in RECEIVED.data["dossier"]["applicant"].items() if k != "address"}
    event = the_event(applicant=applicant)
    form = {field.path: field.kind for field in edit.fields(event, personal=True)}
    assert form["dossier.applicant.address"] == "add"
    told = {
        "applicant__address__province": "86",
        "applicant__address__ward": "29698",
        "applicant__address__as_of": "2026-01-06",
    }
    assert turned(event, **told)["applicant"]["address"]["ward"] == "29698"
    assert "address" not in turned(the_event(), applicant__address="")["applicant"]


@pytest.mark.parametrize(
    "changes",
    [
        {"papers__0__id": "another"},
        {"papers__99__title": "too far"},
        {f"databases__{MOST_SPARE}": "too many"},
        {"papers": ""},
        {"papers": "x"},
        {"papers__0": "x"},
        {"databases__0": ""},
        {"nothing__0": "x"},
        {"papers__0__title__0": "x"},
    ],
)
def test_what_is_no_place_of_the_contract_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(edit.Wrong, match="may be changed here"):
        turned(the_event(), **changes)


def test_without_the_right_nothing_of_a_person_is_changed_or_left_out() -> None:
    event = the_event()
    for name in ("dossier.applicant.address", "dossier.papers.0", "dossier.applicant.name"):
        with pytest.raises(edit.Wrong, match="may be changed here"):
            edit.edited(event, {name: ""}, personal=False, number="1")


def test_the_difference_tells_of_the_entry_that_went_and_not_of_those_that_moved_up() -> None:
    event = the_event(databases=["một", "hai", "ba"])
    told = edit.difference(event, edit.edited(event, {"dossier.databases.0": ""}, personal=True, number="1").data)
    assert [(line["before"], line["after"]) for line in told] == [("một", "")]
    told = edit.difference(event, edit.edited(event, {"dossier.papers.0": ""}, personal=True, number="1").data)
    assert PAPERS[0] in {line["before"] for line in told}
    assert not {line["after"] for line in told} - {""}
    assert not [line for line in told if "https://" in line["before"]], "personal values are masked"


@given(st.data())
def test_any_places_left_out_leave_the_others_in_their_order(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.text("abcdef", min_size=1, max_size=5), max_size=8))
    gone = data.draw(st.sets(st.integers(0, max(0, len(names) - 1)))) if names else set()
    event = the_event(databases=names)
    assume(gone)
    done = turned(event, **{f"databases__{place}": "" for place in gone})
    assert done["databases"] == [name for place, name in enumerate(names) if place not in gone]


def test_every_event_has_a_form() -> None:
    events = {e.type: e for e in generate(3000, 200, 1, date(2026, 1, 5))}
    assert len(events) > 5
    for kind, event in events.items():
        view = the_event()
        told = EventView(
            **{name: getattr(view, name) for name in view.__slots__} | {"type": kind, "body": event.to_json()}
        )
        form = edit.fields(told, personal=True)
        assert any(field.value for field in form), kind
        assert len({field.path for field in form}) == len(form), kind
