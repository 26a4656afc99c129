"""Settings: one TOML file, every value overridable by environment (`LIENTHONG_LEDGER__URL`), errors that name key and line.

Raises `SettingsError` with one sentence per fault; secrets are never shown.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from adapters import discover
from bus.adapter import Partner
from bus.ledger.words import SourceRule
from bus.policy import PartnerSettings
from bus.seal import Keyring

SAMPLE = "CHANGE-ME"
"""A secret that stands in the example file; nothing starts with it."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class SettingsError(Exception):
    """The settings cannot be used; the text says which key, on which line, and why."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LedgerSettings(_Section):
    """`[ledger]`"""

    url: str = "sqlite:///var/ledger.db"
    queue_limit: int = Field(default=20_000, ge=100)
    unsafe: bool = False


class BrokerSettings(_Section):
    """`[broker]`"""

    url: Annotated[str, Field(pattern=r"^(memory|amqps?)://")] = "memory://"


class HttpSettings(_Section):
    """`[http]`"""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = ""
    tls_certificate: str | None = None
    tls_key: str | None = None
    behind_tls_proxy: bool = False
    max_body_bytes: int = Field(default=20 * 2**20, ge=1024)
    max_batch: int = Field(default=1000, ge=1, le=1000)
    body_limit_s: float = Field(default=30.0, gt=0)
    requests_per_s: float = Field(default=200.0, gt=0)
    concurrency: int = Field(default=200, ge=1)


class KeySettings(_Section):
    """`[keys]`: a keyring file of mode 0600, or the keyring itself in the environment."""

    file: str | None = None
    keyring: SecretStr | None = None


class TelemetrySettings(_Section):
    """`[telemetry]`"""

    otlp_url: str = ""
    sample_ratio: float = Field(default=0.05, ge=0, le=1)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_file: str | None = None


class IntakeSettings(_Section):
    """`[intake]`"""

    amqp: bool = False


class CodeSettings(_Section):
    """`[codes]`: a folder with the province's own rows."""

    folder: str | None = None


class SourceSettings(_Section):
    """`[sources."urn:..."]`"""

    first: Literal["one", "any"] = "one"
    gap_wait_s: float | None = Field(default=None, gt=0)


Scope = Literal["events", "read", "act", "metrics"]


class ClientSettings(_Section):
    """`[clients.NAME]`: a machine that may call us; `key_sha256` is the digest `lienthong client new` prints."""

    key_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scopes: tuple[Scope, ...] = ("events",)
    sources: tuple[str, ...] = ()


class Settings(BaseSettings):
    """All settings. `partners` holds each partner's own settings class."""

    model_config = SettingsConfigDict(
        env_prefix="LIENTHONG_", env_nested_delimiter="__", extra="forbid", frozen=True, arbitrary_types_allowed=True
    )

    ledger: LedgerSettings = LedgerSettings()
    broker: BrokerSettings = BrokerSettings()
    http: HttpSettings = HttpSettings()
    keys: KeySettings = KeySettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    intake: IntakeSettings = IntakeSettings()
    codes: CodeSettings = CodeSettings()
    partners: dict[str, dict[str, Any]] = Field(default_factory=dict)
    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    clients: dict[str, ClientSettings] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment overrides the file (given as init values)."""
        return env_settings, init_settings

    def partner(self, partner: Partner) -> PartnerSettings:
        """The settings of one partner in its own class. Raises ValidationError."""
        return partner.settings.model_validate(self.partners.get(partner.name, {}))

    def rules(self) -> dict[str, SourceRule]:
        return {source: SourceRule(rule.first, rule.gap_wait_s) for source, rule in self.sources.items()}

    def keyring(self) -> Keyring:
        """The keys that seal what is stored. Raises SettingsError."""
        try:
            if self.keys.keyring is not None:
                return Keyring.parse(self.keys.keyring.get_secret_value())
            if self.keys.file is None:
                raise SettingsError("[keys] file is missing: make one with `lienthong keys new FILE` and name it there")
            path = Path(self.keys.file)
            if not path.exists():
                raise SettingsError(f"[keys] file {path} does not exist: make it with `lienthong keys new {path}`")
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise SettingsError(f"[keys] file {path} may be read by others: chmod 600 {path}")
            return Keyring.parse(path.read_text())
        except ValueError as error:
            raise SettingsError(f"[keys]: {error}") from None


@dataclass(frozen=True, slots=True)
class _File:
    """The text of a settings file, to find the line of a key."""

    path: Path
    text: str

    def line_of(self, location: tuple[Any, ...]) -> int | None:
        """The line on which the deepest known part of a key's path stands."""
        best: int | None = None
        section: list[str] = []
        for number, line in enumerate(self.text.splitlines(), start=1):
            if header := re.match(r"\s*\[([^\[\]]+)\]", line):
                section = [part.strip().strip('"') for part in re.findall(r'"[^"]+"|[^.]+', header[1])]
                path = section
            elif key := re.match(r'\s*("?[\w.:-]+"?)\s*=', line):
                path = [*section, key[1].strip('"')]
            else:
                continue
            wanted = [str(part) for part in location]
            if path and path == wanted[: len(path)]:
                best = number
        return best


