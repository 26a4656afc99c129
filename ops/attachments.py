"""Result files as the house looks at them: the settings of the check, and the gate before the portal where signatures are required."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapters.result_files import FileSettings
from bus.adapter import Adapter, Call, Job, Row
from bus.ledger.ledger import Ledger, LedgerBusy
from bus.ledger.words import Filter
from bus.outcome import Cause, Held, Outcome, Transient
from contracts.canonical.document import Paper, ResultPaper
from contracts.canonical.dossier import Dossier
from contracts.canonical.result_file import Verdict
from contracts.envelope import Envelope
from mappings.result_files import TYPE
from ops import desk
from ops.reasons import RESULTS
from ops.settings import Settings

PACE_S = 5.0
"""How often it is looked whether a result that waits may go on."""
HOLD = "result:"
SETTLED = (9, 10)
"""Statuses in which a dossier's results are told to the portal."""


def file_settings(settings: Settings) -> FileSettings:
    """`[attachments]` as the check takes it. The folder lies beside the ledger unless the settings name another."""
    own = settings.attachments
    ledger = settings.ledger.url.removeprefix("sqlite:///")
    beside = Path("var") if ledger == settings.ledger.url else Path(ledger).parent
    return FileSettings(
        base_url=own.hosts[0],
        ca_file=own.ca_file,
        origins=own.hosts,
        inside=own.inside,
        networks=own.networks,
        max_bytes=own.max_bytes,
        folder=Path(own.folder) if own.folder else beside / "attachments",
        trusted=Path(own.trusted) if own.trusted else None,
    )


def strangers(envelope: Envelope, hosts: Sequence[str]) -> tuple[str, ...]:
    """The flags `file_host:<host>` of a dossier's files that lie with none of the province's own hosts; without hosts none."""
    dossier = getattr(envelope.message, "dossier", None)
    if not hosts or not isinstance(dossier, Dossier):
        return ()
    papers: tuple[Paper | ResultPaper, ...] = (*dossier.papers, *dossier.results)
    places = {urlsplit(paper.url) for paper in papers if paper.url}
    return tuple(sorted({f"file_host:{at.hostname}" for at in places if f"{at.scheme}://{at.netloc}" not in hosts}))


class SignedOnly:
    """A partner's room that is given a dossier's results when all their signatures are good; until then the delivery is held."""

    def __init__(self, inner: Adapter, ledger: Ledger) -> None:
        self._inner, self._ledger = inner, ledger
        self.prepare, self.ask, self.probe = inner.prepare, inner.ask, inner.probe
        self.poll, self.close = inner.poll, inner.close

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """Rows that may not go are answered here, the others by the room."""
        held = [await self._held(row.job) for row in rows]
        let = [row for row, outcome in zip(rows, held, strict=True) if outcome is None]
        sent = iter(await self._inner.deliver(let, call) if let else ())
        return [next(sent) if outcome is None else outcome for outcome in held]

    async def _held(self, job: Job) -> Outcome | None:
        dossier = getattr(job.envelope.message, "dossier", None)
        if dossier is None or dossier.status not in SETTLED:
            return None
        last: dict[str, Verdict | None] = {paper.url: None for paper in dossier.results if paper.url}
        if not last:
            return None
        try:
            checks = await self._ledger.about(dossier.code, TYPE)
        except LedgerBusy:
            return Transient(cause=Cause.OWN, words="the ledger cannot tell of the checks just now")
        for event in checks:
            told: Any = event.message
            if told.url in last:
                last[told.url] = told.verdict
        bad = {verdict or "not checked" for verdict in last.values() if verdict != "valid"}
        if not bad:
            return None
        words = f"{RESULTS}{', '.join(sorted(bad))}"
        return Held(cause=Cause.BY_HAND, key=f"{HOLD}{dossier.code}:{len(checks)}", words=words)


async def release(ledger: Ledger, *, wanted: bool) -> set[str]:
    """Let go what waited for a good signature where more is known now than then, or none is wanted; the partners to wake.

    The hold's key tells how many checks of the dossier were known. The gate looks again. Raises LedgerBusy.
    """
    woken: set[str] = set()
    for key in {group.hold_key for group in await ledger.causes() if group.hold_key.startswith(HOLD)}:
        dossier, _, known = key.removeprefix(HOLD).rpartition(":")
        if wanted and len(await ledger.about(dossier, TYPE)) == int(known):
            continue
        why = "the result was looked at again" if wanted else "signatures are not required any more"
        rows = await desk.act(ledger, desk.Deed("release", Filter(hold_key=key)), "bus", why)
        woken |= {row["partner"] for row in rows if row["done"]}
    return woken
