"""What became of one row of one call, in words every partner shares.

An adapter answers each row with exactly one outcome; the bus decides from it alone what happens next (`bus.delivery.settle`).
The *cause* is the failure class of the reliability table; the *outcome* is what follows from it. Exceptions are no part of
this language: an adapter that raises has a bug, and a bug after sending is `Unknown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.envelope import Envelope


class Cause(StrEnum):
    """Why a delivery stands where it stands; bounded, so that it can label metrics and group failures."""

    NONE = ""
    NOT_SENT = "not_sent"  # refused, DNS, connect timeout: nothing left the house
    TLS = "tls"  # bad, expired or wrong-name certificate
    BUSY = "busy"  # 429, or 503 with Retry-After
    UNKNOWN = "unknown"  # the request left and no readable answer came
    REFUSED = "refused"  # a business answer, in the partner's own words
    EXPIRED = "expired"  # session or token no longer good
    FORBIDDEN = "forbidden"  # wrong credentials, not entitled
    TAKEN = "taken"  # received, being processed
    CODE_GAP = "code_gap"  # a code has no row for its date
    POISON = "poison"  # cannot be mapped, or kills the worker
    CONTRACT = "contract"  # a row refused for its shape
    OWN = "own"  # our own house: ledger, key, broker
    GAP = "gap"  # an earlier event of the same sequence is missing
    CRASHED = "crashed"  # the worker died between claim and record
    GIVEN_UP = "given_up"  # too many attempts, or too old
    ABSENT = "absent"  # asked for, and the partner does not have it
    SPLIT = "split"  # the array was refused as a whole; its rows go back in smaller groups
    SKIPPED = "skipped"  # a person let the lane go on past it
    LATER = "later"  # the partner's table calls this code "try again later"
    BY_HAND = "by_hand"  # the partner has no operation for it: a person does it, and says so


@dataclass(slots=True, kw_only=True)
class Outcome:
    """Common to all outcomes.

    `code` and `words` are the partner's own (words may name people: they are stored sealed). `request` and `reply` are this
    row's slice of the call as sent and as read, stored sealed with the attempt; a retry sends `request` again.
    """

    cause: Cause
    code: str = ""
    words: str = ""
    request: bytes = b""
    reply: bytes = b""


@dataclass(slots=True, kw_only=True)
class Delivered(Outcome):
    """The partner confirmed. `replies` enter by the front door; `memo` is remembered for the lane's later calls."""

    cause: Cause = Cause.NONE
    receipt: str = ""
    replies: tuple[Envelope, ...] = ()
    memo: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Taken(Outcome):
    """Received, being processed: wait for the callback, ask after `ask_after_s` seconds, never send again."""

    cause: Cause = Cause.TAKEN
    ask_after_s: float = 300.0


@dataclass(slots=True, kw_only=True)
class Transient(Outcome):
    """It certainly did not take it; later it may. `retry_after_s` is never undercut; `busy` slows the whole partner uncounted."""

    cause: Cause = Cause.NOT_SENT
    retry_after_s: float | None = None


@dataclass(slots=True, kw_only=True)
class Held(Outcome):
    """Nothing was sent, for a cause of its own.

    `key` names what would free it: for a code gap `code:<list>:<code>:<yyyy-mm-dd>`, for something missing in the settings
    `setting:<its name>` (looked for again at each start), for a person's task whatever names it. Empty pauses the whole partner
    (credentials, certificate) until a person or a good probe resumes it.
    """

    key: str = ""


@dataclass(slots=True, kw_only=True)
class Permanent(Outcome):
    """It read and refused. `whole` means: one refusal for an array of many, which says nothing about a single row."""

    cause: Cause = Cause.REFUSED
    whole: bool = False


@dataclass(slots=True, kw_only=True)
class Contract(Outcome):
    """One side left the agreed shape before anything was taken (cause `poison`: we cannot say it; `contract`: they won't read it)."""

    cause: Cause = Cause.POISON
    whole: bool = False


@dataclass(slots=True, kw_only=True)
class Unknown(Outcome):
    """The request left and no readable answer came: in doubt until settled as the operation's `dedupe` says."""

    cause: Cause = Cause.UNKNOWN


@dataclass(slots=True, kw_only=True)
class Absent(Outcome):
    """The answer to an *ask*: the partner does not have it, so it may be sent (again)."""

    cause: Cause = Cause.ABSENT
