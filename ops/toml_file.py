"""A TOML file as a person wrote it: its values, every syntax fault at once, and on which line a key stands."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_FAULTS = 50
_AT = re.compile(r"(.*) \(at line (\d+), column (\d+)\)\Z", re.DOTALL)
_HEADER = re.compile(r"\s*\[")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """The text of a file."""

    path: Path
    text: str

    def values(self) -> tuple[dict[str, Any], list[tuple[int, str]]]:
        """What can be read, and each syntax fault as (line, what is wrong).

        A faulty line is left out and the rest read again; with a faulty header all that stands under it goes, for it would read as
        another section's. A text that is never closed, unless it is
        the last line alone, ends the reading: nothing after its beginning can be trusted.
        """
        lines = self.text.splitlines()
        faults: list[tuple[int, str]] = []
        unclosed = 0
        while len(faults) < MOST_FAULTS:
            try:
                return tomllib.loads("\n".join(lines)), faults
            except tomllib.TOMLDecodeError as error:
                says = str(error)
            found = _AT.match(says)
            number = min(int(found[2]), len(lines)) if found else _last(lines)
            unclosed += found is None
            if unclosed < 2:
                faults.append((number, f"not TOML: {found[1] if found else says}"))
            if unclosed == 2 or not lines or not lines[number - 1].strip():
                break
            for index in _spoilt(lines, number - 1):
                lines[index] = ""
        return {}, faults

    def line_of(self, location: tuple[Any, ...]) -> int | None:
        """The line on which the deepest known part of a key's path stands."""
        best: int | None = None
        section: list[str] = []
        wanted = [str(part) for part in location]
        for number, line in enumerate(self.text.splitlines(), start=1):
            if header := re.match(r"\s*\[([^\[\]]+)\]", line):
                section = [part.strip().strip('"') for part in re.findall(r'"[^"]+"|[^.]+', header[1])]
                path = section
            elif key := re.match(r'\s*("?[\w.:-]+"?)\s*=', line):
                path = [*section, key[1].strip('"')]
            else:
                continue
            if path and path == wanted[: len(path)]:
                best = number
        return best


def _last(lines: list[str]) -> int:
    """The number of the last line that says something."""
    return max((number for number, line in enumerate(lines, start=1) if line.strip()), default=len(lines))


def _spoilt(lines: list[str], at: int) -> range:
    """The lines that go with the faulty one."""
    end = at + 1
    if _HEADER.match(lines[at]):
        while end < len(lines) and not _HEADER.match(lines[end]):
            end += 1
    return range(at, end)
