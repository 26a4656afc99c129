"""What comes from outside is text on every page: markup in any field of an event, or in a partner's words, is shown and never obeyed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest

from bus.ledger.words import Claim, Filter, Move, Result, State
from bus.outcome import Cause
from contracts.envelope import Envelope, judge
from contracts.fault import Refusal
from ops.rights import ROLES
from tests.console.conftest import PORTAL, RECEIVED, Office

CORPUS = (
    "<script>xss()</script>",
    "\"><img src=x onerror='xss()'>",
    "'><svg/onload=xss()>",
    "</title></textarea></pre><script>xss()</script>",
    "javascript:xss()",
    "{{ xss }}{% raw %}",
)
OPEN = ("dossier.applicant.name", "dossier.agency.name", "dossier.procedure.name", "dossier.summary")
"""Fields that take any text; where these no longer take the corpus, the test tries nothing."""


class Read(HTMLParser):
    """What a browser would make of a page: the scripts in it, and whether it says what was put in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.obeyed: list[str] = []
        self.said = False
        self._script = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._script = tag == "script"
        for name, value in attrs:
            leads = name in ("href", "src", "action", "formaction") and (value or "").lstrip().startswith("javascript:")
            if name.startswith("on") or leads or (name == "src" and value == "x"):
                self.obeyed.append(f"<{tag} {name}={value}>")

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        self.said = self.said or "xss" in data
        if self._script and data.strip():
            self.obeyed.append(data)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where texts stand in JSON data."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def put(event: dict[str, Any], path: tuple[str | int, ...], text: str) -> dict[str, Any]:
    """The event with a text at a place of its data."""
    changed = copy.deepcopy(event)
    at: Any = changed["data"]
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = text
    return changed


def poisoned(number: int, text: str) -> tuple[Envelope, set[str]]:
    """An event whose every field that may be so says this, and which fields they are."""
    code = f"{RECEIVED.subject[:-2]}9{number}"
    event = RECEIVED.model_dump(mode="json", by_alias=True, exclude_none=True)
    event |= {"id": f"{RECEIVED.id}-{number}", "subject": code, "sequence": 1}
    event["data"]["dossier"]["code"] = code
    taken = set()
    for path in places(event["data"]):
        changed = put(event, path, text)
        try:
            judge(changed)
        except Refusal:
            continue
        event = changed
        taken.add(".".join(map(str, path)))
    return judge(event), taken


@pytest.mark.parametrize("text", CORPUS)
async def test_markup_in_any_field_and_in_a_partners_words_is_shown_and_never_obeyed(office: Office, text: str) -> None:
    event, taken = poisoned(CORPUS.index(text), text)
    assert taken >= set(OPEN), taken
    ledger = office.house.ledger
    await office.house.intake.accept([event], client="test")
    claimed = await ledger.claim(Claim(PORTAL, worker=ledger.process, calls=5, rows=5, lease_s=30, batches={}))
    dead = Move(State.DEAD, Cause.REFUSED, doubt=0)
    await ledger.record([Result(job, dead, "Permanent", code=text[:32], words=text) for job in claimed.jobs])
    (one,), _ = await ledger.deliveries(Filter(partner=PORTAL, states=(State.DEAD,), dossier=event.subject))

    everyone = await office.person("lan", *ROLES)
    said = {}
    for path in (
        "/console/",
        "/console/causes",
        "/console/deliveries?state=dead",
        f"/console/deliveries?state=dead&code={quote(text)}",
        f"/console/dossiers/{event.subject}?delivery={one.id}",
        f"/console/exchanges/{one.id}",
        f"/console/edit?delivery={one.id}",
        f"/console/act?verb=resend&ids={one.id}",
        f"/console/reveal?dossier={event.subject}&field=name",
        f"/console/dossiers/{quote(text, safe='')}",
    ):
        answer = await everyone.get(path)
        read = Read(answer.text)
        assert answer.status_code in (200, 404), path
        assert read.obeyed == [], path
        said[path.partition("?")[0].split("/")[2]] = read.said
    assert said["exchanges"], "the partner's words"
    assert said["edit"], "the event's fields"
    home = (await everyone.get("/console/")).text
    assert Read((await everyone.submit(home, "/console/search", q=text)).text).obeyed == []
