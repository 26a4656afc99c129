"""The two forms of an agency's id (mã định danh cơ quan), and what says the same thing in the other form.

Old form (QCVN 102:2016/BTTTT) `L4.L3.L2.L1`, read right to left: `000.05.17.H59` is unit 5 of department 17 of H59. New form
(QĐ 20/2020/QĐ-TTg) left to right without padding: `H59.17.5`. Both circulate (domain notes, 2.3).
"""

from __future__ import annotations

import re

_OLD = re.compile(r"(\d{3})\.(\d{2})\.(\d{2})\.([A-Z]\d{2})\Z", re.ASCII)
_NEW = re.compile(r"([A-Z]\d{2})((?:\.\d{1,3}){0,9})\Z", re.ASCII)
_WIDTHS = (2, 2, 3)
"""Digits of the second, third and fourth level in the old form."""


def new_form(code: str) -> str | None:
    """The new form of an id in the old one, None for anything else.

    >>> new_form("000.05.17.H59")
    'H59.17.5'
    >>> new_form("000.00.00.H59")
    'H59'
    """
    found = _OLD.match(code)
    if found is None:
        return None
    levels = [int(found[3]), int(found[2]), int(found[1])]
    while levels and not levels[-1]:
        levels.pop()
    return ".".join([found[4], *map(str, levels)])


def old_form(code: str) -> str | None:
    """The old form of an id in the new one; None for anything else, and where the old form has no room for it.

    >>> old_form("H59.17.5")
    '000.05.17.H59'
    >>> old_form("H55.242") is None
    True
    """
    found = _NEW.match(code)
    if found is None:
        return None
    levels = [int(level) for level in found[2].split(".")[1:]]
    if len(levels) > len(_WIDTHS):
        return None
    padded = [f"{level:0{width}}" for level, width in zip(levels + [0] * 3, _WIDTHS, strict=False)]
    if any(len(level) > width for level, width in zip(padded, _WIDTHS, strict=True)):
        return None
    return ".".join([*reversed(padded), found[1]])
