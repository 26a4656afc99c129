"""What `up --demo` shows: a province at work. Dossiers stream in by the front door; the terminal tells what happens to them.

The stream goes on where it stopped: its position is kept beside the demo's ledger after each accepted batch, and an event posted
twice is a duplicate, harmless.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import structlog
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from adapters.dossier_system.visitor import visit
from adapters.electronic_iso.simulator import IsoSimulator
from adapters.national_portal.simulator import PortalSimulator
from adapters.simulator import Simulator
from bus.adapter import Job, Lookup
from bus.intake import Intake
from bus.ledger.ledger import Ledger, LedgerBusy
from bus.ledger.views import CauseGroup, PartnerView, Totals
from bus.ledger.words import State
from bus.lookup import Ask, NoAnswer, PartnerLookups
from bus.maintenance import VIETNAM
from bus.outcome import Delivered, Outcome
from contracts.envelope import Envelope
from mappings.routes import HOME
from ops.sample.linked_desk import LinkedDesk
from ops.sample.portal_desk import PortalDesk

log = structlog.get_logger("ops.demo")

PACE_S = 0.7
"""Mean seconds between two demo events."""
DOCUMENTS_S = 30.0
"""Mean seconds between two legal documents of the province."""
REFRESH_S = 0.5
VISITORS = (("vneid", "an"), ("vnconnect", "an"))
"""Providers of the sign-in simulator and the invented citizen who comes by them."""
TAIL = 12
Question = tuple[str, Lookup, dict[str, Any]]
"""A partner, one of its look-ups, and what it is asked."""


async def stream(
    intake: Intake,
    position: Path,
    generate: Callable[[int], Iterator[Envelope]],
    stopped: asyncio.Event,
    seed: int = 84,
    pace_s: float = PACE_S,
) -> None:
    """Post demo events by the front door until `stopped`, `pace_s` apart, from where `position` (a file holding a number) says."""
    rng = random.Random(seed)
    number = int(position.read_text()) if position.exists() else 0
    for envelope in generate(number):
        if stopped.is_set():
            return
        await _post(intake, envelope, stopped)
        number += 1
        position.write_text(str(number))
        await _pause(stopped, rng.expovariate(1.0 / pace_s))


async def _post(intake: Intake, envelope: Envelope, stopped: asyncio.Event, client: str = "demo") -> None:
    """By the front door, again while the ledger is busy."""
    while not stopped.is_set():
        try:
            await intake.accept([envelope], client=client)
            return
        except LedgerBusy:
            await _pause(stopped, 1.0)


class Desk(Protocol):
    """What an office does about what the bus tells it."""

    def answer(self, envelope: Envelope) -> list[Envelope]: ...


async def settle(
    intake: Intake,
    told: list[Callable[[Job, Outcome, float], None]],
    stopped: asyncio.Event,
    pace_s: float = PACE_S,
    client: str = "demo",
) -> None:
    """The desks beside the stream: births filed for all services at once go as far as the partners have brought them, what is filed or
    asked on the national portal is settled.

    `told` is called with every outcome; what was delivered to the dossier system is what the desk knows.
    """
    desks: tuple[Desk, ...] = (LinkedDesk(), PortalDesk())
    news = asyncio.Queue[Envelope]()

    def hear(job: Job, outcome: Outcome, _seconds: float) -> None:
        if job.partner == HOME and isinstance(outcome, Delivered):
            news.put_nowait(job.envelope)

    told.append(hear)
    while not stopped.is_set():
        try:
            envelope = await asyncio.wait_for(news.get(), REFRESH_S)
        except TimeoutError:
            continue
        for step in chain.from_iterable(desk.answer(envelope) for desk in desks):
            await _post(intake, step, stopped, client)
            await _pause(stopped, pace_s)


async def weather(simulators: Mapping[str, Simulator], stopped: asyncio.Event, seed: int = 84) -> None:
    """Now and then a partner misbehaves for a moment, as partners do, so that one sees what the bus does about it."""
    rng = random.Random(seed)
    while not stopped.is_set():
        await _pause(stopped, rng.uniform(15.0, 30.0))
        simulator = simulators[rng.choice(sorted(simulators))]
        mode = rng.choice(("busy", "500", "502_page", "lost_500"))
        simulator.weather.retry_after = "4"
        simulator.weather.left[mode] = rng.randrange(1, 4)


async def _pause(stopped: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), seconds)


async def callers(
    lookups: Mapping[str, PartnerLookups],
    questions: Sequence[Question],
    tail: Tail,
    stopped: asyncio.Event,
    seed: int = 84,
) -> None:
    """Now and then somebody looks something up and waits for it, on record like everybody."""
    rng = random.Random(seed)
    while questions and not stopped.is_set():
        await _pause(stopped, rng.uniform(4.0, 10.0))
        partner, lookup, asked = rng.choice(questions)
        ask = Ask(question=lookup.question.model_validate(asked), who="demo", purpose="verification")
        try:
            answer = await lookups[partner].ask(lookup, ask)
        except (NoAnswer, LedgerBusy) as none:
            tail.looked_up(partner, lookup.name, str(none))
        else:
            again = ", told again" if answer.cached else ""
            tail.looked_up(partner, lookup.name, f"{len(answer.found.matches)} found{again}")


async def filers(portal: PortalSimulator, stopped: asyncio.Event, seed: int = 84) -> None:
    """Now and then somebody files a dossier on the national portal, or asks something there."""
    rng = random.Random(seed)
    while not stopped.is_set():
        await _pause(stopped, rng.uniform(8.0, 16.0))
        if stopped.is_set():
            return
        if rng.random() < 0.25:
            portal.ask_something()
        else:
            await portal.file()


async def quality(iso: IsoSimulator, stopped: asyncio.Event, seed: int = 84) -> None:
    """Now and then somebody does a step inside the ISO system, with hours of its own clock to do it in."""
    rng = random.Random(seed)
    while not stopped.is_set():
        await _pause(stopped, rng.uniform(6.0, 14.0))
        if iso.slips and not stopped.is_set():
            result = rng.choice(("DAT", "DAT", "DAT", "TRA_LAI"))
            iso.change(rng.choice(list(iso.slips)), KetQua=result, HanXuLyGio=rng.choice(("4", "8", "16", "64")))


async def citizens(home: str, tail: Tail, stopped: asyncio.Event, seed: int = 84) -> None:
    """Now and then a citizen signs in on the dossier system's page at `home`, by one provider or the other, and out again."""
    rng = random.Random(seed)
    while not stopped.is_set():
        await _pause(stopped, rng.uniform(10.0, 25.0))
        provider, person = rng.choice(VISITORS)
        if stopped.is_set():
            return
        try:
            greeted = await asyncio.to_thread(visit, home, provider, person)
        except OSError as error:
            tail.looked_up("single_sign_on", provider, type(error).__name__)
        else:
            tail.looked_up("single_sign_on", provider, "a citizen signed in" if greeted else "nobody was signed in")


