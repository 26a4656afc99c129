"""The conformance kit: does a partner's own service keep its contract? It is asked with invented dossiers, by our own adapter.

Never against a service where invented dossiers would do harm: all is sent as in earnest.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from bus.adapter import Adapter, Call, Found, Job, Operation, Partner, Row, Token, Wiring
from bus.clock import SteadyClock
from bus.outcome import Absent, Cause, Delivered, Held, Outcome, Permanent, Taken, Transient
from bus.policy import PartnerSettings
from ops.conformance.trial import Step, a_question, threads

TRIES = 3
"""Runs of events an operation is tried with before it is said not to hold."""

Check = Literal["answers", "takes", "again", "knows", "absent", "finds", "tells"]
CHECKS: dict[Check, tuple[str, str]] = {
    "answers": ("dịch vụ trả lời đúng hợp đồng", "the service answers by its contract"),
    "takes": ("nhận thông điệp hợp lệ và xác nhận", "takes a valid message and confirms it"),
    "again": ("gửi lại cùng khóa không bị từ chối", "the same message under the same key is not refused"),
    "knows": ("khi được hỏi, biết cái đã nhận", "asked, it knows what it took"),
    "absent": ("khi được hỏi, không nhận là có cái chưa từng gửi", "asked, it does not claim what was never sent"),
    "finds": ("câu hỏi tra cứu được trả lời đọc được", "a look-up gets an answer that can be read"),
    "tells": ("mọi dòng của danh sách đều đọc được", "every row of its list can be read"),
}
"""What is looked at, in Vietnamese and English."""


FAR = "không có hồ sơ giả định nào tới được bước này / no invented dossier gets that far"


class Finding(NamedTuple):
    """One check of one operation, look-up or list. `holds` None: it could not be told, `words` say why."""

    of: str
    check: Check
    holds: bool | None
    words: str = ""
    took_s: float = 0.0


class MemoryVault:
    """Sessions as the ledger keeps them, in memory."""

    def __init__(self) -> None:
        self.tokens: dict[str, Token] = {}
        self.fetching = 0

    async def token(
        self, name: str, fetch: Callable[[], Awaitable[tuple[str, float | None]]], *, stale: int = 0
    ) -> Token:
        held = self.tokens.get(name)
        if held is None or held.generation <= stale:
            self.fetching += 1
            try:
                value, _lives_s = await fetch()
            finally:
                self.fetching -= 1
            held = self.tokens[name] = Token(value, (held.generation if held else 0) + 1)
        return held


@dataclass
class Lane:
    """One dossier at the partner, as the bus would have it: what was delivered, and what the partner wants back."""

    partner: Partner
    adapter: Adapter
    call: Callable[[], Call]
    memo: dict[str, str] = field(default_factory=dict)
    full: bool = False
    sent: int = 0

    def row(self, step: Step, /, **changes: Any) -> Row | Outcome:
        """A delivery as it would leave; one that only waits at first, as it is asked about."""
        prepared = self.adapter.prepare(self._job(step, **changes))
        if isinstance(prepared, Taken) and "step" not in changes:
            prepared = self.adapter.prepare(self._job(step, step="ask"))
        return prepared

    async def go(self, step: Step) -> Outcome:
        """Send a delivery; the lane remembers what the answer brings."""
        row = self.row(step)
        outcome = row if isinstance(row, Outcome) else await self.send(row)
        if isinstance(outcome, Delivered | Taken):
            self.sent += 1
        if isinstance(outcome, Delivered):
            self.memo |= outcome.memo
            self.full = self.full or self.partner.operation(step[1]).full_state
        return outcome

    async def send(self, row: Row) -> Outcome:
        call = self.adapter.ask if row.job.step == "ask" else self.adapter.deliver
        (outcome,) = await call([row], self.call())
        return outcome

    def _job(self, step: Step, /, **changes: Any) -> Job:
        event, operation = step
        facts: dict[str, Any] = {
            **{
                "delivery": 1 + self.sent,
                "attempt": 1,
                "lane": 1,
                "partner": self.partner.name,
                "operation": operation,
            },
            **{"step": "send", "dossier": event.subject, "number": 1 + self.sent, "key": f"{event.id}-{operation}"},
            **{
                "envelope": event,
                "memo": dict(self.memo),
                "has_full": self.full,
                "request": b"",
                "tries": 0,
                "crashes": 0,
            },
            **{"group_size": None, "in_doubt": False, "accepted_at": time.time(), "traceparent": ""},
        }
        return Job(**(facts | changes))


async def examine(partner: Partner, settings: PartnerSettings, seed: int) -> list[Finding]:
    """Every check of a partner's service at `settings.base_url`, with dossiers of this seed, one call at a time."""
    partner = partner.tune(partner, settings)
    wiring = Wiring(settings, MemoryVault(), SteadyClock(), random.Random(seed), "http://127.0.0.1:1")
    adapter = partner.open(wiring)
    try:
        return await _Trial(partner, adapter, settings.timeout_s, seed).run()
    finally:
        await adapter.close()


