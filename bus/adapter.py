"""The port: what the bus asks of any partner, and what it hands over.

A partner's room offers one `ADAPTER: Partner`, a description with a factory. The bus sees operations, rows and outcomes; not
one field of a dossier.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, Protocol

from pydantic import BaseModel

from bus.clock import Clock
from bus.outcome import Outcome
from bus.policy import PartnerSettings
from contracts.envelope import Envelope

Dedupe = Literal["key", "query", "none"]
Step = Literal["send", "ask"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a partner, as its contract names it.

    `dedupe` says how an unknown outcome is settled (key: send again under the same key; query: ask first; none: a person).
    `full_state`: carries the whole dossier, so a newer one supersedes older ones. `batch`: rows a call may carry at most.
    `partial`: of an array refused as a whole, part may have been taken, so its rows are asked for before they are sent again.
    `message`, `answer`: the contract models of one row's request and answer, whose personal fields are masked wherever they are shown;
    of an answer without one everything is.
    `aside`: it stands in a lane of its own, waits for nothing of its dossier and holds nothing up (a watch, a task for a person); it has
    no memo.
    `inside`: nobody is called for it; it is settled as it is prepared.
    `reads`: it only asks, and changes nothing at the partner. `harmless_twice`: the partner does not know a repeat, nor need it.
    """

    name: str
    title_vi: str
    title_en: str
    dedupe: Dedupe
    full_state: bool = False
    batch: int = 1
    partial: bool = False
    message: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    aside: bool = False
    inside: bool = False
    reads: bool = False
    harmless_twice: bool = False


@dataclass(slots=True)
class Job:
    """One claimed row: a delivery's open attempt, with all an adapter may need to build its request.

    `key` is the idempotency key, the same for every attempt. `request` is the row's request as sealed with an earlier attempt,
    empty when it must be mapped (first time, after a crash, or when nothing had left). `has_full` tells that the lane has
    delivered a full state, so the dossier exists at the partner. `worker` opened the attempt, at `opened_at`. `facts` are kept with it:
    what its request is mapped with (where no earlier attempt mapped it), and `bus.trip`. Times are seconds since the epoch.
    """

    delivery: int
    attempt: int
    lane: int
    partner: str
    operation: str
    step: Step
    dossier: str
    number: int
    key: str
    envelope: Envelope
    memo: Mapping[str, str]
    has_full: bool
    request: bytes
    tries: int
    crashes: int
    group_size: int | None
    in_doubt: bool
    accepted_at: float
    traceparent: str
    worker: str = ""
    opened_at: float = 0.0
    correlation_id: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Row:
    """A job with its request body, ready to leave. Rows of one call share operation, step and `switch` (create or update)."""

    job: Job
    body: bytes
    switch: str = ""


@dataclass(slots=True)
class Call:
    """One call to a partner: its id (shared by its rows' attempts), its total deadline in seconds, its trace context.

    `may_send` is asked by the transport last of all before it writes: False once the lease no longer outlasts the deadline.
    `on_answer` is told the headers when the head of an answer is there.
    """

    id: str
    deadline_s: float
    traceparent: str = ""
    on_extra_call: Callable[[], None] = lambda: None
    may_send: Callable[[], bool] = lambda: True
    on_answer: Callable[[Mapping[str, str]], None] = lambda _headers: None


@dataclass(frozen=True, slots=True)
class Kept:
    """A public fact a partner told us, kept beyond the event that brought it: a procedure's version, a legal text. Nothing personal.

    The latest `body` (JSON) of a kind and key stands. `number` grows with every change of the partner's facts, over all their kinds.
    """

    kind: str
    key: str
    body: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Poll:
    """What one polling of a partner brought: events for the front door, facts to keep, the cursor behind them, rows that could not
    be read.
    """

    events: tuple[Envelope, ...]
    cursor: str
    bad_rows: tuple[bytes, ...] = ()
    more: bool = False
    keeps: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a look-up: none, one or several matches; of several none is ever chosen here.

    `reference` is the partner's own for this exchange; `version` the number of the record's last change, where the partner counts them.
    """

    matches: tuple[BaseModel, ...]
    reference: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One question a caller may ask and wait for. Nothing is owed; who asked, and for what purpose, is recorded.

    `question` is the shape of what it is asked by, `key` the one field of it that a bare key fills (empty: it takes several). Where that
    shape marks a field personal, the question never stands in a URL. `answer` is the shape of a match, its personal fields marked; an
    answer may be told again for `cache_s` seconds (0: never). `ask` is given the partner's adapter, the validated question, and the call.
    """

    name: str
    title_vi: str
    title_en: str
    question: type[BaseModel]
    answer: type[BaseModel]
    ask: Callable[[Any, Any, Call], Awaitable[Found | Outcome]]
    key: str = ""
    cache_s: float = 0.0


class Entry(NamedTuple):
    """A line of an account: its key, its day in Vietnam, its worth (đồng, or 1 where things are counted)."""

    key: str
    day: date
    amount: int


