"""The house: settings in; ledger, bell, intake, workers, pollers and the gateway out. The one place where things meet."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import sys
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from adapters import discover, result_files
from adapters.procedure_catalogue.catalogue import PARTNER as CATALOGUE
from adapters.receiver import Receiver
from bus.adapter import Adapter, Job, Partner, Wiring
from bus.broker import Ring, open_bell
from bus.clock import Clock, instant
from bus.intake import Intake, Route
from bus.ledger.ledger import LedgerBusy
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.ledger.words import Arrival, Filter
from bus.lookup import PartnerLookups
from bus.outcome import Outcome
from bus.policy import PartnerSettings
from bus.quarantine import Quarantine
from bus.relay import Relay
from bus.upkeep import Upkeep
from bus.worker import PartnerWorker
from contracts import codes
from contracts.envelope import Envelope, flags
from mappings import refusal, routes
from ops import attachments, causes, compared, deadlines, desk, edit, retention, watches
from ops.catalogue import Shelved
from ops.edition import Editions
from ops.incidents_duty import LOOKOUT, lookout
from ops.metrics import Metrics
from ops.people import People
from ops.poller import Poller
from ops.reach import Rules
from ops.settings import Settings
from ops.side import Sides
from ops.targets.follow import follow
from ops.tasks import TaskRunner
from ops.training import Training
from ops.words import Language

DRAIN_S = 25.0
"""How long calls under way may take to end when we stop (reliability G11)."""
LEAVE_S = 2.0
"""How long saying so may take."""


def calm_interpreter() -> None:
    """Let Python's cycle collector pass over what a bus keeps for good, and come by seldom: it took a fifth of the processor.

    And let the event loop and the ledger's writer take the interpreter from each other half as often as usual: a turn costs more than
    the work done in it, and both mostly give it up by themselves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    sys.setswitchinterval(0.01)


