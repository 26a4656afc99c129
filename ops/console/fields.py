"""What the fields of the canonical model are called on a page, and the rules by which mappings change them, in the reader's words."""

from __future__ import annotations

import re

from pydantic import BaseModel

from contracts.canonical.words import field_words
from contracts.marks import model_within
from ops.console.text import Speech
from ops.sentences import vietnamese
from ops.stages import TIDIED

_STEP = re.compile(r"([^.\[\]]+)((?:\[\d+\])*)\.?")
_MEMBER = re.compile(r"\[(\d+)\]")
_END = re.compile(r"[;:(,]|\s\d")
_FORMS = {"%Y": "yyyy", "%m": "MM", "%d": "dd", "%H": "HH", "%M": "mm", "%S": "ss"}


def label(model: type[BaseModel], path: str, say: Speech) -> list[str]:
    """The words for each step of a dotted path, the members of lists numbered; a step we have no words for is said by its name.

    Raises nothing: a path that is none of the model's is its own label.
    """
    shape: type[BaseModel] | None = model
    found = []
    for name, members in _STEP.findall(path):
        field = shape.model_fields.get(name) if shape is not None else None
        words = field_words().get((_owner(shape, name), name)) if shape is not None else None
        said = _short(words.vi if say.language == "vi" else words.en) if words else name
        found.append(" ".join([said, *(str(int(place) + 1) for place in _MEMBER.findall(members))]))
        shape = model_within(field.annotation) if field is not None else None
    return found


def _owner(shape: type[BaseModel], name: str) -> str:
    """The class of a shape's ancestry that first has the field: words stand with it."""
    owners = [one.__name__ for one in shape.__mro__ if (one.__name__, name) in field_words()]
    return owners[0] if owners else ""


def _short(words: str) -> str:
    """The head of a description, as a label: `mã hồ sơ; cũng là ...` is `Mã hồ sơ`."""
    head = _END.split(words, maxsplit=1)[0].strip()
    return head[:1].upper() + head[1:]


def rule(says: str, say: Speech) -> str:
    """A mapping's rule in the reader's language."""
    if says == TIDIED:
        return say("rule.tidied")
    for letters, form in _FORMS.items():
        says = says.replace(letters, form)
    if say.language == "en":
        return says
    found = vietnamese(__package__, "rules.csv", says)
    return says if found is None else found.vi.format(*(say.list_title(value) for value in found.values))


def contract(says: str, say: Speech) -> str:
    """A contract's document and version in the reader's language; as it is where we have no words."""
    found = vietnamese(__package__, "contracts.csv", says) if say.language == "vi" else None
    return says if found is None else found.vi
