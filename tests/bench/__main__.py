"""Run every measurement, print the table, write docs/performance.md. `python -m tests.bench [--quick]`"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from ops.bench import speed
from tests.bench import celery_peer, claims
from tests.bench.report import Line, fresh, loopback, most, ratio, run
from tests.servers import Postgres, RabbitMQ

QUICK = "--quick" in sys.argv
EVENTS = 700 if QUICK else 4000
ROUNDS = 1 if QUICK else 3
BACKLOG = 20_000 if QUICK else 1_000_000
DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
Round = Callable[[], speed.Speed]
BARE, CELERY = "bare loop, 0 ms", "Celery + RabbitMQ (no order, no ledger)"
SINGLE, SERVERS = "SQLite + memory, single, 0 ms", "PostgreSQL + RabbitMQ, single, 0 ms"
BATCHED = "SQLite + memory, 20 a call"


def measure_speed(postgres: Postgres, rabbit: RabbitMQ) -> list[Line]:
    """Everything in rounds, one after the other, and the middle of each: what disturbs the machine disturbs all alike."""
    raw = speed.bodies(EVENTS)

    def through(store: Postgres | None, url: str, *, batch: int = 1, concurrency: int = 16) -> Round:
        def measure() -> speed.Speed:
            folder, ledger = fresh(store)
            broker = rabbit.url if store else "memory://"
            bus = speed.house(folder, url, ledger, broker, batch=batch, concurrency=concurrency)
            return run(speed.through_the_bus(bus, raw))

        return measure

    with loopback() as url, loopback(0.05) as slow:
        run(speed.bare(url, raw[:500]))
        rounds: dict[str, Round] = {
            BARE: lambda: run(speed.bare(url, raw)),
            SINGLE: through(None, url),
            SERVERS: through(postgres, url),
            BATCHED: through(None, url, batch=20),
            "PostgreSQL + RabbitMQ, 20 a call": through(postgres, url, batch=20),
            CELERY: lambda: speed.Speed(celery_peer.measure(rabbit.url, url, raw), 0.0),
            "bare loop, 50 ms, 64 at once": lambda: run(speed.bare(slow, raw, concurrency=64)),
            "SQLite + memory, single, 50 ms, 64 at once": through(None, slow, concurrency=64),
            "PostgreSQL + RabbitMQ, single, 50 ms, 64 at once": through(postgres, slow, concurrency=64),
        }
        taken: dict[str, list[speed.Speed]] = {name: [] for name in rounds}
        for _ in range(ROUNDS):
            for name, measure in rounds.items():
                taken[name].append(measure())
        folder, ledger = fresh(None)
        calm = speed.house(folder, url, ledger, "memory://")
        p50, p99 = run(speed.added_latency_ms(calm, raw[: 40 if QUICK else 400], 20.0))
    shown = {name: sorted(speeds)[ROUNDS // 2] for name, speeds in taken.items()}
    lines = []
    for name, figure in shown.items():
        cpu = f", {figure.cpu_s_per_1000:.2f} s CPU per 1,000" if figure.cpu_s_per_1000 else ""
        lines.append(Line(name, f"{figure.per_s:,.0f}/s{cpu}", "", "", None))

    def share(one: str, other: str) -> float:
        return shown[one].per_s / shown[other].per_s

    return [
        *lines,
        ratio("SQLite single / bare loop", share(SINGLE, BARE), 0.4, 0.6),
        ratio("batched (20 a call) / bare single loop", share(BATCHED, BARE), 1.5, 3.0),
        ratio("SQLite single / Celery", share(SINGLE, CELERY), 3.0, 5.0),
        ratio("PostgreSQL + RabbitMQ / SQLite + memory, single", share(SERVERS, SINGLE), 0.5, 0.8),
        Line("added latency at 20 events/s, p50", f"{p50:.1f} ms", "", "", None),
        most("added latency at 20 events/s, p99", p99, 25.0, "ms", "10 ms"),
    ]


def machine() -> str:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "?",
    )
    memory = (
        int(
            next(
                line.split()[1]
                for line in Path("/proc/meminfo").read_text().splitlines()
                if line.startswith("MemTotal")
            )
        )
        // 2**20
    )
    return f"{os.cpu_count()} cores ({model}), {memory} GiB, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    speed.start_telemetry(Path(tempfile.mkdtemp()) / "bench.log")
    with Postgres() as postgres, RabbitMQ() as rabbit:
        assert isinstance(postgres, Postgres)
        assert isinstance(rabbit, RabbitMQ)
        lines = measure_speed(postgres, rabbit) + claims.measure(postgres, BACKLOG)
    table = ["| figure | measured | must | goal | |", "|---|---|---|---|---|"]
    table += [
        f"| {x.what} | {x.value} | {x.must} | {x.goal} | {'' if x.holds is None else '✓' if x.holds else '✗'} |"
        for x in lines
    ]
    print("\n".join(table))
    if not QUICK:
        before = DOCUMENT.read_text(encoding="utf-8").split("<!-- figures -->")[0]
        text = f"{before}<!-- figures -->\n\n{machine()}; {date.today():%Y-%m-%d}; {EVENTS:,} events of about 2 KB.\n\n"
        DOCUMENT.write_text(text + "\n".join(table) + "\n", encoding="utf-8")
    if any(line.holds is False for line in lines):
        sys.exit(1)


if __name__ == "__main__":
    main()
