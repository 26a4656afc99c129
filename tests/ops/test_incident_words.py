"""Every kind of incident in words of both languages."""

from __future__ import annotations

from typing import Any

import pytest

from bus.ledger.incidents import Incident
from ops.incidents import kinds, told
from ops.incidents_settings import DOSSIER_SYSTEM
from tests.ops.test_incidents import MORNING, PORTAL

FACTS: dict[str, dict[str, Any]] = {
    "paused": {"cause": "forbidden"},
    "failures": {"cause": "refused", "code": "E01"},
    "silence": {"source": DOSSIER_SYSTEM},
    "certificate": {"on": "01/08/2026"},
    "disk": {"free": "0.5 GB"},
    "sweep": {"duty": "sealer"},
    "holidays": {"year": 2027},
    "notices": {"recipient": "truc"},
    "mismatch": {"lines": 3},
    "approval": {"task": 4},
    "fallen": {"task": "deadlines"},
    "failing": {"part": "worker"},
}
"""What each kind's conditions carry, as the signs above make them."""


def an_incident(kind: str, partner: str = PORTAL, **changes: Any) -> Incident:
    plain: dict[str, Any] = {
        "id": 17, "kind": kind, "about": "", "partner": partner, "facts": FACTS.get(kind, {}),
        "began_at": MORNING, "opened_at": MORNING, "clear_at": None, "closed_at": None,
        "dossiers": 1213, "deliveries": 1500, "first_dossiers": 3, "first_deliveries": 5,
        "most_dossiers": 1300, "most_deliveries": 1600,
        "owner": "", "acknowledged_at": None, "acknowledged_by": "", "note": "",
    }  # fmt: skip
    return Incident(**(plain | changes))


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_kind_has_its_words(kind: str, language: Any) -> None:
    for partner in (PORTAL, ""):
        words = told(an_incident(kind, partner), language, lambda name, _language: name.upper())
        assert all((words.title, words.says, words.todo, words.side))
        assert "{" not in "".join(words)
