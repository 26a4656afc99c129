"""The targets' page, its table and its paper, over HTTP and from the command line."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

from reportlab.pdfbase import pdfmetrics

from ops.console.text import Speech
from ops.sample import generate
from ops.targets import paper, report, rules, written
from ops.targets.follow import once
from tests.console.conftest import Office

MANY = list(generate(150, 30, 5, date(2026, 1, 5)))


async def counted(office: Office) -> None:
    """A few weeks of dossiers, counted."""
    await office.house.intake.accept(MANY, client="test")
    ledger = office.house.ledger
    fence = await ledger.take_duty("sealer", ledger.process, 60)
    assert fence is not None
    await ledger.seal_journal(fence)
    while await once(ledger):
        pass


async def test_the_page_says_how_each_indicator_stands_and_how_it_is_worked_out(office: Office) -> None:
    await counted(office)
    viewer = await office.person("lan", "viewer")
    told = await report.report(office.house.ledger)
    for language in ("vi", "en"):
        shown = (await viewer.get(f"/console/targets?lang={language}")).text
        say = Speech("vi" if language == "vi" else "en", told.at)
        for value in told.values:
            assert value.indicator.says("title", say.language) in shown
            assert value.indicator.says("says", say.language).replace("'", "&#39;") in shown
            assert written.percent(value.share, say) in shown
        assert "1.844" in shown if language == "vi" else "1,844" in shown
        assert shown.count('role="img" aria-label="') == len(told.values)
        assert 'style="' not in shown, "nothing inline"
    one = told.lines[0]
    narrowed = (await viewer.get(f"/console/targets?month={told.month}&agency={one.code}&by=field")).text
    assert f"{one.received} dossiers received in the month, {one.name}" in narrowed
    assert (await viewer.get("/console/targets?agency=<script>")).status_code == 404


async def test_the_table_is_safe_in_a_spreadsheet_and_says_what_the_page_says(office: Office) -> None:
    await counted(office)
    viewer = await office.person("lan", "viewer")
    told = await report.report(office.house.ledger)
    answer = await viewer.get("/console/targets.csv?lang=vi")
    assert answer.headers["content-disposition"] == f'attachment; filename="chi-tieu-{told.month}.csv"'
    head, whole, *lines, goal = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert head[:4] == ["Tháng", "Mã", "Tên", "Hồ sơ tiếp nhận"]
    assert [float(cell) if cell else None for cell in whole[4:]] == [
        None if value.share is None else round(value.share, 2) for value in told.values
    ]
    assert [line[2] for line in lines] == [line.name for line in told.lines]
    assert dict(zip(head, goal, strict=True))["Nộp hồ sơ trực tuyến (%)"] == "50.0"


async def test_the_paper_carries_its_own_letters(office: Office) -> None:
    await counted(office)
    viewer = await office.person("lan", "viewer")
    answer = await viewer.get("/console/targets.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert {b"+DejaVuSans", b"+DejaVuSans-Bold"} <= set(re.findall(rb"/BaseFont /[A-Z]+(\+[\w-]+)", answer.content))


def test_every_letter_that_may_stand_on_the_paper_is_in_its_font() -> None:
    paper._letters()
    words = [text for one in rules.indicators() for text in one.words.values()]
    words += [text for one in rules.published() for text in one.words.values()]
    spoken = "".join(words) + "aàáảãạăằắẳẵặâầấẩẫậđeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵ–·÷−"
    for name in (paper.PLAIN, paper.BOLD):
        known = pdfmetrics.getFont(name).face.charToGlyph
        assert {letter for letter in spoken + spoken.upper() if ord(letter) not in known} == set()


async def test_who_is_bound_to_a_partner_sees_nothing_of_the_whole_province(office: Office) -> None:
    bound = await office.person("cong", "operator", "auditor", partner="national_portal")
    for address in ("targets", "targets.csv", "targets.pdf", "settings"):
        assert (await bound.get(f"/console/{address}")).status_code == 403
    assert "/console/targets" not in (await bound.get("/console/")).text
