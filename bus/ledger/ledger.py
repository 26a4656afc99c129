"""The ledger: what is owed and what was tried. The one truth; the broker only rings.

`Ledger` is the interface the rest of the house sees. SQLite and PostgreSQL stand behind it with one set of queries and one test
suite. Every writing call is answered after its commit; concurrent calls are combined into group commits by the writer thread.

Raises, from any call: `LedgerBusy` (queue full, locked, disk full, database gone: try again later, nothing was done).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from bus.adapter import Job, Kept, Stock, Vault
from bus.clock import Clock
from bus.ledger.keys import SearchKeys
from bus.ledger.lookup import Lookups
from bus.ledger.raw import RawRow
from bus.ledger.sign_in import SignIns
from bus.ledger.views import CauseGroup, DeliveryView, GapGroup, PartnerView, Proof, Story, Totals
from bus.ledger.words import (
    Action,
    ActionRow,
    Arrival,
    Claim,
    Claimed,
    Filter,
    Move,
    PartnerChange,
    Recorded,
    Result,
    Stale,
    Swept,
    Verdict,
)
from contracts.envelope import Envelope

Noted = TypeVar("Noted")


class LedgerBusy(Exception):
    """The ledger cannot write just now; nothing was done, the caller may try again."""


class LedgerUnfit(Exception):
    """The ledger may not be used at all: damaged, newer schema, wrong durability, held by another process. One sentence."""


class FenceLost(Exception):
    """The duty is no longer held under this fence; nothing was committed."""


class Ledger(Protocol):
    """All operations, in our words. Times in and out are seconds since the epoch by `clock`."""

    clock: Clock

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Verdict]:
        """Store events with their deliveries, once per source and id; answered after the commit."""
        ...

    async def claim(self, claim: Claim) -> Claimed:
        """Open attempts on due lane heads of one partner, within its budget; first commit of a delivery."""
        ...

    async def record(self, results: Sequence[Result], changes: Sequence[PartnerChange] = ()) -> Recorded:
        """Close attempts, move their deliveries, accept their replies; second commit of a delivery."""
        ...

    async def release(self, jobs: Sequence[Job]) -> None:
        """Give back what was claimed and never begun: no attempt is counted, the lane is due again."""
        ...

    async def sweep(self, decide: Callable[[Stale], Move], *, dead_after_s: float) -> Swept:
        """Turn attempts of vanished workers unknown, close gaps that waited long enough, pull back far due times; a page at a time."""
        ...

    async def beat(self, worker: str, partners: Sequence[str]) -> int:
        """Say that this worker lives; answers how many live workers serve at all (itself included)."""
        ...

    async def leave(self, worker: str) -> None:
        """A worker that stops in good order."""
        ...

    async def take_duty(self, duty: str, holder: str, ttl_s: float) -> int | None:
        """Take or keep the right to a duty (sweep, sealer, poll:<partner>): its fence, or None while another holds it."""
        ...

    async def accept_polled(
        self,
        duty: str,
        fence: int,
        cursor: str,
        arrivals: Sequence[Arrival],
        bad_rows: Sequence[bytes],
        keeps: Sequence[Kept] = (),
    ) -> list[Verdict]:
        """Store what a poll brought, what is to be kept of it, and its cursor in one commit. Raises FenceLost."""
        ...

    async def cursor(self, duty: str) -> str:
        """A poller's durable position, empty at first."""
        ...

    async def kept(self, partner: str, after: int = 0) -> list[Kept]:
        """What the polls of a partner have kept, numbered above `after`, in that order; some at once."""
        ...

    async def keep_raw(self, partner: str, row: bytes) -> None:
        """Keep what a partner's own call said wrongly, beside what its polls could not read."""
        ...

    async def raw_rows(self, partner: str = "", limit: int = 100, *, dealt: bool = False) -> list[RawRow]:
        """The newest rows of a partner (of all, without one) that could not be read; with `dealt` those dealt with too."""
        ...

    async def deal_with_raw(self, ids: Sequence[int], who: str, reason: str) -> list[int]:
        """A person has dealt with these rows; which of them were open until now."""
        ...

    async def raw_counts(self) -> dict[str, int]:
        """By partner: how many rows could not be read and nobody has dealt with."""
        ...

    async def act(self, action: Action) -> list[ActionRow]:
        """One operator action; a row per delivery it looked at."""
        ...

    async def pause(self, partner: str, who: str, reason: str) -> None:
        """Hold a partner: nothing of it is claimed until resumed. Survives restarts."""
        ...

    async def resume(self, partner: str, who: str, reason: str) -> None:
        """Open a paused partner again; its breaker and not-before are cleared too."""
        ...

    async def close_gap(self, source: str, subject: str, who: str, reason: str) -> int:
        """A person closes a sequence gap: what waited behind it enters in order. Answers how many events entered."""
        ...

    async def seal_journal(self, fence: int) -> int:
        """Chain the journal rows that are committed and not yet chained, at most `chain.PAGE`; answers how many. Raises FenceLost."""
        ...

    async def story(self, dossier: str) -> Story | None:
        """Everything about one dossier, None when it was never heard of."""
        ...

    async def deliveries(self, where: Filter, *, cursor: str = "", limit: int = 100) -> tuple[list[DeliveryView], str]:
        """A page of deliveries, newest first, and the next page's cursor (empty at the end)."""
        ...

    async def totals(self) -> Totals:
        """Counts from the tally, never from rows."""
        ...

    async def verify(self) -> Proof:
        """Prove the accounting identity by a full count in one snapshot."""
        ...

    async def causes(self) -> list[CauseGroup]:
        """What waits, is in doubt or dead, grouped by cause, oldest first."""
        ...

    async def code_gaps(self) -> list[GapGroup]:
        """What waits for a code that has no row, the longest-awaited first."""
        ...

    async def partners(self) -> list[PartnerView]:
        """The switches and backlog of every partner the ledger knows."""
        ...

    async def find(self, kind: str, value: str) -> list[str]:
        """Dossiers in which a person's identifier occurs, by keyed digest."""
        ...

    async def events(
        self, types: Sequence[str], since: float, until: float, note: Callable[[Envelope], Noted]
    ) -> list[Noted]:
        """What `note` makes of every event of these types that came from partners and happened in the time, oldest first."""
        ...

    async def told(self, types: Sequence[str], since: float) -> list[tuple[str, float]]:
        """Id and time of every event of these types accepted since then, whoever it is owed to."""
        ...

    async def about(self, dossier: str, kind: str) -> list[Envelope]:
        """The events of one type about a dossier, in the order they came."""
        ...

    async def owed_since(self, job: Job, operation: str) -> bool:
        """Whether the partner was owed the operation for the job's dossier after the job, unless it was cancelled."""
        ...

    async def memo(self, partner: str, dossier: str) -> dict[str, str]:
        """What a partner told us of a dossier and wants back later; empty where nothing was."""
        ...

    async def verify_chain(self) -> tuple[int, str]:
        """How many journal entries verify, and the first bad one in words (empty: none)."""
        ...

    def lookups(self) -> Lookups:
        """The record of look-ups, and the partner's switches and budget as they hold for them."""
        ...

    def search_keys(self) -> SearchKeys:
        """The dossiers by the numbers they are known by."""
        ...

    def vault(self, partner: str) -> Vault:
        """The sealed sessions and tokens of one partner."""
        ...

    def sign_ins(self) -> SignIns:
        """Who signed in, and as which account."""
        ...

    def stock(self, partner: str) -> Stock:
        """The numbers one partner gave us beforehand."""
        ...

    async def stocks(self) -> dict[str, tuple[int, int]]:
        """By partner: how many of its numbers are left, of how many."""
        ...

    async def ping(self) -> None:
        """Raises LedgerBusy unless a write can commit now."""
        ...

    async def close(self) -> None:
        """Finish what is queued, stop the writer, release the file lock."""
        ...
