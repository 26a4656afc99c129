"""How a partner's own call reaches us: its room reads it and words the answer, the gateway carries it to the front door.

A 2xx leaves only after the events are committed (reliability G13).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bus.clock import Clock
from bus.policy import PartnerSettings
from contracts.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Answer:
    """What we answer a partner, in its own contract. `keeps` is what an authentic caller said wrongly, for a person to look at."""

    status: int
    content_type: str
    body: bytes
    keeps: bytes = b""


@dataclass(frozen=True, slots=True)
class Received:
    """A partner's call as read: the events it brings, and how its answer is worded once their verdicts are known."""

    events: tuple[Envelope, ...]
    answer: Callable[[Sequence[Mapping[str, Any]]], Answer]


class Known(Protocol):
    """What the bus knows of a dossier, for a partner that asks us about one. Every call raises LedgerBusy."""

    async def memo(self, dossier: str) -> Mapping[str, str]:
        """What the dossier's lane at this partner remembers."""
        ...

    async def about(self, dossier: str, kind: str) -> list[Envelope]:
        """The events of one type about a dossier, in the order they came."""
        ...


class NothingKnown:
    """A bus that knows no dossier."""

    async def memo(self, dossier: str) -> Mapping[str, str]:
        return {}

    async def about(self, dossier: str, kind: str) -> list[Envelope]:
        return []


@dataclass(frozen=True, slots=True)
class Incoming:
    """One call: its raw body, headers in lower case, and what its reader may need."""

    body: bytes
    headers: Mapping[str, str]
    settings: PartnerSettings
    clock: Clock
    public_url: str
    known: Known = field(default_factory=NothingKnown)


@dataclass(frozen=True, slots=True)
class Receiver:
    """One address partners call: `/callbacks/<partner>/<path>`, or `/soap/<partner>` when `soap`. `describe` serves its WSDL."""

    path: str
    receive: Callable[[Incoming], Awaitable[Received | Answer]]
    soap: bool = False
    describe: Callable[[str], Answer] | None = None
    busy: Answer = field(default=Answer(503, "text/plain", b"busy, try again"))
