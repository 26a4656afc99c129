"""Look-ups: the second style of exchange. A caller waits; nothing is owed; who asked about whom, and for what, is recorded.

An answer leaves only after its record is committed. Answers hold personal data, so they are kept in this process's memory alone, under
digests, bounded in number and time (docs/decisions/0013).
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from pydantic import BaseModel

from bus import tracing
from bus.adapter import Adapter, Call, Found, Lookup
from bus.bulkhead import Health
from bus.clock import Clock
from bus.ledger.ledger import Ledger
from bus.ledger.lookup import Looked
from bus.ledger.words import Claim
from bus.maintenance import closed_until
from bus.outcome import Cause, Delivered, Held, Outcome, Transient, Unknown
from bus.policy import PartnerSettings
from contracts.fault import mask
from contracts.marks import finders

log = structlog.get_logger("bus.lookup")

Purpose = Literal["settlement", "reception", "prefill", "verification", "support", "inspection"]
PURPOSES: dict[Purpose, tuple[str, str]] = {
    "settlement": ("Giải quyết hồ sơ", "Settling a dossier"),
    "reception": ("Kiểm tra khi tiếp nhận", "Checking at reception"),
    "prefill": ("Điền sẵn biểu mẫu", "Filling in a form in advance"),
    "verification": ("Đối chiếu thông tin", "Comparing what was declared"),
    "support": ("Hỗ trợ, kiểm tra kết nối", "Support, testing the connection"),
    "inspection": ("Thanh tra, kiểm tra", "Inspection"),
}
"""What personal data may be asked for (Luật BVDLCN 91/2025/QH15: purpose limits). Assumed: the province's own list would replace it."""
NEED_A_REASON: frozenset[Purpose] = frozenset({"support", "inspection"})
"""Purposes no dossier stands behind, so that the caller says why."""
WAITING_PER_SEAT = 8
SLACK_S = 0.5
PATIENCE = 0.9
"""Of the partner's own time a caller must allow so much, or a time-out is not held against the partner."""
LEASE_SLACK_S = 15.0
_DIGITS = re.compile(r"\d{6,}")
Ending = Literal["found", "none", "several", "refused", "unavailable", "unknown", "timeout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a caller asks. `who` is the API client, `officer` the person behind it; `fields` names what is wanted of a match (none: all
    that is not personal); an answer of an older change than `at_least` is not told again."""

    question: BaseModel
    who: str
    purpose: Purpose
    reason: str = ""
    officer: str = ""
    dossier: str = ""
    fields: tuple[str, ...] = ()
    timeout_s: float | None = None
    at_least: int | None = None
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, whole; `asked_at` is when the partner said so (seconds since the epoch)."""

    found: Found
    asked_at: float
    cached: bool
    trace_id: str


class NoAnswer(Exception):
    """The partner gave none; `outcome` says why, `retry_after_s` when to come again, where that is known."""

    def __init__(self, outcome: Outcome, ending: Ending, retry_after_s: float | None, trace_id: str) -> None:
        super().__init__(ending)
        self.outcome = outcome
        self.ending = ending
        self.retry_after_s = retry_after_s
        self.trace_id = trace_id


Observe = Callable[[str, str, Ending, bool, float], None]
"""(partner, look-up, how it ended, from memory, seconds), for metrics."""


