"""What one dossier counts as in the indicators. Pure: a dossier's state, what was heard of it, and an instant in; counters out.

The rules are those of the indicator set of QĐ 766/QĐ-TTg, each beside the counter it moves. A dossier counts in the month, by Vietnam's
calendar, in which it was received; one that was never received counts nowhere.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from bus.ledger.figures import Counted
from bus.maintenance import VIETNAM
from contracts.canonical.dossier import Dossier
from contracts.canonical.events import EVENTS, PREFIX
from ops.words import Language

STANDS = tuple(name for name, event in EVENTS.items() if "dossier" in event.model.model_fields)
"""The events that carry a dossier's full state."""
SYNCED, PAID = f"{PREFIX}portal.dossier_synced.v1", f"{PREFIX}payment.confirmed.v1"
ENDED, REFUSED, WITHDRAWN, WAITS_FOR_SUPPLEMENT = (9, 10), (3, 8), 7, 5
PAID_ONLINE = ("portal", "gateway")


class Indicator(NamedTuple):
    """One indicator: the counter it counts, among which other, its goal in percent where one is published, its words."""

    key: str
    counted: str
    among: str
    goal: float | None
    words: Mapping[str, str]

    def says(self, what: str, language: Language) -> str:
        """Its `title`, `short` title, how it is worked out (`says`) or its `source`."""
        return self.words[f"{what}_{language}"]

    def share(self, counters: Mapping[str, int]) -> float | None:
        """Its value in percent, None where nothing is counted. What is filed online counts as far as it was synced (3.3)."""
        among = counters.get(self.among, 0)
        if not among:
            return None
        value = 100.0 * counters.get(self.counted, 0) / among
        return value * counters.get("synced", 0) / among if self.key == "online" else value


class Published(NamedTuple):
    """A figure the province published: a count or percent, its year and source, the indicator it is a goal of ("": of none)."""

    key: str
    year: str
    value: float
    unit: str
    indicator: str
    words: Mapping[str, str]

    def says(self, what: str, language: Language) -> str:
        return self.words[f"{what}_{language}"]


@cache
def indicators() -> tuple[Indicator, ...]:
    """The indicators, in the order in which they are shown."""
    return tuple(
        Indicator(row["key"], row["counted"], row["among"], float(row["goal"]) if row["goal"] else None, row)
        for row in _rows("indicators.csv")
    )


@cache
def published() -> tuple[Published, ...]:
    """What the province published of itself."""
    return tuple(
        Published(row["key"], row["year"], float(row["value"]), row["unit"], row["indicator"], row)
        for row in _rows("published.csv")
    )


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()))


def month_of(at: datetime) -> str:
    """`2026-11`: the month of an instant in Vietnam."""
    return at.astimezone(VIETNAM).strftime("%Y-%m")


def counted(dossier: Dossier, changed_at: datetime, heard: Collection[str], now: float) -> Counted:
    """What a dossier adds as it stands. `changed_at`: when it came to its status; `now`: seconds since the epoch."""
    if dossier.received_at is None:  # 4.3: without a time of reception not counted
        return Counted(dossier.code, "", "", "", ())
    counters = ["received", *_papers(dossier), *_money(dossier, heard)]
    if SYNCED in heard:
        counters.append("synced")  # 1.4
    month, place = month_of(dossier.received_at), (dossier.agency.id, dossier.procedure.field_code)
    verdict = _verdict(dossier, changed_at)
    due = dossier.due_at.timestamp() if dossier.due_at is not None and verdict == () and _open(dossier) else None
    late = (*counters, "judged")
    if due is not None and due <= now:
        return Counted(dossier.code, month, *place, late)
    kept = (*counters, *verdict)
    return Counted(dossier.code, month, *place, kept, due, late if due is not None else ())


def _papers(dossier: Dossier) -> list[str]:
    """Indicators 3.3, 4.1, 4.2 and 4.3."""
    done = dossier.status in ENDED
    e_result = any(paper.url and paper.result_code for paper in dossier.results)
    yields = {
        "online": dossier.channel == "online" and (e_result or not (done and dossier.results)),
        "done": done,
        "e_result": done and e_result,
        "digitised": done and e_result and any(not paper.withdrawn for paper in dossier.papers),
        "reused": any(paper.digitised for paper in dossier.papers),
    }
    return [name for name, holds in yields.items() if holds]


def _money(dossier: Dossier, heard: Collection[str]) -> list[str]:
    """Indicator 3.6: of dossiers with a fee above zero those paid online."""
    if not any(fee.amount_vnd for fee in dossier.fees):
        return []
    return ["fee", "paid_online"] if dossier.paid_by in PAID_ONLINE or PAID in heard else ["fee"]


def _verdict(dossier: Dossier, changed_at: datetime) -> tuple[str, ...]:
    """Indicator 2.1, as far as it is decided: counters, empty while it is open or where nothing was promised."""
    if dossier.due_at is None:
        return ()
    if len(dossier.supplements) > 1:
        return ("judged",)
    end = dossier.finished_at or dossier.returned_at
    if end is None and dossier.status in REFUSED:
        end = dossier.refused_at or changed_at
    if end is None and dossier.status == WAITS_FOR_SUPPLEMENT and dossier.supplements:
        end = dossier.supplements[0].asked_at
    if end is None:
        return ()
    return ("judged", "on_time") if end <= dossier.due_at else ("judged",)


def _open(dossier: Dossier) -> bool:
    """Still owed to the citizen: what was withdrawn is never late."""
    return dossier.status != WITHDRAWN
