"""A province as a newcomer starts it: the bus with every partner's simulator, the desk's own hand, and what each partner wrote down."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from contracts.envelope import Envelope
from tests.demo import command, demo

PATIENCE_S = 40.0
IMPATIENT = """
[partners.linked_services]
polls_every_s = 1
asks_every_s = 1
[partners.civil_registry]
asks_every_s = 2
[partners.social_insurance]
asks_every_s = 1
[partners.online_payment]
asks_first_s = 3
[partners.budget_unit_codes]
asks_every_s = 1
[partners.business_registry]
asks_every_s = 1
[partners.postal]
tracks_every_s = 1
"""
"""A demo that asks its partners every second or two, where the newcomer's asks every few."""
CLOUDEVENT = {"Content-Type": "application/cloudevents+json"}
AT_REST = frozenset({"delivered", "superseded", "cancelled"})


@dataclass(frozen=True)
class Province:
    """The bus at `url`, its data in `folder`."""

    url: str
    folder: Path

    @cached_property
    def simulators(self) -> dict[str, str]:
        """Where each partner's simulator is."""
        found: dict[str, str] = json.loads((self.folder / "var" / "simulators.json").read_text())
        return found

    def tell(self, partner: str, path: str, **body: Any) -> Any:
        """A control of a partner's simulator: its people do something, or trouble is laid (`misbehave`)."""
        said = httpx.post(f"{self.simulators[partner]}/_sim/{path}", json=body, trust_env=False, verify=False)
        assert said.status_code == 200, said.text
        return said.json()

    def book(self, partner: str, *kinds: str, **facts: str) -> list[dict[str, Any]]:
        """What a partner wrote down by itself, of these kinds and with these facts."""
        return book(self.folder, partner, *kinds, **facts)

    def notices(self, code: str, kind: str = "") -> list[dict[str, Any]]:
        """What the dossier system was told of a dossier; of one kind of event, such as `payment.link_created`."""
        told = self.book("dossier_system", "notice", subject=code)
        return [entry["data"] for entry in told if kind in entry["type"]]

    def post(self, events: Iterable[Envelope]) -> None:
        """One event after the other, as the desk works, posted as its vendor would."""
        for event in events:
            said = httpx.post(
                f"{self.url}/v1/events", content=event.to_json(), headers=CLOUDEVENT, trust_env=False, verify=False
            )
            assert said.is_success, said.text

    def run(self, *words: str) -> str:
        """`lienthong` on this bus, as an operator types it."""
        return command(*words, url=self.url)

    def story(self, code: str) -> dict[str, Any]:
        told: dict[str, Any] = httpx.get(f"{self.url}/v1/dossiers/{code}", trust_env=False, verify=False).json()
        return told

    def deliveries(self, code: str, partner: str = "", *states: str) -> list[dict[str, Any]]:
        """What is owed of a dossier, of one partner, in these states."""
        owed = self.story(code).get("deliveries", [])
        return [d for d in owed if partner in ("", d["partner"]) and (not states or d["state"] in states)]

    def settled(self, code: str) -> dict[str, Any]:
        """The dossier's story once nothing of it is open any more."""
        until(lambda: all(d["state"] in AT_REST for d in self.deliveries(code)), lambda: self._open(code))
        return self.story(code)

    def _open(self, code: str) -> list[tuple[str, ...]]:
        return [
            (d["partner"], d["operation"], d["state"], d["cause"], d["code"])
            for d in self.deliveries(code)
            if d["state"] not in AT_REST
        ]

    def told(self, code: str) -> tuple[str, str]:
        """The story in Vietnamese and in English."""
        return self.run("story", code, "--lang", "vi"), self.run("story", code, "--lang", "en")


def book(folder: Path, partner: str, *kinds: str, **facts: str) -> list[dict[str, Any]]:
    """A partner's book as it lies in the folder of a demo."""
    file = folder / "var" / f"{partner}.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    entries = [json.loads(line) for line in lines if line.endswith("}")]
    return [e for e in entries if e["kind"] in kinds and all(e.get(name) == value for name, value in facts.items())]


def until(true: Callable[[], Any], otherwise: Callable[[], Any] = lambda: "", patience_s: float = PATIENCE_S) -> Any:
    """Wait until something is true; what it then is. `otherwise` says what is the matter when it does not become so."""
    deadline = time.monotonic() + patience_s
    while not (found := true()):
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.1)
    return found


@contextlib.contextmanager
def province(folder: Path) -> Iterator[Province]:
    """A live province; it is drained and must end well."""
    with demo(folder, IMPATIENT) as url:
        yield Province(url, folder)


def tells_everything(story: dict[str, Any], vietnamese: str, english: str, *personal: str) -> None:
    """Both tellings name every event and what it owed, and nothing personal."""
    for event in story["events"]:
        assert event["title_vi"] in vietnamese
        assert event["title_en"] in english
    for text in (vietnamese, english):
        assert story["dossier"] in text
        assert all(delivery["operation"] in text for delivery in story["deliveries"])
        assert not [secret for secret in personal if secret in text]
