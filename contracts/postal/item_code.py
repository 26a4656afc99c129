"""Item codes (số hiệu bưu gửi): VNPost hands out ranges beforehand; a code is two letters, eight digits, a check digit, VN (UPU S10)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CODE = re.compile(r"([A-Z]{2})([0-9]{8})([0-9])VN\Z")
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
LIMIT = 100_000
"""Codes in one range at most."""


def item_code(letters: str, serial: int) -> str:
    """The code with this serial.

    >>> item_code("RT", 47312482)
    'RT473124829VN'
    """
    digits = f"{serial:08}"
    rest = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11
    check = {0: 5, 1: 0}.get(rest, 11 - rest)
    return f"{letters}{digits}{check}VN"


def expand(written: str) -> Iterator[str]:
    """The codes of `first` or `first..last`. Raises ValueError for what is no code, or a range upside down or too long."""
    first, _, last = written.partition("..")
    letters, start = _parts(first)
    other, end = _parts(last or first)
    if other != letters or not 0 <= end - start < LIMIT:
        raise ValueError(f"{written} is no range of at most {LIMIT} item codes")
    return (item_code(letters, serial) for serial in range(start, end + 1))


def _parts(code: str) -> tuple[str, int]:
    match = _CODE.match(code.strip())
    if match is None or item_code(match[1], int(match[2])) != match[0]:
        raise ValueError(f"{code!r} is no item code: two letters, eight digits, the right check digit, VN")
    return match[1], int(match[2])
