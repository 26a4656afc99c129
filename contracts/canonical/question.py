"""A citizen's question about a procedure or a dossier (hỏi đáp), and its answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from contracts.canonical.base import Instant, Shape
from contracts.identifier import TIDY, Key, Label, Name, Text, Title
from contracts.marks import PERSONAL


class Question(Shape):
    """A question as it was asked; `id` is of the system it was asked in (`origin`), and the event's subject."""

    id: Key
    origin: Literal["portal", "local"]
    title: Text = ""
    content: Annotated[str, StringConstraints(min_length=1, max_length=4000), TIDY, PERSONAL]
    asker: Annotated[str, StringConstraints(max_length=300), TIDY, PERSONAL] = ""
    email: Annotated[str, StringConstraints(max_length=254), TIDY, PERSONAL] = ""
    phone: Annotated[str, StringConstraints(max_length=20), TIDY, PERSONAL] = ""
    procedure_code: Label = ""
    dossier: Label = ""
    agency_id: Label = ""
    asked_at: Instant


class Answered(Shape):
    """The answer, by an officer of an agency."""

    content: Annotated[str, StringConstraints(min_length=1, max_length=4000), TIDY, PERSONAL]
    officer: Name
    agency: Title
    at: Instant
