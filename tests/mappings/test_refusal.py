"""A refusal as an event: whole for the officer, masked for everybody else, and never told to who refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.canonical.events import RefusedEvent
from contracts.envelope import Envelope, read
from contracts.marks import redact
from mappings.refusal import refused
from mappings.routes import owed
from tests.builders import DOSSIER

EVERYBODY = frozenset({"dossier_system", "national_portal", "electronic_iso"})


def a_refusal(**changes: Any) -> Envelope:
    facts: dict[str, Any] = {
        "subject": DOSSIER,
        "partner": "national_portal",
        "operation": "DongBoHoSoMC",
        "code": "-3",
        "words": "Hồ sơ của Nguyễn Văn An không hợp lệ",
        "key": "k",
        "attempt": 2,
        "at": datetime(2026, 7, 3, tzinfo=UTC),
    }
    return refused(**(facts | changes))


@given(code=st.text(max_size=300), words=st.text(max_size=5000))
def test_whatever_a_partner_says_makes_an_event_that_may_come_in(code: str, words: str) -> None:
    told = a_refusal(code=code, words=words)
    assert read(told.to_json()).message == told.message


def test_each_refused_attempt_is_an_event_of_its_own_and_a_repeat_the_same() -> None:
    assert a_refusal().to_json() == a_refusal().to_json()
    assert a_refusal().id != a_refusal(attempt=3).id


def test_it_is_owed_to_the_dossier_system_unless_that_refused_itself() -> None:
    assert [(one.partner, one.operation) for one in owed(a_refusal(), EVERYBODY)] == [("dossier_system", "notify")]
    assert owed(a_refusal(partner="dossier_system", operation="notify"), EVERYBODY) == ()


def test_the_partners_words_are_masked_wherever_they_are_shown() -> None:
    shown = json.dumps(redact(a_refusal().data, RefusedEvent), ensure_ascii=False)
    assert "Nguyễn" not in shown
    assert "-3" in shown


@pytest.mark.parametrize("subject", ["ORDER-17", "VB-2026-15", "H59.17", "000.00.17.H59-2607-1"])
def test_a_refusal_about_something_else_than_a_dossier_is_told_under_its_own_name(subject: str) -> None:
    told = a_refusal(subject=subject, partner="legal_documents", operation="guiVanBan")
    assert (told.subject, told.data.get("dossier_code")) == (subject, None)
    assert [(one.partner, one.operation) for one in owed(told, EVERYBODY)] == [("dossier_system", "notify")]


def test_a_refusal_about_a_dossier_names_it() -> None:
    assert a_refusal().data["dossier_code"] == DOSSIER
