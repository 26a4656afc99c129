"""Every page of the console in a real browser: WCAG 2.2 AA by axe-core, light and dark, both languages, a desk's screen and a phone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from selenium import webdriver

from bus.ledger.words import Claim, Filter, Move, Result, State
from bus.outcome import Cause
from ops import desk
from ops.console.door import RULES
from ops.rights import ROLES
from tests.console.conftest import CODE, Browser, Office
from tests.console.test_incidents import DOWN, FULL, look

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESK, PHONE = (1366, 768), (390, 844)
NO_PAGES = ("/static/", "/live", "/openid")
FILLED = {"code": CODE, "delivery": "1", "number": "1", **dict.fromkeys(("name", "partner"), "national_portal")}
"""What stands in the braces of an address."""
ASKED = {
    "/act": "verb=resend&state=dead",
    "/reveal": f"dossier={CODE}&field=name",
    "/switch": "partner=national_portal&verb=pause",
    "/edit": "delivery=1",
    "/mappings/{partner}/try": "delivery=1",
    "/people": "name=lan",
    "/deliveries": "state=dead",
}
"""What an address has to be asked besides; any other page says something when asked for nothing."""
RUN = """
const [tags, done] = [arguments[0], arguments[1]];
const said = one => one.id + ": " + one.nodes.map(node => node.target.join(" ") + " " + node.failureSummary).join("; ");
axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]}).then(
  found => done(found.violations.map(said)), error => done(["axe: " + error]));
"""


def pages() -> Iterator[str]:
    """Every address of the console that is a page, found by its rules."""
    for method, path in RULES:
        if method == "GET" and not path.startswith(NO_PAGES) and "." not in path:
            query = ASKED.get(path, "")
            for name, value in FILLED.items():
                path = path.replace(f"{{{name}}}", quote(value))
            yield f"/console{path}{'?' if query else ''}{query}"


@pytest.mark.slow
async def test_every_page_is_for_everyone_in_every_light_and_fits_a_phone(
    office: Office, chromium: webdriver.Chrome
) -> None:
    await _trouble(office)
    everyone = await office.person("lan", *ROLES)
    found = await asyncio.to_thread(_visit, chromium, office.url, everyone)
    assert not found, "\n".join(found)


async def _trouble(office: Office) -> None:
    """Something of everything on the books: dead, in doubt, waiting."""
    ledger = office.house.ledger
    ends = [
        ("national_portal", "Permanent", Move(State.DEAD, Cause.REFUSED, doubt=0)),
        ("electronic_iso", "Unknown", Move(State.IN_DOUBT, Cause.UNKNOWN, "ask", None, doubt=1)),
    ]
    for partner, outcome, move in ends:
        claimed = await ledger.claim(Claim(partner, worker=ledger.process, calls=5, rows=5, lease_s=30, batches={}))
        await ledger.record([Result(job, move, outcome, code="99", words="mã không hợp lệ") for job in claimed.jobs])
    await look(office, DOWN, FULL)
    dead = Filter(states=(State.DEAD,))
    assert (
        await desk.make_task(ledger, office.house.rules, desk.Deed("resend", dead), "mai", "đối tác đã sửa xong") == 1
    )


def _visit(chromium: webdriver.Chrome, url: str, person: Browser) -> list[str]:
    """What is wrong anywhere, a line each."""
    chromium.set_script_timeout(60)
    chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": AXE})
    chromium.get(f"{url}/console/static/base.css")
    chromium.add_cookie({"name": "lt_session", "value": person.session, "path": "/"})
    found: list[str] = []
    for language, theme in (("vi", "light"), ("en", "dark")):
        chromium.execute_script("localStorage.setItem('theme', arguments[0])", theme)
        for address in pages():
            chromium.set_window_size(*DESK)
            chromium.get(f"{url}{address}{'&' if '?' in address else '?'}lang={language}")
            status = chromium.execute_script("return performance.getEntriesByType('navigation')[0].responseStatus")
            if status != 200:
                found.append(f"{address}: {status}; say in ASKED what it has to be asked")
                continue
            for size in (DESK, PHONE):
                chromium.set_window_size(*size)
                at = f"{address} {language} {theme} {size[0]}"
                found += [f"{at}: {line}" for line in _faults(chromium, theme)]
    return found


def _faults(chromium: webdriver.Chrome, theme: str) -> list[str]:
    dressed = chromium.execute_script("return document.documentElement.dataset.theme")
    said: Any = chromium.execute_async_script(RUN, STANDARD)
    wide: Any = chromium.execute_script(
        "const e = document.scrollingElement; return e.scrollWidth > innerWidth + 1 ? e.scrollWidth : 0"
    )
    told = [*said, *([f"scrolls sideways, {wide} wide"] if wide else [])]
    return told if dressed == theme else [*told, f"is dressed in {dressed}"]