class House:
    """Everything of one process. `open` is False from the moment it stops."""

    def __init__(
        self,
        settings: Settings,
        *,
        partners: Mapping[str, Partner] | None = None,
        route: Route | None = None,
        work: Collection[str] | None = None,
        receivers: Mapping[str, tuple[Receiver, ...]] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Compose. `work` names the partners this process delivers to (None: all enabled, empty: none). Raises LedgerUnfit."""
        self.settings = settings
        known = dict(partners or discover())
        self.partner_settings = {name: settings.partner(partner) for name, partner in known.items()}
        self.keys = settings.keyring()
        if settings.attachments.checks:
            known[result_files.NAME] = result_files.partner(self.keys)
            self.partner_settings[result_files.NAME] = attachments.file_settings(settings)
        self.partners = {name: partner.tune(partner, self.partner_settings[name]) for name, partner in known.items()}
        self.enabled = [name for name, s in self.partner_settings.items() if s.enabled and s.base_url]
        self.serves = [name for name in self.enabled if work is None or name in work]
        self.receivers = dict(receivers or {})
        self.public_url = settings.http.public_url or f"http://{settings.http.host}:{settings.http.port}"
        self.calendar = settings.office.calendar
        self.open = False
        self.sides, self.upkeep = Sides(), Upkeep()
        self.training: Training | None = None
        self.metrics = Metrics()
        self.on_event: list[Callable[[Envelope, int], None]] = [self.metrics.came_in]
        self.on_outcome: list[Callable[[Job, Outcome, float], None]] = [self.metrics.went_out]
        self._route = route or partial(routes.owed, partners=frozenset(self.enabled))
        if settings.codes.folder:
            codes.load_extra(Path(settings.codes.folder))
        causes.OWN.use(Path(settings.causes.file) if settings.causes.file else None)
        self.ledger: SqlLedger = open_ledger(
            settings.ledger.url,
            self.keys,
            clock=clock,
            rules=settings.rules(),
            queue_limit=settings.ledger.queue_limit,
            unsafe=settings.ledger.unsafe,
        )
        self.people = People(self.ledger, self.keys)
        bulk, rates = settings.tasks, {name: own.rate_per_s for name, own in self.partner_settings.items()}
        self.rules = Rules(bulk.canary, bulk.approve_above, bulk.rate_per_s, rates)
        self.shelved = Shelved(self.ledger)
        self.editions = Editions(self.ledger.editions())
        self.bell = open_bell(settings.broker.url, self.enabled)
        self.intake = Intake(self.ledger, self.wake, self._route, self.partners, self._came_in, self._notice)
        self._rng = random.Random()
        self._adapters: dict[str, Adapter] = {}
        self.workers: dict[str, PartnerWorker] = {}
        self.lookups: dict[str, PartnerLookups] = {}
        self._pollers: list[Poller] = []
        self._relay: Relay | None = None
        self._task_runner = TaskRunner(self.ledger, self.wake, partial(self.intake.arrival, client=edit.CLIENT))
        self._relaying: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._watches: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Open the partners' rooms, ring the bell, begin to work."""
        calm_interpreter()
        quarantine = Quarantine()
        for name in self.enabled:
            partner, own = self.partners[name], self.partner_settings[name]
            if partner.lookups:
                self.lookups[name] = self._partner_lookups(name, self.adapter(name), own)
            if name not in self.serves:
                continue
            adapter = self.adapter(name)
            if partner.operations:
                gated = self._gate(name, adapter)
                self.workers[name] = self._worker(partner, gated, own, quarantine)
            if partner.polls_every_s is not None:
                self._pollers.append(self._poller(name, partner.polls_every_s, adapter, own))
        self._relay = Relay(
            worker=self.ledger.process,
            ledger=self.ledger,
            partners=self.partners,
            settings=self.partner_settings,
            serves=self.serves,
            ready=self.wake,
            on_live=self._share,
            rng=self._rng,
            upkeep=self.upkeep,
        )
        await self.bell.start(self.serves, self._rung)
        with contextlib.suppress(LedgerBusy):  # before the first claim, or another's sweep takes its worker for gone
            await self._relay.beat()
        runs = {
            "tasks": self._task_runner.run,
            **{f"worker {name}": worker.run for name, worker in self.workers.items()},
            **{f"poller {poller.partner}": poller.run for poller in self._pollers},
        }
        self._tasks = [self.sides.start(part, self.upkeep.keep(part, run)) for part, run in runs.items()]
        self._relaying = self.sides.start("relay", self.upkeep.keep("relay", self._relay.run))
        await self._release_settings()
        self.lookout = lookout(self)
        beside: dict[str, Coroutine[Any, Any, None]] = {
            "results": watches.results(self),
            "deadlines": deadlines.watch(self.ledger, self.calendar),
            "retention": retention.keep_terms(self.ledger, self.settings.retention.terms),
            "targets": follow(self.ledger),
            "comparison": compared.each_morning(self),
            "editions": self.editions.watch(list(self.workers)),
            "incidents": self.upkeep.keep(LOOKOUT, self.lookout.run),
            "search keys": watches.fill_search_keys(self),
        }
        if CATALOGUE in self.enabled:
            beside["catalogue"] = watches.catalogue(self)
        if self.settings.codes.folder:
            beside["codes"] = watches.province_codes(self, Path(self.settings.codes.folder))
        self._watches = [self.sides.start(name, run) for name, run in beside.items()]
        self.open = True

    async def stop(self) -> None:
        """Begin nothing more, let calls under way end for a while, record the rest as unknown, close."""
        self.open = False
        for watch in self._watches:
            watch.cancel()
        for worker in self.workers.values():
            worker.stop()
        for poller in self._pollers:
            poller.stop()
        self._task_runner.stop()
        _done, late = await asyncio.wait(self._tasks, timeout=DRAIN_S) if self._tasks else (set(), set())
        if late:
            for worker in self.workers.values():
                worker.abandon()
            await asyncio.wait(late, timeout=2.0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._watches, return_exceptions=True)
        await self._leave()
        await self.bell.stop()
        for adapter in self._adapters.values():
            with contextlib.suppress(Exception):
                await adapter.close()
        await self.ledger.close()

    async def _leave(self) -> None:
        """Last of all: until then it says that we live, or another process would take over what is still under way."""
        if self._relay is None or self._relaying is None:
            return
        self._relay.stop()
        await asyncio.wait([self._relaying], timeout=LEAVE_S)
        self._relaying.cancel()

    def adapter(self, name: str) -> Adapter:
        """A partner's room at work in this process, opened when first asked for. Raises KeyError for an unknown name."""
        if name not in self._adapters:
            own = self.partner_settings[name]
            wiring = Wiring(
                own,
                self.ledger.vault(name),
                self.ledger.clock,
                self._rng,
                self.public_url,
                shelf=self.ledger,
                stock=self.ledger.stock(name),
                owed_since=self.ledger.owed_since,
            )
            self._adapters[name] = self.partners[name].open(wiring)
        return self._adapters[name]

    def _gate(self, name: str, adapter: Adapter) -> Adapter:
        """The portal takes a result when its signature is good, where the settings want it so."""
        if name == routes.PORTAL and self.settings.attachments.require_signature:
            return attachments.SignedOnly(adapter, self.ledger)
        return adapter

    def wake(self, partners: Iterable[str]) -> None:
        """There is due work: ring for it."""
        for name in partners:
            self.bell.ring(name)

    def _ready(self, partners: Iterable[str]) -> None:
        """Due work after a record: wake our own worker directly, ring for what others serve."""
        for name in partners:
            worker = self.workers.get(name)
            if worker is not None:
                worker.wake()
            else:
                self.bell.ring(name)

    def _rung(self, ring: Ring) -> None:
        worker = self.workers.get(ring.partner)
        if worker is None:
            ring.ack()
        else:
            worker.wake(ring)

    def _share(self, live: int) -> None:
        for worker in self.workers.values():
            worker.share(live)

    def _reply(self, partner: str, envelope: Envelope, job: Job) -> Arrival:
        return self.intake.arrival(envelope, client=partner, job=job)

    def _refused(self, job: Job, outcome: Outcome) -> tuple[Envelope, ...]:
        """The event that tells the province's own system of a partner's refusal, about a dossier or anything else."""
        told = refusal.refused(
            subject=job.dossier,
            partner=job.partner,
            operation=job.operation,
            code=outcome.code,
            words=outcome.words,
            key=job.key,
            attempt=job.attempt,
            at=instant(self.ledger.clock.now()),
        )
        return (told,)

    def _notice(self, envelope: Envelope) -> tuple[str, ...]:
        return flags(envelope) + attachments.strangers(envelope, self.settings.attachments.hosts)

    def _came_in(self, envelope: Envelope, owed: int) -> None:
        for told in self.on_event:
            told(envelope, owed)

    def _went_out(self, job: Job, outcome: Outcome, seconds: float) -> None:
        for told in self.on_outcome:
            told(job, outcome, seconds)

    def _worker(
        self, partner: Partner, adapter: Adapter, own: PartnerSettings, quarantine: Quarantine
    ) -> PartnerWorker:
        return PartnerWorker(
            worker=self.ledger.process,
            partner=partner,
            adapter=adapter,
            settings=own,
            ledger=self.ledger,
            clock=self.ledger.clock,
            rng=self._rng,
            ready=self._ready,
            ring_others=self.bell.ring,
            arrival=partial(self._reply, partner.name),
            observe=self._went_out,
            quarantine=quarantine,
            refusal=self._refused,
            edition=partial(self.editions.of, partner.name),
        )

    def title(self, partner: str, language: Language) -> str:
        """What a partner is called; its own name where we do not know it (any more)."""
        known = self.partners.get(partner)
        if known is None:
            return partner
        return known.title_vi if language == "vi" else known.title_en

    def _partner_lookups(self, name: str, adapter: Adapter, own: PartnerSettings) -> PartnerLookups:
        return PartnerLookups(
            partner=name,
            adapter=adapter,
            settings=own,
            ledger=self.ledger,
            clock=self.ledger.clock,
            rng=self._rng,
            process=self.ledger.process,
            observe=self.metrics.looked_up,
        )

    def _poller(self, name: str, every_s: float, adapter: Adapter, own: PartnerSettings) -> Poller:
        return Poller(
            partner=name,
            every_s=every_s,
            holder=self.ledger.process,
            adapter=adapter,
            settings=own,
            ledger=self.ledger,
            clock=self.ledger.clock,
            arrival=lambda envelope: self.intake.arrival(envelope, client=name),
            ready=self.wake,
            rested=partial(self.ledger.incidents().polled, name),
        )

    async def _release_settings(self) -> None:
        """What waited for a setting is tried again with today's; what still misses it is held again, uncounted."""
        for key in {group.hold_key for group in await self.ledger.causes() if group.hold_key.startswith("setting:")}:
            await self._release(key, "the bus started; its settings may have it now")

    async def _release(self, hold_key: str, why: str) -> None:
        rows = await desk.act(self.ledger, desk.Deed("release", Filter(hold_key=hold_key)), "bus", why, limit=10_000)
        self.wake({row["partner"] for row in rows})
