"""A dossier's file is fetched, its signatures verified, and what was found told by an event. Nothing of it is kept but the digest."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Sequence
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from pydantic import Field

from adapters.transport.files import Fetched, FileFetcher, Unfetched
from bus.adapter import Call, Job, Operation, Partner, Poll, Row, Wiring
from bus.clock import instant
from bus.outcome import Cause, Delivered, Outcome, Transient
from bus.policy import PartnerSettings, RetryPolicy
from bus.seal import Keyring
from bus.sealed_file import SealedReader, SealedWriter
from contracts.canonical.document import Paper, ResultPaper
from contracts.canonical.dossier import Dossier
from contracts.canonical.result_file import Verdict
from contracts.envelope import Envelope
from mappings.convert import escaped
from mappings.result_files import checked

NAME, CHECK, CHECK_PAPERS = "result_files", "check", "check_papers"
VERIFY_S = 20.0
"""Of a check's time, what is left for one file's signatures; a PDF that takes longer is not read."""
LEFT_OVER_S = 3600.0
"""A file that is older was left by a process that died."""


class FileSettings(PartnerSettings):
    """What `[attachments]` says, as a partner's settings. `tell_after`: after so many tries an unreachable file is told of."""

    origins: tuple[str, ...]
    inside: dict[str, str] = Field(default_factory=dict)
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    max_bytes: int
    folder: Path
    trusted: Path | None = None
    tell_after: int = 5
    timeout_s: float = 120.0
    concurrency: int = 2
    retry: RetryPolicy = RetryPolicy(base_s=20.0)


def partner(keys: Keyring) -> Partner:
    """The file hosts as the bus works at them; `keys` seal a file while it lies here."""
    return Partner(
        name=NAME,
        title_vi="Kho tệp hồ sơ của tỉnh",
        title_en="The province's files of dossiers",
        operations=tuple(
            Operation(name, title_vi, title_en, "key", aside=True, reads=True, harmless_twice=True)
            for name, title_vi, title_en in (
                (
                    CHECK,
                    "Tải và kiểm tra chữ ký số của tệp kết quả",
                    "Fetch a result's file and verify its signatures",
                ),
                (CHECK_PAPERS, "Tải và kiểm tra tệp thành phần hồ sơ", "Fetch the files of papers and look at them"),
            )
        ),
        settings=FileSettings,
        open=partial(ResultFiles, keys),
    )


class ResultFiles:
    """Looks at every result, or every paper handed in, of a dossier that has an address, one after the other."""

    def __init__(self, keys: Keyring, wiring: Wiring) -> None:
        assert isinstance(wiring.settings, FileSettings)
        self._keys, self._own, self._clock = keys, wiring.settings, wiring.clock
        self._fetcher = FileFetcher(
            self._own.origins,
            max_bytes=self._own.max_bytes,
            inside=self._own.inside,
            networks=self._own.networks,
            ca_file=self._own.ca_file,
        )
        from adapters.result_files import signature  # a sixth of a second and 9 MB, which only those pay who check

        self._verify_pdf = partial(signature.verify, roots=signature.trust_roots(self._own.trusted))
        self._own.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._own.folder.iterdir():
            if time.time() - path.stat().st_mtime > LEFT_OVER_S:
                path.unlink(missing_ok=True)

    def prepare(self, job: Job) -> Row | Outcome:
        return Row(job, b"")

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        return [await self._check(row.job, call) for row in rows]

    async def _check(self, job: Job, call: Call) -> Outcome:
        """An event for each paper; while one may yet be loaded, and patience is left, none."""
        message: Any = job.envelope.message
        until = time.monotonic() + call.deadline_s
        told: list[Envelope] = []
        for place, paper in enumerate(_files(job.operation, message.dossier)):
            found = await self._look(paper, until - time.monotonic())
            if isinstance(found, Unfetched):
                if found.later and job.tries + 1 < self._own.tell_after:
                    return Transient(cause=Cause.NOT_SENT, code=found.problem, words=f"{paper.id}: {found.words}")
                found = {"problem": found.problem}
            now = instant(self._clock.now())
            told.append(
                checked(dossier=message.dossier.code, paper=paper, key=job.key, place=place, at=now, found=found)
            )
        return Delivered(replies=tuple(told))

    async def _look(self, paper: ResultPaper | Paper, deadline_s: float) -> dict[str, Any] | Unfetched:
        """The facts of one file, or why it was not loaded."""
        address = escaped(str(paper.url).partition("#")[0])
        with SealedWriter(self._own.folder, self._keys) as sealed:
            try:
                fetched = await self._fetcher.fetch(address, sealed.write, max(0.1, deadline_s - VERIFY_S))
                if isinstance(fetched, Unfetched):
                    return fetched
                sealed.close()
                verdict, signatures = await self._verified(sealed.path, fetched)
            finally:
                sealed.path.unlink(missing_ok=True)
        return {
            "size_bytes": fetched.size_bytes,
            "kind": fetched.kind,
            "sha256": fetched.sha256,
            "verdict": verdict,
            "signatures": signatures,
        }

    async def _verified(self, path: Path, fetched: Fetched) -> tuple[Verdict, tuple[Any, ...]]:
        """Verdict and signatures; a picture cannot be signed."""
        if fetched.kind != "application/pdf":
            return "unsigned", ()
        try:
            async with asyncio.timeout(VERIFY_S):
                return await asyncio.to_thread(self._verify, path)
        except TimeoutError:
            return "unreadable", ()

    def _verify(self, path: Path) -> tuple[Verdict, tuple[Any, ...]]:
        with io.BufferedReader(SealedReader(path, self._keys)) as file:
            return self._verify_pdf(file)

    async def ask(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        """Looking again is as good as asking."""
        return await self.deliver(rows, call)

    async def probe(self, call: Call) -> Outcome | None:
        return None

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        return None

    async def close(self) -> None:
        """No connection outlives its file."""


def _files(operation: str, dossier: Dossier) -> list[ResultPaper | Paper]:
    """What a check looks at, in the dossier's order."""
    if operation == CHECK:
        return [paper for paper in dossier.results if paper.url is not None]
    return [paper for paper in dossier.papers if not paper.withdrawn]
