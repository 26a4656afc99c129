"""The figures of the report as they are written for people, on the page as on paper."""

from __future__ import annotations

from ops.console.text import Speech
from ops.targets import rules
from ops.targets.report import Report


def on_paper(told: Report, say: Speech) -> bytes:
    """The report as a PDF. What draws it is heavy and seldom wanted, so that it is loaded here and not with the bus."""
    from ops.targets.paper import pdf_of

    return pdf_of(told, say)


def month_words(month: str) -> str:
    """`11/2026` of `2026-11`."""
    return f"{month[5:]}/{month[:4]}"


def sentence(told: Report, say: Speech) -> str:
    """What the report is about: whose dossiers, and how many."""
    names = [told.names[kind, code] for kind, code in (("agency", told.agency), ("field", told.field)) if code]
    return say("targets.sentence", n=say.number(told.received), whose=", ".join(names) or say("targets.province"))


def percent(share: float | None, say: Speech) -> str:
    """`72,4 %`, a dash where there is nothing to count."""
    return "–" if share is None else say("targets.percent", n=say.number(share, 1))


def goal(value: float, say: Speech) -> str:
    """`mục tiêu 60 %`."""
    return say("targets.goal", n=_as_published(value, say))


def figure(one: rules.Published, say: Speech) -> str:
    """A published figure with its unit."""
    return say.number(one.value) if one.unit == "count" else _as_published(one.value, say)


def _as_published(value: float, say: Speech) -> str:
    """Percent with the digits it was published with."""
    return say("targets.percent", n=say.number(value, 0 if value.is_integer() else 2))
