"""The console in a real browser: headless Chromium signs in, reads a dossier, and signs out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.console.conftest import CODE, PASSWORD, RECEIVED, Office


@pytest.mark.slow
async def test_an_officer_signs_in_reads_a_dossier_and_signs_out(office: Office, chromium: webdriver.Chrome) -> None:
    await office.person("lan", "viewer")
    told = await asyncio.to_thread(_journey, chromium, office.url)
    assert told["title"].startswith("Đăng nhập")
    assert told["refused"] == "Tên tài khoản hoặc mật khẩu không đúng."
    assert CODE in told["dossier"]
    assert RECEIVED.data["dossier"]["applicant"]["name"] not in told["dossier"]
    first, second = ["Việc cần làm", "Hồ sơ", "Nguyên nhân", "Đối tác", "Tác vụ"], ["Mã danh mục", "Ánh xạ", "Chỉ tiêu"]
    assert told["rail"] == first + second
    assert told["scripts"] == "", "no script of a page can read the session"
    assert "Đăng nhập" in told["after"], "going back shows nothing"
    complaints = [line for line in told["log"] if "Content Security Policy" in line or "Uncaught" in line]
    assert complaints == []


def _journey(chromium: webdriver.Chrome, url: str) -> dict[str, Any]:
    """What is seen on the way."""
    told: dict[str, Any] = {}

    def sign_in(password: str) -> None:
        chromium.find_element(By.NAME, "name").send_keys("lan")
        chromium.find_element(By.NAME, "password").send_keys(password)
        chromium.find_element(By.CSS_SELECTOR, "main button").click()

    chromium.get(f"{url}/console/")
    told["title"] = chromium.title
    sign_in("không phải mật khẩu")
    told["refused"] = chromium.find_element(By.CSS_SELECTOR, "[role=alert]").text
    sign_in(PASSWORD)
    search = chromium.find_element(By.ID, "q")
    search.send_keys(CODE.lower())
    search.submit()
    chromium.find_element(By.ID, "h-track")
    told["dossier"] = chromium.find_element(By.TAG_NAME, "main").text
    told["rail"] = [
        link.text.splitlines()[0] for link in chromium.find_elements(By.CSS_SELECTOR, ".nav a")
    ]  # without how much waits there
    told["scripts"] = chromium.execute_script("return document.cookie")
    chromium.find_element(By.CSS_SELECTOR, ".account button").click()
    chromium.find_element(By.NAME, "password")
    chromium.back()
    told["after"] = chromium.find_element(By.TAG_NAME, "main").text
    read_log: Any = chromium.get_log
    logged = read_log("browser")
    told["log"] = [str(line["message"]) for line in logged if "status of 401" not in line["message"]]
    return told
