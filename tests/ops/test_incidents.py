"""What is found to be wrong, by what, and that it ends."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import discover
from adapters.transport import certificate as seen
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.ledger.task import NewTask
from bus.ledger.words import Action, Arrival, Claim, Debt, Filter, Move, PartnerChange, Result, State
from bus.outcome import Cause
from bus.policy import PartnerSettings
from bus.seal import Keyring
from bus.upkeep import Upkeep
from contracts.working_time import Calendar
from ops import desk, incidents_signs
from ops.incidents_own import OwnFaults
from ops.incidents_settings import DOSSIER_SYSTEM, IncidentSettings
from ops.incidents_signs import Concern, Signs
from ops.side import Sides
from tests.builders import an_envelope
from tests.conftest import HandClock

MORNING = datetime(2026, 7, 7, 1, 0, tzinfo=UTC).timestamp()
"""A Tuesday, 08:00 in Vietnam."""
PORTAL = "national_portal"
CALENDAR = Calendar(frozenset({2026}), frozenset(), frozenset())


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MORNING)


@pytest.fixture
async def ledger(tmp_path: Path, keys: Keyring, clock: HandClock) -> AsyncIterator[SqlLedger]:
    opened = open_ledger(f"sqlite:///{tmp_path}/l.db", keys, clock=clock)
    yield opened
    await opened.close()


def concern(tmp_path: Path, **changes: Any) -> Concern:
    """One partner, the portal, and a disk that is never full."""
    usual: dict[str, Any] = {
        "partners": discover(),
        "settings": {PORTAL: PartnerSettings(base_url="http://127.0.0.1:9")},
        "enabled": (PORTAL,),
        "incidents": IncidentSettings(failures=2, free_bytes=0),
        "ledger_url": f"sqlite:///{tmp_path}/l.db",
        "tls_certificate": None,
        "calendar": CALENDAR,
    }
    return Concern(**(usual | changes))


async def found(signs: Signs, *ignored: str) -> list[tuple[str, str, str]]:
    """(kind, partner, about) of all conditions; background work is nobody's here."""
    return [(c.kind, c.partner, c.about) for c in await signs.found() if c.kind not in ("sweep", *ignored)]


def an_arrival(number: int, source: str = DOSSIER_SYSTEM) -> Arrival:
    envelope = an_envelope(1, dossier=f"D-{number}", source=source)
    return Arrival(
        source=source,
        id=envelope.id,
        type=envelope.type,
        subject=envelope.subject,
        sequence=1,
        occurred_at=1.0,
        body=envelope.to_json(),
        content=envelope.content(),
        debts=(Debt(PORTAL, "row", False, 1, False),),
        client="test",
        finders=(),
        envelope=envelope,
    )


async def refuse(ledger: SqlLedger, *numbers: int) -> None:
    """These dossiers reached the portal, and it refused them by one code."""
    await ledger.accept([an_arrival(number) for number in numbers])
    claimed = await ledger.claim(Claim(PORTAL, ledger.process, 10, 10, 30.0, {}))
    dead = Move(State.DEAD, Cause.REFUSED, doubt=0)
    await ledger.record([Result(job, dead, "Permanent", "E01") for job in claimed.jobs])


async def test_switches_of_partners_are_conditions_with_what_waits(tmp_path: Path, ledger: SqlLedger) -> None:
    signs = Signs(ledger, concern(tmp_path))
    assert await found(signs) == []
    await ledger.accept([an_arrival(1), an_arrival(2)])
    await ledger.record([], [PartnerChange(PORTAL, open_until=MORNING + 60)])
    (one,) = [c for c in await signs.found() if c.kind == "breaker"]
    assert (one.dossiers, one.deliveries) == (2, 2)
    await ledger.record([], [PartnerChange(PORTAL, close=True)])
    assert await found(signs) == []
    await ledger.record([], [PartnerChange(PORTAL, pause=Cause.FORBIDDEN)])
    assert await found(signs) == [("paused", PORTAL, "")]
    await ledger.resume(PORTAL, "lan", "mended")
    await ledger.pause(PORTAL, "lan", "a reason with a name in it")
    (held,) = await signs.found()
    assert (held.kind, dict(held.facts)) == ("held", {})


