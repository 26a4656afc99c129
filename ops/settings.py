"""Settings: one TOML file, every value overridable by environment (`LIENTHONG_LEDGER__URL`), errors that name key and line.

Raises `SettingsError` with one sentence per fault; secrets are never shown.
"""

from __future__ import annotations

import stat
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bus.adapter import Partner
from bus.ledger.retention import Terms
from bus.ledger.words import SourceRule
from bus.policy import PartnerSettings
from bus.seal import Keyring
from contracts.single_sign_on.assertion import LIFETIME_LIMIT_S
from ops.client_settings import ClientSettings
from ops.incidents_settings import IncidentSettings
from ops.office_settings import OfficeSettings
from ops.openid_settings import OpenIdSettings


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


class CauseSettings(_Section):
    """`[causes]`: the province's own lines of the catalogue of causes, before those that come with the bus."""

    file: str | None = None


class IntakeSettings(_Section):
    """`[intake]`"""

    amqp: bool = False


def _origin(value: str) -> str:
    """Scheme, host and port, nothing more."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.path or parts.query:
        raise ValueError(f"{value} is no host with its scheme, such as https://hoso.tinh.gov.vn")
    return value


Origin = Annotated[str, AfterValidator(_origin)]


class AttachmentSettings(_Section):
    """`[attachments]`: the province's own file hosts, and what is looked at there (docs/attachments.md). Without hosts: nothing.

    `inside` tells where the bus reaches a host, if elsewhere than the world does; `networks` are the inner ones a name may lead to.
    """

    hosts: tuple[Origin, ...] = ()
    inside: dict[Origin, Origin] = Field(default_factory=dict)
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    ca_file: str | None = None
    check_results: bool = True
    require_signature: bool = False
    trusted: str | None = None
    max_bytes: int = Field(default=50 * 2**20, ge=1024)
    folder: str | None = None

    @model_validator(mode="after")
    def _what_is_required_can_be_found_out(self) -> AttachmentSettings:
        if self.require_signature and not (self.hosts and self.check_results and self.trusted):
            raise ValueError("require_signature needs hosts, check_results and a folder of trusted authorities")
        if self.trusted and not Path(self.trusted).is_dir():
            raise ValueError(f"trusted: there is no folder {self.trusted}")
        return self

    @property
    def checks(self) -> bool:
        """Whether results are looked at."""
        return bool(self.hosts) and self.check_results


class CodeSettings(_Section):
    """`[codes]`: a folder with the province's own rows."""

    folder: str | None = None


class RetentionSettings(_Section):
    """`[retention]`: for how many days what is kept stays (docs/retention.md); left out: for good."""

    events_days: int | None = Field(default=None, ge=90)
    messages_days: int | None = Field(default=None, ge=30)
    people_days: int | None = Field(default=None, ge=90)
    raw_days: int | None = Field(default=None, ge=1)
    lookups_days: int | None = Field(default=None, ge=90)
    audit_days: int | None = Field(default=None, ge=365)

    @model_validator(mode="after")
    def _messages_go_with_their_events(self) -> RetentionSettings:
        if self.events_days is not None and (self.messages_days or 0) > self.events_days:
            raise ValueError("messages_days is longer than events_days, and messages go with their events")
        return self

    @property
    def terms(self) -> Terms:
        return Terms(**{name.removesuffix("_days"): days for name, days in self.model_dump().items()})


class TaskSettings(_Section):
    """`[tasks]`: bulk actions. `canary` are tried first; above `approve_above` deliveries a second person approves."""

    canary: int = Field(default=3, ge=1, le=100)
    approve_above: int = Field(default=10, ge=1, le=10_000)
    rate_per_s: float = Field(default=10.0, gt=0, le=1000)


class SourceSettings(_Section):
    """`[sources."urn:..."]`"""

    first: Literal["one", "any"] = "one"
    gap_wait_s: float | None = Field(default=None, gt=0)


class SignInSettings(_Section):
    """`[sign_in]`: what the bus promises the dossier system about who signed in. `issuer` empty: our public address."""

    issuer: str = ""
    state_s: float = Field(default=600.0, gt=0, le=3600)
    ticket_s: float = Field(default=60.0, gt=0, le=300)
    assertion_s: int = Field(default=60, ge=5, le=LIFETIME_LIMIT_S)
    session_s: float = Field(default=43_200.0, ge=60, le=7 * 86_400)
    starts_per_s: float = Field(default=5.0, gt=0)


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
    causes: CauseSettings = CauseSettings()
    attachments: AttachmentSettings = AttachmentSettings()
    retention: RetentionSettings = RetentionSettings()
    tasks: TaskSettings = TaskSettings()
    partners: dict[str, dict[str, Any]] = Field(default_factory=dict)
    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    clients: dict[str, ClientSettings] = Field(default_factory=dict)
    sign_in: SignInSettings = SignInSettings()
    incidents: IncidentSettings = IncidentSettings()
    openid: OpenIdSettings = OpenIdSettings()
    office: OfficeSettings = OfficeSettings()

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
