"""The ledger's words: what goes into its operations and what comes out. Data only.

Times are seconds since the epoch (UTC) by the bus's steady clock. States and arrows are drawn in docs/states.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

from bus.adapter import Job, Step
from bus.outcome import Cause
from contracts.envelope import Envelope


class State(StrEnum):
    """Where a delivery stands. Open: pending, sending, waiting, in_doubt. Dead is at rest, not gone: a resend opens it again."""

    PENDING = "pending"
    SENDING = "sending"
    WAITING = "waiting"
    IN_DOUBT = "in_doubt"
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


OPEN = (State.PENDING, State.SENDING, State.WAITING, State.IN_DOUBT)


class Status(StrEnum):
    """Intake's verdict on one event. The first two mean committed."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(slots=True)
class Debt:
    """One delivery to be: an operation owed to a partner, with what keeps its lane's order (`aside`: it gets a lane of its own)."""

    partner: str
    operation: str
    full_state: bool
    priority: int = 1
    aside: bool = False


class Matter(NamedTuple):
    """How a matter of a room's watch stands after an event. `place` of its type among the watch's tells which of one instant is newer."""

    watch: str
    key: str
    dossier: str
    at: float
    place: int
    state: str
    still: bool


@dataclass(slots=True)
class Arrival:
    """One event at the door, already read and validated.

    `body` is the whole envelope as JSON, stored sealed; `content` the bytes whose keyed digest tells a duplicate from a conflict;
    `finders` are the people's identifiers (kind, value) it may be found by, stored as keyed digests only, `references` the numbers
    (kind, value) it has elsewhere, stored as search keys. `client` is the API key's name, or the partner whose reply this is.
    `traceparent` is the span that received it; `envelope` is kept at hand for claims.
    """

    source: str
    id: str
    type: str
    subject: str
    sequence: int | None
    occurred_at: float
    body: bytes
    content: bytes
    debts: tuple[Debt, ...]
    client: str
    finders: tuple[tuple[str, str], ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""
    flags: tuple[str, ...] = ()
    matters: tuple[Matter, ...] = ()
    envelope: Envelope | None = None


@dataclass(slots=True)
class Verdict:
    """What became of an arrival. `ready`: partners to ring. `gap`: it waits for an earlier number. `reason`: of a conflict or refusal."""

    status: Status
    event: int | None = None
    owed: tuple[tuple[str, str], ...] = ()
    ready: tuple[str, ...] = ()
    gap: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SourceRule:
    """`[sources.NAME]`: sequences begin at 1 unless `first` is "any"; a gap is closed by itself after `gap_wait_s`, if set."""

    first: Literal["one", "any"] = "one"
    gap_wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Ask for work that can start now: at most `calls` calls and `rows` rows, with a lease of `lease_s`.

    `batches` says how many rows one call of an operation may carry (missing: 1): rows of one call share operation, step, the
    lane's `has_full` and the delivery's group size. `rate_per_s` and `burst` are the province's budget, kept in the ledger.
    """

    partner: str
    worker: str
    calls: int
    rows: int
    lease_s: float
    batches: Mapping[str, int]
    rate_per_s: float | None = None
    burst: int = 1


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim brought. `next_at`: when to look again if nobody rings (None: nothing is scheduled). `full`: there is more.

    `probe`: the breaker is open and this claim holds the one right to try; then `jobs` has at most one row. `why` names what
    holds the whole partner back ("", "paused", "breaker", "not_before", "rate").
    """

    jobs: tuple[Job, ...]
    next_at: float | None
    full: bool = False
    probe: bool = False
    why: str = ""


@dataclass(slots=True)
class Move:
    """Where a delivery goes from an attempt, as `bus.delivery.settle` decides it; the ledger only applies it.

    `due_at` None means nothing to claim (a callback, a person or a code frees it). `counted` adds one to its tries. `doubt`: it
    is in doubt over this attempt (kept when None, cleared by 0). `hold_key` names what would free it.
    """

    state: State
    cause: Cause
    step: Step = "send"
    due_at: float | None = None
    counted: bool = True
    group_size: int | None = None
    doubt: int | None = None
    hold_key: str = ""


@dataclass(slots=True)
class Result:
    """A closed attempt: what happened, where the delivery goes, and the replies that enter with it in one commit.

    `request`, `reply`, the partner's `words` are stored sealed; `memo` is added to the lane's; `started_at`, `ended_at` frame the call.
    `facts` are kept beside the request: when it left and was answered (`bus.trip`), and what it was mapped with.
    """

    job: Job
    move: Move
    outcome: str
    code: str = ""
    request: bytes = b""
    reply: bytes = b""
    words: str = ""
    call_id: str = ""
    started_at: float = 0.0
    ended_at: float = 0.0
    receipt: str = ""
    memo: Mapping[str, str] = field(default_factory=dict)
    replies: tuple[Arrival, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartnerChange:
    """What a call taught about the whole partner; recorded with its results and only when something changes.

    `not_before`: nobody calls before then (Retry-After). `open_until`: open the breaker, next probe then. `close`: a good answer
    closes it. `pause`: hold the partner for this cause until resumed. `extra_calls` are paid from the rate budget.
    """

    partner: str
    not_before: float | None = None
    open_until: float | None = None
    close: bool = False
    pause: Cause | None = None
    extra_calls: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording brought: per result whether it counted (False: late, kept with its attempt alone), and whom to ring."""

    counted: tuple[bool, ...]
    ready: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stale:
    """An attempt whose worker is gone; `decide` of `sweep` turns it into a Move."""

    partner: str
    operation: str
    step: Step
    attempt: int
    tries: int
    crashes: int
    in_doubt: bool
    accepted_at: float


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did: attempts turned unknown, gaps closed, and the partners that have due work now. `more`: sweep again at once."""

    crashed: int
    gaps_closed: int
    ready: tuple[str, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries: by id, or by any of the rest (all given must hold). `since` and `until` bound the time of acceptance."""

    ids: tuple[int, ...] = ()
    partner: str | None = None
    operation: str | None = None
    states: tuple[State, ...] = ()
    cause: Cause | None = None
    code: str | None = None
    hold_key: str | None = None
    dossier: str | None = None
    since: float | None = None
    until: float | None = None


Verb = Literal["ask", "resend", "reprocess", "skip", "hold", "release", "resolve", "cancel"]


@dataclass(frozen=True, slots=True)
class Action:
    """One operator action (console.md's verbs) on what a filter finds, at most `limit`; `dry_run` only says what it would do.

    `resolve` takes `as_` ("delivered" or "not-taken") and the partner's `reference`. Who and why are recorded with it. `seen`: when each
    delivery had last changed as whoever acts saw it; what has changed since is refused. `past`: send again also what later ones of its
    dossier have passed; a person was asked.
    """

    verb: Verb
    where: Filter
    who: str
    reason: str
    as_: Literal["", "delivered", "not-taken"] = ""
    reference: str = ""
    limit: int = 500
    dry_run: bool = False
    seen: Mapping[int, float] = field(default_factory=dict)
    past: bool = False


Stands = Literal["", "behind", "held"]


@dataclass(frozen=True, slots=True)
class ActionRow:
    """What an action did to one delivery; never a silent no-op: `done`, or a `refusal` in words and the `rule` it stands on.

    `changed_at`, `cause` and `code` are from before it. `stands`: what would keep it from going out now: an earlier one of its dossier
    ("behind"), or a person who holds the lane ("held").
    """

    delivery: int
    dossier: str
    partner: str
    done: bool
    before: State
    after: State
    refusal: str = ""
    changed_at: float = 0.0
    rule: str = ""
    cause: Cause = Cause.NONE
    code: str = ""
    stands: Stands = ""