class Tail:
    """The last things that happened, as lines for people; fed by intake and workers."""

    def __init__(self) -> None:
        self.lines: deque[Text] = deque(maxlen=TAIL)
        self.news = 0

    def came_in(self, envelope: Envelope, owed: int) -> None:
        to = f"owed to {owed}" if owed else "owed to nobody"
        self._add(
            Text.assemble(
                ("→ ", "cyan"), f"{envelope.type.removeprefix('vn.lienthong.')}  {envelope.subject}  ", (to, "dim")
            )
        )

    def went_out(self, job: Job, outcome: Outcome, _seconds: float) -> None:
        good = isinstance(outcome, Delivered)
        verb = type(outcome).__name__ + (f" ({outcome.cause})" if outcome.cause else "")
        mark = ("✓ ", "green") if good else ("… ", "yellow")
        self._add(Text.assemble(mark, f"{job.partner} {job.operation}  {job.dossier}  ", (verb, "dim")))

    def looked_up(self, partner: str, lookup: str, said: str) -> None:
        self._add(Text.assemble(("? ", "magenta"), f"{partner} {lookup}  ", (said, "dim")))

    def _add(self, line: Text) -> None:
        stamp = datetime.now(VIETNAM).strftime("%H:%M:%S ")
        self.lines.append(Text.assemble((stamp, "dim"), line))
        self.news += 1


