"""The settings as they hold, for people to read: every value named as in the file, and no secret among them (reliability S23)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, SecretStr

from bus.policy import PartnerSettings
from ops.settings import Settings

HIDDEN = frozenset({"credentials", "keyring", "key_sha256"})
"""What stands under these names is never shown, only whether it is there."""

PASSWORD = re.compile(r"(://[^:/@]*):.*@")
"""Of an address: what stands before the host, up to its last @, whatever it is made of."""


class Line(NamedTuple):
    """One setting. `given`: it was said, in the file or the environment; else it is as by default. `secret`: `value` is empty."""

    name: str
    value: str
    given: bool
    secret: bool = False


class Section(NamedTuple):
    """A table of the file, such as `ledger` or `partners.postal`."""

    name: str
    lines: tuple[Line, ...]


def sections(settings: Settings, partners: Mapping[str, PartnerSettings]) -> list[Section]:
    """The settings' own tables, then each client, source and partner."""
    named = {
        f"{kind}.{name}": value for kind in ("sources", "clients") for name, value in getattr(settings, kind).items()
    }
    own = {
        name: getattr(settings, name)
        for name in Settings.model_fields
        if name not in ("partners", "sources", "clients")
    }
    rooms = {f"partners.{name}": partners[name] for name in sorted(partners)}
    return [Section(name, tuple(_lines("", value, given=True))) for name, value in (own | named | rooms).items()]


def _lines(name: str, value: Any, *, given: bool) -> Iterator[Line]:
    """A value as lines, each with its whole name."""
    place, inside = name.rpartition(".")[2].partition("[")[0], f"{name}." if name else ""
    if isinstance(value, SecretStr) or place in HIDDEN:
        yield from _hidden(name, value, given=given)
    elif isinstance(value, BaseModel):
        for field in type(value).model_fields:
            said = given and field in value.model_fields_set
            yield from _lines(inside + field, getattr(value, field), given=said)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _lines(f"{inside}{key}", part, given=given)
    elif isinstance(value, tuple | list) and value and isinstance(value[0], BaseModel | Mapping):
        for place_, part in enumerate(value):
            yield from _lines(f"{name}[{place_}]", part, given=given)
    else:
        yield Line(name, _written(value), given)


def _hidden(name: str, value: Any, *, given: bool) -> Iterator[Line]:
    parts = value.items() if isinstance(value, Mapping) else [("", value)] if value else []
    for key, _secret in parts:
        yield Line(f"{name}.{key}" if key else name, "", given, secret=True)


def _written(value: Any) -> str:
    """As the file would have it; an address without the password or anything after a question mark."""
    if value is None or value in ("", ()):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ", ".join(_written(part) for part in value)
    text = str(value)
    return _without_password(text) if "://" in text else text


def _without_password(url: str) -> str:
    """
    >>> _without_password("postgresql://bus:ge/h@im@db.example:5432/bus?sslpassword=x")
    'postgresql://bus@db.example:5432/bus'
    """
    return PASSWORD.sub(r"\1@", url.partition("?")[0])
