"""The rules and the dashboard ask for what /metrics really exposes, and every alert says where to read on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from bus.ledger.incidents import DUTY
from bus.ledger.words import State
from bus.outcome import Outcome
from ops.cli import app
from ops.incidents import kinds
from ops.incidents_duty import LOOKOUT
from ops.incidents_signs import LATE_S
from ops.metrics import Metrics
from ops.unposted import DUES
from tests.promql import Wrong, read

ROOT = Path(__file__).parent.parent.parent
RULES = (ROOT / "ops/prometheus/rules.yml").read_text(encoding="utf-8")
DASHBOARD: dict[str, Any] = json.loads((ROOT / "ops/grafana/lienthong.json").read_text(encoding="utf-8"))
RUNBOOKS = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("runbook.md", "runbook.vi.md")}
SCRAPED = {"instance", "job"}
"""Labels Prometheus adds itself."""
VALUES: dict[str, set[str]] = {
    "kind": set(kinds()),
    "state": {state.value for state in State},
    "due": set(DUES),
    "stand": {"risk", "late", "missing", "uncounted"},
    "duty": {*LATE_S, DUTY},
    "part": {LOOKOUT},
    "outcome": {outcome.__name__ for outcome in Outcome.__subclasses__()},
}
"""The values our bounded labels have."""


def rules() -> list[dict[str, str]]:
    """The rules of the file, which is written in the plain subset of YAML that can be read by the line."""
    found: list[dict[str, str]] = []
    for line in RULES.splitlines():
        if started := re.fullmatch(r"      - (alert|record): (\S+)", line):
            found.append({started[1]: started[2]})
        elif entry := re.fullmatch(r"        +(expr|for|severity|summary|runbook): (.+)", line):
            found[-1][entry[1]] = entry[2].removeprefix("'").removesuffix("'").replace("''", "'")
        elif found and not re.fullmatch(r"        (labels|annotations):", line):
            pytest.fail(f"a line of the rules that is none: {line!r}")
    return found


ALERTS = [rule for rule in rules() if "alert" in rule]


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def exposed() -> dict[str, set[str]]:
    """Every series /metrics can show, with its labels, as the client library names it."""
    found: dict[str, set[str]] = {"up": set()}
    for collector in dict.fromkeys(Metrics().registry._names_to_collectors.values()):
        described: Any = collector
        labels = set(described._labelnames)
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(described._type, ("",))
        for ending in endings:
            found[described._name + ending] = labels | ({"le"} if ending == "_bucket" else set())
    return found


@pytest.mark.parametrize(("name", "expression"), [pytest.param(*one, id=one[0]) for one in expressions()])
def test_an_expression_can_be_read_and_asks_for_what_there_is(name: str, expression: str) -> None:
    asked, known = read(expression), exposed()
    labels: set[str] = set(SCRAPED)
    for metric, matchers in asked.metrics:
        assert metric in known, f"{name}: /metrics has no {metric}"
        own = known[metric] | SCRAPED
        assert matchers.keys() <= own, f"{name}: {metric} has no label {matchers.keys() - own}"
        for label, value in matchers.items():
            assert label in SCRAPED or set(value.split("|")) <= VALUES[label], f"{name}: {label} is never {value}"
        labels |= own
    assert asked.labels <= labels, f"{name}: nothing has the label {asked.labels - labels}"


@pytest.mark.parametrize("alert", ALERTS, ids=lambda one: one["alert"])
def test_an_alert_says_how_bad_it_is_and_where_to_read_on(alert: dict[str, str]) -> None:
    assert alert["severity"] in ("page", "ticket")
    assert re.fullmatch(r"\d+[mh]", alert["for"])
    file, _, anchor = alert["runbook"].partition("#")
    assert file == "docs/runbook.md"
    for name, text in RUNBOOKS.items():
        assert f'<a id="{anchor}"></a>' in text, f"{name} has no section {anchor}"
    asked = {"value", *(label for metric, _ in read(alert["expr"]).metrics for label in exposed()[metric])}
    told = set(re.findall(r"\$(?:labels\.)?(\w+)", alert["summary"])) - {"labels"}
    assert told <= asked, f"the summary tells {told - asked}"


def test_names_of_alerts_and_panels_are_used_once() -> None:
    for names in ([one["alert"] for one in ALERTS], [panel["id"] for panel in DASHBOARD["panels"]]):
        assert len(names) == len(set(names))


@pytest.mark.parametrize("name", RUNBOOKS)
def test_the_runbook_has_a_section_for_every_kind_of_incident(name: str) -> None:
    sections = re.findall(r'<a id="([\w-]+)"></a>', RUNBOOKS[name])
    assert len(sections) == len(set(sections))
    assert set(kinds()) <= set(sections)
    assert sections == re.findall(r'<a id="([\w-]+)"></a>', RUNBOOKS["runbook.md"]), (
        "both tell of the same, in the same order"
    )


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells


@pytest.mark.parametrize("name", RUNBOOKS)
def test_the_commands_of_the_runbook_are_there(name: str) -> None:
    for words in re.findall(r"`lienthong ([^`]+)`", RUNBOOKS[name].replace("\n", " ")):
        group: Any = typer.main.get_command(app)
        for word in words.split():
            group = getattr(group, "commands", {}).get(word, group)
        assert not hasattr(group, "commands"), f"{name} names {words!r}, which is no command"


@pytest.mark.parametrize(
    "expression",
    [
        "sum by (partner lienthong",
        "rate(lienthong_attempts_total)",
        "a >",
        "a{state}",
        "a b",
        "sum()",
        'a{state="x"',
        "€",
    ],
)
def test_what_is_no_promql_is_refused(expression: str) -> None:
    with pytest.raises(Wrong):
        read(expression)
