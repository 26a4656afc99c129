"""Pictures of the running console for the guides: `python -m tests.console.screenshots [FOLDER]`, or `make screenshots`.

A province in trouble (`lienthong up --training`) is started and walked through in headless Chromium; each page is kept as a picture of
few colours. The officer's guide says what stands on them; `PICTURES` says which there are.
"""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.console.conftest import a_chromium

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
PATIENCE_S, COUNTING_S = 180.0, 20.0
COLOURS = 192
DESK, PHONE = (1366, 900), (390, 844)


class Picture(NamedTuple):
    """A page to be pictured: its name, its address, or what to press on the page before; how large, in which light and language."""

    name: str
    path: str = ""
    press: str = ""
    size: tuple[int, int] = DESK
    theme: str = "light"
    language: str = "vi"


PICTURES = (
    Picture("worklist", "/console/"),
    Picture("causes", "/console/causes"),
    Picture("deadlines", "/console/expected"),
    Picture("deliveries", "/console/deliveries?state=dead"),
    Picture("dossier", press="table a.code"),
    Picture("partners", "/console/partners"),
    Picture("targets", "/console/targets"),
    Picture("training", "/console/training"),
    Picture("people", "/console/people"),
    Picture("audit", "/console/audit"),
    Picture("settings", "/console/settings"),
    Picture("worklist-dark", "/console/", theme="dark"),
    Picture("worklist-phone", "/console/", size=PHONE),
    Picture("worklist-en", "/console/", language="en"),
)


def main(folder: Path) -> None:
    """Picture every page into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        said = Path(data) / "said"
        command = [sys.executable, "-m", "ops", "up", "--training", "--port", "0", "--data", data]
        with said.open("w") as out:
            running = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            url = ready(running, said)
            time.sleep(COUNTING_S)  # the indicators are counted every ten seconds, behind the chain
            browser = a_chromium()
            try:
                for picture in PICTURES:
                    take(browser, url, picture, folder)
                    print(folder / f"{picture.name}.png")
            finally:
                browser.quit()
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(60)


def ready(running: subprocess.Popen[bytes], said: Path) -> str:
    """The console's address, once the morning is lived through. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and running.poll() is None:
        if found := re.search(r"Ready, it is ten o'clock: (http://[\d.:]+)/", said.read_text()):
            return found[1]
        time.sleep(0.5)
    raise TimeoutError(said.read_text()[-2000:])


def take(browser: webdriver.Chrome, url: str, picture: Picture, folder: Path) -> None:
    """One picture, of few colours, as large as the page needs up to its size."""
    browser.set_window_size(*picture.size)
    if picture.press:
        browser.find_element(By.CSS_SELECTOR, picture.press).click()
    else:
        browser.get(f"{url}{picture.path}{'&' if '?' in picture.path else '?'}lang={picture.language}")
        browser.execute_script("localStorage.setItem('theme', arguments[0])", picture.theme)
        browser.refresh()
    browser.find_element(By.CSS_SELECTOR, "main h1")
    shot = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(folder / f"{picture.name}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
