"""Settings: every error names the key and the line; nothing starts with a sample secret or open to the world."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.seal import Keyring
from contracts.working_time import VIETNAM, VIETNAMESE
from ops.settings import SettingsError
from ops.settings_file import faults_of, load
from ops.toml_file import TomlFile


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


def test_the_office_s_hours_are_the_province_s_and_limits_run_in_them(tmp_path: Path) -> None:
    office = load(write(tmp_path, '[office]\nhours = ["07:30-11:30", "13:00-17:00"]\n')).office
    noon = datetime(2026, 7, 6, 12, 30, tzinfo=VIETNAM)
    assert office.calendar.next_open(noon) == noon.replace(hour=13, minute=0)
    assert load(write(tmp_path, "")).office.calendar == VIETNAMESE
    for wrong in ('["17:00-13:00"]', '["13:00-17:00", "07:00-11:30"]', "[]", '["seven-eleven"]'):
        with pytest.raises(SettingsError, match=r"\[office\.?.*hours"):
            load(write(tmp_path, f"[office]\nhours = {wrong}\n"))


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
        if line.startswith(("queue_limit", "max_batch", "sample_ratio", "gap_wait_s", "progress_dedupe"))
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


BROKEN = """\
[http]
port = "abc"
hosst = "x"
[ledger]
url =
[keys
file = "never read"
[broker]
url = "redis://x"
[clients.desk]
scopes = ["events"]
[partners.nobody]
[partners.national_portal]
concurrency = 0
credentials = { password = "CHANGE-ME" }
[partners.dossier_system]
base_url = "http://127.0.0.1:9"
"""


def test_one_check_names_every_fault_with_its_key_and_line_in_the_files_order(tmp_path: Path) -> None:
    path = write(tmp_path, BROKEN)
    found = [fault.removeprefix(f"{path}:") for fault in faults_of(path)]
    begins = [
        "2: [http] port: ",
        "3: [http] hosst: there is no such key",
        "5: not TOML: ",
        "6: not TOML: ",
        "9: [broker] url: ",
        "10: [clients.desk] key_sha256: ",
        "12: [partners] nobody: there is no partner nobody",
        "14: [partners.national_portal] concurrency: ",
        "15: [partners.national_portal.credentials] password: still holds the sample secret",
        "16: [partners] dossier_system: a webhook is signed",
        "[keys] file is missing",
    ]
    assert [fault[: len(begin)] for fault, begin in zip(found, begins, strict=True)] == begins


def test_a_text_that_is_never_closed_is_named_where_it_ends(tmp_path: Path) -> None:
    path = write(tmp_path, '[http]\nhost = """\nport = 1\n')
    assert f"{path}:3: not TOML" in faults_of(path)[0]


def test_a_header_left_open_on_the_last_line_hides_nothing_before_it(tmp_path: Path) -> None:
    path = write(tmp_path, "[http]\nhosst = 1\n[ledger\n")
    first, second, *_ = faults_of(path)
    assert f"{path}:2: [http] hosst: there is no such key" in first
    assert f"{path}:3: not TOML" in second


def test_a_fault_of_the_environment_is_named_by_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_HTTP__PORT", "abc")
    path = write(tmp_path, "[http]\nport = 8081\n[broker]\nurl = 'redis://x'\n")
    said = "\n".join(faults_of(path))
    assert "LIENTHONG_HTTP__PORT: [http] port: " in said
    assert f"{path}:4: [broker] url: " in said


@given(text=st.text(max_size=200))
def test_no_file_however_odd_ends_the_check_otherwise_than_by_sentences(text: str) -> None:
    _values, faults = TomlFile(Path("odd.toml"), text).values()
    assert all(0 <= line <= len(text) + 1 and says.startswith("not TOML") for line, says in faults)
