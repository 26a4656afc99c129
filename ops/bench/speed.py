"""How fast: deliveries end to end beside a bare loop of the same HTTP client, and the latency the bus adds."""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import orjson

from adapters.transport.classify import read_model
from adapters.transport.http import HttpClient, Reply
from bus.adapter import Call, Job
from bus.outcome import Outcome
from bus.policy import PartnerSettings
from bus.seal import Keyring
from contracts.envelope import read
from ops import telemetry
from ops.bench.plain import RowsAnswer, owe_all, plain_partner
from ops.house import House, calm_interpreter
from ops.sample import generate
from ops.settings import Settings, TelemetrySettings

CONCURRENCY = 16
GROUP = 200
PARTNERS = ("plain", "second", "third")
SAMPLED = 0.05


@dataclass(frozen=True, order=True)
class Speed:
    """Deliveries a second and processor seconds a thousand."""

    per_s: float
    cpu_s_per_1000: float


def start_telemetry(log: Path) -> None:
    """Tracing as in production: sampled, exported to a collector that is not there."""
    settings = TelemetrySettings(
        otlp_url="http://127.0.0.1:9/v1/traces", sample_ratio=SAMPLED, log_file=str(log), log_level="error"
    )
    telemetry.start(settings)


def bodies(count: int) -> list[bytes]:
    """Realistic events as they come over the wire."""
    return [envelope.to_json() for envelope in generate(count, max(1, count // 5), 7, date(2026, 1, 5))]


def house(
    folder: Path, partner_url: str, ledger: str, broker: str, *, batch: int = 1, concurrency: int = CONCURRENCY
) -> House:
    """A bus with three plain partners at one address; each event is owed to all three, as a province's events are."""
    keys = folder / "keys.json"
    if not keys.exists():
        keys.touch(0o600)
        keys.write_text(Keyring.generate())
    settings = Settings.model_validate(
        {
            "ledger": {"url": ledger},
            "broker": {"url": broker},
            "keys": {"file": str(keys)},
            "partners": {name: {"base_url": partner_url, "concurrency": concurrency} for name in PARTNERS},
        }
    )
    partners = {name: plain_partner(name, "key", batch=batch) for name in PARTNERS}
    return House(settings, partners=partners, route=owe_all(PARTNERS))


async def bare(partner_url: str, raw: list[bytes], *, concurrency: int = CONCURRENCY) -> Speed:
    """The same client in a loop, without any bus: each event read, sent as the partner's row, the answer read by its contract."""
    client = HttpClient(PartnerSettings(base_url=partner_url, concurrency=concurrency))
    endpoint = client.endpoint("/rows")
    left = iter(enumerate(raw))

    async def one() -> None:
        for number, event in left:
            row = {"key": f"{number:032x}", "operation": "put", **orjson.loads(event)}
            reply = await client.send(endpoint, orjson.dumps({"rows": [row]}), Call("bench", 30.0))
            assert isinstance(reply, Reply)
            assert read_model(reply, RowsAnswer).rows[0].verdict == "done"

    calm_interpreter()
    began, cpu = time.perf_counter(), _cpu_s()
    await asyncio.gather(*(one() for _ in range(concurrency)))
    seconds, cpu_s = time.perf_counter() - began, _cpu_s() - cpu
    await client.close()
    return Speed(len(raw) / seconds, 1000 * cpu_s / len(raw))


async def through_the_bus(bus: House, raw: list[bytes]) -> Speed:
    """Every event judged, accepted, sealed, delivered in order and recorded; fed through intake in batches. Counts deliveries."""
    done = asyncio.Event()
    delivered, owed = 0, len(raw) * len(PARTNERS)

    def count(_job: Job, _outcome: Outcome, _seconds: float) -> None:
        nonlocal delivered
        delivered += 1
        if delivered == owed:
            done.set()

    bus.on_outcome.append(count)
    await bus.start()
    began, cpu = time.perf_counter(), _cpu_s()
    for start in range(0, len(raw), GROUP):
        await bus.intake.accept((read(body) for body in raw[start : start + GROUP]), client="bench")
        await asyncio.sleep(0)
    await asyncio.wait_for(done.wait(), 600)
    await _recorded(bus)
    seconds, cpu_s = time.perf_counter() - began, _cpu_s() - cpu
    await bus.stop()
    return Speed(owed / seconds, 1000 * cpu_s / owed)


async def _recorded(bus: House) -> None:
    """Wait until the last record is committed: nothing stands anywhere but delivered."""
    settled = {(name, "delivered", "") for name in PARTNERS}
    for _ in range(10_000):
        if (await bus.ledger.totals()).counts.keys() == settled:
            return
        await asyncio.sleep(0.002)
    raise TimeoutError("not everything was recorded")


async def added_latency_ms(bus: House, raw: list[bytes], per_s: float) -> tuple[float, float]:
    """p50 and p99 of what the bus adds between an event's arrival and its answer, beyond the call itself, at a calm pace."""
    arrived: dict[str, float] = {}
    added: list[float] = []

    def note(job: Job, _outcome: Outcome, seconds: float) -> None:
        added.append(1000 * (time.perf_counter() - arrived[job.envelope.id] - seconds))

    bus.on_outcome.append(note)
    await bus.start()
    for body in raw:
        envelope = read(body)
        arrived[envelope.id] = time.perf_counter()
        await bus.intake.accept([envelope], client="bench")
        await asyncio.sleep(1.0 / per_s)
    await asyncio.sleep(1.0)
    await bus.stop()
    added.sort()
    return added[len(added) // 2], added[int(len(added) * 0.99)]


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
