"""What requests were ever mapped with: editions of mappings, contracts and code lists, each by its digest, the first used first."""

from __future__ import annotations

from dataclasses import dataclass

from bus.ledger.book import Ask, Write


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition: `kind` is mapping, contract or codes (of no partner); `says` is its document and version, where it has one."""

    kind: str
    partner: str
    digest: str
    says: str
    first_at: float = 0.0


class EditionBook:
    """The operations, over the writer's turn and the reading threads. Every call raises LedgerBusy."""

    def __init__(self, write: Write, ask: Ask) -> None:
        self._write = write
        self._ask = ask

    async def keep(self, edition: Edition) -> None:
        """Note that an edition is in use; one that was noted before stays as it is."""
        values = {"kind": edition.kind, "partner": edition.partner, "digest": edition.digest, "says": edition.says}
        await self._write(lambda book: book.db.run("keep_edition", values | {"now": book.now}))

    async def all(self, kind: str, partner: str = "") -> list[Edition]:
        """The editions of one kind, the first used first; their place in this list is the number people know them by."""
        rows = await self._ask(lambda c: c.rows("editions", {"kind": kind, "partner": partner}))
        return [Edition(*row) for row in rows]
