"""The duty that counts: dossiers the bus was told of since last time, and those whose date has passed. One process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from time import monotonic

import structlog

from bus.ledger.figures import DUTY, TOGETHER, Told
from bus.ledger.ledger import FenceLost, LedgerBusy
from bus.ledger.sql_ledger import SqlLedger
from contracts.canonical.dossier import Change, Dossier
from contracts.fault import Refusal
from ops.targets import rules

log = structlog.get_logger("ops.targets")

PACE_S, HOLD_S, RESTS = 10.0, 40.0, 10
"""Between rounds; how long the duty is held; how many times as long as a go took it rests, so that deliveries go first."""


async def follow(ledger: SqlLedger) -> None:
    """Count for ever, at our pace; a busy ledger only delays."""
    while True:
        began = monotonic()
        try:
            more = await once(ledger)
        except (LedgerBusy, FenceLost) as error:
            log.warning("ledger not ready", task="figures", error=str(error))
            more = False
        await asyncio.sleep(RESTS * (monotonic() - began) if more else PACE_S)


async def once(ledger: SqlLedger) -> bool:
    """One go, where this process has the duty; whether there is more. Raises LedgerBusy, FenceLost."""
    book, now = ledger.figures(), ledger.clock.now()
    position = await ledger.cursor(DUTY)
    news, due = await book.news(position), await book.due(now)
    if not due and news.position == (position or "0"):
        return False
    fence = await ledger.take_duty(DUTY, ledger.process, HOLD_S)
    if fence is None:
        return False
    if await ledger.cursor(DUTY) != position:  # another process was here in between
        return True
    if due:
        await book.count(fence, due, {})
    for dossiers in _slices(news.dossiers):
        told = await book.told(dossiers, rules.STANDS, (rules.SYNCED, rules.PAID))
        stands = [stand for stand in map(_stand, told) if stand is not None]
        counted = [rules.counted(dossier, changed_at, heard, now) for dossier, changed_at, heard in stands]
        await book.count(fence, counted, _names(dossier for dossier, _, _ in stands))
    await book.count(fence, (), {}, news.position)
    return news.more or len(due) == TOGETHER


def _slices(dossiers: Sequence[str]) -> Iterator[list[str]]:
    left = iter(dossiers)
    while some := list(islice(left, TOGETHER)):
        yield some


def _stand(told: Told) -> tuple[Dossier, datetime, frozenset[str]] | None:
    """The dossier's state, when it came to its status, what was heard; None of an event that today's contract does not read."""
    try:
        message = told.newest.message
    except Refusal as refusal:
        log.warning("not counted", dossier=told.newest.subject, fault=refusal.faults[0].rule)
        return None
    dossier, change = getattr(message, "dossier", None), getattr(message, "change", None)
    assert isinstance(dossier, Dossier)
    return dossier, change.at if isinstance(change, Change) else told.newest.time, told.heard


def _names(dossiers: Iterable[Dossier]) -> dict[tuple[str, str], str]:
    """What the agencies and fields of these dossiers are called."""
    names = {}
    for dossier in dossiers:
        names["agency", dossier.agency.id] = dossier.agency.name
        names["field", dossier.procedure.field_code] = dossier.procedure.field_name
    return names
