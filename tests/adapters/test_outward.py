"""From a job to its row, or to the reason why there is none."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from adapters.outward import outward
from bus.adapter import Row
from bus.outcome import Cause, Contract, Held
from contracts.codes import CodeGap
from contracts.envelope import judge
from contracts.fault import Refusal
from mappings.table import Unmappable
from ops.events_doc.example import smallest
from tests.builders import a_job

EVENT = judge(smallest(9001))


def test_a_message_leaves_as_json_and_a_sealed_request_as_it_was() -> None:
    row = outward(a_job(envelope=EVENT), lambda message: {"ma": message.dossier.code, "tên": "Ấp"}, "create")
    assert isinstance(row, Row)
    assert (row.body.decode(), row.switch) == (f'{{"ma":"{EVENT.subject}","tên":"Ấp"}}', "create")
    again = outward(a_job(envelope=EVENT, request=b"sealed"), lambda _message: {})
    assert isinstance(again, Row)
    assert again.body == b"sealed"


@pytest.mark.parametrize(
    ("error", "outcome", "cause", "said"),
    [
        (CodeGap("ward", "1", date(2026, 7, 1)), Held, Cause.CODE_GAP, "ward"),
        (Unmappable("maXa", "ward", "nothing"), Contract, Cause.POISON, "maXa"),
        (Refusal([], "id", "urn:x"), Contract, Cause.POISON, ""),
    ],
)
def test_what_cannot_be_said_is_an_outcome(error: Exception, outcome: type[Any], cause: Cause, said: str) -> None:
    def write(_message: Any) -> dict[str, Any]:
        raise error

    told = outward(a_job(envelope=EVENT), write)
    assert isinstance(told, outcome)
    assert told.cause is cause
    assert said in told.words