def load(path: Path | None, partners: Mapping[str, Partner] | None = None) -> Settings:
    """Read and check a settings file (None: environment and defaults alone). Raises SettingsError."""
    file = _read(path)
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.text)
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{file.path}: not TOML: {error}") from None
    try:
        settings = Settings(**values)
        known = discover() if partners is None else partners
        for name in settings.partners:
            if name not in known:
                where = _place(file, ("partners", name))
                raise SettingsError(f"{where}there is no partner {name}; there are {', '.join(known)}")
        for partner in known.values():
            try:
                settings.partner(partner)
            except ValidationError as error:
                raise SettingsError(_faults(error, file, ("partners", partner.name))) from None
    except ValidationError as error:
        raise SettingsError(_faults(error, file, ())) from None
    _check_secrets(settings, file)
    return settings


def _read(path: Path | None) -> _File | None:
    if path is None:
        return None
    try:
        return _File(path, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8 text") from None


def _place(file: _File | None, location: tuple[Any, ...]) -> str:
    """`file:line: [section] key: ` for the front of a sentence."""
    *section, key = [str(part) for part in location]
    name = f"[{'.'.join(section)}] {key}: " if section else f"[{key}]: "
    if file is None:
        return name
    line = file.line_of(location)
    return f"{file.path}:{line}: {name}" if line else f"{file.path}: {name}"


def _faults(error: ValidationError, file: _File | None, prefix: tuple[Any, ...]) -> str:
    sentences = []
    for details in error.errors(include_url=False, include_input=False):
        location = (*prefix, *details["loc"])
        says = (
            "there is no such key"
            if details["type"] == "extra_forbidden"
            else details["msg"].removeprefix("Value error, ")
        )
        sentences.append(f"{_place(file, location)}{says}")
    return "\n".join(sentences)


def _check_secrets(settings: Settings, file: _File | None) -> None:
    """No sample secret, and nothing beyond loopback without TLS and clients (reliability S05)."""
    for name, values in settings.partners.items():
        for key, secret in (values.get("credentials") or {}).items():
            if SAMPLE in str(secret):
                raise SettingsError(
                    f"{_place(file, ('partners', name, 'credentials', key))}still holds the sample secret"
                )
    http = settings.http
    if http.host not in LOOPBACK:
        if not (http.tls_certificate and http.tls_key) and not http.behind_tls_proxy:
            raise SettingsError(
                f"{_place(file, ('http', 'host'))}{http.host} is not loopback: "
                "give tls_certificate and tls_key, or say behind_tls_proxy = true"
            )
        if not settings.clients:
            raise SettingsError(
                f"{_place(file, ('http', 'host'))}{http.host} is not loopback: add a [clients.NAME] first"
            )


def default_file() -> Path | None:
    """`LIENTHONG_CONFIG`, else `lienthong.toml` here, else `/etc/lienthong/lienthong.toml`; None when there is none."""
    if named := os.environ.get("LIENTHONG_CONFIG"):
        return Path(named)
    for path in (Path("lienthong.toml"), Path("/etc/lienthong/lienthong.toml")):
        if path.exists():
            return path
    return None
