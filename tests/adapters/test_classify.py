"""The failure taxonomy (reliability, section 2), one row at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from adapters.transport.classify import Unreadable, from_failure, from_status, read_json, read_model
from adapters.transport.http import Failure, Reply
from adapters.transport.retry_after import retry_after_s
from bus.outcome import Cause, Contract, Held, Outcome, Permanent, Taken, Transient, Unknown

NOW = datetime(2026, 1, 5, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind", "cause"),
    [
        (202, Taken, Cause.TAKEN),
        (301, Unknown, Cause.UNKNOWN),
        (400, Permanent, Cause.REFUSED),
        (401, Transient, Cause.EXPIRED),
        (403, Held, Cause.FORBIDDEN),
        (409, Permanent, Cause.REFUSED),
        (415, Contract, Cause.CONTRACT),
        (422, Permanent, Cause.REFUSED),
        (429, Transient, Cause.BUSY),
        (500, Unknown, Cause.UNKNOWN),
        (503, Unknown, Cause.UNKNOWN),
        (504, Unknown, Cause.UNKNOWN),
    ],
)
def test_a_status_means_what_the_table_says(status: int, kind: type[Outcome], cause: Cause) -> None:
    outcome = from_status(Reply(status, "text/plain", b"words"), now=NOW)
    assert isinstance(outcome, kind)
    assert outcome.cause is cause


def test_success_is_left_to_the_contract() -> None:
    assert from_status(Reply(200, "application/json", b"{}")) is None


def test_a_404_is_a_gateways_unless_the_contract_knows_its_shape() -> None:
    assert isinstance(from_status(Reply(404, "text/html", b"")), Transient)
    assert isinstance(from_status(Reply(404, "application/json", b"{}"), contract_shape=True), Permanent)


def test_a_503_with_retry_after_is_busy() -> None:
    outcome = from_status(Reply(503, "text/plain", b"", "120"), now=NOW)
    assert isinstance(outcome, Transient)
    assert (outcome.cause, outcome.retry_after_s) == (Cause.BUSY, 120.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("Mon, 05 Jan 2026 08:01:00 GMT", 60.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("1e9", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_breaks_the_reader(header: str) -> None:
    seconds = retry_after_s(header, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("failure", "kind", "cause"),
    [
        (Failure(False, Cause.NOT_SENT, "x"), Transient, Cause.NOT_SENT),
        (Failure(False, Cause.TLS, "x"), Held, Cause.TLS),
        (Failure(True, Cause.UNKNOWN, "x"), Unknown, Cause.UNKNOWN),
    ],
)
def test_a_failure_depends_on_whether_the_request_had_left(failure: Failure, kind: type[Outcome], cause: Cause) -> None:
    outcome = from_failure(failure)
    assert isinstance(outcome, kind)
    assert outcome.cause is cause


class Shape(BaseModel):
    code: str


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b'{"code": "0"}'),
        ("application/json", b""),
        ("application/json", b'{"code": '),
        ("application/json", b'{"code": NaN}'),
        ("application/json", b'{"code": "0", "code": "1"}'),
        ("application/json", b"null"),
        ("application/json", b"[]"),
        ("application/json", b"[" * 100_000),
        ("application/json", '{"code": "0"}'.encode("utf-16")),
    ],
)
def test_an_answer_out_of_shape_is_unreadable(kind: str, body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_model(Reply(200, kind, body), Shape)


def test_a_byte_order_mark_is_forgiven() -> None:
    assert read_json(Reply(200, "application/json", b'\xef\xbb\xbf{"code": "0"}')) == {"code": "0"}
