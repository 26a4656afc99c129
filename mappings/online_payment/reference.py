"""MaThamChieu: a dossier's code and the number of its order, written in letters and digits so that both can be read back.

```
000.00.17.H59-260702-0001, order 1   ->   0000017H59 260702 4 0001 1      (without the blanks)
H59.17.5-260702-12345, order 2       ->   H59 2 0R05 260702 5 12345 2
```
The agency: in the old form without its dots (3, 2, 2 digits, letter, 2 digits: always ten characters); in the new form the province, how
many groups follow, and each group as two characters of base 36, which hold its value and its number of digits. Then the day, how many
digits the number has (0 stands for 10), the number, and the order. At most 50 characters, unique, and the same whenever it is made
again. The platform's public client writes "dvc", the code without punctuation and a 12-hour time: not to be read back, and repeated
twelve hours later.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LENGTH = 50
MAX_ORDER = 9999
_CODE = re.compile(r"(?P<agency>[A-Z0-9.]+)-(?P<day>\d{6})-(?P<number>\d{4,10})\Z", re.ASCII)
_OLD = re.compile(r"(\d{3})\.?(\d\d)\.?(\d\d)\.?([A-Z]\d\d)", re.ASCII)
_NEW = re.compile(r"([A-Z]\d\d)(\d)", re.ASCII)
_TAIL = re.compile(r"(\d{6})(\d)(\d+)\Z", re.ASCII)
_FIRST = {1: 0, 2: 10, 3: 110}
"""Groups of one digit come first, then those of two, then of three."""
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Named(NamedTuple):
    """What a reference names."""

    dossier: str
    order: int


def reference(dossier: str, order: int) -> str:
    """The reference of the `order`-th order (from 1) of a dossier. Raises ValueError for what is no dossier code or no such number.

    >>> reference("000.00.17.H59-260702-0001", 1), reference("H59.17.5-260702-12345", 2)
    ('0000017H59260702400011', 'H5920R052607025123452')
    """
    match = _CODE.match(dossier)
    if match is None or not 1 <= order <= MAX_ORDER:
        raise ValueError("a reference is made of a dossier's code and a number from 1 to 9999")
    number = match["number"]
    return f"{_packed(match['agency'])}{match['day']}{len(number) % 10}{number}{order}"


def named(text: str) -> Named | None:
    """What a reference names, None for one that is not ours."""
    agency, rest = _unpacked(text)
    tail = _TAIL.match(rest)
    if not agency or tail is None:
        return None
    length = int(tail[2]) or 10
    number, order = tail[3][:length], tail[3][length:]
    found = Named(f"{agency}-{tail[1]}-{number}", int(order or 0))
    try:
        return found if reference(*found) == text else None
    except ValueError:
        return None


def _packed(agency: str) -> str:
    if old := _OLD.fullmatch(agency):
        return "".join(old.groups())
    province, *groups = agency.split(".")
    if len(groups) > 9 or any(len(group) not in _FIRST or not group.isdigit() for group in groups):
        raise ValueError("an agency id has up to nine groups of one to three digits")
    places = [_FIRST[len(group)] + int(group) for group in groups]
    return f"{province}{len(groups)}" + "".join(_DIGITS[place // 36] + _DIGITS[place % 36] for place in places)


def _unpacked(text: str) -> tuple[str, str]:
    """The agency id and what stands behind it; empty when there is none."""
    if old := _OLD.match(text):
        return ".".join(old.groups()), text[old.end() :]
    new = _NEW.match(text)
    if new is None:
        return "", ""
    end = new.end() + 2 * int(new[2])
    pairs = [text[at : at + 2] for at in range(new.end(), end, 2)]
    if any(len(pair) != 2 or not set(pair) <= set(_DIGITS) for pair in pairs):
        return "", ""
    return ".".join([new[1], *(_group(36 * _DIGITS.index(pair[0]) + _DIGITS.index(pair[1])) for pair in pairs)]), text[
        end:
    ]


def _group(place: int) -> str:
    length = max(length for length, first in _FIRST.items() if first <= place)
    return f"{place - _FIRST[length]:0{length}}"
