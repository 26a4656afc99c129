"""The catalogue of causes: what a failure is called, whose it is, whether to resend, what to do. Data, in both languages.

A line is found by partner, failure class and the partner's own code, the most exact one first; `*` stands for any. Writing a line
relabels the past: nothing of it is stored with a delivery. The province's own lines (`[causes] file`) stand before those that come with
the bus, and are read again when the file changes.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import hashlib
import io
import os
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

from bus.ledger.views import CauseGroup
from bus.outcome import Cause
from ops.words import Language

Side = Literal["province", "partner", "desk", "infrastructure"]
Resend = Literal["safe", "ask", "wait", "fix"]
"""safe: at any time; ask: the partner first; wait: it goes by itself when the cause is gone; fix: something has to be mended before."""
SIDES: tuple[Side, ...] = ("province", "partner", "desk", "infrastructure")
RESENDS: tuple[Resend, ...] = ("safe", "ask", "wait", "fix")
SPOKEN = frozenset({Cause.REFUSED, Cause.CONTRACT, Cause.POISON})
"""Classes in which the code says what is wrong: a partner's own, or the place in the mapping. Without a line they are unnamed."""


class Entry(NamedTuple):
    """One line of the catalogue."""

    partner: str
    cause: str
    code: str
    title_vi: str
    title_en: str
    side: Side
    resend: Resend
    advice_vi: str
    advice_en: str

    def title(self, language: Language) -> str:
        return self.title_vi if language == "vi" else self.title_en

    def advice(self, language: Language) -> str:
        return self.advice_vi if language == "vi" else self.advice_en


Key = tuple[str, str, str]
Lines = dict[Key, Entry]
ENTRIES: TypeAdapter[list[Entry]] = TypeAdapter(list[Entry])


def read(text: Iterable[str]) -> Lines:
    """The lines of a catalogue's file. Raises ValueError naming the first bad one, or one that says the same failure twice."""
    rows = list(csv.DictReader(text))
    found: Lines = {}
    for number, row in enumerate(rows, start=2):
        try:
            (line,) = ENTRIES.validate_python([tuple(str(row[name] or "").strip() for name in Entry._fields)])
            Cause(line.cause)
        except (KeyError, ValidationError, ValueError):
            raise ValueError(f"line {number} is no line of the catalogue of causes") from None
        if not all((line.partner, line.code, line.title_vi, line.title_en, line.advice_vi, line.advice_en)):
            raise ValueError(f"line {number} leaves something out")
        if line[:3] in found:
            raise ValueError(f"line {number} speaks of {line.partner} {line.cause} {line.code} a second time")
        found[line[:3]] = line
    return found


@cache
def _delivered_with_us() -> Lines:
    return read(files("ops").joinpath("causes.csv").read_text(encoding="utf-8").splitlines())


class Own:
    """The province's own lines, as its file says now: none without it. A file that cannot be read changes nothing."""

    def __init__(self) -> None:
        self.file: Path | None = None
        self._stamp: tuple[int, int] | None = None
        self._lines: Lines = {}

    def use(self, file: Path | None) -> None:
        """Read this file from now on. Raises ValueError for a bad line."""
        self.file, self._stamp, self._lines = file, None, {}
        if file is not None and file.exists():
            self._stamp, self._lines = _stamp(file), _read(file)

    def lines(self) -> Lines:
        if self.file is not None and (stamp := _stamp(self.file)) != self._stamp:
            self._stamp = stamp
            with contextlib.suppress(ValueError, OSError):
                self._lines = {} if stamp is None else _read(self.file)
        return self._lines

    def write(self, line: Entry) -> None:
        """Add a line, or put it in the place of the one for the same failure; one writer at a time over all processes.

        Raises ValueError for a bad line, OSError when the file cannot be written, LookupError without a file.
        """
        if self.file is None:
            raise LookupError("[causes] file is not set")
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lines = (_read(self.file) if self.file.exists() else {}) | {line[:3]: line}
            written = io.StringIO()
            writer = csv.writer(written, lineterminator="\n")
            writer.writerows([Entry._fields, *lines.values()])
            read(written.getvalue().splitlines())
            beside = self.file.with_suffix(".new")
            with beside.open("w", encoding="utf-8") as text:
                text.write(written.getvalue())
                text.flush()
                os.fsync(text.fileno())
            beside.replace(self.file)


OWN = Own()


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _read(file: Path) -> Lines:
    return read(file.read_text(encoding="utf-8").splitlines())


def entry(partner: str, cause: str, code: str = "") -> Entry:
    """The most exact line for a failure. Every class has one; KeyError for a class that is none of ours."""
    own, ours = OWN.lines(), _delivered_with_us()
    for key in ((partner, cause, code), (partner, cause, "*"), ("*", cause, "*")):
        if (line := own.get(key) or ours.get(key)) is not None:
            return line
    raise KeyError(f"the catalogue of causes has no line for {cause!r}")


def known(partner: str, cause: str, code: str) -> bool:
    """Whether the catalogue speaks of this very failure: of its code, or of its class where codes say nothing or there is none."""
    if not code or cause not in SPOKEN:
        return True
    keys = OWN.lines().keys() | _delivered_with_us().keys()
    if (partner, cause, code) in keys:
        return True
    coded = any(key[:2] == (partner, cause) and key[2] != "*" for key in keys)
    return (partner, cause, "*") in keys and not coded


def fingerprint(partner: str, cause: str, code: str = "", hold_key: str = "") -> str:
    """By what failures are one group: partner, class, the partner's code or the place in the mapping, and what is waited for.

    >>> fingerprint("postal", "refused", "500")
    '69611da4c4fd'
    """
    return hashlib.sha256("\x1f".join((partner, cause, code, hold_key)).encode()).hexdigest()[:12]


def fingerprint_of(group: CauseGroup) -> str:
    """The fingerprint of a group as the ledger tells it."""
    return fingerprint(group.partner, group.cause.value, group.code, group.hold_key)
