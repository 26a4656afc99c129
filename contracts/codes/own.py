"""The province's own rows: a folder of CSV files named after the lists, read again when it changed, written whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import fcntl
import io
import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from contracts.codes.code import Code
from contracts.codes.lists import LISTS, day

COLUMNS = ("code", "name_vi", "name_en", "valid_from", "valid_to", "source")
Stamp = tuple[tuple[str, int, int, int], ...]


class OwnRows:
    """What was read last, by list and code, and how the folder looked then."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.rows: dict[str, dict[str, list[Code]]] = {}
        self.digest = ""
        self._stamp: Stamp = ()

    def load(self, folder: Path) -> None:
        """Read a folder. Raises ValueError naming file and line of a bad row; then the rows of before stand."""
        self.folder = folder
        stamp = _stamp(folder)
        found: dict[str, dict[str, list[Code]]] = {}
        for file in sorted(folder.glob("*.csv")):
            if file.stem not in LISTS:
                raise ValueError(f"{file}: no code list is called {file.stem}; there are {', '.join(sorted(LISTS))}")
            found[file.stem] = _sound(file)
        self.rows, self._stamp = found, stamp
        self.digest = digest(row for rows in found.values() for own in rows.values() for row in own)

    def refresh(self) -> bool:
        """Read again when the folder changed since; True when the rows may differ now. A bad file changes nothing."""
        if self.folder is None or _stamp(self.folder) == self._stamp:
            return False
        with contextlib.suppress(ValueError, OSError):
            self.load(self.folder)
            return True
        return False


def digest(rows: Iterable[Code]) -> str:
    """What rows say, in eight hexadecimal digits; the same rows in another order say the same."""
    return sha256("\n".join(sorted(map(_line, rows))).encode()).hexdigest()[:8]


def _line(row: Code) -> str:
    days = (row.valid_from or "", row.valid_to or "")
    return "\t".join((row.code, row.name_vi, row.name_en, f"{days[0]}/{days[1]}", row.source, *row.extra))


def write(folder: Path, code_list: str, row: Code) -> bool:
    """Add a row to the list's file, one writer at a time over all processes; False when it stands there already.

    Raises ValueError when another row of the code holds on one of its days, OSError when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{code_list}.csv"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = [own for found in _sound(file).values() for own in found] if file.exists() else []
        if row in rows:
            return False
        _refuse_second_meaning(code_list, row, [*LISTS[code_list](), *rows])
        written = io.StringIO()
        lines = csv.writer(written, lineterminator="\n")
        lines.writerow(COLUMNS)
        lines.writerows(
            (own.code, own.name_vi, own.name_en, own.valid_from or "", own.valid_to or "", own.source)
            for own in [*rows, row]
        )
        beside = file.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as text:
            text.write(written.getvalue())
            text.flush()
            os.fsync(text.fileno())
        beside.replace(file)
    return True


def _refuse_second_meaning(code_list: str, row: Code, others: list[Code]) -> None:
    if not row.meets(row):
        raise ValueError(f"the row ends ({row.valid_to}) before it begins ({row.valid_from})")
    for other in others:
        if other.code == row.code and other.meets(row):
            until = other.valid_to or "open"
            raise ValueError(
                f"list {code_list} has {row.code} already, {other.name_vi!r} from {other.valid_from or 'ever'} to {until}"
            )


def _stamp(folder: Path) -> Stamp:
    """How the folder looks: a written file differs in at least one of these."""
    found = []
    for file in sorted(folder.glob("*.csv")):
        with contextlib.suppress(FileNotFoundError):
            told = file.stat()
            found.append((file.name, told.st_mtime_ns, told.st_size, told.st_ino))
    return tuple(found)


def _sound(file: Path) -> dict[str, list[Code]]:
    """The rows of one file by code; two that hold on one day are refused."""
    found: dict[str, list[Code]] = {}
    for number, row in _read(file):
        for other in found.setdefault(row.code, []):
            if other.meets(row):
                raise ValueError(f"{file}, line {number}: {row.code} has another row that holds on the same day")
        found[row.code].append(row)
    return found


def _read(file: Path) -> Iterator[tuple[int, Code]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                since, until = day(row.get("valid_from")), day(row.get("valid_to"))
                code, name = row["code"].strip(), row["name_vi"].strip()
            except (KeyError, ValueError, AttributeError) as error:
                raise ValueError(f"{file}, line {number}: {error}") from None
            own = Code(code, name, row.get("name_en") or "", since, until, row.get("source") or "")
            if not code or not name or not own.meets(own):
                raise ValueError(f"{file}, line {number}: a row has a code, a name, and does not end before it begins")
            yield number, own
