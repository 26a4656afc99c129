"""The tour of the training in a real browser: each trouble is found from the home page in three clicks and settled, in both languages."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import Select, WebDriverWait

from adapters import discover
from ops.console.text import Speech
from ops.training import NEW_WARD, NEW_WARD_NAME, TROUBLES
from ops.words import Language
from tests.console.conftest import a_chromium

pytestmark = pytest.mark.slow
LANGUAGES: tuple[Language, ...] = ("vi", "en")
PATIENCE_S, PAGE_S = 240.0, 30.0
CLICKS = 3


class Officer:
    """Somebody at the console of a training, in one language; counts clicks from the home page on."""

    def __init__(self, browser: webdriver.Chrome, url: str, language: Language) -> None:
        self.browser = browser
        self.url = url
        self.say = Speech(language, 0.0)
        self.language = language
        self.clicks = 0

    def home(self) -> None:
        self.browser.get(f"{self.url}/console/?lang={self.language}")
        self.clicks = 0

    def one(self, selector: str, text: str = "") -> WebElement:
        """The first element that a selector finds with this text in it."""
        for element in self.browser.find_elements(By.CSS_SELECTOR, selector):
            if text in element.text:
                return element
        raise AssertionError(f"no {selector} says {text!r} on {self.browser.current_url}")

    def click(self, element: WebElement) -> None:
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()
        self.clicks += 1

    def sees(self, *words: str) -> None:
        """The page says all of these, or comes to say them."""
        deadline = time.monotonic() + PAGE_S
        while missing := [said for said in words if said not in self._page()]:
            assert time.monotonic() < deadline, f"{missing} is not on {self.browser.current_url}"
            time.sleep(0.2)
        assert self.clicks <= CLICKS

    def _page(self) -> str:
        """What stands on it; nothing while it is being replaced by another."""
        with suppress(StaleElementReferenceException):
            return self.browser.find_element(By.TAG_NAME, "body").text
        return ""

    def reason(self, **fields: str) -> None:
        """Fill in the form that an action asks for, and send it."""
        for name, value in {"reason": "tập huấn", **fields}.items():
            self.browser.find_element(By.NAME, name).send_keys(value)
        button = self.browser.find_element(By.CSS_SELECTOR, "main form button.first")
        button.click()
        WebDriverWait(self.browser, PAGE_S).until(staleness_of(button))

    def verb(self, name: str) -> WebElement:
        return self.one("main a.btn", self.say("more", verb=self.say(f"verb.{name}")))

    def title(self, partner: str) -> str:
        known = discover()[partner]
        return known.title_vi if self.language == "vi" else known.title_en

    def ring_up(self, trouble: str) -> None:
        self.browser.get(f"{self.url}/console/training")
        self.one(f"#{trouble} button").click()
        self.sees(self.say("training.rung"))

    def settled(self, trouble: str) -> bool:
        self.browser.get(f"{self.url}/console/training")
        found = self.browser.find_elements(By.ID, trouble)  # none while the ledger is busy
        return any(self.say("training.settled") in one.text.splitlines() for one in found)

    def settles(self, trouble: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not self.settled(trouble):
            assert time.monotonic() < deadline, f"{trouble} is not settled"
            time.sleep(0.5)
        self.sees(self.say(f"training.{trouble}.learned"), self.say("training.banner"))


@pytest.fixture(scope="module")
def provinces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Language, str]]:
    """One training a language, lived through at the same time: where each is served."""
    running: dict[Language, tuple[subprocess.Popen[str], Path]] = {}
    for language in LANGUAGES:
        folder = tmp_path_factory.mktemp(language)
        command = [sys.executable, "-m", "ops", "up", "--training", "--port", "0", "--data", str(folder)]
        said = (folder / "said").open("w")
        running[language] = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, text=True), folder
    try:
        yield {language: _ready(*one) for language, one in running.items()}
    finally:
        for process, _ in running.values():
            process.send_signal(signal.SIGINT)
        for process, _ in running.values():
            process.wait(60)


def _ready(process: subprocess.Popen[str], folder: Path) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        told = (folder / "said").read_text()
        if found := re.search(r"Ready, it is ten o'clock: (http://[\d.:]+)/", told):
            return found[1]
        assert process.poll() is None, told
        time.sleep(0.2)
    raise AssertionError(told)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    running = a_chromium()
    yield running
    running.quit()


@pytest.fixture(params=LANGUAGES)
def officer(request: pytest.FixtureRequest, browser: webdriver.Chrome, provinces: dict[Language, str]) -> Officer:
    language: Language = request.param
    found = Officer(browser, provinces[language], language)
    found.home()
    found.sees(found.say("training.banner"))
    return found


def test_nothing_is_settled_when_the_officer_begins(officer: Officer) -> None:
    assert [officer.settled(trouble.name) for trouble in TROUBLES] == [False] * len(TROUBLES)
    officer.sees("10:0", officer.say("training.says", done=0, all=5))


def test_the_silent_portal(officer: Officer) -> None:
    title = officer.title("national_portal")
    incident = officer.one(
        ".incident", {"vi": f"{title} không trả lời", "en": f"{title} does not answer"}[officer.language]
    )
    officer.click(incident.find_element(By.CSS_SELECTOR, "a.btn"))
    officer.sees(title, officer.say("health.down"))
    officer.ring_up("portal")
    officer.settles("portal")


def test_the_expired_certificate(officer: Officer) -> None:
    officer.ring_up("certificate")
    officer.home()
    incident = officer.one(".incident", officer.title("electronic_iso"))
    officer.click(incident.find_element(By.CSS_SELECTOR, "a.btn"))
    officer.click(officer.one("#electronic_iso a.btn", officer.say("partner.resume")))
    officer.sees(officer.title("electronic_iso"))
    officer.reason()
    officer.settles("certificate")


def test_the_fee_that_was_paid(officer: Officer) -> None:
    step = {"vi": "Thanh toán được xác nhận", "en": "The payment is confirmed"}[officer.language]
    row = officer.one("main tr", step)
    officer.click(row.find_element(By.CSS_SELECTOR, "a.btn"))
    officer.click(officer.one("main a.code"))
    officer.sees(step)
    officer.click(officer.verb("ask"))
    officer.sees(officer.title("online_payment"))
    officer.reason()
    officer.settles("payment")


def test_the_message_that_cannot_be_made(officer: Officer) -> None:
    cause = {"vi": "Không lập được thông điệp", "en": "The message cannot be made"}[officer.language]
    row = officer.one("main tr", cause)
    officer.click(row.find_element(By.CSS_SELECTOR, "td.num a"))
    officer.click(officer.one("main td a:not(.code)"))
    officer.sees(cause)
    officer.click(officer.verb("resolve"))
    officer.sees(officer.say("act.reference"))
    Select(officer.browser.find_element(By.NAME, "as")).select_by_value("delivered")
    officer.reason(reference="VN-TAY-01")
    officer.settles("poison")


def test_the_renamed_ward(officer: Officer) -> None:
    cause = {"vi": "Thiếu mã trong danh mục", "en": "A code is missing from its list"}[officer.language]
    officer.sees(cause)
    officer.click(officer.one(".nav a", officer.say("page.codes")))
    row = officer.one("main tr", NEW_WARD)
    officer.click(row.find_element(By.CSS_SELECTOR, "a.btn[href*='/codes/new']"))
    officer.sees(officer.say("codes.add"))
    name = officer.browser.find_element(By.NAME, "name_vi")
    name.clear()
    name.send_keys(NEW_WARD_NAME)
    officer.reason(source="NQ 01/NQ-HĐND")
    officer.settles("ward")


def test_all_are_settled_when_the_officer_is_through(officer: Officer) -> None:
    """Runs last: five of five, and the home page is quiet."""
    assert all(officer.settled(trouble.name) for trouble in TROUBLES)
    officer.sees(officer.say("training.over"))
