"""The judge: compares what the feeder was told, what the partner saw and did, and the bus's own lists (reliability, oracle O).

Never looks into the bus's log or ledger. A run without events or requests judges nothing and is an error.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

ACKNOWLEDGED = ("accepted", "duplicate")


@dataclass
class Run:
    """The evidence: the feeder's answers by event, the partner's facts in order, the bus's deliveries.

    `persons` are the events whose deliveries a person sent again.
    """

    answers: dict[str, set[str]]
    facts: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]
    modes: tuple[str, ...]
    persons: frozenset[str] = frozenset()
    faults: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, answers: Path, facts: Path, deliveries: list[dict[str, Any]], modes: Iterable[str]) -> Run:
        told: dict[str, set[str]] = defaultdict(set)
        for line in answers.read_text().splitlines():
            answer = json.loads(line)
            told[answer["event"]].add(answer["status"])
        lines = [json.loads(line) for line in facts.read_text().splitlines()]
        return cls(told, lines, deliveries, tuple(modes))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [fact for fact in self.facts if fact["kind"] == kind]


def judge(run: Run) -> list[str]:
    """Every broken promise in words; empty when all hold. Raises ValueError for a run that proves nothing."""
    if not run.answers or not run.of("request"):
        raise ValueError("a run with no events or no requests judges nothing")
    run.faults = []
    for check in (_effects, _order, _keys, _in_flight, _superseded, _confirmed, _left_alone):
        check(run)
    return run.faults


def _effects(run: Run) -> None:
    """For each acknowledged event and partner exactly one effect, or one dead or parked or superseded entry, never two."""
    done: dict[tuple[str, str], int] = defaultdict(int)
    for effect in run.of("effect"):
        done[effect["mode"], effect["event"]] += 1
    ended = {(d["partner"].removeprefix("plain_"), d["event"]): d["state"] for d in run.deliveries}
    for event, statuses in run.answers.items():
        acknowledged = any(status in ACKNOWLEDGED for status in statuses)
        for mode in run.modes:
            effects, state = done.pop((mode, event), 0), ended.get((mode, event))
            if statuses == {"refused"} and (effects or state):
                run.faults.append(f"{mode} {event}: refused at the door, and yet {effects} effects, state {state}")
            if effects > 1:
                run.faults.append(f"{mode} {event}: {effects} effects")
            if not acknowledged:
                continue
            if state is None:
                run.faults.append(f"{mode} {event}: acknowledged and lost")
            elif state == "delivered" and effects != 1:
                run.faults.append(f"{mode} {event}: delivered with {effects} effects")
            elif state in ("pending", "sending", "waiting") or (state == "in_doubt" and mode != "none"):
                run.faults.append(f"{mode} {event}: still {state}")
            elif state in ("superseded", "dead") and effects:
                run.faults.append(f"{mode} {event}: {state} and yet done")
    for (mode, event), effects in done.items():
        run.faults.append(f"{mode} {event}: {effects} effects of an event nobody fed")


def _order(run: Run) -> None:
    """Per dossier and partner the effects follow the sequence."""
    last: dict[tuple[str, str], int] = {}
    for effect in run.of("effect"):
        lane = effect["mode"], effect["dossier"]
        if effect["sequence"] < last.get(lane, 0):
            run.faults.append(f"{effect['mode']} {effect['dossier']}: {effect['sequence']} after {last[lane]}")
        last[lane] = max(last.get(lane, 0), effect["sequence"])


def _keys(run: Run) -> None:
    """One key per delivery, one content per key."""
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    contents: dict[tuple[str, str], set[str]] = defaultdict(set)
    for request in run.of("request"):
        for row in request["rows"]:
            keys[request["mode"], row["event"]].add(row["key"])
            contents[request["mode"], row["key"]].add(row["hash"])
    run.faults += [f"{mode} {event}: {len(found)} keys" for (mode, event), found in keys.items() if len(found) > 1]
    run.faults += [
        f"{mode} key {key}: {len(found)} contents" for (mode, key), found in contents.items() if len(found) > 1
    ]


def _in_flight(run: Run) -> None:
    """No two requests of one dossier at one partner at the same time."""
    busy: dict[tuple[str, str], int] = {}
    lanes: dict[int, list[tuple[str, str]]] = {}
    for fact in run.facts:
        if fact["kind"] == "request":
            lanes[fact["number"]] = [(fact["mode"], row["dossier"]) for row in fact["rows"]]
            for lane in lanes[fact["number"]]:
                if lane in busy:
                    run.faults.append(f"{lane[0]} {lane[1]}: request {fact['number']} while {busy[lane]} is under way")
                busy[lane] = fact["number"]
        elif fact["kind"] == "started":
            busy.clear()  # the partner's own process died; nothing is under way there
        elif fact["kind"] == "end":
            for lane in lanes.pop(fact["number"], []):
                if busy.get(lane) == fact["number"]:
                    del busy[lane]


def _superseded(run: Run) -> None:
    """What was superseded has a later one of its dossier that ended as it should."""
    ended: dict[tuple[str, str], int] = defaultdict(int)
    for d in run.deliveries:
        if d["state"] in ("delivered", "dead", "in_doubt"):
            lane = d["partner"], d["dossier"]
            ended[lane] = max(ended[lane], d["number"])
    for d in run.deliveries:
        if d["state"] == "superseded" and ended[d["partner"], d["dossier"]] <= d["number"]:
            run.faults.append(f"{d['partner']} {d['event']}: superseded by nothing that arrived")


def _confirmed(run: Run) -> None:
    """Delivered means that the partner said so in an answer by its contract, not only that it was asked."""
    good = {(fact["mode"], key) for fact in run.of("done") for key in fact["keys"]}
    keys = {(request["mode"], row["event"]): row["key"] for request in run.of("request") for row in request["rows"]}
    known = {(fact["mode"], fact["event"]) for fact in run.of("repeat")}
    for d in run.deliveries:
        mode = d["partner"].removeprefix("plain_")
        if (
            d["state"] == "delivered"
            and (mode, keys.get((mode, d["event"]), "")) not in good
            and (mode, d["event"]) not in known
        ):
            run.faults.append(f"{mode} {d['event']}: delivered without a good answer")


def _left_alone(run: Run) -> None:
    """At a `none` partner what may have been taken is not sent again unless a person says so."""
    understood = {fact["number"] for kind in ("done", "told") for fact in run.of(kind)}
    unknown: set[str] = set()
    for request in run.of("request"):
        if request["mode"] != "none" or request["what"] != "rows":
            continue
        for row in request["rows"]:
            if row["event"] in unknown - run.persons:
                run.faults.append(f"none {row['event']}: sent again though the first may have been taken")
            if request["number"] not in understood:
                unknown.add(row["event"])


def undercuts(run: Run, slack_s: float = 0.25, heard_s: float = 0.1) -> list[str]:
    """Requests that began before a Retry-After had passed, but for those already on their way when it was told."""
    found = []
    modes = {request["number"]: request["mode"] for request in run.of("request")}
    for told in run.of("told"):
        mode = modes[told["number"]]
        since, until = told["at"] + heard_s, told["at"] + told["told_s"] - slack_s
        found += [
            f"{mode}: request {request['number']} undercuts the Retry-After of {told['number']}"
            for request in run.of("request")
            if request["mode"] == mode and request["what"] == "rows" and since < request["at"] < until
        ]
    return found


def at_once(run: Run, kind: str) -> list[str]:
    """Calls of one kind (`token`, `poll`) that began at a partner while another one was under way."""
    ends = {end["number"]: end["at"] for end in run.of("end")}
    found = []
    for mode in run.modes:
        calls = [call for call in run.of(kind) if call["mode"] == mode]
        found += [
            f"{mode}: {kind} {later['number']} while {earlier['number']} is under way"
            for earlier, later in pairwise(calls)
            if later["at"] < ends.get(earlier["number"], 0.0)
        ]
    return found