@dataclass(frozen=True, slots=True)
class Account:
    """What a partner says it holds; `unanswered` are the keys it could not be asked about.

    `events` are what its own statement of a line comes to as events, by key: what the front door takes in where we have no such line.
    """

    entries: tuple[Entry, ...]
    unanswered: tuple[str, ...] = ()
    events: Mapping[str, tuple[Envelope, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """How what the ledger holds is compared with what the partner holds, line by line and day by day (đối soát).

    `events` are read for the days asked for, `before_days` earlier ones, and a week after. `note` makes of each an Entry, a line of our
    account, or whatever `theirs` needs to ask by. `theirs` is given the adapter, the notes, the first and the last day, and a call to ask
    under.
    A partner that cannot be asked has neither: then the events, by id and day, are compared with what was delivered there on these days.
    """

    events: tuple[str, ...]
    note: Callable[[Envelope], Any] | None = None
    theirs: Callable[[Any, Sequence[Any], date, date, Call], Awaitable[Account]] | None = None
    before_days: int = 0


class Stand(NamedTuple):
    """How a matter stands after an event: which it is, of what dossier, since when, and whether something of it is still to come."""

    key: str
    dossier: str
    at: datetime
    open: bool
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What ought to come to an end within `after_s` seconds, so that a person can be shown what has not (domain notes 8).

    `note` makes of each event that came from a partner and is of these types how a matter stands with it; None where it is about none.
    Of events at the same instant those of a later type of `events` are the newer.
    """

    name: str
    title_vi: str
    title_en: str
    events: tuple[str, ...]
    note: Callable[[Envelope], Stand | None]
    after_s: float


class Adapter(Protocol):
    """A partner at work. `deliver` and `ask` answer every row, in the rows' order, and never raise for a partner's fault."""

    def prepare(self, job: Job) -> Row | Outcome:
        """Map outward (pure): the row to send, or at once an outcome: `Held` (code gap), `Contract` (cannot be mapped), or any other
        where there is nothing to call for."""
        ...

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """The one call, for one row or an array of rows."""
        ...

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """Find out whether rows in doubt (or taken) took effect: Delivered, Absent, Permanent, Taken or Unknown each."""
        ...

    async def probe(self, call: Call) -> Outcome | None:
        """The partner's cheapest harmless call for an open breaker; None where there is none (then one row is the probe)."""
        ...

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        """Fetch what the partner has for us since `cursor`; None for partners that are not polled."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """A partner's session or access token; `generation` grows with each renewal, over all processes."""

    value: str
    generation: int
    expires_at: float | None = None


class Vault(Protocol):
    """Partner sessions, sealed in the ledger: one refresh in flight for all processes, none logs out another."""

    async def token(
        self, name: str, fetch: Callable[[], Awaitable[tuple[str, float | None]]], *, stale: int = 0
    ) -> Token:
        """The current token `name`, fetched when there is none, it has expired, or its generation is still `stale`.

        `fetch` returns the value and its lifetime in seconds (None: unknown). Whatever `fetch` raises is raised here.
        """
        ...


class Shelf(Protocol):
    """What pollers have kept, for every process and every room to read."""

    async def kept(self, partner: str, after: int = 0) -> list[Kept]:
        """The facts of a partner numbered above `after`, in that order, at most a few thousand at once; empty: no more.

        Raises LedgerBusy.
        """
        ...


class EmptyShelf:
    """A shelf with nothing on it."""

    async def kept(self, partner: str, after: int = 0) -> list[Kept]:
        return []


class Stock(Protocol):
    """Numbers a partner gave us beforehand, each used once over all processes. Every call raises LedgerBusy."""

    async def fill(self, items: Sequence[str]) -> None:
        """Put numbers in, in their order; one that was put in before stays as it is."""
        ...

    async def take(self, key: str) -> str | None:
        """The number of the delivery with this key, the next free one for a new key; None when there is none left."""
        ...

    async def left(self) -> int:
        """How many are free."""
        ...


class EmptyStock:
    """No numbers."""

    async def fill(self, items: Sequence[str]) -> None:
        pass

    async def take(self, key: str) -> str | None:
        return None

    async def left(self) -> int:
        return 0


async def never(_job: Job, _operation: str) -> bool:
    """Nothing is owed again."""
    return False


@dataclass(frozen=True, slots=True)
class Wiring:
    """What an adapter is given at start. `public_url` is where partners reach our files and callbacks.

    `owed_since` tells whether an operation became owed for a job's dossier after the job did, and was not cancelled: what a watch asks
    before it tells news, for one that began later tells them. It raises LedgerBusy.
    """

    settings: PartnerSettings
    vault: Vault
    clock: Clock
    rng: random.Random
    public_url: str = ""
    shelf: Shelf = field(default_factory=EmptyShelf)
    stock: Stock = field(default_factory=EmptyStock)
    owed_since: Callable[[Job, str], Awaitable[bool]] = never


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner's room as discovery finds it. `tune` lets its settings change how its operations are declared.

    `confirms`: HTTP statuses that confirm by themselves in its contract, whatever comes with them. Others confirm by what they say.
    """

    name: str
    title_vi: str
    title_en: str
    operations: tuple[Operation, ...]
    settings: type[PartnerSettings]
    open: Callable[[Wiring], Adapter]
    polls_every_s: float | None = None
    lookups: tuple[Lookup, ...] = ()
    reconcile: Reconcile | None = None
    watches: tuple[Watch, ...] = ()
    assumed: tuple[str, ...] = ()
    confirms: frozenset[int] = frozenset()
    tune: Callable[[Partner, PartnerSettings], Partner] = lambda partner, _settings: partner

    def operation(self, name: str) -> Operation:
        """The operation called `name`; KeyError when the partner has none such."""
        for operation in self.operations:
            if operation.name == name:
                return operation
        raise KeyError(f"{self.name} has no operation {name}")

    def lookup(self, name: str) -> Lookup:
        """The look-up called `name`, the first one for an empty name; KeyError when the partner has none such."""
        for lookup in self.lookups:
            if name in ("", lookup.name):
                return lookup
        raise KeyError(f"{self.name} has no look-up {name}".rstrip())
