"""The year itself: rounds of events through the bus, judged one by one, with what they cost."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from adapters import discover
from adapters.simulator import Simulator
from bus.ledger.schema import SQLITE
from bus.ledger.words import State
from bus.seal import Keyring
from contracts.envelope import Envelope
from ops import sample, simulate, up
from ops.demo import settle
from ops.gateway import application
from ops.house import House
from ops.sample import BLOCK_EVENTS
from ops.sample.catalogue import Catalogue
from ops.sample.document import documents
from ops.settings import Settings
from tests.year.judge import Verdict, entries, judge, rows

SEED = 84
ROUND = 334 * BLOCK_EVENTS
"""Events between two closings of the books: whole blocks, so that every dossier's life lies in one round."""
BATCH = 240
AHEAD = 5_000
"""The feeder waits while more deliveries than this are open: a province's desk does not run days ahead of its bus."""
LINKED_SHARE = 200
"""One birth filed for all services on so many events."""
DOCUMENT_SHARE = 5_464
"""One legal document of the province on so many events: 183 in a year."""
STILL_S = 3.0
"""So long nothing may come in after the pollers were told to stop, for a poll may be under way."""
OPEN = frozenset({State.PENDING, State.SENDING, State.WAITING, State.IN_DOUBT})
PATIENCE_S = 600.0
"""Without any progress, before a round is given up."""
POLLED = tuple(name for name, partner in discover().items() if partner.polls_every_s is not None)
QUICK: dict[str, dict[str, Any]] = {
    "procedure_catalogue": {"in_one_go": True, "polls_every_s": 600},
    "linked_services": {"polls_every_s": 1, "asks_every_s": 1},
    "business_registry": {"asks_every_s": 1},
    "civil_registry": {"asks_every_s": 1},
    "social_insurance": {"asks_every_s": 1},
    "online_payment": {"asks_first_s": 5},
    "postal": {"tracks_every_s": 2},
    "budget_unit_codes": {"asks_every_s": 20},
}
"""Partners that are asked at a pace are asked at a quick one, but where units file for as long as somebody asks."""


