"""Look-ups in the ledger: whether a partner may be asked now, and the record of who asked about whom and for what purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from bus.ledger.book import Ask, Book, Write
from bus.ledger.claim import Admission, admit
from bus.ledger.words import Claim
from bus.seal import Keyring

ABOUT = 50
"""People and firms a record names at most, by their digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A look-up to be recorded. `question` is its canonical text and `about` the identifiers (kind, value) in it and in what was found:
    both are stored as keyed digests only; reason and officer are sealed."""

    who: str
    partner: str
    name: str
    purpose: str
    question: str
    about: tuple[tuple[str, str], ...]
    outcome: str
    matches: int = 0
    cached: bool = False
    cause: str = ""
    code: str = ""
    dossier: str = ""
    fields: tuple[str, ...] = ()
    reason: str = ""
    officer: str = ""
    took_s: float = 0.0
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class LookupView:
    """A recorded look-up as it is shown; whom it was about is not in it."""

    id: int
    at: float
    who: str
    partner: str
    name: str
    purpose: str
    dossier: str
    fields: tuple[str, ...]
    outcome: str
    cause: str
    code: str
    matches: int
    cached: bool
    took_s: float
    trace_id: str
    reason: str
    officer: str


ANSWERS = frozenset({"found", "none", "several"})
"""Outcomes of a look-up with which the partner did its work."""


def keep_lookup(book: Book, looked: Looked) -> None:
    """Write the record, and the same facts into the journal, whose chain shows a record that was taken away or changed."""
    secret = orjson.dumps({"reason": looked.reason, "officer": looked.officer})
    facts = {
        "at": book.now,
        "who": looked.who,
        "partner": looked.partner,
        "name": looked.name,
        "purpose": looked.purpose,
        "dossier": looked.dossier,
        "fields": " ".join(looked.fields),
        "outcome": looked.outcome,
        "cause": looked.cause,
        "code": looked.code[:80],
        "matches": looked.matches,
        "cached": int(looked.cached),
        "took_s": looked.took_s,
        "trace_id": looked.trace_id,
    }
    sealed = book.keys.seal(secret, _record(looked.who, book.now)) if looked.reason or looked.officer else None
    number = book.db.rows("record_lookup", {**facts, "secret": sealed})[0][0]
    digests = [book.keys.digest(f"lookup {looked.partner}.{looked.name}", looked.question)]
    digests += [book.keys.digest(kind, value) for kind, value in looked.about[:ABOUT]]
    book.db.many("lookup_about", [(digest, number) for digest in dict.fromkeys(digests)])
    if not looked.cached and looked.outcome in ANSWERS:
        book.answered(looked.partner)
    book.moves.append([0, "lookup", number, *facts.values(), [digest.hex() for digest in digests]])


class Lookups:
    """The ledger as look-ups see it. `claim` and `record` write in those turns, `ask` reads."""

    def __init__(self, keys: Keyring, claim: Write, record: Write, ask: Ask) -> None:
        self._keys = keys
        self._claim = claim
        self._record = record
        self._ask = ask

    async def admit(self, asked: Claim) -> Admission:
        """Whether one call may begin now, within the partner's switches and rate budget."""
        admission: Admission = await self._claim(lambda book: admit(book, asked))
        return admission

    async def keep(self, looked: Looked) -> None:
        """Record a look-up, in the journal too; answered after the commit."""
        await self._record(lambda book: keep_lookup(book, looked))

    async def page(
        self,
        *,
        who: str = "",
        partner: str = "",
        about: tuple[str, str] | None = None,
        cursor: str = "",
        limit: int = 100,
    ) -> tuple[list[LookupView], str]:
        """Recorded look-ups, newest first, and the next page's cursor; `about` is an identifier (kind, value) of a person or firm."""
        asked: dict[str, Any] = {"who": who, "partner": partner, "before": int(cursor or 2**62), "limit": limit + 1}
        query = "lookups"
        if about is not None:
            query, asked["digest"] = "lookups_about", self._keys.digest(*about)
        rows = await self._ask(lambda connection: connection.rows(query, asked))
        views = [_view(self._keys, row) for row in rows[:limit]]
        return views, str(views[-1].id) if len(rows) > limit else ""


def _view(keys: Keyring, row: tuple[Any, ...]) -> LookupView:
    (
        number,
        at,
        who,
        partner,
        name,
        purpose,
        dossier,
        fields,
        outcome,
        cause,
        code,
        matches,
        cached,
        took_s,
        trace,
        sealed,
    ) = row
    secret = orjson.loads(keys.open(bytes(sealed), _record(who, at))) if sealed else {"reason": "", "officer": ""}
    facts = (number, at, who, partner, name, purpose, dossier, tuple(fields.split()), outcome, cause, code, matches)
    return LookupView(*facts, bool(cached), took_s, trace, **secret)


def _record(who: str, at: float) -> str:
    """The associated data of a record's sealed part."""
    return f"lookup|{who}|{at!r}"
