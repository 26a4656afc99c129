"""Training: a province in trouble on this machine, to find and to settle. Simulators, a ledger and a clock of its own.

The ledger lies in a folder with a mark; it is made anew at each start, is never another one, and nothing but training opens it. The
clock stands at ten in the morning when the officer begins; what went wrong happened before, for real: the bus was running while the
portal fell silent and a certificate ran out.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from bus.clock import TrainingClock
from bus.ledger.schema import SQLITE
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.views import Totals
from bus.ledger.words import OPEN, State
from bus.outcome import Cause
from contracts.working_time import VIETNAM, VIETNAMESE, YearMissing
from ops import simulate
from ops.certificates import Authority

MARK = "TRAINING"
"""The file that makes a folder a training folder."""
BEGINS = time(10, 0)
PORTAL, ISO, PAYMENT, POST = "national_portal", "electronic_iso", "online_payment", "postal"
NEW_WARD, NEW_WARD_NAME = "29999", "Phường Tân Vũng Liêm"
"""An invented commune: renamed this morning, with a code our list does not have yet."""


class Unfit(Exception):
    """The training cannot begin there; one sentence."""


class Trouble(NamedTuple):
    """One thing to find and to settle: its name (words `training.<name>.*`), whom one may ring up about it, where it shows."""

    name: str
    phone: str
    page: str


TROUBLES = (
    Trouble("portal", PORTAL, "/console/partners#national_portal"),
    Trouble("certificate", ISO, "/console/partners#electronic_iso"),
    Trouble("payment", "", "/console/expected?step=payment_confirmed"),
    Trouble("ward", "", "/console/codes"),
    Trouble("poison", "", "/console/deliveries?state=dead"),
)


def folder_of(url: str) -> Path | None:
    """Where a SQLite ledger lies, None for another."""
    return Path(url.removeprefix(SQLITE)).resolve().parent if url.startswith(SQLITE) else None


def marked(url: str) -> bool:
    """Whether the ledger at `url` is one of training: it lies in a marked folder, or below one."""
    folder = folder_of(url)
    return folder is not None and any((up / MARK).exists() for up in (folder, *folder.parents))


def begin_anew(folder: Path) -> None:
    """An empty, marked folder. Raises Unfit for one that holds something and was never a training's."""
    if folder.exists():
        if any(folder.iterdir()) and not (folder / MARK).exists():
            raise Unfit(f"{folder} holds something that is no training; name an empty folder with --data")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("A training of lienthong. Nothing here is real; it is made anew at each start.\n")


def own_ledger(url: str, folder: Path) -> None:
    """Raises Unfit unless the ledger lies under the training's folder."""
    at = folder_of(url)
    if at is None or not at.is_relative_to(folder.resolve()):
        raise Unfit(
            f"training has a ledger of its own under {folder}; [ledger] url names another, which may be a real one"
        )


def opens_at(now: datetime) -> float:
    """Ten o'clock of the day of `now` in Vietnam, or of the last day at which the office worked (seconds since the epoch)."""
    day = now.astimezone(VIETNAM).date()
    try:
        while not VIETNAMESE.is_working(day):
            day -= timedelta(days=1)
    except YearMissing:
        pass
    return datetime.combine(day, BEGINS, VIETNAM).timestamp()


@dataclass
class Training:
    """One training at work: its clock, its partners, and what is still wrong."""

    clock: TrainingClock
    opens_at: float
    authority: Authority
    partners: dict[str, simulate.Served]
    ready: bool = False
    paid: str = ""
    """The dossier whose fee was paid."""
    rung: set[str] = field(default_factory=set)

    async def settled(self, ledger: SqlLedger) -> dict[str, bool]:
        """Which troubles are over, by what the ledger says."""
        totals, views = await ledger.totals(), {view.partner: view for view in await ledger.partners()}
        paid = await ledger.about(self.paid, "vn.lienthong.payment.confirmed.v1")
        return {
            "portal": not views[PORTAL].breaker_open and not _counted(totals, PORTAL, *OPEN),
            "certificate": not views[ISO].paused and not _counted(totals, ISO, *OPEN),
            "payment": bool(paid),
            "ward": not _counted(totals, POST, State.WAITING, cause=Cause.CODE_GAP),
            "poison": not _counted(totals, POST, State.DEAD, cause=Cause.POISON),
        }

    async def ring_up(self, partner: str) -> None:
        """The partner's own people mend what only they can: the portal is started again, the certificate renewed."""
        await self._serve(partner, expired=False)
        self.rung.add(partner)

    async def break_down(self, partner: str) -> None:
        """The portal is not there any more."""
        await self.partners[partner].stop()

    async def expire(self, partner: str) -> None:
        """The partner is served under a certificate that is over."""
        await self.partners[partner].stop()
        await self._serve(partner, expired=True)

    async def _serve(self, partner: str, *, expired: bool) -> None:
        """Serve a partner at its old address, by TLS where it had it."""
        before = self.partners[partner]
        await before.stop()
        host, port = before.url.split("//")[1].split(":")
        tls = self.authority.certificate(expired=expired) if partner == ISO else {}
        self.partners[partner] = simulate.Served(before.app, simulate.bind(host, int(port)), **tls)
        await self.partners[partner].started()


def _counted(totals: Totals, partner: str, *states: State, cause: Cause | None = None) -> int:
    return sum(
        n
        for (name, state, why), n in totals.counts.items()
        if name == partner and state in states and cause in (None, why)
    )
