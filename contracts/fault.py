"""What is wrong with a message, said so that its sender can mend it: where, which rule, whose rule, what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

OUR_CONTRACT = "docs/events.md"
MAX_FAULTS = 50
RULES = {
    "missing": "this field is required",
    "extra_forbidden": "there is no such field; docs/events.md lists the fields",
}
"""The commonest rules in our own words."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}\Z")


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken rule. `path` is a JSONPath, `value` what was found (masked where it may be personal), `source` the rule's origin."""

    path: str
    rule: str
    source: str = OUR_CONTRACT
    value: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


class Refusal(Exception):
    """A message that may not come in, with every fault found. Nothing of it is stored."""

    def __init__(self, faults: Sequence[Fault], event_id: str = "", source: str = "") -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.rule}" for fault in faults))
        self.faults = tuple(faults)
        self.event_id = event_id
        self.source = source


def refuse(code: str, rule: str, source: str, *, personal: bool = False) -> NoReturn:
    """Raise a validation error that carries the rule's source; `personal` keeps the value out of what is shown."""
    raise PydanticCustomError(code, "{rule}", {"rule": rule, "source": source, "personal": personal})


def faults_of(error: ValidationError, root: str = "$") -> list[Fault]:
    """The faults of a pydantic error, at most MAX_FAULTS; values are shown only where a rule says that they are not personal."""
    details = error.errors(include_url=False)
    found = [_fault(detail, root) for detail in details[:MAX_FAULTS]]
    if len(details) > MAX_FAULTS:
        found.append(Fault(root, f"and {len(details) - MAX_FAULTS} more faults"))
    return found


def _fault(details: ErrorDetails, root: str) -> Fault:
    context: dict[str, Any] = details.get("ctx") or {}
    ours = "rule" in context and "source" in context
    harmless = (ours and not context["personal"]) or details["type"] in ("literal_error", "enum")
    return Fault(
        path=root + "".join(_step(part) for part in details["loc"]),
        rule=RULES.get(details["type"]) or details["msg"].removeprefix("Value error, "),
        source=str(context["source"]) if ours else OUR_CONTRACT,
        value=_shown(details.get("input"), harmless=harmless),
    )


def _step(part: int | str) -> str:
    """One step of a JSONPath. A name that is no plain word was made up by the sender and may say anything: it is masked."""
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _WORD.match(part) else f"['{mask(part[:40])}']"


def _shown(value: object, *, harmless: bool) -> str:
    if isinstance(value, dict | list) or value is None:
        return ""
    text = str(value)
    return text[:80] if harmless else mask(text[:40])


def mask(text: str) -> str:
    """Enough to recognise, too little to know: the first and last three of a long value, stars for the rest.

    >>> mask("084080000123")
    '084******123'
    >>> mask("Nguyễn")
    '******'
    """
    if len(text) < 9:
        return "*" * len(text)
    return f"{text[:3]}{'*' * (len(text) - 6)}{text[-3:]}"
