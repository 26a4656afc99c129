"""Settings: every error names the key and the line; nothing starts with a sample secret or open to the world."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from bus.seal import Keyring
from ops.settings import SettingsError, load


def write(folder: Path, text: str) -> Path:
    path = folder / "lienthong.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[http]\nport = "abc"\n', r":2: \[http\] port: "),
        ("[ledger]\nurl = 5\n", r":2: \[ledger\] url: "),
        ("[ledger]\nurll = 'x'\n", r":2: \[ledger\] urll: there is no such key"),
        ("[broker]\nurl = 'redis://x'\n", r":2: \[broker\] url: "),
        ("[partners.natinal_portal]\n", r":1: \[partners\] natinal_portal: there is no partner natinal_portal"),
        ("[partners.national_portal]\n\nconcurrency = 0\n", r":3: \[partners.national_portal\] concurrency: "),
        ("[partners.national_portal]\nspeed = 1\n", r":2: \[partners.national_portal\] speed: there is no such key"),
        (
            "[partners.national_portal.credentials]\npassword = 'CHANGE-ME'\n",
            r":2: .*password: still holds the sample secret",
        ),
        ("[http]\nhost = '0.0.0.0'\n", r":2: \[http\] host: 0.0.0.0 is not loopback"),
        ("[http]\nhost = '0.0.0.0'\nbehind_tls_proxy = true\n", r"add a \[clients.NAME\] first"),
        ("[http\n", r"not TOML"),
    ],
)
def test_a_bad_value_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        load(write(tmp_path, text))


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_HTTP__PORT", "9999")
    assert load(write(tmp_path, "[http]\nport = 8081\n")).http.port == 9999


def test_the_example_file_is_good_as_it_is_printed(tmp_path: Path) -> None:
    text = files("ops").joinpath("example.toml").read_text(encoding="utf-8")
    settings = load(write(tmp_path, text))
    assert settings.ledger.url.startswith("sqlite:///")
    uncommented = [line.removeprefix("# ") for line in text.splitlines()]
    known = [
        line
        for line in uncommented
        if line.startswith(("queue_limit", "max_batch", "sample_ratio", "gap_wait_s", "auth_path"))
    ]
    assert len(known) == 5


def test_a_keyring_others_may_read_is_refused(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(Keyring.generate())
    keys.chmod(0o644)
    with pytest.raises(SettingsError, match="may be read by others"):
        load(write(tmp_path, f"[keys]\nfile = '{keys}'\n")).keyring()
    keys.chmod(0o600)
    assert load(write(tmp_path, f"[keys]\nfile = '{keys}'\n")).keyring()


def test_a_keyring_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_KEYS__KEYRING", Keyring.generate())
    assert load(write(tmp_path, "")).keyring()


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "absent.toml")