@dataclass
class Figures:
    """What the year was and cost."""

    posted: int = 0
    events: int = 0
    seconds: float = 0.0
    delivered: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    superseded: int = 0
    bus_mb: float = 0.0
    partners_mb: float = 0.0
    ledger_mb: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Year:
    """A bus at work for a year, its partners in a process beside it."""

    def __init__(self, folder: Path, ledger: str = "", broker: str = "memory://") -> None:
        """Books and keys lie in `folder`, beside them the ledger when no other is named."""
        self.folder = folder
        self._ledger = ledger or f"{SQLITE}{folder}/ledger.db"
        self._broker = broker
        self.figures = Figures()
        self._catalogue = Catalogue()
        self._issued = self._filed = 0
        self._port = _free_ports(len(simulate.SIMULATORS))
        self._urls = {name: f"http://127.0.0.1:{self._port + place}" for place, name in enumerate(simulate.SIMULATORS)}
        self._kinds: dict[str, type[Simulator]] = {
            name: type(simulate.application(name, None).state.simulator) for name in simulate.SIMULATORS
        }

    async def run(self, events: int) -> Figures:
        """`events` events of the sample, and what they set off; the figures."""
        house = House(self._settings(), receivers=up.receivers(simulate.SIMULATORS))
        stopped = asyncio.Event()
        desk = asyncio.create_task(settle(house.intake, house.on_outcome, stopped, 0.0, "year"))
        async with self._at_work(house) as url:
            for start in range(0, events, ROUND):
                await self._round(house, url, start, min(ROUND, events - start))
                if self.figures.wrong:
                    break
            stopped.set()
            await desk
        return self.figures

    async def _round(self, house: House, url: str, start: int, count: int) -> None:
        """Feed, wait until all is done, compare, close the books."""
        books = self.folder / f"round-{start // ROUND + 1}"
        books.mkdir()
        since, counted = self._last_delivery(), self._events()
        began = time.monotonic()
        with _partners(books, self._port) as process:
            await self._poll(house)
            self._meet(url, count)
            for batch in _batches(itertools.islice(sample.stream(start, SEED, catalogue=self._catalogue), count)):
                await self._room(house)
                await house.intake.accept(batch, client="year")
            names = await self._issue_documents(house, 1 + count // DOCUMENT_SHARE)
            await self._done(house, books)
            self.figures.seconds += time.monotonic() - began
            self.figures.partners_mb = max(self.figures.partners_mb, _peak_mb(process.pid))
        self.figures.bus_mb = max(self.figures.bus_mb, _peak_mb(os.getpid()))
        self.figures.posted += count
        self.figures.events += self._events() - counted
        self._add(await asyncio.to_thread(judge, books, self._ledger, since, self._kinds, names))
        if not self.figures.wrong:
            shutil.rmtree(books)

    def _add(self, verdict: Verdict) -> None:
        self.figures.delivered.update(verdict.delivered)
        self.figures.refused.update(verdict.refused)
        self.figures.superseded += verdict.superseded
        self.figures.wrong += verdict.wrong
        self.figures.ledger_mb = sum(file.stat().st_size for file in self.folder.glob("ledger.db*")) / 2**20

    async def _issue_documents(self, house: House, count: int) -> dict[str, str]:
        """The next documents of the province; what the national database calls them, and their ids here."""
        issued = list(itertools.islice(documents(self._issued, SEED), count))
        self._issued += count
        await house.intake.accept(issued, client="year")
        told = (event.data["document"] for event in issued)
        return {f"{document['number']}|{document['agency']['name']}": document["id"] for document in told}

    async def _room(self, house: House) -> None:
        while True:
            if sum((await self._open(house)).values()) <= AHEAD:
                return
            await asyncio.sleep(0.2)

    async def _done(self, house: House, books: Path) -> None:
        """Wait until all is done, and ask partners no more what they have: there are those who never rest. Again where more came."""
        while True:
            await self._quiet(house, books)
            for partner in POLLED:
                await house.ledger.pause(partner, "year", "the books are being closed")
            known = self._events()
            await asyncio.sleep(STILL_S)
            if not await self._open(house) and self._events() == known:
                return
            await self._poll(house)

    async def _poll(self, house: House) -> None:
        for partner in POLLED:
            await house.ledger.resume(partner, "year", "the books are open")

    async def _quiet(self, house: House, books: Path) -> None:
        """Wait until nothing is open and nothing comes. Raises TimeoutError with what stands still."""
        before, since, quiet = Counter[str](), time.monotonic(), 0
        while quiet < 3:
            now = await self._open(house)
            quiet = quiet + 1 if not now and returned(books) >= self._filed else 0
            if now != before:
                before, since = now, time.monotonic()
            if time.monotonic() - since > PATIENCE_S:
                raise TimeoutError(f"stands still: {before}; {await house.ledger.causes()}")
            await asyncio.sleep(1.0)

    async def _open(self, house: House) -> Counter[str]:
        totals = await house.ledger.totals()
        found = Counter[str]()
        for (partner, state, _), count in totals.counts.items():
            if state in OPEN and count:
                found[partner] += count
        return found

    def _meet(self, url: str, count: int) -> None:
        """The partners come to know the bus, and families file."""
        with httpx.Client(trust_env=False) as client:
            for address in self._urls.values():
                client.post(f"{address}/_sim/bus", json={"url": url}).raise_for_status()
            self._filed = max(1, count // LINKED_SHARE)
            for number in range(self._filed):
                code = f"G22.99.5-260703-{self.figures.events + number:08}"
                told = {"maHoSo": code, "nksHoTen": f"NGUYỄN {number:04}"}
                client.post(f"{self._urls['linked_services']}/_sim/file", json=told).raise_for_status()

    def _last_delivery(self) -> int:
        return self._count("SELECT coalesce(max(id), 0) FROM delivery")

    def _events(self) -> int:
        return self._count("SELECT count(*) FROM event")

    def _count(self, sql: str) -> int:
        ((count,),) = rows(self._ledger, sql)
        return int(count)

    def _settings(self) -> Settings:
        keys = self.folder / "keys.json"
        keys.touch(0o600)
        keys.write_text(Keyring.generate())
        partners = {
            name: {"base_url": url, **simulate.demo_settings(name), "concurrency": 32, **QUICK.get(name, {})}
            for name, url in self._urls.items()
        }
        stack = {"ledger": {"url": self._ledger}, "broker": {"url": self._broker}}
        return Settings.model_validate({**stack, "keys": {"file": str(keys)}, "partners": partners})

    @contextlib.asynccontextmanager
    async def _at_work(self, house: House) -> AsyncIterator[str]:
        """The house and its HTTP interface; the address."""
        await house.start()
        gateway = simulate.Served(application(house, anonymous=True), simulate.bind("127.0.0.1", 0))
        await gateway.started()
        try:
            yield gateway.url
        finally:
            await house.stop()
            await gateway.stop()


def returned(books: Path) -> int:
    """How many births filed for all services the linked-services software knows to be handed over."""
    return sum(entry.get("state") == 5 for entry in entries(books / "linked_services.jsonl"))


def _batches(events: Iterator[Envelope]) -> Iterator[list[Envelope]]:
    while batch := list(itertools.islice(events, BATCH)):
        yield batch


@contextlib.contextmanager
def _partners(folder: Path, first_port: int) -> Iterator[subprocess.Popen[str]]:
    """The simulators' process, once it is ready; ended at the end."""
    command = [sys.executable, "-m", "tests.year.partners", str(folder), str(first_port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", "the simulators did not begin"
            yield process
        finally:
            process.terminate()
            process.wait(30)


def _free_ports(count: int) -> int:
    """The first of `count` free ports in a row. Raises OSError where there are none."""
    for first in range(20_000, 32_000, 50):
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
    raise OSError("no free ports in a row")


def _peak_mb(process: int) -> float:
    """The most memory a process has held."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0
