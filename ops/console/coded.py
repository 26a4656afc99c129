"""What a coded value means, in the reader's language beside the code: a choice, yes or no, a row of a code list on its day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import islice

from contracts import codes
from contracts.canonical.words import value_words
from contracts.codes import CodeGap
from contracts.identifier import procedure_parts
from ops.console.text import Speech
from ops.edit_form import Field

SMALL = 50
"""A list without dates and with no more rows than this is chosen from; of another the code is entered."""


def shown(one: Field, text: str, on: date, say: Speech) -> str:
    """A value as it is shown: `trực tiếp (counter)`; as it is where it has no other name, or is masked."""
    name = _name(one, text, on, say)
    return f"{name} ({text})" if name and name != text else text


def offered(one: Field, on: date, say: Speech) -> list[tuple[str, str]]:
    """What may be chosen from, as value and words; nothing where it is entered, or stays as it is."""
    return [] if one.locked else [(text, shown(one, text, on, say)) for text in one.options or _whole(one.code_list)]


def _name(one: Field, text: str, on: date, say: Speech) -> str:
    if one.kind == "flag":
        return say(f"flag.{text}") if text in one.options else ""
    if one.kind == "choice":
        words = value_words().get((_field(one), text))
        return getattr(words, say.language, "")
    return _row(one.code_list, text, on, say) if one.code_list else ""


def _field(one: Field) -> str:
    """The name of the field, also of a member of its list."""
    return next(step for step in reversed(one.path.split(".")) if not step.isdigit())


def _row(code_list: str, text: str, on: date, say: Speech) -> str:
    """What the list calls a code that day; a procedure is listed without the agency and number of its case."""
    try:
        row = codes.lookup(code_list, procedure_parts(text).base if code_list == "procedure" else text, on)
    except (CodeGap, ValueError):
        return ""
    return (say.language == "en" and row.name_en) or row.name_vi


def _whole(code_list: str) -> Sequence[str]:
    """The codes of a small list that holds on every day."""
    rows = list(islice(codes.every(code_list), SMALL + 1)) if code_list else []
    if len(rows) > SMALL or any(row.valid_from or row.valid_to for row in rows):
        return ()
    return [row.code for row in rows]