async def test_a_cause_that_stopped_many_is_one_condition(tmp_path: Path, ledger: SqlLedger) -> None:
    signs = Signs(ledger, concern(tmp_path))
    await refuse(ledger, 1)
    assert await found(signs) == []
    await refuse(ledger, 2)
    assert await found(signs) == [("failures", PORTAL, "dead.refused.E01")]


async def test_silence_counts_working_time_alone(tmp_path: Path, ledger: SqlLedger, clock: HandClock) -> None:
    signs = Signs(ledger, concern(tmp_path))
    await ledger.accept([an_arrival(1)])
    assert await found(signs) == []
    clock.advance(1799)
    assert await found(signs, "slow", "poller") == []
    await ledger.accept([an_arrival(2)])
    assert await found(signs, "slow", "poller") == []
    clock.advance(1800)
    assert await found(signs, "slow", "poller") == [("silence", "", DOSSIER_SYSTEM)]
    await ledger.accept([an_arrival(3, source="urn:a-partner")])
    assert await found(signs, "slow", "poller") == [("silence", "", DOSSIER_SYSTEM)], (
        "what a partner tells is no sign of life of it"
    )
    await ledger.accept([an_arrival(4)])
    assert await found(signs, "slow", "poller") == []


async def test_a_night_is_no_silence(tmp_path: Path, ledger: SqlLedger, clock: HandClock) -> None:
    clock.at = datetime(2026, 7, 7, 9, 50, tzinfo=UTC).timestamp()  # 16:50
    signs = Signs(ledger, concern(tmp_path))
    await found(signs)
    clock.at = datetime(2026, 7, 8, 0, 19, tzinfo=UTC).timestamp()  # 07:19, ten minutes and nineteen of work
    assert await found(signs, "poller") == []
    clock.advance(60)
    assert await found(signs, "poller") == [("silence", "", DOSSIER_SYSTEM)]


async def test_silence_is_remembered_over_a_restart(tmp_path: Path, ledger: SqlLedger, clock: HandClock) -> None:
    await ledger.accept([an_arrival(1)])
    await found(Signs(ledger, concern(tmp_path)))
    clock.advance(1800)
    assert ("silence", "", DOSSIER_SYSTEM) in await found(Signs(ledger, concern(tmp_path)))


async def test_what_could_go_and_waits_is_slow(tmp_path: Path, ledger: SqlLedger, clock: HandClock) -> None:
    signs = Signs(ledger, concern(tmp_path))
    await ledger.accept([an_arrival(1)])
    clock.advance(900)
    assert await found(signs) == []
    clock.advance(1)
    assert await found(signs, "poller") == [("slow", PORTAL, "")]
    await ledger.record([], [PartnerChange(PORTAL, open_until=clock.now() + 60)])
    assert await found(signs, "poller") == [("breaker", PORTAL, "")]


async def test_what_waits_because_our_worker_fails_is_not_laid_to_a_slow_partner(
    tmp_path: Path, ledger: SqlLedger, clock: HandClock
) -> None:
    await ledger.accept([an_arrival(1), an_arrival(2)])
    signs = Signs(ledger, concern(tmp_path))
    clock.advance(901)
    assert ("slow", PORTAL, "") in await found(signs)
    await ledger.incidents().keep("failing", {(f"worker {PORTAL}", 0): clock.now() - 60})
    assert await found(signs, "poller") == [("failing", PORTAL, "worker")]
    (one,) = [c for c in await signs.found() if c.kind == "failing"]
    assert (one.since, one.dossiers, one.deliveries) == (clock.now() - 60, 2, 2)


