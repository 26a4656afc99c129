"""Rate, breaker, Retry-After, pause, duties and tokens: one budget for all processes, also after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bus.ledger.ledger import FenceLost
from bus.ledger.sql_ledger import open_ledger
from bus.ledger.words import PartnerChange
from bus.outcome import Cause
from bus.seal import Keyring
from tests.bus.ledger.conftest import Desk, arrival
from tests.conftest import HandClock


@pytest.fixture
async def backlog(desk: Desk) -> Desk:
    """Fifty lanes with one due delivery each."""
    await desk.accept(*(arrival(1, dossier=f"000.00.17.H59-230425-{n:04}") for n in range(50)))
    return desk


async def test_the_rate_is_kept_and_refills_with_time(backlog: Desk) -> None:
    first = await backlog.claim(rate_per_s=5.0, burst=5)
    assert len(first.jobs) == 5
    assert (first.why, first.next_at) == ("rate", backlog.clock.now() + 0.2)
    assert (await backlog.claim(rate_per_s=5.0, burst=5)).jobs == ()
    backlog.clock.advance(1.0)
    assert len((await backlog.claim(rate_per_s=5.0, burst=5)).jobs) == 5
    backlog.clock.advance(100.0)
    assert len((await backlog.claim(rate_per_s=5.0, burst=5)).jobs) == 5


async def test_an_array_costs_one_call_of_the_rate(backlog: Desk) -> None:
    claimed = await backlog.claim(rate_per_s=2.0, burst=2, batches={"row": 20})
    assert len(claimed.jobs) == 40


async def test_calls_made_beyond_the_claim_are_paid_for(backlog: Desk) -> None:
    await backlog.claim(rate_per_s=5.0, burst=5, calls=1, rows=1)
    await backlog.ledger.record([], [PartnerChange("plain", extra_calls=4)])
    assert (await backlog.claim(rate_per_s=5.0, burst=5)).jobs == ()


async def test_a_paused_partner_is_not_claimed_until_it_is_resumed(backlog: Desk) -> None:
    await backlog.ledger.pause("plain", "an officer", "maintenance")
    assert (await backlog.claim()).why == "paused"
    view = (await backlog.ledger.partners())[0]
    assert (view.paused, view.paused_by, view.pause_reason, view.backlog) == (True, "an officer", "maintenance", 50)
    await backlog.ledger.resume("plain", "an officer", "done")
    assert len((await backlog.claim()).jobs) == 50


async def test_refused_credentials_pause_the_partner_with_their_cause(backlog: Desk) -> None:
    await backlog.ledger.record([], [PartnerChange("plain", pause=Cause.FORBIDDEN)])
    view = (await backlog.ledger.partners())[0]
    assert (view.paused, view.pause_cause, view.paused_by) == (True, "forbidden", "bus")


async def test_an_open_breaker_gives_the_right_of_one_probe(backlog: Desk) -> None:
    now = backlog.clock.now()
    await backlog.ledger.record([], [PartnerChange("plain", open_until=now + 5)])
    closed = await backlog.claim()
    assert (closed.jobs, closed.why, closed.next_at) == ((), "breaker", now + 5)
    backlog.clock.advance(5)
    probe = await backlog.claim()
    assert (len(probe.jobs), probe.probe) == (1, True)
    assert (await backlog.claim()).jobs == ()
    await backlog.ledger.record([], [PartnerChange("plain", close=True)])
    assert len((await backlog.claim()).jobs) == 49


async def test_a_longer_retry_after_is_not_shortened_by_a_shorter_one(backlog: Desk) -> None:
    now = backlog.clock.now()
    for wait_s in (60, 10):
        await backlog.ledger.record([], [PartnerChange("plain", not_before=now + wait_s)])
    backlog.clock.advance(59)
    assert (await backlog.claim()).jobs == ()
    backlog.clock.advance(2)
    assert len((await backlog.claim()).jobs) == 50


async def test_switches_survive_a_restart(ledger_url: str, keys: Keyring, clock: HandClock) -> None:
    first = open_ledger(ledger_url, keys, clock=clock)
    await first.record([], [PartnerChange("plain", not_before=clock.now() + 60, open_until=clock.now() + 30)])
    await first.close()
    second = Desk(open_ledger(ledger_url, keys, clock=clock), clock)
    await second.accept(arrival(1))
    assert (await second.claim()).why == "not_before"
    await second.ledger.close()


@pytest.fixture
async def two(postgres_url: str, keys: Keyring, clock: HandClock) -> AsyncIterator[list[Desk]]:
    desks = [Desk(open_ledger(postgres_url, keys, clock=clock), clock) for _ in range(2)]
    yield desks
    for desk in desks:
        await desk.ledger.close()


@pytest.mark.slow
async def test_one_rate_holds_over_two_processes(two: list[Desk]) -> None:
    await two[0].accept(*(arrival(1, dossier=f"000.00.17.H59-230425-{n:04}") for n in range(60)))
    claims = await asyncio.gather(*(desk.claim(rate_per_s=20.0, burst=20) for desk in two for _ in range(4)))
    assert sum(len(claimed.jobs) for claimed in claims) == 20


@pytest.mark.slow
async def test_one_refresh_serves_all_processes(two: list[Desk]) -> None:
    fetched = []

    async def fetch() -> tuple[str, float | None]:
        fetched.append(1)
        await asyncio.sleep(0.2)
        return f"session-{len(fetched)}", None

    vaults = [desk.ledger.vault("plain") for desk in two]
    tokens = await asyncio.gather(*(vault.token("session", fetch) for vault in vaults for _ in range(10)))
    assert {token.value for token in tokens} == {"session-1"}
    renewed = await asyncio.gather(
        *(v.token("session", fetch, stale=tokens[0].generation) for v in vaults for _ in range(10))
    )
    assert {token.value for token in renewed} == {"session-2"}
    assert len(fetched) == 2


async def test_a_failed_refresh_lets_the_next_one_try(desk: Desk) -> None:
    async def broken() -> tuple[str, float | None]:
        raise ConnectionError("no login")

    async def good() -> tuple[str, float | None]:
        return "s", 100.0

    vault = desk.ledger.vault("plain")
    with pytest.raises(ConnectionError):
        await vault.token("session", broken)
    assert (await vault.token("session", good)).value == "s"


async def test_a_token_past_its_life_is_fetched_anew(desk: Desk) -> None:
    lives = iter(["first", "second"])

    async def fetch() -> tuple[str, float | None]:
        return next(lives), 100.0

    vault = desk.ledger.vault("plain")
    assert (await vault.token("session", fetch)).value == "first"
    desk.clock.advance(89)
    assert (await vault.token("session", fetch)).value == "first"
    desk.clock.advance(2)
    assert (await vault.token("session", fetch)).value == "second"


async def test_a_duty_has_one_holder_and_a_lost_one_stops_at_its_next_commit(desk: Desk) -> None:
    ledger = desk.ledger
    fence = await ledger.take_duty("poll:iso", "one", 30)
    assert fence is not None
    assert await ledger.take_duty("poll:iso", "two", 30) is None
    assert await ledger.take_duty("poll:iso", "one", 30) == fence
    await ledger.accept_polled("poll:iso", fence, "cursor-1", [arrival(1)], [b"bad row"])
    assert await ledger.cursor("poll:iso") == "cursor-1"
    desk.clock.advance(31)
    newer = await ledger.take_duty("poll:iso", "two", 30)
    assert newer is not None
    assert newer > fence
    with pytest.raises(FenceLost):
        await ledger.accept_polled("poll:iso", fence, "cursor-2", [arrival(2)], [])
    assert await ledger.cursor("poll:iso") == "cursor-1"
    assert (await ledger.totals()).events == 1


async def test_live_workers_are_counted(desk: Desk) -> None:
    assert await desk.ledger.beat("one", ["plain"]) == 1
    assert await desk.ledger.beat("two", ["plain"]) == 2
    desk.clock.advance(25)
    assert await desk.ledger.beat("one", ["plain"]) == 1
    await desk.ledger.leave("one")
    assert await desk.ledger.beat("two", ["plain"]) == 1
