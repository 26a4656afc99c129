"""`[incidents]`: what is an incident here, and who is told of it by which way (docs/incidents.md)."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from bus.policy import MaintenanceWindow

SAMPLE = "CHANGE-ME"
"""A secret that stands in an example; nothing starts with it."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
DOSSIER_SYSTEM = "urn:lienthong:dossier-system"
Address = Annotated[str, Field(pattern=r"^[^\s@<>,;]+@[^\s@<>,;]+$", max_length=254)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _secret(value: SecretStr) -> SecretStr:
    if SAMPLE in value.get_secret_value():
        raise ValueError("still holds the sample secret")
    return value


def _hook(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("a webhook is reached by https")
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("a webhook is a host and a path, such as https://chat.tinh.gov.vn/hooks/lienthong")
    return value


Secret = Annotated[SecretStr, AfterValidator(_secret)]


class EmailSettings(_Section):
    """`[incidents.email]`: the mail server. `tls`: begun on a plain connection, from the start, or (on this machine alone) none."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "always", "none"] = "starttls"
    ca_file: str | None = None
    username: str = ""
    password: Secret = SecretStr("")
    sender: Address
    timeout_s: float = Field(default=20.0, gt=0, le=60)

    @model_validator(mode="after")
    def _nothing_is_told_in_the_open(self) -> EmailSettings:
        if self.tls == "none" and self.host not in LOOPBACK:
            raise ValueError(f"tls: {self.host} is another machine; mail goes there by TLS")
        return self


class RecipientSettings(_Section):
    """`[[incidents.recipients]]`: one who is told, by `email` or `webhook`, `after_s` seconds after an incident opened.

    With `after_s` it is an escalation: told only if nobody has taken the incident on by then. In `quiet` hours only what is urgent is
    told at once, with `urgent`; the rest when they end. `per_hour`: messages at most, the last of them sums up.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
    email: Address | None = None
    webhook: Annotated[str, AfterValidator(_hook)] | None = None
    secret: Secret = SecretStr("")
    after_s: float = Field(default=0.0, ge=0, le=86_400)
    quiet: tuple[MaintenanceWindow, ...] = ()
    urgent: bool = True
    per_hour: int = Field(default=12, ge=1, le=1000)

    @model_validator(mode="after")
    def _one_way(self) -> RecipientSettings:
        if (self.email is None) == (self.webhook is None):
            raise ValueError(f"{self.name}: give email or webhook, one of them")
        if self.webhook is not None and len(self.secret.get_secret_value()) < 16:
            raise ValueError(f"{self.name}: a webhook is signed; give a secret of 16 characters or more")
        return self


class IncidentSettings(_Section):
    """`[incidents]`. `silence`: seconds of working time a source may bring no event; `failures`: deliveries of one cause that are an
    incident; `slow_s`: how long what could go may wait. `link`: the console's address in messages, if not the bus's public one.
    """

    silence: dict[str, Annotated[float, Field(ge=60)]] = Field(default_factory=lambda: {DOSSIER_SYSTEM: 1800.0})
    certificate_days: int = Field(default=30, ge=1, le=365)
    failures: int = Field(default=20, ge=1)
    slow_s: float = Field(default=900.0, ge=60)
    free_bytes: int = Field(default=2**30, ge=0)
    link: Annotated[str, Field(pattern=r"^(https?://[^\s?#]+)?$")] = ""
    email: EmailSettings | None = None
    recipients: tuple[RecipientSettings, ...] = ()

    @model_validator(mode="after")
    def _recipients_can_be_told(self) -> IncidentSettings:
        names = [one.name for one in self.recipients]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"recipients: {', '.join(sorted(twice))} stands twice")
        if self.email is None and (mailed := [one.name for one in self.recipients if one.email]):
            raise ValueError(f"recipients: {', '.join(mailed)} is told by e-mail, and [incidents.email] is missing")
        return self