async def test_a_poller_that_stands_is_one_since_its_last_turn(
    tmp_path: Path, ledger: SqlLedger, clock: HandClock
) -> None:
    signs = Signs(ledger, concern(tmp_path))
    await ledger.incidents().polled(PORTAL)
    clock.advance(901)  # the portal is asked every five minutes
    assert await found(signs) == [("poller", PORTAL, "")]
    assert [c.since for c in await signs.found() if c.kind == "poller"] == [MORNING]
    fence = await ledger.take_duty(f"poll:{PORTAL}", "a", 60)
    assert fence is not None
    await ledger.accept_polled(f"poll:{PORTAL}", fence, "1", [], [])
    assert await found(signs) == []


async def test_a_bus_that_was_down_has_not_failed_to_ask(tmp_path: Path, ledger: SqlLedger, clock: HandClock) -> None:
    await ledger.incidents().polled(PORTAL)
    clock.advance(86_400)
    assert await found(Signs(ledger, concern(tmp_path)), "silence") == []


async def test_background_work_nobody_does_is_one(tmp_path: Path, ledger: SqlLedger, clock: HandClock) -> None:
    signs = Signs(ledger, concern(tmp_path))
    for duty in ("sweep", "sealer"):
        await ledger.take_duty(duty, "a", 15)
    clock.advance(45)
    assert [c.kind for c in await signs.found()] == []
    clock.advance(1)
    assert [(c.kind, c.about) for c in await signs.found()] == [("sweep", "sweep"), ("sweep", "sealer")]


async def test_where_the_clock_is_set_forward_nothing_is_told_from_silence(
    tmp_path: Path, ledger: SqlLedger, clock: HandClock
) -> None:
    jumps = Signs(ledger, concern(tmp_path, steady=False))
    await ledger.accept([an_arrival(1)])
    await jumps.found()
    clock.advance(7200)
    assert await jumps.found() == []


async def test_a_change_to_the_record_is_found(tmp_path: Path, ledger: SqlLedger) -> None:
    import sqlite3

    signs = Signs(ledger, concern(tmp_path))
    for number in range(3):
        await ledger.remark("lan", "search", str(number))
    fence = await ledger.take_duty("sealer", "a", 60)
    assert fence is not None
    await ledger.seal_journal(fence)
    assert await found(signs) == []
    await ledger.remark("lan", "search", "later")
    await ledger.seal_journal(fence)
    with sqlite3.connect(tmp_path / "l.db") as other:
        other.execute("UPDATE journal SET entry = '[]' WHERE id = (SELECT MAX(id) FROM journal)")
    assert await found(signs) == [("chain", "", "")]
    assert await found(signs) == [("chain", "", "")]


async def test_the_whole_record_is_gone_through_again_each_day(
    tmp_path: Path, ledger: SqlLedger, clock: HandClock
) -> None:
    import sqlite3

    signs = Signs(ledger, concern(tmp_path))
    await ledger.remark("lan", "search", "1")
    fence = await ledger.take_duty("sealer", "a", 2 * 86_400)
    assert fence is not None
    await ledger.seal_journal(fence)
    await found(signs)
    with sqlite3.connect(tmp_path / "l.db") as other:
        other.execute("UPDATE journal SET entry = '[]'")
    assert ("chain", "", "") not in await found(signs)
    clock.advance(86_400)
    assert ("chain", "", "") in await found(signs)


async def test_a_disk_nearly_full_is_one(tmp_path: Path, ledger: SqlLedger) -> None:
    full = concern(tmp_path, incidents=IncidentSettings(free_bytes=2**60))
    assert await found(Signs(ledger, full)) == [("disk", "", "")]
    assert incidents_signs.free_bytes(tmp_path / "elsewhere") is None


