"""What a form asks for: a verb, and many deliveries in one field."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import TypeAdapter

from bus.ledger.words import Verb

VERB: TypeAdapter[Verb] = TypeAdapter(Verb)


def verb_of(name: str) -> Verb:
    """Raises ValidationError for a word that is no action."""
    return VERB.validate_python(name)


def spans(ids: Iterable[int]) -> str:
    """Many ids in little room.

    >>> spans([9, 4, 2, 3])
    '2-4,9'
    """
    told: list[list[int]] = []
    for number in sorted(ids):
        if told and number == told[-1][1] + 1:
            told[-1][1] = number
        else:
            told.append([number, number])
    return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in told)


def ids_of(text: str, limit: int) -> tuple[int, ...]:
    """The ids `spans` wrote, at most `limit`; none where it is something else.

    >>> ids_of("2-4,9", 10)
    (2, 3, 4, 9)
    >>> ids_of("1-999999999999", 10), ids_of("x", 10)
    ((), ())
    """
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not (first.isdigit() and (last or first).isdigit() and len(first) < 19 and len(last) < 19):
            return ()
        if len(found) + int(last or first) - int(first) >= limit:
            return ()
        found += range(int(first), int(last or first) + 1)
    return tuple(found)
