"""The page of the province's targets, the same as a table for spreadsheets and as a paper; and the page of the settings, to be read."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import Response

from bus.ledger.migrations import HEAD
from ops.console.frame import Frame
from ops.console.text import Speech
from ops.setting_list import sections
from ops.targets import rules, written
from ops.targets.report import By, Report, Unasked, Value, report, sheet

WIDTH, FLOOR, REACH = 350.0, 90.5, 78.0
"""The chart's width, the height of its floor, and how high a line goes; units of its view box."""
ASKED = ("month", "agency", "field", "by")


class Chart(NamedTuple):
    """An indicator's line as SVG: its points, its last one, its goal's height with the place of the goal's words, and all in words."""

    points: str
    dot: tuple[float, float] | None
    goal: float | None
    goal_words: float
    label: str


def add(app: FastAPI, frame: Frame) -> None:
    """The addresses of the targets."""
    ledger = frame.house.ledger

    @app.get("/targets")
    async def targets(request: Request) -> Response:
        say = frame.speech(request)
        try:
            told = await asked(request)
        except Unasked:
            return frame.failed(request, 404, "targets.unasked")
        query = {name: getattr(told, name) for name in ASKED if getattr(told, name)}
        other: By = "field" if told.by == "agency" else "agency"
        return frame.page(
            request,
            "targets.html",
            "targets",
            say=say,
            told=told,
            cards=[(value, chart(value, say)) for value in told.values],
            published=[(one, written.figure(one, say)) for one in rules.published()],
            sentence=written.sentence(told, say),
            percent=written.percent,
            goal=written.goal,
            month_words=written.month_words,
            month_options=[
                (month, say("targets.month", month=written.month_words(month)).capitalize()) for month in told.months
            ],
            query=urlencode(query),
            other=other,
            other_query=urlencode(query | {"by": other}),
        )

    @app.get("/targets.csv")
    async def targets_csv(request: Request) -> Response:
        return await sent(request, "text/csv; charset=utf-8", "csv")

    @app.get("/targets.pdf")
    async def targets_pdf(request: Request) -> Response:
        return await sent(request, "application/pdf", "pdf")

    @app.get("/settings")
    async def settings(request: Request) -> Response:
        shown = sections(frame.house.settings, frame.house.partner_settings)
        return frame.page(request, "settings.html", "settings", sections=shown, revision=HEAD)

    async def sent(request: Request, media_type: str, ending: str) -> Response:
        say = frame.speech(request)
        try:
            told = await asked(request)
        except Unasked:
            return frame.failed(request, 404, "targets.unasked")
        body = sheet(told, say.language) if ending == "csv" else written.on_paper(told, say)
        return frame.file(body, media_type, f"{say('targets.file')}-{told.month}.{ending}")

    async def asked(request: Request) -> Report:
        """The report the address asks for. Raises Unasked, LedgerBusy."""
        month, agency, field, by = (request.query_params.get(name, "") for name in ASKED)
        return await report(ledger, month, agency, field, "field" if by == "field" else "agency")


def chart(value: Value, say: Speech) -> Chart:
    """The line over twelve months, with a description that says its figures."""
    step = (WIDTH - 12) / (len(value.series) - 1)
    points = [(4 + place * step, FLOOR - REACH * height) for place, height in value.heights()]
    title, goal = value.indicator.says("title", say.language), value.indicator.goal
    at = None if goal is None else FLOOR - REACH * value.height(goal)
    figures = [f"{written.month_words(month)} {written.percent(s, say)}" for month, s in value.series if s is not None]
    label = say(
        "targets.chart",
        title=title,
        n=len(value.series),
        months=", ".join(figures) or say("targets.chart_none"),
        goal="" if goal is None else f"; {written.goal(goal, say)}",
    )
    last = points[-1][1] if points else FLOOR
    above = at is not None and (at > 20 and last > at)
    words = 0.0 if at is None else at - 5 if above else at + 13
    return Chart(" ".join(f"{x:.1f},{y:.1f}" for x, y in points), points[-1] if points else None, at, words, label)
