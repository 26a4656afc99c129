"""`[openid]`: where people of the console may sign in beside local accounts, and which rights a claim gives."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from ops.rights import Role

Address = Annotated[str, Field(pattern=r"^(https://[^\s?#]+|http://(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?[^\s?#]*)?$")]
"""https, or this machine; empty: none."""


class OpenIdSettings(BaseModel):
    """`[openid]`: people of the console sign in at a provider (OpenID Connect), beside local accounts. Without an `issuer`: not.

    `roles` says which value of the claim `roles_claim` gives which roles, `partners` which binds to one partner (docs/people.md).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Address = ""
    client_id: str = ""
    credentials: dict[Literal["client_secret"], SecretStr] = Field(default_factory=dict)
    scope: str = "openid profile"
    name_claim: str = "preferred_username"
    roles_claim: str = "groups"
    roles: dict[str, tuple[Role, ...]] = Field(default_factory=dict)
    partners: dict[str, str] = Field(default_factory=dict)
    algorithms: tuple[Literal["RS256", "PS256", "ES256", "EdDSA"], ...] = Field(default=("RS256",), min_length=1)
    ca_file: str | None = None

    @model_validator(mode="after")
    def _somebody_may_something(self) -> OpenIdSettings:
        if self.issuer and not (self.client_id and self.roles):
            raise ValueError("an issuer needs a client_id and [openid.roles]")
        return self

    @property
    def secret(self) -> str:
        given = self.credentials.get("client_secret")
        return given.get_secret_value() if given is not None else ""