async def show(
    ledger: Ledger, tail: Tail, address: str, sign_in: str, stopped: asyncio.Event, console: Console
) -> None:
    """Keep the terminal true until `stopped`; without a terminal, one line a happening."""
    if not console.is_terminal:
        await _print_lines(tail, address, sign_in, stopped, console)
        return
    with Live(console=console, refresh_per_second=4, screen=False) as live:
        while not stopped.is_set():
            with contextlib.suppress(LedgerBusy):
                live.update(
                    render(
                        await ledger.totals(), await ledger.causes(), await ledger.partners(), tail, address, sign_in
                    )
                )
            await _pause(stopped, REFRESH_S)


async def _print_lines(tail: Tail, address: str, sign_in: str, stopped: asyncio.Event, console: Console) -> None:
    console.print(f"Liên Thông runs at {address} (OpenAPI: {address}/docs). Stop with Ctrl-C.")
    console.print(f"Sign in as a citizen at {sign_in}")
    seen = 0
    while not stopped.is_set():
        fresh, seen = min(tail.news - seen, len(tail.lines)), tail.news
        for line in list(tail.lines)[len(tail.lines) - fresh :]:
            console.print(line)
        await _pause(stopped, REFRESH_S)


def render(
    totals: Totals, causes: list[CauseGroup], partners: list[PartnerView], tail: Tail, address: str, sign_in: str
) -> Group:
    """One frame: totals by partner, what waits and why, the last happenings, the address and how to stop."""
    head = Text.assemble(
        ("Liên Thông", "bold"),
        f"  {address}   ",
        ("story of a dossier: ", "dim"),
        "lienthong story CODE   ",
        ("sign in as a citizen: ", "dim"),
        f"{sign_in}   ",
        ("stop: ", "dim"),
        "Ctrl-C",
    )
    return Group(
        head,
        _by_partner(totals, partners),
        _waiting(causes),
        Panel(
            Group(*tail.lines) if tail.lines else Text("nothing yet", style="dim"),
            title=f"events in: {totals.events}",
            title_align="left",
        ),
    )


def _by_partner(totals: Totals, partners: list[PartnerView]) -> Table:
    columns = (
        State.PENDING,
        State.SENDING,
        State.WAITING,
        State.IN_DOUBT,
        State.DELIVERED,
        State.DEAD,
        State.SUPERSEDED,
    )
    table = Table(expand=True, title_justify="left")
    table.add_column("partner")
    for state in columns:
        table.add_column(state.value.replace("_", " "), justify="right")
    table.add_column("held back by")
    views = {view.partner: view for view in partners}
    for name in sorted(totals.owed):
        counts = [sum(n for (p, s, _), n in totals.counts.items() if p == name and s is state) for state in columns]
        table.add_row(name, *(str(n) if n else "·" for n in counts), _held_back(views.get(name)))
    return table


def _held_back(view: PartnerView | None) -> str:
    if view is None:
        return ""
    if view.paused:
        return f"paused: {view.pause_cause or view.pause_reason}"
    if view.breaker_open:
        return "breaker open"
    return ""


def _waiting(causes: list[CauseGroup]) -> Table:
    table = Table(expand=True)
    for title in ("waits", "operation", "why", "dossiers", "code"):
        table.add_column(title)
    for group in causes[:6]:
        table.add_row(
            f"{group.partner} {group.state.value.replace('_', ' ')}",
            group.operation,
            group.cause.value or "in the lane",
            str(group.dossiers),
            group.hold_key or group.code,
        )
    if not causes:
        table.add_row("nothing", "", "", "", "")
    return table
