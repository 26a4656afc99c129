"""The month's report on paper: a PDF of A4 pages with its own letters, every diacritic among them, that prints in black and white too."""

from __future__ import annotations

import io
from functools import cache
from html import escape
from importlib.resources import as_file, files
from itertools import pairwise
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from ops.console.text import Speech
from ops.targets import rules
from ops.targets.report import Report, Value
from ops.targets.written import figure, goal, month_words, percent, sentence

PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
MARGIN, GAP = 15 * mm, 6 * mm
INK, SOFT, FAINT = colors.HexColor("#14161a"), colors.HexColor("#4a505c"), colors.HexColor("#c3c8d0")
CHART_HEIGHT = 20 * mm


def pdf_of(told: Report, say: Speech) -> bytes:
    """The report in the reader's language."""
    _letters()
    out = io.BytesIO()
    title = f"{say('page.targets')} · {say('targets.month', month=month_words(told.month))}"
    page = SimpleDocTemplate(
        out,
        pagesize=A4,
        **dict.fromkeys(("leftMargin", "rightMargin", "topMargin"), MARGIN),
        bottomMargin=MARGIN + 4 * mm,
        title=title,
        author="Liên Thông",
        lang=say.language,
    )
    width = A4[0] - 2 * MARGIN
    story: list[Any] = [
        Paragraph(escape(title), _style(15, BOLD)),
        Paragraph(escape(sentence(told, say)), _style(8.5, color=SOFT)),
        Spacer(1, GAP / 2),
        _cards(told, say, width),
        Paragraph(escape(say(f"targets.by_{told.by}")), _style(11, BOLD, before=GAP)),
        _lines(told, say, width),
        Paragraph(escape(say("targets.published")), _style(11, BOLD, before=GAP)),
        *[
            Paragraph(escape(f"{one.says('title', say.language)}: {figure(one, say)} ({one.year})"), _style(8.5))
            for one in rules.published()
        ],
        Paragraph(escape(rules.published()[0].says("source", say.language)), _style(7.5, color=SOFT)),
    ]

    def foot(canvas: Any, _document: Any) -> None:
        canvas.setFont(PLAIN, 7.5)
        canvas.setFillColor(SOFT)
        canvas.drawString(MARGIN, MARGIN, say("targets.drawn", time=say.exact(told.at)))
        canvas.drawRightString(A4[0] - MARGIN, MARGIN, str(canvas.getPageNumber()))

    page.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


@cache
def _letters() -> None:
    """Know our letters: what a reader's machine has need not have ế."""
    for name in (PLAIN, BOLD):
        with as_file(files(__package__).joinpath("fonts", f"{name}.ttf")) as path:
            pdfmetrics.registerFont(TTFont(name, str(path)))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)


def _style(size: float, font: str = PLAIN, color: Any = INK, before: float = 0.0) -> ParagraphStyle:
    return ParagraphStyle(
        f"{font}{size}", fontName=font, fontSize=size, leading=size * 1.45, textColor=color, spaceBefore=before
    )


def _cards(told: Report, say: Speech, width: float) -> Table:
    """Two cards beside each other, each with its value, its line over twelve months and how it is worked out."""
    half = width / 2 - 4 * mm
    cards = [_card(value, say, half) for value in told.values]
    rows = [cards[at : at + 2] + [""] * (2 - len(cards[at : at + 2])) for at in range(0, len(cards), 2)]
    hairlines = [("LINEABOVE", (0, 0), (-1, -1), 0.4, FAINT), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return Table(rows, colWidths=[width / 2] * 2, style=TableStyle(hairlines))


def _card(value: Value, say: Speech, width: float) -> list[Any]:
    one, language = value.indicator, say.language
    wanted = goal(one.goal, say) if one.goal is not None else ""
    stands = "" if value.reached is None else say("targets.reached" if value.reached else "targets.missed")
    of = say("targets.of", counted=say.number(value.counted), among=say.number(value.among))
    said = " · ".join(filter(None, (of, wanted, stands)))
    return [
        Paragraph(f"<b>{escape(one.says('title', language))}</b>", _style(9)),
        Paragraph(f"<b>{escape(percent(value.share, say))}</b>", _style(14)),
        Paragraph(escape(said), _style(7.5, color=SOFT)),
        Chart(value, width),
        Paragraph(escape(f"{one.says('says', language)} ({one.says('source', language)})"), _style(7, color=SOFT)),
    ]


def _lines(told: Report, say: Speech, width: float) -> Table:
    cell, head = _style(7.5), _style(7.5, BOLD)
    right = ParagraphStyle("right", parent=cell, alignment=2)
    titles = [say("targets.received"), *(one.says("short", say.language) for one in rules.indicators())]
    head_right = ParagraphStyle("head_right", parent=head, alignment=2)
    rows: list[list[Any]] = [
        [Paragraph(escape(say(f"targets.{told.by}")), head), *(Paragraph(escape(t), head_right) for t in titles)]
    ]
    for line in told.lines:
        shares = ["–" if share is None else say.number(share, 1) for share in line.shares]
        figures = [say.number(line.received), *shares]
        rows.append([Paragraph(escape(line.name), cell), *(Paragraph(figure, right) for figure in figures)])
    each = (width - 52 * mm) / len(titles)
    hairlines = [("LINEBELOW", (0, 0), (-1, -1), 0.4, FAINT), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    hairlines += [(f"{side}PADDING", (0, 0), (-1, -1), 2) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    return Table(rows, colWidths=[52 * mm, *([each] * len(titles))], repeatRows=1, style=TableStyle(hairlines))


class Chart(Flowable):  # type: ignore[misc]
    """An indicator's line over its months, its goal dashed."""

    def __init__(self, value: Value, width: float) -> None:
        super().__init__()
        self._value = value
        self.width, self.height = width, CHART_HEIGHT

    def draw(self) -> None:
        """On the page's canvas."""
        canvas, floor, reach = self.canv, 5 * mm, CHART_HEIGHT - 8 * mm
        step = self.width / (len(self._value.series) - 1)
        canvas.setStrokeColor(FAINT)
        canvas.line(0, floor, self.width, floor)
        if self._value.indicator.goal is not None:
            height = floor + reach * self._value.height(self._value.indicator.goal)
            canvas.setStrokeColor(SOFT)
            canvas.setDash(2, 2)
            canvas.line(0, height, self.width, height)
            canvas.setDash()
        canvas.setStrokeColor(INK)
        canvas.setFillColor(INK)
        canvas.setLineWidth(1.2)
        heights = [(place * step, floor + reach * height) for place, height in self._value.heights()]
        for (x, y), (to_x, to_y) in pairwise(heights):
            canvas.line(x, y, to_x, to_y)
        if heights:
            canvas.circle(*heights[-1], 1.6, stroke=0, fill=1)
        canvas.setFont(PLAIN, 6.5)
        canvas.setFillColor(SOFT)
        canvas.drawString(0, 1.5 * mm, month_words(self._value.series[0][0]))
        canvas.drawRightString(self.width, 1.5 * mm, month_words(self._value.series[-1][0]))
