"""Sign-in as the demo offers it: a browser on the dossier system's page, the bus, and a provider's login page."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from tests.demo import demo


class Browser:
    """Follows links and presses buttons, with one jar of cookies."""

    def __init__(self) -> None:
        self._http = httpx.Client(trust_env=False, timeout=30, follow_redirects=True)
        self.page = httpx.Response(204)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    @property
    def text(self) -> str:
        return self.page.text

    def go(self, url: str) -> Browser:
        self.page = self._http.get(url)
        return self

    def follow(self, href: str) -> Browser:
        assert f"href='{href}'" in self.text, self.text
        return self.go(urljoin(str(self.page.url), href))

    def press(self, value: str, name: str) -> Browser:
        (action,) = re.findall(r"<form method='post' action='([^']+)'>(?:(?!</form>).)*?name='" + name, self.text)
        hidden = dict(re.findall(r"type='hidden' name='(\w+)' value='(\w+)'", self.text))
        assert f"name='{name}' value='{value}'" in self.text, self.text
        self.page = self._http.post(urljoin(str(self.page.url), action), data={**hidden, name: value})
        return self

    def sign_out(self) -> Browser:
        self.page = self._http.post(urljoin(str(self.page.url), "/citizens/out"))
        return self


@pytest.mark.slow
def test_a_citizen_signs_in_to_the_demo_makes_an_account_and_is_known_the_next_time(tmp_path: Path) -> None:
    with demo(tmp_path), Browser() as browser:
        said = (tmp_path / "terminal.txt").read_text()
        (home,) = re.findall(r"Sign in as a citizen at (\S+)", said)
        browser.go(home).follow("/citizens/start?provider=vneid").press("an", "person")
        assert "Xin chào Nguyễn Văn An, được nộp hồ sơ" in browser.text
        browser.press("", "account")
        assert "tài khoản <b>tk-0001</b>" in browser.text
        browser.sign_out()
        assert "Đăng nhập bằng VNeID" in browser.text
        browser.follow("/citizens/start?provider=vnconnect").press("an", "person")
        assert "tài khoản <b>tk-0001</b>" in browser.text, "the same TechID at the other provider"
        browser.sign_out().follow("/citizens/start?provider=vnconnect").press("an-cmnd", "person")
        assert "tk-0001 là của tôi" in browser.text, "the account of the old identity card is asked about"
        browser.press("tk-0001", "account")
        assert "tài khoản <b>tk-0001</b>" in browser.text
        browser.sign_out().follow("/citizens/start?vnconnect=1").press("", "person")
        assert "Chưa đăng nhập được (denied)" in browser.text
        forged = browser.go(f"{home}/back?ticket=xxxxxxxxxxxxxxxx&state=another")
        assert forged.page.status_code == 400
