"""The one search box: what somebody typed, as dossiers. Every number a dossier is known by finds it, however it is typed.

A person's or firm's identifier is found by its keyed digest. Who may not find people learns that there are dossiers, not whose; each such
search stands in the audit log, what was typed does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bus.clock import instant
from bus.ledger.keys import Hit, SearchKeys, Standing
from bus.ledger.sql_ledger import SqlLedger
from contracts.identifier import tidy

PEOPLE = ("citizen", "tax", "social")
"""What a person or firm is found by, as keyed digests (contracts.marks.Finder)."""
PERSON = "person"
"""The kind of what was found by one of them."""
LONGEST = 128
SHOWN = 50
"""Dossiers listed at most."""
_SEPARATORS = re.compile(r"[\s.\-()]")
_IDENTIFIER = re.compile(r"\d{9}|\d{10}|\d{12}|\d{13}", re.ASCII)
"""An old and a new citizen id, a tax code with or without its branch, a social insurance number, their separators removed."""


@dataclass(frozen=True, slots=True)
class Line:
    """A dossier that was found: by which kinds of keys, how its deliveries stand, None when it owes nobody anything."""

    dossier: str
    kinds: tuple[str, ...]
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought: the first lines and how many there are, and the delivery where one was asked for.

    `hidden`: there are dossiers of this person, and this reader may not know which. `suggestions`: codes that begin so.
    """

    lines: tuple[Line, ...] = ()
    total: int = 0
    delivery: int | None = None
    hidden: bool = False
    suggestions: tuple[str, ...] = ()


async def search(ledger: SqlLedger, typed: str, who: str, *, may_find: bool, only: str = "") -> Found:
    """Search for somebody; `may_find`: people too; `only`: what concerns this partner. Kept in the audit log, but for what was typed."""
    text = _asked(typed)
    keys = ledger.search_keys()
    hits = await _within(keys, await keys.find(text), only)
    people = await keys.find_people(PEOPLE, _identifiers(text)) if text else []
    owned = await _within(keys, [Hit(dossier, PERSON) for dossier in people], only)
    if may_find:
        hits += owned
    dossiers = list(dict.fromkeys(hit.dossier for hit in hits))
    hidden = bool(owned) and not may_find
    await _remark(ledger, who, hits, dossiers, person=bool(owned) or (not hits and is_identifier(text)))
    standing = await keys.standing(dossiers[:SHOWN])
    return Found(
        lines=tuple(
            Line(one, tuple(dict.fromkeys(hit.kind for hit in hits if hit.dossier == one)), standing.get(one))
            for one in dossiers[:SHOWN]
        ),
        total=len(dossiers),
        delivery=next((hit.delivery for hit in hits if hit.delivery is not None), None),
        hidden=hidden,
        suggestions=() if dossiers or hidden else tuple(await keys.suggest(text, only)),
    )


def told(found: Found) -> dict[str, Any]:
    """The same as plain JSON values."""
    return {
        "dossiers": [
            {
                "dossier": line.dossier,
                "found_by": list(line.kinds),
                **({"states": dict(line.standing.states), "changed_at": _when(line.standing)} if line.standing else {}),
            }
            for line in found.lines
        ],
        "total": found.total,
        "delivery": found.delivery,
        "suggestions": list(found.suggestions),
    }


def is_identifier(text: str) -> bool:
    """Whether this looks like the number of a person or firm.

    >>> is_identifier("084 080 000 123"), is_identifier("0100109106-001"), is_identifier("000.00.17.H59-230425-0001")
    (True, True, False)
    """
    return _IDENTIFIER.fullmatch(_SEPARATORS.sub("", text)) is not None


def _identifiers(text: str) -> Iterable[str]:
    """The forms under which an identifier may be stored: as typed, without separators, a branch's with its dash."""
    bare = _SEPARATORS.sub("", text)
    return (text, bare, f"{bare[:10]}-{bare[10:]}") if len(bare) == 13 else (text, bare)


def _asked(typed: str) -> str:
    """What was typed, tidied; nothing when it is no text."""
    try:
        return str(tidy(typed[:LONGEST])).strip()
    except ValueError:
        return ""


async def _within(keys: SearchKeys, hits: list[Hit], only: str) -> list[Hit]:
    """Of these, what concerns the partner `only`, where it is given."""
    if not only:
        return hits
    return [hit for hit in hits[: 2 * SHOWN] if await keys.known(hit.dossier, only)]


async def _remark(ledger: SqlLedger, who: str, hits: list[Hit], dossiers: list[str], *, person: bool) -> None:
    """Who searched by which kind of key; the dossier, where it is one and no person was asked for."""
    kinds = dict.fromkeys(hit.kind for hit in hits if hit.kind != PERSON)
    by = "a person's identifier" if person else ", ".join(kinds) or "nothing we know"
    single = dossiers[0] if len(dossiers) == 1 and not person else ""
    await ledger.remark(who, "search", f"{len(dossiers)} dossiers found by {by}", single)


def _when(standing: Standing) -> str:
    return instant(standing.changed_at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