class _Trial:
    """The checks of one service."""

    def __init__(self, partner: Partner, adapter: Adapter, deadline_s: float, seed: int) -> None:
        self._partner = partner
        self._adapter = adapter
        self._deadline_s = deadline_s
        self._seed = seed

    async def run(self) -> list[Finding]:
        began = time.monotonic()
        probed = await self._adapter.probe(self._call())
        found = [_finding(self._partner.name, "answers", probed, (Delivered,), began)] if probed is not None else []
        if isinstance(probed, Transient | Held):
            return found  # nobody there, or we are not let in
        for operation in self._partner.operations:
            if not operation.inside:
                found += await self._operation(operation)
        return found + await self._questions() + await self._list()

    def _call(self) -> Call:
        return Call(f"conformance-{secrets.token_hex(4)}", self._deadline_s)

    def _lane(self) -> Lane:
        return Lane(self._partner, self._adapter, self._call)

    async def _operation(self, operation: Operation) -> list[Finding]:
        """It takes what is valid; a repeat and a question are answered as the contract says."""
        found: list[Finding] = []
        for thread in threads(self._partner.name, operation.name, self._seed):
            lane, began = self._lane(), time.monotonic()
            *earlier, last = thread
            outcomes = [await lane.go(step) for step in earlier]
            row = lane.row(last)
            if isinstance(row, Outcome) or not all(isinstance(outcome, Delivered | Taken) for outcome in outcomes):
                continue  # this one is not sent; what came before it has a finding of its own
            outcome = await lane.send(row)
            found.append(_finding(operation.name, "takes", outcome, (Delivered, Taken), began))
            if found[-1].holds:
                return [found[-1], *await self._repeated(lane, operation, last, outcome)]
            if len(found) == TRIES:
                break
        return found[:1] or [Finding(operation.name, "takes", None, FAR)]

    async def _repeated(self, lane: Lane, operation: Operation, step: Step, first: Outcome) -> list[Finding]:
        began = time.monotonic()
        if operation.dedupe == "none" or operation.reads:
            return []
        doubt = {"request": first.request, "attempt": 2, "in_doubt": True}
        if operation.dedupe == "key":
            again = lane.row(step, **doubt)
            outcome = again if isinstance(again, Outcome) else await lane.send(again)
            return [_finding(operation.name, "again", outcome, (Delivered, Taken), began)]
        asked = lane.row(step, **doubt, step="ask")
        known = asked if isinstance(asked, Outcome) else await lane.send(asked)
        return [_finding(operation.name, "knows", known, (Delivered, Taken), began), await self._absent(operation)]

    async def _absent(self, operation: Operation) -> Finding:
        """A dossier of another seed was never sent here."""
        ours, others = (threads(self._partner.name, operation.name, seed) for seed in (self._seed, self._seed + 1))
        sent = {thread[-1][0].subject for thread in ours}
        for thread in others:
            asked = self._lane().row(thread[-1], step="ask", in_doubt=True)
            if isinstance(asked, Row) and asked.job.dossier not in sent:
                began = time.monotonic()
                outcome = await self._lane().send(asked)
                return _finding(operation.name, "absent", outcome, (Absent, Permanent), began)
        return Finding(operation.name, "absent", None, FAR)

    async def _questions(self) -> list[Finding]:
        found = []
        for lookup in self._partner.lookups:
            began = time.monotonic()
            try:
                answer = await lookup.ask(self._adapter, a_question(lookup.question), self._call())
            except ValueError as error:
                found.append(Finding(lookup.name, "finds", None, str(error)))
                continue
            holds = isinstance(answer, Found | Permanent)
            words = "" if isinstance(answer, Found) else _said(answer)
            found.append(Finding(lookup.name, "finds", holds, words, time.monotonic() - began))
        return found

    async def _list(self) -> list[Finding]:
        if self._partner.polls_every_s is None:
            return []
        began = time.monotonic()
        told = await self._adapter.poll("", self._call())
        if told is None:
            return []
        if isinstance(told, Outcome):
            return [Finding("list", "tells", False, _said(told), time.monotonic() - began)]
        words = f"{len(told.bad_rows)} dòng không đọc được / rows unread" if told.bad_rows else ""
        return [Finding("list", "tells", not told.bad_rows, words, time.monotonic() - began)]


def _finding(of: str, check: Check, outcome: Outcome, wanted: tuple[type[Outcome], ...], began: float) -> Finding:
    holds = isinstance(outcome, wanted)
    return Finding(of, check, holds, "" if holds else _said(outcome), time.monotonic() - began)


def _said(outcome: Outcome) -> str:
    """An outcome as a partner's developer reads it; the partner's own words, nothing of ours that could be personal."""
    parts = (type(outcome).__name__, outcome.cause.value, outcome.code, outcome.words[:300])
    return ": ".join(part for part in parts if part)


def unreachable(findings: list[Finding]) -> bool:
    """Whether no service answered at all."""
    told = f"{Transient.__name__}: {Cause.NOT_SENT.value}"
    return bool(findings) and all(finding.words.startswith(told) for finding in findings)
