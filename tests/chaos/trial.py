"""One trial: a judge's partner, a bus of real processes, a feeder that remembers every answer, and the verdict."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, TypedDict

import httpx

from bus.seal import Keyring
from ops.sample import generate
from tests.chaos.oracle import Run, judge
from tests.chaos.process import Copied, Process, started
from tests.ledgers import new_ledger
from tests.servers import free_port, wait_for_port

FULL = os.environ.get("LIENTHONG_CHAOS") == "full"
"""Full size (`make chaos`) or scaled down (`make test`)."""
PLAIN: Any = {"trust_env": False, "verify": False}
"""A client for plain HTTP: certificates are not even loaded, which costs more than the call."""
START_S = 60.0
"""So long a process may take to start: there may be many at work."""


class Stack(TypedDict, total=False):
    """The ledger and the broker of a trial; empty: SQLite and the broker in memory."""

    ledger: str
    broker: str


def size(small: int, full: int) -> int:
    """A number for the size of this run."""
    return full if FULL else small


class Trial:
    """Everything of one scenario, in one temporary folder."""

    def __init__(
        self,
        *,
        ledger: str = "",
        broker: str = "memory://",
        modes: Sequence[str] = ("key", "query", "none"),
        workers: int = 0,
        batch: int = 1,
        full_state: bool = False,
        partner: dict[str, Any] | None = None,
        environment: dict[str, str] | None = None,
        start: bool = True,
        cold: bool = FULL,
        seed: int = 1,
    ) -> None:
        """`cold`: the bus's processes are started anew each time, not copied from one that has imported it."""
        self.folder = Path(tempfile.mkdtemp(prefix="lienthong-trial-"))
        self.modes = tuple(modes)
        self.port, self.partner_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.rng = random.Random(seed)
        self.workers = workers
        self.codes: Counter[int] = Counter()
        self._environment = environment or {}
        self._start = start
        self._begin = started if cold or "TRIAL_WALL" in self._environment else Copied
        self._shape = [str(batch), "full" if full_state else "history"]
        self._processes: dict[str, Process] = {}
        self._answers = (self.folder / "answers.jsonl").open("a")
        self._settle(ledger or new_ledger(self.folder), broker, partner or {})

    def _settle(self, ledger: str, broker: str, partner: dict[str, Any]) -> None:
        keys = self.folder / "keys.json"
        keys.touch(0o600)
        keys.write_text(Keyring.generate())
        own = {
            "timeout_s": 2.0,
            "concurrency": 16,
            "retry": {"base_s": 0.2, "cap_s": 1.0},
            "breaker": {"open_s": 0.5, "cap_s": 1.0},
        } | partner
        lines = [
            f'[ledger]\nurl = "{ledger}"\n[broker]\nurl = "{broker}"\n[keys]\nfile = "{keys}"',
            f'[http]\nport = {self.port}\nrequests_per_s = 10000.0\n[telemetry]\nlog_file = "{self.folder}/bus.log"',
        ]
        for mode in self.modes:
            lines.append(f'[partners.plain_{mode}]\nbase_url = "http://127.0.0.1:{self.partner_port}/{mode}"')
            lines += [f"{name} = {_toml(value)}" for name, value in own.items()]
        (self.folder / "bus.toml").write_text("\n".join(lines) + "\n")

    def __enter__(self) -> Trial:
        try:
            self.start_partner()
            if self._start:
                self.start_bus()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        if kind is None:
            shutil.rmtree(self.folder, ignore_errors=True)  # what failed stays, to be looked at

    def _end(self) -> None:
        """No process is left."""
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()
        for process in self._processes.values():
            process.wait(10)
        self._answers.close()

    # ---- processes

    def start_partner(self) -> None:
        words = [str(self.partner_port), str(self.folder)]
        self._processes["partner"] = started(self.folder / "partner.err", "tests.chaos.partner", words, {})
        wait_for_port(self.partner_port, START_S)

    def start_bus(self, **environment: str) -> None:
        """`up` alone, or `serve` with workers; returns when intake answers."""
        for number in range(self.workers):
            self.start_worker(number, **environment)
        self.start_intake(**environment)

    def start_intake(self, **environment: str) -> None:
        """The serving process; returns when it answers (unless it is to crash)."""
        role = "serve" if self.workers else "up"
        module = "tests.chaos.wrong_clock" if "TRIAL_WALL" in self._environment else "tests.chaos.serve"
        self._run("bus", module, role, environment)
        if "LIENTHONG_CRASH_AT" not in environment:
            wait_for_port(self.port, START_S)

    def start_worker(self, number: int, **environment: str) -> None:
        self._run(f"worker{number}", "tests.chaos.serve", "work", environment)

    def _run(self, name: str, module: str, role: str, environment: dict[str, str]) -> None:
        words = [str(self.folder / "bus.toml"), role, *self._shape]
        self._processes[name] = self._begin(self.folder / f"{name}.err", module, words, self._environment | environment)

    def process(self, name: str = "bus") -> Process:
        return self._processes[name]

    def kill(self, name: str = "bus") -> None:
        """SIGKILL, and gone."""
        self._processes[name].kill()
        self._processes[name].wait(10)

    def terminate(self, name: str = "bus") -> tuple[int, float]:
        """SIGTERM: exit code and seconds taken."""
        began = time.monotonic()
        self._processes[name].terminate()
        return self._processes[name].wait(40), time.monotonic() - began

    def died_by_itself(self, timeout_s: float = 30.0) -> bool:
        """Wait for the bus to die at its crash point."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._processes["bus"].wait(timeout_s) == -signal.SIGKILL
        return False

    # ---- weather

    def weather(self, *, always: bool = False, seed: int = 1, **facts: Any) -> None:
        """Faults as shares of first tries (or of all), and what goes with them."""
        beside = self.folder / "weather.new"
        beside.write_text(json.dumps({"always": always, "seed": seed, **facts}))
        beside.rename(self.folder / "weather.json")

    # ---- feeding

    def events(self, count: int, seed: int = 7) -> list[dict[str, Any]]:
        """Events of `count / 5` dossiers in the order of their times."""
        return [json.loads(e.to_json()) for e in generate(count, max(1, count // 5), seed, date(2026, 1, 5))]

    def shuffled(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """5 % posted twice, 5 % out of order."""
        fed = list(events)
        for _ in range(len(events) // 20):
            place = self.rng.randrange(len(fed))
            fed.insert(min(len(fed), place + self.rng.randrange(1, 20)), fed[place])
            place = self.rng.randrange(len(fed))
            fed.insert(self.rng.randrange(max(0, place - 20), place + 1), fed.pop(place))
        return fed

    @contextlib.contextmanager
    def feeding(self, events: Iterable[dict[str, Any]], *, pause_s: float = 0.0) -> Iterator[None]:
        """Feed beside what happens in the block; its end waits for the last answer."""
        with ThreadPoolExecutor(1) as beside:
            fed = beside.submit(self.feed, events, batch=10, patience_s=size(90, 3000), pause_s=pause_s)
            yield
            fed.result()

    def feed(
        self, events: Iterable[dict[str, Any]], *, batch: int = 50, patience_s: float = 60.0, pause_s: float = 0.0
    ) -> None:
        """Post in batches until each is answered, writing every answer before going on."""
        waiting = list(events)
        deadline = time.monotonic() + patience_s
        with httpx.Client(timeout=15, **PLAIN) as client:
            while waiting:
                now, waiting = waiting[:batch], waiting[batch:]
                while not self._post(client, now):
                    if time.monotonic() > deadline:
                        raise TimeoutError("the bus did not take the events")
                    time.sleep(0.1)
                time.sleep(pause_s)

    def _post(self, client: httpx.Client, events: list[dict[str, Any]]) -> bool:
        headers = {"Content-Type": "application/cloudevents-batch+json"}
        try:
            response = client.post(f"{self.url}/v1/events", content=json.dumps(events), headers=headers)
            code = response.status_code
            verdicts = response.json()["verdicts"] if code == 202 else None
        except (httpx.TransportError, ValueError):
            code, verdicts = 0, None
        self.codes[code] += 1
        for place, event in enumerate(events):
            status = "none" if verdicts is None else verdicts[place]["status"]
            self._answers.write(json.dumps({"event": event["id"], "status": status}) + "\n")
        self._answers.flush()
        return verdicts is not None

    # ---- looking

    def get(self, path: str, **query: Any) -> Any:
        response = httpx.get(f"{self.url}{path}", params=query, timeout=60, **PLAIN)
        response.raise_for_status()
        return response.json()

    def status(self, **query: Any) -> Any:
        return self.get("/v1/status", **query)

    def wait_idle(self, timeout_s: float = 120.0, *, parked: bool = False) -> Any:
        """Wait until nothing is open (but what is parked for a person); the status then."""
        deadline = time.monotonic() + timeout_s
        while True:
            told: Any = {}
            with contextlib.suppress(httpx.HTTPError):
                told = self.status()
                still = told["open"] - (told["partners"].get("plain_none", {}).get("in_doubt", 0) if parked else 0)
                blocked = self._behind_parked() if parked and still else 0
                if told["owed"] and still - blocked <= 0:
                    return told
            if time.monotonic() > deadline:
                raise TimeoutError(f"not idle: {told} {self.causes()}")
            time.sleep(0.2)

    def _behind_parked(self) -> int:
        """Pending deliveries in lanes whose head is parked."""
        parked = {d["dossier"] for d in self.deliveries(partner="plain_none", state="in_doubt") if d["due_at"] is None}
        return sum(1 for d in self.deliveries(partner="plain_none", state="pending") if d["dossier"] in parked)

    def causes(self) -> Any:
        return self.get("/v1/causes")["items"]

    def deliveries(self, **where: Any) -> list[dict[str, Any]]:
        """All deliveries a filter finds."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.get("/v1/deliveries", limit=1000, **where, **({"cursor": cursor} if cursor else {}))
            found += page["items"]
            if not page["next"]:
                return found
            cursor = page["next"]

    def act(self, verb: str, **where: Any) -> Any:
        body = {"verb": verb, "where": where, "reason": "a trial", "limit": 10_000}
        return httpx.post(f"{self.url}/v1/deliveries/actions", json=body, timeout=60, **PLAIN).json()

    def evidence(self) -> Run:
        facts = self.folder / "facts.jsonl"
        return Run.read(self.folder / "answers.jsonl", facts, self.deliveries(), self.modes)

    def verdict(self, *, parked: bool = False) -> Run:
        """The judge's verdict and the bus's own accounts; raises AssertionError naming what is broken."""
        proof = self.status(verify="true")
        assert proof["verified"], proof["differences"]
        run = self.evidence()
        faults = judge(run)
        if parked:
            stuck = {d["dossier"] for d in run.deliveries if d["partner"] == "plain_none" and d["state"] == "in_doubt"}
            waiting = {d["event"] for d in run.deliveries if d["dossier"] in stuck}
            faults = [
                f
                for f in faults
                if not (f.startswith("none ") and f.endswith("still pending") and f.split()[1][:-1] in waiting)
            ]
        assert not faults, faults[:10]
        return run

    def first_delivery_s(self, since: float) -> float:
        """Seconds from `since` (wall time) to the first request the partner saw after it."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for line in (self.folder / "facts.jsonl").read_text().splitlines():
                fact = json.loads(line)
                if fact["kind"] == "request" and fact["at"] > since:
                    return float(fact["at"]) - since
            time.sleep(0.1)
        raise TimeoutError("no delivery after the restart")


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(item)}" for name, item in value.items()) + " }"
    return json.dumps(value)