class Answers:
    """Answers in memory: under a keyed digest of their question, at most `limit`, the longest unused given up first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, tuple[Found, float, float]] = OrderedDict()

    def find(self, name: str, question: str, now: float, at_least: int | None) -> tuple[Found, float] | None:
        """The answer and when it was given, while it is fresh and not known to be of an older change."""
        kept = self._kept.get(self._digest(name, question))
        if kept is None or kept[2] <= now or (at_least is not None and (kept[0].version or 0) < at_least):
            return None
        self._kept.move_to_end(self._digest(name, question))
        return kept[0], kept[1]

    def keep(self, name: str, question: str, found: Found, now: float, cache_s: float) -> None:
        """Remember an answer for `cache_s` seconds; one of an older change (a copy that lags behind) replaces no newer one."""
        digest = self._digest(name, question)
        before = self._kept.pop(digest, None)
        older = before is not None and before[2] > now and (found.version or 0) < (before[0].version or 0)
        if cache_s > 0:
            self._kept[digest] = before if older and before is not None else (found, now, now + cache_s)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)

    def _digest(self, name: str, question: str) -> bytes:
        return hashlib.blake2b(f"{name}|{question}".encode(), key=self._key, digest_size=16).digest()


class PartnerLookups:
    """Look-ups at one partner: seats of their own, one breaker, memory; the partner's switches in the ledger hold for them too."""

    def __init__(
        self,
        *,
        partner: str,
        adapter: Adapter,
        settings: PartnerSettings,
        ledger: Ledger,
        clock: Clock,
        rng: random.Random,
        process: str,
        observe: Observe = lambda *_facts: None,
    ) -> None:
        self.partner = partner
        self.answers = Answers(settings.lookups.cached)
        self._adapter = adapter
        self._settings = settings
        self._ledger = ledger
        self._records = ledger.lookups()
        self._clock = clock
        self._rng = rng
        self._process = process
        self._observe = observe
        self._seats = asyncio.Semaphore(settings.lookups.at_once)
        self._inside = 0
        self._health = Health(partner, settings.breaker, settings.retry)

    async def ask(self, lookup: Lookup, ask: Ask) -> Answer:
        """The answer, once it is recorded who got it. Raises NoAnswer, LedgerBusy."""
        began = self._clock.now()
        question = ask.question.model_dump_json(exclude_none=True)
        traced = tracing.begin_lookup(self.partner, lookup.name, ask.traceparent)
        kept = self.answers.find(lookup.name, question, began, ask.at_least)
        deadline_s = min(ask.timeout_s or self._settings.timeout_s, self._settings.timeout_s)
        got: Found | Outcome = Unknown()
        try:
            got = kept[0] if kept else await self._within(lookup, ask, deadline_s, traced.traceparent)
        finally:
            traced.note("cached", kept is not None)
            if isinstance(got, Found) and got.reference:
                traced.note("reference", got.reference[:100])
            traced.end([Delivered() if isinstance(got, Found) else got])
        now = self._clock.now()
        cache_s = lookup.cache_s if self._settings.lookups.cache_s is None else self._settings.lookups.cache_s
        if isinstance(got, Found) and kept is None:
            self.answers.keep(lookup.name, question, got, now, cache_s if got.matches else 0.0)
        ending = _ending(got, now - began >= deadline_s)
        trace_id = tracing.trace_id(traced.traceparent)
        self._observe(self.partner, lookup.name, ending, kept is not None, now - began)
        await self._records.keep(
            self._looked(lookup, ask, question, got, ending, kept is not None, now - began, trace_id)
        )
        if isinstance(got, Found):
            return Answer(got, kept[1] if kept else now, kept is not None, trace_id)
        wait_s = got.retry_after_s if isinstance(got, Transient) else None
        raise NoAnswer(got, ending, wait_s, trace_id)

    async def _within(self, lookup: Lookup, ask: Ask, deadline_s: float, traceparent: str) -> Found | Outcome:
        """One call within the caller's time, waiting for a seat included."""
        if self._inside >= self._settings.lookups.at_once * (1 + WAITING_PER_SEAT):
            return Transient(cause=Cause.BUSY, words="too many look-ups at once", retry_after_s=1.0)
        self._inside += 1
        try:
            async with asyncio.timeout(deadline_s + SLACK_S) as patience:
                async with self._seats:
                    left_s = (patience.when() or 0.0) - asyncio.get_running_loop().time() - SLACK_S
                    return await self._call(lookup, ask, left_s, traceparent)
        except TimeoutError:
            return Unknown(words=f"no answer within {deadline_s:g} s")
        finally:
            self._inside -= 1

    async def _call(self, lookup: Lookup, ask: Ask, left_s: float, traceparent: str) -> Found | Outcome:
        now = self._clock.now()
        until = max(closed_until(self._settings.maintenance, now), self._health.closed_until)
        if until > now:
            return Transient(cause=Cause.BUSY, words="the partner is not asked just now", retry_after_s=until - now)
        rate = self._settings.rate_per_s
        admission = await self._records.admit(
            Claim(
                partner=self.partner,
                worker=self._process,
                calls=1,
                rows=1,
                lease_s=self._settings.timeout_s + LEASE_SLACK_S,
                batches={},
                rate_per_s=rate,
                burst=self._settings.burst or max(1, int(rate or 1)),
            )
        )
        if not admission.granted:
            wait_s = None if admission.wait_until is None else max(0.0, admission.wait_until - now)
            return Transient(
                cause=Cause.BUSY, code=admission.why, words="the partner is not asked just now", retry_after_s=wait_s
            )
        extra = [0]
        call = Call(
            id=f"{self._rng.getrandbits(64):016x}",
            deadline_s=max(0.01, left_s),
            traceparent=traceparent,
            on_extra_call=lambda: extra.__setitem__(0, extra[0] + 1),
        )
        got: Found | Outcome = Unknown(words="no answer in time")
        try:
            got = await lookup.ask(self._adapter, ask.question, call)
        except Exception as error:
            log.error("look-up failed", partner=self.partner, lookup=lookup.name, error=type(error).__name__)
            got = Unknown(words=type(error).__name__)
        finally:
            ended = self._clock.now()
            impatient = left_s < PATIENCE * self._settings.timeout_s and ended - now >= left_s
            outcome = Delivered() if isinstance(got, Found) else got
            if not (impatient and isinstance(outcome, Unknown)):  # a caller in a hurry says nothing about the partner
                change = self._health.judge([outcome], ended, probe=admission.probe, extra_calls=extra[0])
                if change is not None:  # the other processes must know, also where the caller's time is over
                    await self._ledger.record((), (change,))
        return got

    def _looked(
        self,
        lookup: Lookup,
        ask: Ask,
        question: str,
        got: Found | Outcome,
        ending: Ending,
        cached: bool,
        took_s: float,
        trace_id: str,
    ) -> Looked:
        found = got if isinstance(got, Found) else Found(())
        outcome = None if isinstance(got, Found) else got
        about = [pair for one in (ask.question, *found.matches) for pair in finders(one)]
        return Looked(
            who=ask.who,
            partner=self.partner,
            name=lookup.name,
            purpose=ask.purpose,
            question=question,
            about=tuple(dict.fromkeys(about)),
            outcome=ending,
            matches=len(found.matches),
            cached=cached,
            cause=outcome.cause if outcome else "",
            code=outcome.code if outcome else "",
            dossier=ask.dossier,
            fields=ask.fields,
            reason=ask.reason,
            officer=ask.officer,
            took_s=took_s,
            trace_id=trace_id,
        )


def _ending(got: Found | Outcome, late: bool) -> Ending:
    match got:
        case Found(matches=matches):
            return "none" if not matches else "found" if len(matches) == 1 else "several"
        case Unknown():
            return "timeout" if late else "unknown"
        case Transient() | Held():
            return "unavailable"
        case _:
            return "refused"


def masked_words(words: str, question: BaseModel) -> str:
    """A partner's words for showing: what was asked and every longer number masked, since refusals repeat what they refuse."""
    values: list[Any] = [value for value in question.model_dump(mode="json").values() if isinstance(value, str)]
    for value in sorted(filter(None, values), key=len, reverse=True):
        words = re.sub(re.escape(value), mask(value), words, flags=re.IGNORECASE)
    return _DIGITS.sub(lambda number: mask(number[0]), words)