async def test_the_disk_of_a_server_elsewhere_is_not_watched_and_that_is_said_once(
    tmp_path: Path, ledger: SqlLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    full = concern(
        tmp_path, incidents=IncidentSettings(free_bytes=2**60), ledger_url="postgresql://bus@db.tinh.gov.vn/bus"
    )
    signs = Signs(ledger, full)
    assert [await found(signs) for _ in range(2)] == [[], []]
    assert capsys.readouterr().out.count("is not watched from here") == 1


async def test_the_disk_of_a_database_server_on_this_machine_is_watched(
    tmp_path: Path, postgres_url: str, keys: Keyring, clock: HandClock
) -> None:
    opened = open_ledger(postgres_url, keys, clock=clock)
    full = concern(tmp_path, incidents=IncidentSettings(free_bytes=2**60), ledger_url=postgres_url)
    assert await found(Signs(opened, full)) == [("disk", "", "")]
    await opened.close()


async def test_a_task_nobody_approves_is_one_until_somebody_does(tmp_path: Path, ledger: SqlLedger) -> None:
    signs = Signs(ledger, concern(tmp_path))
    await refuse(ledger, 0)
    dead = Filter(states=(State.DEAD,))
    rows = await ledger.act(Action("cancel", dead, "", "", dry_run=True))
    edit = NewTask(
        "edit", "lan", "sửa địa chỉ", dead, PORTAL, canary=0, rate_per_s=1.0, needs_approval=True, body=b"{}"
    )
    number = await ledger.tasks().make(edit, rows, ledger.clock.now())
    assert ("approval", "", str(number)) in await found(signs)
    await desk.turn_task(ledger, "approve", number, "mai", "đã xem")
    assert "approval" not in {kind for kind, *_ in await found(signs)}


async def test_what_dies_beside_is_logged_and_told_whoever_looks_and_what_was_stopped_is_not(
    tmp_path: Path, ledger: SqlLedger, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async def falls() -> None:
        raise ValueError("Nguyễn Thị An")

    sides = Sides()
    signs = Signs(ledger, concern(tmp_path))
    stopped = sides.start("watch", asyncio.sleep(60))
    task = sides.start("deadlines", falls())
    stopped.cancel()
    await asyncio.gather(task, stopped, return_exceptions=True)
    await asyncio.sleep(0)
    await OwnFaults(ledger, sides, Upkeep()).tell()
    assert await found(signs) == [("fallen", "", "deadlines")]
    clock.advance(60)
    assert await found(signs) == [], "its process is gone"
    said = capsys.readouterr().out
    assert "a side task has died" in said
    assert "ValueError" in said
    assert "test_incidents.py:" in said
    assert "Nguyễn" not in said, "what an exception says may name somebody"


async def test_a_year_without_holidays_is_told_before_it_begins(
    tmp_path: Path, ledger: SqlLedger, clock: HandClock
) -> None:
    signs = Signs(ledger, concern(tmp_path))
    clock.at = datetime(2026, 11, 1, 3, 0, tzinfo=UTC).timestamp()
    assert await found(signs, "silence", "poller") == []
    clock.at = datetime(2026, 11, 2, 3, 0, tzinfo=UTC).timestamp()
    assert await found(signs, "silence", "poller") == [("holidays", "", "2027")]


async def test_certificates_that_end_soon_are_told_with_their_day(
    tmp_path: Path, ledger: SqlLedger, clock: HandClock
) -> None:
    made = tmp_path / "ours.pem"
    made.write_bytes(a_certificate(date(2026, 8, 1)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made)
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        looked = concern(tmp_path, settings={PORTAL: PartnerSettings(base_url=url)}, tls_certificate=str(made))
        ends = await seen.ends_at(url)
        assert ends == datetime(2026, 8, 1, tzinfo=UTC).timestamp()
        conditions = [c for c in await Signs(ledger, looked).found() if c.kind == "certificate"]
    assert [(c.partner, c.facts["on"]) for c in conditions] == [("", "01/08/2026"), (PORTAL, "01/08/2026")]
    clock.at = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
    assert await found(Signs(ledger, looked)) == [], "two months are time enough"
    assert await seen.ends_at(url) is None
    assert await seen.ends_at("http://127.0.0.1:9") is None


def a_certificate(ends_on: date) -> bytes:
    """Nobody trusts it; with its key, in one file's bytes."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "partner.example")])
    end = datetime(ends_on.year, ends_on.month, ends_on.day, tzinfo=UTC)
    begun = datetime(2020, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begun, end)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + private
