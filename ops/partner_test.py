"""Trying a partner by hand: its cheapest harmless call where it has one, else a connection; whatever came of it is recorded."""

from __future__ import annotations

import asyncio
import secrets
from typing import NamedTuple

import structlog

from adapters.transport.reach import reach
from bus.adapter import Call
from bus.outcome import Cause, Delivered, Outcome, Unknown
from ops.house import House

log = structlog.get_logger("ops.partner_test")

VERB = "test partner"


class Tried(NamedTuple):
    """What came of it: whether the partner answered, by a `call` or a mere connection, in how many seconds, else why not."""

    good: bool
    call: bool
    took_s: float
    cause: Cause


async def try_partner(house: House, name: str, who: str) -> Tried:
    """Try a partner that is enabled. A call like this is outside its budget and its breaker. Raises LedgerBusy."""
    own = house.partner_settings[name]
    began = house.ledger.clock.now()
    outcome, call = await _probed(house, name), True
    if outcome is None:
        outcome, call = await reach(own.base_url, own.timeout_s), False
    took_s = house.ledger.clock.now() - began
    good = isinstance(outcome, Delivered)
    said = f"{name}: {'answered' if good else outcome.cause.value} after {took_s:.2f} s"
    await house.ledger.remark(who, VERB, said)
    return Tried(good, call, took_s, outcome.cause)


async def _probed(house: House, name: str) -> Outcome | None:
    """What the partner's own probe brought; None where it has none."""
    limit_s = house.partner_settings[name].timeout_s
    try:
        async with asyncio.timeout(limit_s + 1.0):
            return await house.adapter(name).probe(Call(f"test-{secrets.token_hex(6)}", limit_s))
    except Exception as error:  # a fault of the adapter is an answer too, to whoever tries it
        log.warning("probe failed", partner=name, error=type(error).__name__)
        return Unknown()
