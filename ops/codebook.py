"""The code lists at the desk: what stands in them, what is missing and who waits for it, and adding a row that sets those free."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from bus.clock import when
from bus.ledger.ledger import Ledger
from bus.ledger.sql_ledger import SqlLedger
from bus.ledger.words import Filter
from contracts import codes
from contracts.codes import Code, CodeGap, own, place
from ops import desk

STEP = 1000
"""So many deliveries are set free in one commit."""
FILLS = {"procedure_map": "procedure"}
"""Lists whose rows fill the gaps of another."""
NAMED = 50
"""For so many gaps a name is looked up in the events that wait."""


def lists() -> list[dict[str, Any]]:
    """Every list and how many rows it has."""
    return [{"list": name, "rows": sum(1 for _ in codes.every(name))} for name in sorted(codes.LISTS)]


def show(
    code_list: str, code: str = "", on: date | None = None, name: str = "", limit: int = 100
) -> list[dict[str, Any]]:
    """Rows of a list: all, or those of one code, of one day, or whose names resemble `name`. KeyError for a list we do not have."""
    if code_list not in codes.LISTS:
        raise KeyError(code_list)
    if code and on is not None:
        with contextlib.suppress(CodeGap):
            return [as_row(codes.lookup(code_list, code, on))]
        return []
    if name and on is not None:
        return [as_row(row) for row in codes.alike(code_list, name, on, limit)]
    found = (row for row in codes.every(code_list) if (not code or row.code == code) and (on is None or row.holds(on)))
    return [as_row(row) for row, _ in zip(found, range(limit), strict=False)]


def as_row(row: Code) -> dict[str, Any]:
    """A row as JSON writes it; open ends are null."""
    told = asdict(row) | {"extra": list(row.extra)}
    return told | {name: None if told[name] is None else told[name].isoformat() for name in ("valid_from", "valid_to")}


def page(code_list: str, text: str, on: date | None, after: int, limit: int) -> tuple[list[Code], int]:
    """Rows of a list whose code begins with `text` or whose name has all its words, accents and case aside; and where the next page
    begins (0 at the end). `after` rows of the list were looked at before. Raises KeyError for a list we do not have.
    """
    if code_list not in codes.LISTS:
        raise KeyError(code_list)
    words = codes.words(text)
    found: list[Code] = []
    for at, row in enumerate(codes.every(code_list)):
        if at < after or (on is not None and not row.holds(on)):
            continue
        if text and not row.code.startswith(text) and not (words and set(words) <= set(codes.words(row.name_vi))):
            continue
        if len(found) == limit:
            return found, at
        found.append(row)
    return found, 0


def fills(code_list: str, code: str, gap: Mapping[str, Any]) -> bool:
    """Whether a row of this list and code would be what a gap waits for, its days aside."""
    return (FILLS.get(code_list, code_list), code) == (gap["list"], gap["code"])


async def add(
    ledger: SqlLedger, folder: Path, code_list: str, row: Code, who: str, why: str = ""
) -> tuple[bool, list[dict[str, Any]]]:
    """Write a row and set free what waited for it: whether it was new, and a row per delivery. Kept in the audit log with `why`.

    Raises KeyError for a list we do not have, ValueError when the code has another meaning on one of the row's days, OSError when
    the folder cannot be written.
    """
    if code_list not in codes.LISTS:
        raise KeyError(code_list)
    new = own.write(folder, code_list, row)
    codes.load_extra(folder)
    reason = f"row {row.code} of list {code_list}: {why or row.source or row.name_vi}"
    if new:
        await ledger.remark(who, "add code", f"{reason} ({row.source})")
    filled = FILLS.get(code_list, code_list)
    return new, await release(ledger, who, reason, lambda gap: gap.code_list == filled)


async def release(
    ledger: Ledger, who: str, reason: str, only: Callable[[CodeGap], bool] = lambda _gap: True
) -> list[dict[str, Any]]:
    """Set free every delivery whose missing code has its row now; each is the head of its lane, the rest follow in order."""
    freed: list[dict[str, Any]] = []
    for key in dict.fromkeys(group.hold_key for group in await ledger.code_gaps()):
        gap = codes.gap_of(key)
        if gap is None or not only(gap) or not _has_row(gap):
            continue
        done = STEP
        while done == STEP:
            rows = await desk.act(ledger, desk.Deed("release", Filter(hold_key=key)), who, reason, limit=STEP)
            done = sum(row["done"] for row in rows)
            freed += rows
    return freed


async def gaps(ledger: Ledger) -> list[dict[str, Any]]:
    """What is missing, the longest-awaited first: list, code, day, how many deliveries of which partners wait, and suggestions."""
    found: dict[str, dict[str, Any]] = {}
    for group in await ledger.code_gaps():
        gap = codes.gap_of(group.hold_key)
        if gap is None:
            continue
        line = found.get(group.hold_key)
        if line is None:
            name = await _name(ledger, gap, group.example) if len(found) < NAMED else ""
            line = found[group.hold_key] = {
                "key": gap.key,
                "list": gap.code_list,
                "code": gap.code,
                "on": gap.on.isoformat(),
                "name": name,
                "count": 0,
                "partners": [],
                "since": when(group.oldest_at),
                "suggested": [as_row(row) for row in _suggested(gap, name)],
            }
        line["count"] += group.count
        line["partners"].append(group.partner)
    return list(found.values())


def _has_row(gap: CodeGap) -> bool:
    try:
        codes.lookup(gap.code_list, gap.code, gap.on)
    except (CodeGap, KeyError):
        return False
    return True


def _suggested(gap: CodeGap, name: str) -> list[Code]:
    """Rows that may be meant: what the old commune became, what is called alike, and the code itself on other days."""
    if gap.code_list not in codes.LISTS:
        return []
    found: list[Code] = []
    if gap.code_list == place.WARD:
        for heir in place.heirs(gap.code):
            with contextlib.suppress(CodeGap):
                found.append(codes.lookup(place.WARD, heir.code, gap.on))
    if name:
        found += codes.alike(gap.code_list, name, gap.on)
    found += [row for row in codes.every(gap.code_list) if row.code == gap.code]
    return list(dict.fromkeys(found))[:5]


async def _name(ledger: Ledger, gap: CodeGap, delivery: int) -> str:
    """What the event of a delivery that waits calls the code, empty when it gives no name."""
    views, _ = await ledger.deliveries(Filter(ids=(delivery,)), limit=1)
    story = await ledger.story(views[0].dossier) if views else None
    for event in story.events if story else ():
        if event.event_id == views[0].event_id:
            return next(_names(json.loads(event.body)["data"], gap.code), "")
    return ""


def _names(value: Any, code: str) -> Iterator[str]:
    """The `name` beside a `code` or `id` that says `code`, anywhere in an event's data. No other field is looked at."""
    if isinstance(value, dict):
        said = str(value.get("code") or value.get("id") or "")
        if isinstance(value.get("name"), str) and (said == code or said.startswith(f"{code}.")):
            yield value["name"]
        for inner in value.values():
            yield from _names(inner, code)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner, code)
