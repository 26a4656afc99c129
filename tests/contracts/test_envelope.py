"""The front door: whatever bytes come, an envelope or a refusal that says where and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.envelope import MAX_SEQUENCE, Envelope, flags, parse, read
from contracts.fault import MAX_FAULTS, Fault, Refusal
from tests.contracts.examples import event, raw, set_at

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
ATTRIBUTES = st.sampled_from(sorted({*event(), "traceparent", "dataschema", "specversion", "Bad-Name", "extra"}))


def refused(value: Any) -> Refusal:
    with pytest.raises(Refusal) as found:
        read(value if isinstance(value, bytes) else raw(value))
    return found.value


def judged(body: bytes) -> None:
    """The bytes are an event, or refused with faults that say where and why; any other exception fails the test."""
    try:
        read(body)
        faults: tuple[Fault, ...] = (Fault("$", "none"),)
    except Refusal as refusal:
        faults = refusal.faults
    assert faults
    assert all(fault.path.startswith("$") and fault.rule for fault in faults)


def paths(value: Any) -> list[str]:
    return [fault.path for fault in refused(value).faults]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
@example(b"\xff\xfe{}")
@example(b"\xef\xbb\xbf{}")
@example(b'"\\ud800"')
@example(b"[" * 5000)
@example(b'{"a":' * 3000 + b"1" + b"}" * 3000)
@example(b"1e999")
@example(b"9" * 5000)
@example(b"NaN")
def test_no_bytes_bring_anything_but_a_refusal(body: bytes) -> None:
    with pytest.raises(Refusal):
        read(body)


@settings(max_examples=300, deadline=None)
@given(name=ATTRIBUTES, value=JSON)
@example(name="time", value="0001-01-01T00:00:00+14:00")
@example(name="time", value="9999-12-31T23:59:59-14:00")
@example(name="sequence", value="٣")
@example(name="sequence", value=True)
@example(name="data", value={"dossier": None})
def test_one_spoilt_attribute_is_refused_or_read_never_an_error(name: str, value: Any) -> None:
    judged(json.dumps(event() | {name: value}).encode())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_one_spoilt_value_anywhere_in_the_data_is_refused_or_read_never_an_error(data: st.DataObject) -> None:
    value = event("dossier.supplemented.v1")
    place: Any = value["data"]
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JSON)
    judged(json.dumps(value).encode())


def test_what_is_written_reads_back_to_the_same_content() -> None:
    envelope = read(raw(event(extra="more", partofit=3)))
    assert read(envelope.to_json()) == envelope
    assert Envelope.trusted(envelope.to_json()) == envelope
    assert Envelope.trusted(envelope.to_json()).content() == envelope.content()


def test_only_the_trace_attributes_are_left_out_of_the_content() -> None:
    plain = read(raw(event()))
    traced = read(raw(event(traceparent=f"00-{'a' * 32}-{'b' * 16}-01", tracestate="x=1")))
    assert traced.content() == plain.content()
    assert traced.to_json() != plain.to_json()
    assert read(raw(event(correlationid="thread-1"))).content() != plain.content()
    assert read(raw(event(extra="more"))).content() != plain.content()


def test_one_instant_written_in_two_ways_has_one_content() -> None:
    there = read(raw(event(time="2026-07-01T08:30:00+07:00")))
    assert there.time == datetime(2026, 7, 1, 1, 30, tzinfo=UTC)
    assert there.content() == read(raw(event(time="2026-07-01T01:30:00Z"))).content()


@pytest.mark.parametrize("value", [1, "1", MAX_SEQUENCE, str(MAX_SEQUENCE)])
def test_a_sequence_is_a_number_or_its_digits_and_leaves_as_a_number(value: Any) -> None:
    assert json.loads(read(raw(event(sequence=value))).to_json())["sequence"] == int(value)


@pytest.mark.parametrize("value", [0, -1, "0", "", "1.0", 1.5, True, "٣", MAX_SEQUENCE + 1, "9" * 30, [1]])
def test_a_sequence_that_is_none_is_refused(value: Any) -> None:
    assert "$.sequence" in paths(event(sequence=value))


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "subject", "time", "data"])
def test_each_required_attribute_is_missed_by_name(name: str) -> None:
    value = event()
    del value[name]
    (fault,) = refused(value).faults
    assert (fault.path, fault.rule) == (f"$.{name}", "this field is required")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("specversion", "0.3"),
        ("id", ""),
        ("id", "a b"),
        ("id", "x" * 129),
        ("source", "một cửa"),
        ("source", "x" * 257),
        ("type", "vn.lienthong.dossier.burned.v1"),
        ("type", "com.example.other"),
        ("time", "20260701083000"),
        ("time", 1_782_800_000),
        ("time", "2026-07-01T08:30:00"),
        ("time", "2026-02-30T08:30:00Z"),
        ("time", "2300-01-01T00:00:00Z"),
        ("datacontenttype", "application/xml"),
        ("data", []),
    ],
)
def test_a_bad_attribute_is_refused_at_its_path(name: str, value: Any) -> None:
    assert paths(event(**{name: value})) == [f"$.{name}"]


def test_an_unknown_type_is_refused_with_where_to_look() -> None:
    (fault,) = refused(event(type="vn.lienthong.dossier.burned.v1")).faults
    assert "docs/events.md" in fault.rule
    assert fault.value == "vn.lienthong.dossier.burned.v1"


@pytest.mark.parametrize("name", ["Upper", "with-dash", "x" * 21, "đ"])
def test_an_extension_keeps_to_the_names_of_cloudevents(name: str) -> None:
    assert refused(event(**{name: "1"}))
    assert read(raw(event(plain1="kept"))).model_extra == {"plain1": "kept"}


@pytest.mark.parametrize("value", [None, 1.5, {"a": 1}, ["x"]])
def test_an_extension_keeps_to_the_values_of_cloudevents(value: Any) -> None:
    assert refused(event(extension=value))


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xc3", "not UTF-8"),
        (b'{"a":1,"a":2}', "same key twice"),
        (b'{"a":{"b":1,"b":1}}', "same key twice"),
        (b'{"a":NaN}', "no JSON number"),
        (b'{"a":-Infinity}', "no JSON number"),
        (b'{"a":1e999}', "too large"),
        (b'{"a":' + b"9" * 21 + b"}", "64 bits"),
        (b'{"a":0.' + b"1" * 99 + b"}", "40 characters"),
        (b'{"a":"\\u0000"}', "NUL"),
        (b'{"\\u0000":1}', "NUL"),
        (b'{"a":"\\udc00"}', "surrogate"),
        (b'{"a":["' + "é".encode() + b'\\ud83d"]}', "surrogate"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "deeper than 64"),
        (b"[1]", "JSON object"),
        (b"null", "JSON object"),
    ],
)
def test_unreadable_json_is_refused_by_its_rule(body: bytes, rule: str) -> None:
    (fault,) = refused(body).faults
    assert rule in fault.rule


def test_sixty_four_levels_and_a_whole_surrogate_pair_are_read() -> None:
    assert parse(b"[" * 64 + b"]" * 64)
    assert parse(b'"\\ud83d\\ude00"') == "😀"


def test_binary_data_is_refused_with_the_way_out() -> None:
    value = event()
    value["data_base64"] = "e30="
    (fault,) = refused(value).faults
    assert "`data`" in fault.rule


def test_every_fault_is_named_at_once_with_path_and_masked_value() -> None:
    value = set_at(event(), "data.dossier.applicant.citizen_id", "08408000012")
    set_at(value, "data.dossier.agency.id", "H5")
    set_at(value, "data.dossier.papers.0.url", "file:///etc/passwd")
    faults = {fault.path: fault for fault in refused(value).faults}
    assert set(faults) == {
        "$.data.dossier.applicant.citizen_id",
        "$.data.dossier.agency.id",
        "$.data.dossier.papers[0].url",
    }
    citizen = faults["$.data.dossier.applicant.citizen_id"]
    assert citizen.value == "084*****012"
    assert citizen.source == "Luật Căn cước 26/2023/QH15"
    assert faults["$.data.dossier.agency.id"].value == "H5"


def test_a_refusal_never_repeats_a_personal_value() -> None:
    canary = "Nguyễn Thị Bí Mật 084180999999"
    value = set_at(event(), "data.dossier.applicant.phone", canary)
    set_at(value, f"data.dossier.{canary}", canary)
    set_at(value, "data.dossier.applicant.name", [canary])
    refusal = refused(value)
    told = json.dumps([fault.as_dict() for fault in refusal.faults], ensure_ascii=False) + str(refusal)
    assert len(refusal.faults) == 3
    assert canary not in told
    assert "084180999999" not in told


def test_a_flood_of_faults_is_told_short() -> None:
    value = event()
    value["data"]["dossier"] |= {f"unknown{number}": "x" * 10_000 for number in range(500)}
    refusal = refused(value)
    assert len(refusal.faults) == MAX_FAULTS + 1
    assert refusal.faults[-1].rule == "and 450 more faults"
    assert len(str([fault.as_dict() for fault in refusal.faults])) < 20_000


def test_the_refusal_names_the_event() -> None:
    refusal = refused(event(id="e-1", time="never"))
    assert (refusal.event_id, refusal.source) == ("e-1", "urn:lienthong:dossier-system")


def test_subject_and_dossier_are_one_and_the_subject_is_normalised() -> None:
    value = event()
    assert paths(value | {"subject": "000.00.17.H59-260701-9999"}) == ["$.subject"]
    lower = value["subject"].lower()
    set_at(value, "data.dossier.code", lower)
    assert read(raw(value | {"subject": lower})).subject == lower.upper()


def test_the_status_fits_the_type_and_the_change() -> None:
    assert paths(set_at(set_at(event(), "data.dossier.status", 4), "data.change.to_status", 4)) == [
        "$.data.dossier.status"
    ]
    value = set_at(event("dossier.status_changed.v1"), "data.change.to_status", 8)
    assert paths(value) == ["$.data.change.to_status"]


def test_an_unusual_transition_and_an_old_font_are_flagged_and_let_in() -> None:
    value = event("dossier.status_changed.v1")
    assert flags(read(raw(value))) == ()
    set_at(value, "data.change.from_status", 10)
    set_at(value, "data.dossier.applicant.name", "NguyÔn V¨n An")
    assert flags(read(raw(value))) == ("unusual:10>4", "legacy_font:applicant.name")


def test_a_broken_trace_is_forgotten_not_refused() -> None:
    assert read(raw(event(traceparent="rubbish"))).traceparent == ""
