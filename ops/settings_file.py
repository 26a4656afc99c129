"""The settings file read and judged: every fault at once, each with its key and line."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from adapters import discover
from bus.adapter import Partner
from ops.settings import Settings, SettingsError
from ops.toml_file import TomlFile

SAMPLE = "CHANGE-ME"
"""A secret that stands in the example file; nothing starts with it."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def load(path: Path | None, partners: Mapping[str, Partner] | None = None) -> Settings:
    """Read and check a settings file (None: environment and defaults alone). Raises SettingsError with every fault found."""
    settings, faults = _judge(_read(path), discover() if partners is None else partners)
    if faults:
        raise SettingsError("\n".join(says for _, says in sorted(faults)))
    return settings


def faults_of(path: Path | None) -> list[str]:
    """Everything that keeps the bus from starting with these settings, a sentence each, by line; the keyring last."""
    try:
        settings, faults = _judge(_read(path), discover())
    except SettingsError as error:
        return [str(error)]
    said = [says for _, says in sorted(faults)]
    try:
        settings.keyring()
    except SettingsError as error:
        said.append(str(error))
    return said


Faults = list[tuple[int, str]]
"""(line, sentence); line 0 where the file has none."""


def _judge(file: TomlFile | None, known: Mapping[str, Partner]) -> tuple[Settings, Faults]:
    """The settings as far as they can be read, and every fault in them."""
    values, broken = file.values() if file is not None else ({}, [])
    faults: Faults = [(line, f"{file.path}:{line}: {says}") for line, says in broken] if file is not None else []
    try:
        settings = Settings(**values)
    except ValidationError as error:
        faults += _faults(error, file, ())
        settings = _sound(values, error)
    for name in settings.partners:
        if name not in known:
            faults.append(_fault(file, ("partners", name), f"there is no partner {name}; there are {', '.join(known)}"))
    for value, name in settings.openid.partners.items():
        if name not in known:
            faults.append(_fault(file, ("openid", "partners", value), f"there is no partner {name}"))
    for client, own in settings.clients.items():
        if own.partner and own.partner not in known:
            faults.append(_fault(file, ("clients", client, "partner"), f"there is no partner {own.partner}"))
    for partner in known.values():
        try:
            settings.partner(partner)
        except ValidationError as error:
            faults += _faults(error, file, ("partners", partner.name))
    return settings, faults + _exposed(settings, file)


def _sound(values: Mapping[str, Any], error: ValidationError) -> Settings:
    """The file's sections that are not at fault, so that they are judged further in the same run."""
    wrong = {str(details["loc"][0]) for details in error.errors(include_url=False)}
    kept: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        if name in values and name not in wrong:
            section: Any = field.annotation
            with contextlib.suppress(ValidationError):  # the environment says it right
                kept[name] = TypeAdapter(section).validate_python(values[name])
    return Settings.model_construct(**kept)


def _read(path: Path | None) -> TomlFile | None:
    if path is None:
        return None
    try:
        return TomlFile(path, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8 text") from None


def _fault(file: TomlFile | None, location: tuple[Any, ...], says: str) -> tuple[int, str]:
    """`file:line: [section] key: what is wrong`; a value of the environment is named by its variable."""
    *section, key = [str(part) for part in location]
    variable = "LIENTHONG_" + "__".join(map(str, location)).upper()
    name = f"[{'.'.join(section)}] {key}" if section else f"[{key}]"
    if variable in os.environ:
        return 0, f"{variable}: {name}: {says}"
    line = file.line_of(location) if file is not None else None
    place = "" if file is None else f"{file.path}:{line}: " if line else f"{file.path}: "
    return line or 0, f"{place}{name}: {says}"


def _faults(error: ValidationError, file: TomlFile | None, prefix: tuple[Any, ...]) -> Faults:
    return [
        _fault(
            file,
            (*prefix, *details["loc"]),
            "there is no such key"
            if details["type"] == "extra_forbidden"
            else details["msg"].removeprefix("Value error, "),
        )
        for details in error.errors(include_url=False, include_input=False)
    ]


def _exposed(settings: Settings, file: TomlFile | None) -> Faults:
    """No sample secret, and nothing beyond loopback without TLS and clients (reliability S05)."""
    faults: Faults = []
    for name, values in settings.partners.items():
        for place, secret in _secrets(values):
            if SAMPLE in str(secret):
                faults.append(_fault(file, ("partners", name, *place), "still holds the sample secret"))
    if SAMPLE in settings.openid.secret:
        faults.append(_fault(file, ("openid", "credentials"), "still holds the sample secret"))
    http = settings.http
    if http.host not in LOOPBACK:
        host = ("http", "host")
        if not (http.tls_certificate and http.tls_key) and not http.behind_tls_proxy:
            says = f"{http.host} is not loopback: give tls_certificate and tls_key, or say behind_tls_proxy = true"
            faults.append(_fault(file, host, says))
        if not settings.clients:
            faults.append(_fault(file, host, f"{http.host} is not loopback: add a [clients.NAME] first"))
    return faults


def _secrets(values: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """What stands in any `credentials` table of a partner, with its place."""
    inside = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in inside:
        if place[-1:] == ("credentials",):
            yield (*place, key), value
        else:
            yield from _secrets(value, (*place, key))


def default_file() -> Path | None:
    """`LIENTHONG_CONFIG`, else `lienthong.toml` here, else `/etc/lienthong/lienthong.toml`; None when there is none."""
    if named := os.environ.get("LIENTHONG_CONFIG"):
        return Path(named)
    for path in (Path("lienthong.toml"), Path("/etc/lienthong/lienthong.toml")):
        if path.exists():
            return path
    return None
