"""What an answer means before any partner's own table is read: the failure taxonomy of reliability.md, section 2, in one place.

Success is never decided here: a 200 is handed to the contract. What the contract cannot read is `Unknown`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from adapters.transport.http import Failure, Reply
from adapters.transport.retry_after import retry_after_s
from bus.outcome import Cause, Contract, Held, Outcome, Permanent, Taken, Transient, Unknown

WORDS_LIMIT = 500
TOO_LARGE = "too_large"
"""The code of an answer larger than we read."""
JSON_TYPES = frozenset({"application/json", "application/problem+json", "text/json"})
Model = TypeVar("Model", bound=BaseModel)


def from_failure(failure: Failure) -> Outcome:
    """No readable answer: not sent, TLS, or unknown."""
    if failure.sent:
        return Unknown(code=TOO_LARGE if failure.too_large else "", words=failure.words)
    if failure.cause is Cause.TLS:
        return Held(cause=Cause.TLS, words=failure.words)
    return Transient(cause=Cause.NOT_SENT, words=failure.words)


def from_status(reply: Reply, *, now: datetime | None = None, contract_shape: bool = False) -> Outcome | None:
    """What the status alone decides, None for a 200 or 201 that the contract has to read.

    `contract_shape`: the body is one the partner's contract knows, so a 404 is its answer and not a gateway's.
    """
    words = excerpt(reply.body)
    code = str(reply.status)
    match reply.status:
        case 200 | 201:
            return None
        case 202:
            return Taken(code=code, words=words)
        case 401:
            return Transient(cause=Cause.EXPIRED, code=code, words=words)
        case 403:
            return Held(cause=Cause.FORBIDDEN, code=code, words=words)
        case 429:
            return Transient(
                cause=Cause.BUSY, code=code, words=words, retry_after_s=retry_after_s(reply.retry_after, now)
            )
        case 503 if reply.retry_after:
            return Transient(
                cause=Cause.BUSY, code=code, words=words, retry_after_s=retry_after_s(reply.retry_after, now)
            )
        case 404 | 405 if not contract_shape:
            return Transient(cause=Cause.NOT_SENT, code=code, words=words)
        case 400 | 404 | 405 | 409 | 410 | 422:
            return Permanent(code=code, words=words)
        case 413 | 415:
            return Contract(cause=Cause.CONTRACT, code=code, words=words)
        case _:
            return Unknown(code=code, words=words)


def excerpt(body: bytes) -> str:
    """The partner's words, bounded; stored sealed."""
    return body[: 4 * WORDS_LIMIT].decode("utf-8", "replace")[:WORDS_LIMIT]


class Unreadable(Exception):
    """The answer is not what the contract says: class unknown."""


def read_json(reply: Reply) -> Any:
    """Strict JSON of a JSON reply. Raises Unreadable for anything else, HTML with status 200 included."""
    if reply.content_type not in JSON_TYPES:
        raise Unreadable(f"content type {reply.content_type or 'missing'} where JSON was agreed")
    try:
        return _STRICT.decode(reply.body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON ({type(error).__name__})") from None


def read_model(reply: Reply, model: type[Model]) -> Model:
    """A JSON reply as the contract's model. Raises Unreadable."""
    try:
        return model.model_validate(read_json(reply))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Unreadable(f"not the agreed shape: {'.'.join(map(str, first['loc']))}: {first['type']}") from None


def unreadable(reply: Reply, why: Unreadable) -> Unknown:
    """The outcome of an answer that cannot be read."""
    return Unknown(code=str(reply.status), words=f"{why}; {excerpt(reply.body)}"[:WORDS_LIMIT])


def everywhere(outcome: Outcome, rows: Sequence[Any]) -> list[Outcome]:
    """The same outcome for every row of a call."""
    return [outcome for _ in rows]


def of_question(outcome: Outcome, rows: Sequence[Any]) -> list[Outcome]:
    """What becomes of the rows of a question that was not answered: where the answer about all of them was too large, half are asked
    about at a time."""
    if outcome.code == TOO_LARGE and len(rows) > 1:
        outcome = Contract(cause=Cause.CONTRACT, code=TOO_LARGE, words=outcome.words, whole=True)
    return everywhere(outcome, rows)


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


_STRICT = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_unique)
