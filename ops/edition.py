"""Which mapping, contract and code lists a request is made with: the digest of each, kept with the attempt and listed in the ledger.

A mapping's digest is taken over the files of its room and of the engine, a contract's over those of its room: whatever changes them
makes another edition. People know an edition by its number, the place in which this province came to use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from bus.ledger.edition import Edition, EditionBook
from bus.ledger.ledger import LedgerBusy
from contracts import codes
from contracts.contract import ContractDocument

PACE_S = 5.0
KINDS = ("contract", "mapping", "codes")
ENGINE = ("convert.py", "table.py")
"""What all mappings are carried out by."""


class Editions:
    """The editions in use in this process."""

    def __init__(self, book: EditionBook) -> None:
        self._book = book
        self._kept: set[tuple[str, str, str]] = set()

    def of(self, partner: str) -> Mapping[str, str]:
        """What a request of this partner is mapped with now: digests by kind, as they are kept with its attempt."""
        return {**room(partner), "codes": codes.edition()}

    async def watch(self, partners: Sequence[str]) -> None:
        """Tell the ledger of editions it does not know, and of new ones as code lists change."""
        while True:
            with contextlib.suppress(LedgerBusy):
                for partner in partners:
                    await self.keep(partner)
            await asyncio.sleep(PACE_S)

    async def keep(self, partner: str) -> None:
        """Note what this partner's requests are mapped with. Raises LedgerBusy."""
        for kind, digest in self.of(partner).items():
            whose = "" if kind == "codes" else partner
            if (kind, whose, digest) not in self._kept:
                says = document(partner) if kind == "contract" else ""
                await self._book.keep(Edition(kind, whose, digest, says))
                self._kept.add((kind, whose, digest))

    async def told(self, partner: str, facts: Mapping[str, str]) -> dict[str, dict[str, object]]:
        """Each edition named in an attempt's facts, by kind: digest, its number (None: not in the ledger's list), since when, what it
        says. Empty where the attempt names none: it was made before editions were kept, or mapped nothing."""
        found: dict[str, dict[str, object]] = {}
        for kind in KINDS:
            if digest := facts.get(kind):
                line: dict[str, object] = {"digest": digest, "number": None, "first_at": None, "says": ""}
                for number, known in enumerate(await self._book.all(kind, "" if kind == "codes" else partner), start=1):
                    if known.digest == digest:
                        line |= {"number": number, "first_at": known.first_at, "says": known.says}
                found[kind] = line
        return found


@cache
def room(partner: str) -> Mapping[str, str]:
    """The digests of a partner's mapping and contract."""
    engine = [files("mappings").joinpath(name) for name in ENGINE]
    return {
        "contract": _digest(_files("contracts", partner)),
        "mapping": _digest([*engine, *_files("mappings", partner)]),
    }


def document(partner: str) -> str:
    """The document and version behind a partner's contract; empty for a room that has none."""
    found = contract(partner)
    return f"{found.document}: {found.version}" if found else ""


def contract(partner: str) -> ContractDocument | None:
    """The contract of a partner's room; None for a room that has none."""
    with contextlib.suppress(ImportError, AttributeError):
        found: ContractDocument = importlib.import_module(f"contracts.{partner}").CONTRACT
        return found
    return None


def _files(floor: str, partner: str) -> Iterator[Traversable]:
    folder = files(floor).joinpath(partner)
    return _below(folder) if folder.is_dir() else iter(())


def _below(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _below(entry)
        elif entry.is_file():
            yield entry


def _digest(found: Sequence[Traversable] | Iterator[Traversable]) -> str:
    whole = sha256()
    for file in sorted(found, key=str):
        whole.update(file.name.encode() + file.read_bytes())
    return whole.hexdigest()[:8]
