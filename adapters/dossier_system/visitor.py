"""A citizen at a browser, for the demo: signs in on the dossier system's page, takes an account, signs out again.

Part of the simulator. A browser follows redirects and keeps cookies, and our one way out of the house does neither on purpose; so this
is the standard library's own, and it only ever begins at the simulator's address.
"""

from __future__ import annotations

import re
from http.cookiejar import CookieJar
from typing import NamedTuple
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, build_opener

from adapters.dossier_system.citizens import HOME

PATIENCE_S = 20.0
GREETING = "Xin chào"


class Page(NamedTuple):
    """Where the browser is, and what it sees."""

    address: str
    text: str


def visit(home: str, provider: str, person: str) -> bool:
    """Walk through a sign-in at `provider` as `person`; True when the page greeted by name. Blocks. Raises OSError where a page fails."""
    browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
    page = _go(browser, f"{home}/citizens/start?provider={provider}")
    if GREETING not in page.text:
        page = _press(browser, page, "person", person)
    greeted = GREETING in page.text
    if "name='account'" in page.text:
        _press(browser, page, "account", "")
    if greeted:
        _go(browser, f"{home}/citizens/out", {})
    return greeted and _go(browser, home + HOME).text.count(GREETING) == 0


def _go(browser: OpenerDirector, address: str, form: dict[str, str] | None = None) -> Page:
    """Follow a link, or send a form."""
    data = None if form is None else urlencode(form).encode()
    with browser.open(address, data, PATIENCE_S) as answer:
        return Page(answer.geturl(), answer.read().decode())


def _press(browser: OpenerDirector, page: Page, name: str, value: str) -> Page:
    """Press a button of the page's first form that has one of that name."""
    action = re.search(rf"<form method='post' action='([^']+)'>(?:(?!</form>).)*?name='{name}'", page.text)
    if action is None:
        return page
    hidden = dict(re.findall(r"type='hidden' name='(\w+)' value='(\w+)'", page.text))
    return _go(browser, urljoin(page.address, action[1]), {**hidden, name: value})
