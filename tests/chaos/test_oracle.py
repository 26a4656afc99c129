"""The judge is itself judged: a run broken on purpose must be named by it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.oracle import Run, at_once, judge, undercuts


def a_run() -> Run:
    """Two dossiers of two events at a key partner, everything as promised."""
    facts: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []
    answers: dict[str, set[str]] = {}
    number = 0
    for dossier in ("A", "B"):
        for sequence in (1, 2):
            number += 1
            event = f"{dossier}/{sequence}"
            row = {"key": f"k-{event}", "event": event, "dossier": dossier, "sequence": sequence, "hash": f"h-{event}"}
            facts.append(
                {"kind": "request", "number": number, "mode": "key", "what": "rows", "rows": [row], "at": float(number)}
            )
            facts.append({"kind": "effect", "mode": "key", "number": number, "at": float(number), **row})
            facts.append({"kind": "done", "number": number, "mode": "key", "keys": [row["key"]], "at": number + 0.4})
            facts.append({"kind": "end", "number": number, "at": number + 0.5})
            told = {"partner": "plain_key", "event": event, "dossier": dossier, "number": sequence}
            deliveries.append({**told, "state": "delivered"})
            answers[event] = {"accepted"}
    return Run(answers, facts, deliveries, ("key",))


def test_an_honest_run_is_found_honest() -> None:
    assert judge(a_run()) == []


def test_a_run_of_nothing_proves_nothing() -> None:
    with pytest.raises(ValueError, match="judges nothing"):
        judge(Run({}, [], [], ("key",)))


def break_it(run: Run, how: str) -> None:
    facts = run.facts
    match how:
        case "loses one":
            del facts[5]
        case "loses one without a trace":
            run.deliveries.pop()
        case "doubles one":
            facts.insert(6, dict(facts[5]))
        case "swaps two":
            facts[1], facts[5] = facts[5], facts[1]
        case "new key each try":
            again = {**facts[0], "number": 9, "rows": [{**facts[0]["rows"][0], "key": "other"}]}
            facts += [again, {"kind": "end", "number": 9}]
        case "other content under one key":
            again = {**facts[0], "number": 9, "rows": [{**facts[0]["rows"][0], "hash": "other"}]}
            facts += [again, {"kind": "end", "number": 9}]
        case "two in flight":
            facts.append(facts.pop(3))
        case "leaves one open":
            run.deliveries[0]["state"] = "waiting"
        case "does what it refused":
            run.answers["A/1"] = {"refused"}
        case "does what nobody fed":
            facts.append({**facts[1], "event": "C/1", "dossier": "C"})
        case "supersedes what was done":
            run.deliveries[0]["state"] = "superseded"
        case "lets the dead be done":
            run.deliveries[0]["state"] = "dead"
        case "supersedes by nothing":
            del facts[5]
            run.deliveries[1]["state"] = "superseded"
            run.deliveries[0]["state"] = "cancelled"
        case "takes rubbish for a yes":
            del facts[2]
        case "sends again what may have been taken":
            run.modes = ("none",)
            for fact in facts:
                fact["mode"] = "none"
            for delivery in run.deliveries:
                delivery["partner"] = "plain_none"
            again = {**facts[0], "number": 9}
            del facts[2]
            facts += [
                again,
                {"kind": "done", "number": 9, "mode": "none", "keys": ["k-A/1"]},
                {"kind": "end", "number": 9},
            ]


NAMED = {
    "loses one": "delivered with 0 effects",
    "loses one without a trace": "acknowledged and lost",
    "doubles one": "2 effects",
    "swaps two": "1 after 2",
    "new key each try": "2 keys",
    "other content under one key": "2 contents",
    "two in flight": "is under way",
    "leaves one open": "still waiting",
    "does what it refused": "refused at the door",
    "does what nobody fed": "an event nobody fed",
    "supersedes what was done": "superseded and yet done",
    "lets the dead be done": "dead and yet done",
    "supersedes by nothing": "superseded by nothing that arrived",
    "takes rubbish for a yes": "without a good answer",
    "sends again what may have been taken": "sent again though the first may have been taken",
}
"""How a run is broken, and the words that name it."""


@pytest.mark.parametrize("how", NAMED)
def test_a_bus_broken_on_purpose_is_named(how: str) -> None:
    run = a_run()
    break_it(run, how)
    assert any(NAMED[how] in fault for fault in judge(run)), judge(run)


def test_a_retry_after_that_is_ignored_is_named() -> None:
    run = a_run()
    run.facts.insert(1, {"kind": "told", "number": 1, "told_s": 1.0, "at": 1.4})
    assert undercuts(run) == ["key: request 2 undercuts the Retry-After of 1"]


def test_two_logins_at_once_are_named() -> None:
    run = a_run()
    logins = [{"kind": "token", "number": number, "mode": "key", "at": float(number)} for number in (20, 21)]
    run.facts += [*logins, {"kind": "end", "number": 20, "at": 21.5}, {"kind": "end", "number": 21, "at": 21.6}]
    assert at_once(run, "token") == ["key: token 21 while 20 is under way"]
