"""The sample: exact in number, the same for a seed, accepted at the door, and true to the dossier's life."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.procedure_catalogue.invented import Invented
from contracts import codes
from contracts.envelope import Envelope, flags, read
from contracts.identifier import citizen_parts, procedure_parts
from mappings.convert import VIETNAM
from ops.sample import BLOCK_DOSSIERS, BLOCK_EVENTS, SOURCE, generate, stream
from ops.sample.catalogue import Catalogue
from ops.sample.document import documents
from ops.sample.hours import EVENING, MORNING, due, in_office
from tests.demo import command, demo

DAY = date(2026, 7, 1)


def lives(events: list[Envelope]) -> dict[str, list[Envelope]]:
    found: dict[str, list[Envelope]] = defaultdict(list)
    for event in events:
        found[event.subject].append(event)
    return found


@settings(max_examples=40, deadline=None)
@given(events=st.integers(0, 150), dossiers=st.integers(1, 60), seed=st.integers(0, 10**6))
def test_a_sample_has_exactly_the_events_asked_for_over_no_more_dossiers(events: int, dossiers: int, seed: int) -> None:
    made = list(generate(events, dossiers, seed, DAY))
    assert len(made) == events
    assert len(lives(made)) == min(events, dossiers)
    assert len({(event.source, event.id) for event in made}) == events
    for life in lives(made).values():
        assert [event.sequence for event in life] == list(range(1, len(life) + 1))
        assert all(earlier.time < later.time for earlier, later in pairwise(life))
    assert all(earlier.time <= later.time for earlier, later in pairwise(made))


def test_the_same_arguments_give_the_same_bytes() -> None:
    first = [event.to_json() for event in generate(90, 12, 5, DAY)]
    assert first == [event.to_json() for event in generate(90, 12, 5, DAY)]


def test_samples_with_other_arguments_never_meet() -> None:
    asked = [(90, 12, 5, DAY), (90, 12, 6, DAY), (91, 12, 5, DAY), (90, 12, 5, date(2026, 7, 2))]
    made = [event for arguments in asked for event in generate(*arguments)]
    assert len({event.id for event in made}) == len(made)
    assert len({event.subject for event in made}) == 48


@pytest.mark.parametrize("day", [date(2023, 4, 25), date(2025, 6, 25), DAY, date(2026, 6, 5)])
def test_every_event_passes_the_front_door_from_its_bytes(day: date) -> None:
    for event in generate(200, 30, 11, day):
        assert read(event.to_json()).content() == event.content()
        assert flags(event) == ()


def test_any_ten_neighbours_show_all_ten_statuses_payment_and_post() -> None:
    made = list(generate(BLOCK_EVENTS, BLOCK_DOSSIERS, 3, DAY))
    assert {event.data["dossier"]["status"] for event in made} == set(range(1, 11))
    land = [event for event in made if event.data["dossier"]["procedure"]["code"] == "1.012787"]
    assert "vn.lienthong.payment.completed.v1" in {event.type for event in land}
    assert {event.data["dossier"]["return_method"] for event in land} == {"post"}
    assert "vn.lienthong.postal.collection_requested.v1" in {event.type for event in made}
    assert land[-1].data["dossier"]["status"] == 10


def test_the_state_of_a_dossier_only_grows_along_its_walk() -> None:
    for life in lives(list(generate(300, 30, 2, DAY))).values():
        for earlier, later in pairwise(life):
            before, after = earlier.data["dossier"], later.data["dossier"]
            assert set(before) <= set(after)
            assert [paper["id"] for paper in before["papers"]] == [
                paper["id"] for paper in after["papers"][: len(before["papers"])]
            ]
            if "change" in later.data:
                assert later.data["change"]["from_status"] == before["status"]
            else:
                assert after["status"] == before["status"]


def test_no_two_rows_of_one_history_share_the_portals_natural_key() -> None:
    """Progress rows are known by code, second and status alone (domain notes, 3.1)."""
    keys = [
        (event.subject, event.data["change"]["at"], event.data["change"]["to_status"])
        for event in generate(400, 3, 9, DAY)
        if "change" in event.data
    ]
    assert len(set(keys)) == len(keys)


def test_codes_and_names_are_those_of_the_day() -> None:
    for event in generate(120, 30, 4, date(2025, 6, 28)):
        dossier = event.data["dossier"]
        on = datetime.fromisoformat(dossier["filed_at"]).astimezone(VIETNAM).date()
        procedure = codes.lookup("procedure", procedure_parts(dossier["procedure"]["code"]).base, on)
        assert dossier["procedure"]["name"] == procedure.name_vi
        address = dossier["applicant"]["address"]
        ward = codes.lookup("ward", address["ward"], on)
        assert ward.extra == (address.get("district", ""), address["province"])
        assert address["as_of"] == on.isoformat()


def test_invented_people_have_ids_that_agree_with_their_birth() -> None:
    applicants = [event.data["dossier"]["applicant"] for event in generate(300, 60, 8, DAY)]
    citizens = [applicant for applicant in applicants if applicant["kind"] == "citizen"]
    assert citizens
    assert any(len(applicant["born_on"]) == 4 for applicant in citizens)
    for applicant in citizens:
        parts = citizen_parts(applicant["citizen_id"])
        assert parts.place in ("083", "084", "086")
        assert applicant["born_on"].startswith(str(parts.born_in))


def test_the_stream_goes_on_from_any_index() -> None:
    whole = [event.to_json() for event in islice(stream(), 3 * BLOCK_EVENTS)]
    for index in (1, BLOCK_EVENTS - 1, BLOCK_EVENTS, 2 * BLOCK_EVENTS + 7):
        assert [event.to_json() for event in islice(stream(index), 20)] == whole[index : index + 20]
    assert len({json.loads(line)["id"] for line in whole}) == len(whole)


def test_a_stream_with_a_catalogue_draws_common_lives_from_all_of_it_and_keeps_the_others() -> None:
    catalogue = Catalogue()
    plain, drawn = (list(islice(stream(catalogue=one), 20 * BLOCK_EVENTS)) for one in (None, catalogue))
    plain_lives, drawn_lives = ({e.subject.rpartition("-")[2]: e.subject for e in events} for events in (plain, drawn))
    assert plain_lives.keys() == drawn_lives.keys()
    assert len(drawn_lives) == 200
    used = {event.data["dossier"]["procedure"]["code"] for event in drawn}
    assert len(used) > 60
    assert {"1.012787", "1.001193", "1.001612", "2.000635"} <= used
    known = Invented()
    assert used <= known.known
    assert {
        event.data["dossier"]["procedure"]["code"] for event in drawn if event.data["dossier"]["channel"] == "online"
    } <= known.online
    assert all(read(event.to_json()).content() == event.content() for event in drawn[:300])


def test_the_stream_never_meets_a_sample_nor_itself_a_year_later() -> None:
    year = 365 * BLOCK_EVENTS
    made = [*islice(stream(), 60), *islice(stream(year), 60), *generate(60, 10, 84, DAY)]
    assert len({event.subject for event in made}) == 30
    assert {event.source for event in made} == {SOURCE}


@pytest.mark.parametrize(
    ("events", "dossiers", "day"), [(-1, 1, DAY), (1, 0, DAY), (1, 10**9, DAY), (1, 1, date(1999, 12, 31))]
)
def test_arguments_that_make_no_sample_are_refused_before_the_first_event(
    events: int, dossiers: int, day: date
) -> None:
    with pytest.raises(ValueError, match="a sample"):
        generate(events, dossiers, 1, day)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
def test_officers_act_in_office_hours_and_never_earlier(at: datetime) -> None:
    moved = in_office(at.replace(tzinfo=VIETNAM))
    assert moved >= at.replace(tzinfo=VIETNAM)
    assert moved.weekday() < 5
    assert MORNING <= moved.time() <= EVENING
    assert in_office(moved) == moved


def test_the_due_time_counts_working_days_only() -> None:
    friday = datetime(2026, 7, 3, 9, 30, tzinfo=VIETNAM)
    assert due(friday, 1) == datetime(2026, 7, 6, 17, 0, tzinfo=VIETNAM)
    assert due(friday, 6) - due(friday, 1) == timedelta(days=7)


@pytest.mark.slow
def test_a_sample_reaches_every_partner_and_a_second_sending_changes_nothing(tmp_path: Path) -> None:
    """All that the sample owes can be said in each partner's words: nothing dead, nothing in doubt, the accounts in order."""
    events = command("sample", "--events", "180", "--dossiers", "30", "--seed", "3", url="")
    with demo(tmp_path) as url:
        assert "180 accepted" in command("send", url=url, given=events)
        assert "180 duplicate" in command("send", url=url, given=events)
        deadline = time.monotonic() + 60
        while (told := json.loads(command("status", "--json", "--verify", url=url)))["open"]:
            assert time.monotonic() < deadline, told
        assert told["dead"] == told["in_doubt"] == 0
        reached = {name for name, counts in told["partners"].items() if counts["delivered"]}
        assert {"dossier_system", "electronic_iso", "national_portal", "postal", "service_evaluation"} <= reached


def test_the_provinces_documents_are_the_same_each_time_and_go_on_from_any_place() -> None:
    first = [event.to_json() for event in islice(documents(), 8)]
    assert first == [event.to_json() for event in islice(documents(), 8)]
    assert first[5:] == [event.to_json() for event in islice(documents(5), 3)]
    assert len({event.subject for event in islice(documents(), 50)}) == 50
