"""The record taken away as a file, the weekly report of who looked, and the page of the settings."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops import setting_list
from ops.cli import app
from ops.looked import NoWeek, looked
from ops.settings_file import load
from tests.console.conftest import CODE, Office

WEEK_S = 7 * 86_400


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


async def test_the_record_is_taken_away_as_it_is_filtered_without_formulas_and_that_is_on_record(
    office: Office,
) -> None:
    auditor = await office.person("kiem", "auditor")
    page = await auditor.get("/console/audit")
    await auditor.submit(page.text, "/console/audit")
    await office.house.ledger.remark("=cmd()", "search", "+1", CODE)
    answer = await auditor.get("/console/audit.csv?verb=search")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    head, line, verified = rows_of(answer.content)
    assert head[1:4] == ["at", "who", "verb"]
    assert line[2:6] == ["'=cmd()", "search", "'+1", CODE]
    assert verified[2:4] == ["kiem", "verify audit"], "when its chain was verified, and by whom"
    assert ("kiem", "export audit", "search", "") in await office.notes()


async def test_the_week_is_told_by_person_and_way_with_the_purposes(office: Office) -> None:
    ledger = office.house.ledger
    for _ in range(2):
        await ledger.people().reveal("lan", CODE, "name", "gọi lại cho công dân", 60)
    await ledger.remark("mai", "search", "a dossier by its code", CODE)
    before = await looked(ledger)
    assert before.lines == (), "the week that is over knows nothing of this one"
    office.clock.advance(WEEK_S)
    told = await looked(ledger)
    assert [(line.who, line.how, line.times, line.dossiers) for line in told.lines] == [
        ("lan", "reveal", 2, 1),
        ("mai", "search", 1, 1),
    ]
    assert told.lines[0].purposes == (("gọi lại cho công dân", 2),)
    assert (told.before, (told.last - told.first).days) == (before.week, 6)
    with pytest.raises(NoWeek):
        await looked(ledger, "2026-W54")
    auditor = await office.person("kiem", "auditor")
    shown = (await auditor.get("/console/looked")).text
    assert "gọi lại cho công dân (2)" in shown
    assert (await auditor.get("/console/looked?week=now")).status_code == 404
    table = rows_of((await auditor.get(f"/console/looked.csv?week={told.week}")).content)
    assert table[1] == [told.week, "lan", "reveal", "2", "1", "gọi lại cho công dân (2)"]


async def test_the_settings_are_shown_as_they_hold_and_no_secret_with_them(office: Office, tmp_path: Path) -> None:
    operator = await office.person("lan", "operator")
    shown = (await operator.get("/console/settings")).text
    assert f"sqlite:///{tmp_path}/ledger.db" in shown
    assert "partners.national_portal" in shown
    for name, own in office.house.partner_settings.items():
        for secret in own.credentials.values():
            assert f">{secret.get_secret_value()}<" not in shown, name
    assert shown.count("đã đặt") >= 5


SECRET = "canary-4711"


def settings_file(tmp_path: Path) -> Path:
    """A file in which everything that may be secret is."""
    file = tmp_path / "lienthong.toml"
    file.write_text(
        f"""
[ledger]
url = "postgresql://bus:{SECRET}@127.0.0.1/bus?password={SECRET}"
[broker]
url = "amqp://bus:{SECRET}@127.0.0.1:5672/"
[keys]
keyring = "{SECRET}"
[clients.dossier-system]
key_sha256 = "{"4711" * 16}"
[partners.national_portal]
base_url = "https://portal.example"
[partners.national_portal.credentials]
password = "{SECRET}"
[partners.single_sign_on]
base_url = "https://sso.example"
[[partners.single_sign_on.providers]]
provider = "vnconnect"
issuer = "https://sso.example"
client_id = "tinh"
credentials = {{ client_secret = "{SECRET}" }}
"""
    )
    return file


def test_no_secret_is_printed_of_any_table_of_the_file(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["config", "show", "--json", "--config", str(settings_file(tmp_path))])
    assert done.exit_code == 0, done.output
    assert SECRET not in done.output
    assert "4711" not in done.output
    assert '"postgresql://bus@127.0.0.1/bus"' in done.output
    assert '"providers[0].client_id": "tinh"' in done.output
    assert '"providers[0].credentials.client_secret": null' in done.output
    assert (
        "https://portal.example"
        in CliRunner().invoke(app, ["config", "show", "--config", str(settings_file(tmp_path))]).output
    )


def test_what_was_given_is_told_from_what_is_so_by_default(tmp_path: Path) -> None:
    settings = load(settings_file(tmp_path))
    told = {
        section.name: {line.name: line for line in section.lines} for section in setting_list.sections(settings, {})
    }
    assert told["ledger"]["url"].given
    assert not told["ledger"]["queue_limit"].given
    assert told["ledger"]["unsafe"].value == "false"
