"""The one writer thread of a process: groups what concurrent callers ask into one commit, and never waits to fill a group.

Recording comes before claiming, claiming before accepting, everything else last. A caller is answered after the commit; one who left
is committed all the same. A group that fails is done again one by one, so that one bad member spoils no other.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import structlog

from bus import crash
from bus.ledger.book import Book
from bus.ledger.database import Database
from bus.ledger.ledger import LedgerBusy

log = structlog.get_logger("bus.ledger")

GROUP = 500
"""Rows a group carries at most."""
AGAIN = 6
"""Tries of a group that met a deadlock or a serialisation failure."""
RECONNECT_S = 0.5


class Kind(IntEnum):
    """What is asked, most urgent first."""

    RECORD = 0
    CLAIM = 1
    ACCEPT = 2
    OTHER = 3


Work = Callable[[Book, list[Any]], list[Any]]
"""Does a group of requests of one kind inside the transaction; one answer each."""


@dataclass(eq=False, slots=True)
class Request:
    """One caller's question and where its answer goes. `weight` is its number of rows."""

    kind: Kind
    work: Work
    payload: Any
    weight: int
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class Writer:
    """Takes requests from any event loop, answers them after their commit."""

    def __init__(self, database: Database, book: Callable[[], Book], *, queue_limit: int) -> None:
        self._db = database
        self._book = book
        self._queue_limit = queue_limit
        self._queues: tuple[deque[Request], ...] = tuple(deque() for _ in Kind)
        self._waiting = 0
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Rows waiting to be written."""
        return self._waiting

    async def ask(self, kind: Kind, work: Work, payload: Any, weight: int = 1) -> Any:
        """Queue a request and wait for its answer. Raises LedgerBusy when the queue is full or the ledger cannot write."""
        loop = asyncio.get_running_loop()
        request = Request(kind, work, payload, weight, loop, loop.create_future())
        with self._wake:
            if self._stopping:
                raise LedgerBusy("the ledger is closing")
            if kind is Kind.ACCEPT and self._waiting + weight > self._queue_limit:
                raise LedgerBusy("the ledger has more waiting than it may; try again in a moment")
            self._queues[kind].append(request)
            self._waiting += weight
            self._wake.notify()
        return await request.future

    def stop(self) -> None:
        """Finish what is queued, then end the thread and close the connection."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(20)

    def _run(self) -> None:
        while True:
            with self._wake:
                while not any(self._queues) and not self._stopping:
                    self._wake.wait()
                groups = self._take()
            if not groups:
                break
            for group in groups:
                self._serve(group)
        self._db.close()

    def _take(self) -> list[list[Request]]:
        """The next requests, at most a group's rows, most urgent first; by kind where the database wants it so."""
        taken: list[list[Request]] = []
        room = GROUP
        for queue in self._queues:
            here: list[Request] = []
            while queue and (room >= queue[0].weight or not (here or taken)):
                request = queue.popleft()
                room -= request.weight
                self._waiting -= request.weight
                here.append(request)
            if here:
                taken.append(here)
        if taken and not self._db.shared:
            return [[request for kind in taken for request in kind]]
        return taken

    def _serve(self, group: list[Request]) -> None:
        """One transaction for the group, again after a deadlock, one by one after a failure."""
        for last in (False,) * (AGAIN - 1) + (True,):
            try:
                self._answer(list(zip(group, self._commit(group), strict=True)))
                return
            except Exception as error:
                trouble = self._undo(error)
                if trouble == "again" and not last:
                    continue
                if len(group) > 1 and trouble in ("ours", "again"):
                    for request in group:
                        self._serve([request])
                    return
                self._fail(group, error, ours=trouble == "ours")
                return

    def _commit(self, group: Sequence[Request]) -> list[Any]:
        self._db.begin()
        book = self._book()
        answers: list[Any] = []
        start = 0
        while start < len(group):
            end = start
            while end < len(group) and group[end].work == group[start].work:
                end += 1
            answers += group[start].work(book, [request.payload for request in group[start:end]])
            start = end
        book.close()
        name = group[0].kind.name.lower()
        crash.reach(f"{name}.before_commit")
        self._db.commit()
        crash.reach(f"{name}.after_commit")
        book.committed()
        return answers

    def _undo(self, error: Exception) -> str:
        """Roll back; what kind of trouble it was. A broken connection is dropped and made anew at the next group."""
        trouble = self._db.trouble(error)
        try:
            self._db.rollback()
        except Exception:
            trouble = "broken" if trouble != "again" else trouble
        if trouble == "broken":
            self._db.close()
            time.sleep(RECONNECT_S)
        if trouble in ("ours", "broken"):
            log.warning("ledger group failed", trouble=trouble, error=type(error).__name__, exc_info=trouble == "ours")
        return trouble

    def _answer(self, pairs: list[tuple[Request, Any]]) -> None:
        """Answers go back in one call per loop."""
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Request, Any]]] = {}
        for request, answer in pairs:
            by_loop.setdefault(request.loop, []).append((request, answer))
        for loop, answered in by_loop.items():
            _call(loop, _settle, answered)

    def _fail(self, group: list[Request], error: Exception, *, ours: bool) -> None:
        given = error if ours else LedgerBusy(f"the ledger cannot write just now ({type(error).__name__})")
        for request in group:
            _call(request.loop, _refuse, request, given)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *args: Any) -> None:
    with suppress(RuntimeError):  # the loop has closed: nobody is left to answer
        loop.call_soon_threadsafe(function, *args)


def _settle(answered: list[tuple[Request, Any]]) -> None:
    for request, answer in answered:
        if not request.future.done():
            if isinstance(answer, Exception):
                request.future.set_exception(answer)
            else:
                request.future.set_result(answer)


def _refuse(request: Request, error: Exception) -> None:
    if not request.future.done():
        request.future.set_exception(error)
