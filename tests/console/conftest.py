"""The console as it is served for real: people sign in over HTTP, with a clock in hand."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from ops import password as passwords
from ops import simulate, up
from ops.gateway import application
from ops.house import House
from ops.people import People
from ops.sample import generate
from tests.conftest import REQUIRED, HandClock
from tests.ops.conftest import settings_of

RECEIVED = next(e for e in generate(60, 10, 1, date(2026, 1, 5)) if e.type.endswith("dossier.received.v1"))
CODE = RECEIVED.subject
PASSWORD = "mưa rào trên mái ngói"
PORTAL = "national_portal"


@dataclass
class Browser:
    """One person's browser: keeps cookies, fills in forms as they are shown."""

    http: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path)

    async def submit(self, shown: str, path: str, **fields: str | list[str]) -> httpx.Response:
        """Send a form with the token of the page shown."""
        return await self.http.post(path, data={"token": token_of(shown), **fields})

    async def sign_in(self, name: str, password: str) -> httpx.Response:
        form = await self.get("/console/sign-in")
        return await self.submit(form.text, "/console/sign-in", name=name, password=password, back="/console/")

    @property
    def session(self) -> str:
        return self.http.cookies.get("lt_session") or ""


def token_of(shown: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', shown)
    assert found, shown
    return found[1]


def code_of(key: bytes, at: float) -> str:
    return TOTP(key, 6, SHA1(), 30).generate(int(at)).decode()


@dataclass
class Office:
    """The served console of one house, and browsers for its people."""

    house: House
    url: str
    clock: HandClock
    browsers: list[Browser] = field(default_factory=list)

    def browser(self) -> Browser:
        made = Browser(httpx.AsyncClient(base_url=self.url, trust_env=False, verify=False, timeout=20))
        self.browsers.append(made)
        return made

    async def person(self, name: str, *roles: str, partner: str = "") -> Browser:
        """Somebody with these roles, signed in, own password set, codes set up where they must be."""
        word = await self.house.people.add(name, roles, partner, "test", "for the test")
        browser = self.browser()
        await self.enter(browser, name, word)
        return browser

    async def enter(self, browser: Browser, name: str, word: str) -> None:
        """The whole first sign-in."""
        assert (await browser.sign_in(name, word)).status_code == 303
        form = await browser.get("/console/password")
        done = await browser.submit(form.text, "/console/password", old=word, new=PASSWORD, again=PASSWORD)
        assert done.status_code == 303, done.text
        reader = await self.house.people.reader(browser.session)
        assert reader is not None
        if reader.step == "enrol":
            form = await browser.get("/console/enrol")
            code = code_of(self.house.people.code_key(reader), self.clock.now())
            assert (await browser.submit(form.text, "/console/enrol", code=code)).status_code == 303

    async def notes(self, **where: Any) -> list[tuple[str, str, str, str]]:
        """Who did what, why, to which dossier; newest first."""
        return [(n.who, n.verb, n.reason, n.dossier) for n in await self.house.people.book.remarks(2**62, 100, **where)]


@pytest.fixture
async def office(tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """One dossier on the books; no partner answers; passwords are hashed cheaply."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    urls = dict.fromkeys(("dossier_system", "national_portal", "electronic_iso"), "http://127.0.0.1:9")
    house = House(settings_of(tmp_path, urls, {}), receivers=up.receivers(urls), work=())
    house.ledger.clock = clock
    house.people = People(house.ledger, house.keys)
    await house.start()
    gateway = simulate.Served(application(house, anonymous=False), simulate.bind("127.0.0.1", 0))
    await gateway.started()
    await house.intake.accept([RECEIVED.model_copy(update={"sequence": 1})], client="test")
    found = Office(house, gateway.url, clock)
    yield found
    for browser in found.browsers:
        await browser.http.aclose()
    await gateway.stop()
    await house.stop()


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The demonstration's console, with one dossier that the portal refused."""
    simulators = await simulate.serve(("dossier_system", "electronic_iso", PORTAL), tmp_path)
    house = House(
        settings_of(tmp_path, {name: one.url for name, one in simulators.items()}, {}),
        receivers=up.receivers(simulators),
    )
    portal = simulators[PORTAL].app.state.simulator
    portal.weather.left["refuse_row"] = 1
    portal.weather.row = CODE
    await house.start()
    gateway = simulate.Served(application(house, anonymous=True), simulate.bind("127.0.0.1", 0))
    await gateway.started()
    await house.intake.accept([RECEIVED.model_copy(update={"sequence": 1})], client="test")
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, verify=False, timeout=20) as http:
        for _ in range(400):
            if (await http.get("/v1/deliveries", params={"partner": PORTAL, "state": "dead"})).json()["items"]:
                break
        yield http
    await gateway.stop()
    await house.stop()
    await simulate.stop(simulators.values())


async def page(console: httpx.AsyncClient, path: str, status: int = 200) -> str:
    answer = await console.get(path)
    assert answer.status_code == status, answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert not re.search(r" style=| on\w+=|<script>", answer.text), "nothing inline"
    return answer.text


async def submit(console: httpx.AsyncClient, shown: str, path: str, **fields: str) -> httpx.Response:
    """Send the form of a page as a browser would, with its hidden fields."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown.partition("<main")[2])
    data: dict[str, list[str]] = {}
    for name, value in hidden:
        data.setdefault(name, []).append(value)
    return await console.post(path, data=data | {name: [value] for name, value in fields.items()})


def a_chromium() -> webdriver.Chrome:
    """Debian's chromium under Debian's driver; without them a desk skips, CI fails."""
    driver, browser = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or browser is None:
        if REQUIRED:
            pytest.fail("chromium and chromedriver are missing (make servers)")
        pytest.skip("chromium and chromedriver are not installed")
    options = Options()
    options.binary_location = browser
    for said in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1366,768"):
        options.add_argument(said)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    running = webdriver.Chrome(options, Service(driver))
    running.implicitly_wait(10)
    return running


@pytest.fixture
def chromium() -> Iterator[webdriver.Chrome]:
    running = a_chromium()
    yield running
    running.quit()
