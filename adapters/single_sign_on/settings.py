"""`[partners.single_sign_on]`: the providers side by side, each with its addresses, credentials and habits."""

from __future__ import annotations

from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from bus.policy import PartnerSettings
from contracts.canonical.sign_in import Provider

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "HS256"]
Path = Annotated[str, Field(pattern=r"^/[^\s?#]*$")]
Address = Annotated[str, Field(pattern=r"^(https?://[^\s?#]+)?$")]
HMAC_LEAST_BYTES = 32


class ProviderSettings(BaseModel):
    """`[[partners.single_sign_on.providers]]`.

    `base_url` is where we reach the provider (empty: the partner's), `browser_url` where the citizen's browser does (empty: the same).
    `credentials` hold client_secret and, at VNeID, private_key (PEM): the RSA key whose public half is registered there. The id_token
    is verified by `algorithms` alone; HS256 means the client secret. `silent` is what vnconnect=1 asks for.
    Assumed: the paths are those of WSO2 Identity Server, which VNConnect's public clients look like; settings, not facts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Provider
    issuer: str = Field(min_length=1)
    client_id: str = Field(min_length=1)
    credentials: dict[Literal["client_secret", "private_key"], SecretStr] = Field(default_factory=dict)
    base_url: Address = ""
    browser_url: Address = ""
    authorize_path: Path = "/oauth2/authorize"
    token_path: Path = "/oauth2/token"
    userinfo_path: Path = "/oauth2/userinfo"
    jwks_path: Path = "/oauth2/jwks"
    introspect_path: Path | None = None
    revoke_path: Path | None = None
    logout_path: Path | None = "/oidc/logout"
    userinfo_method: Literal["GET", "POST"] | None = None
    scope: str = "openid"
    acr_values: str = ""
    algorithms: tuple[Algorithm, ...] = Field(default=("RS256",), min_length=1)
    nonce: bool = True
    pkce: bool = False
    silent: bool = True
    leeway_s: float = Field(default=120.0, ge=0, le=600)

    @model_validator(mode="after")
    def _fits_together(self) -> ProviderSettings:
        by_secret = [name for name in self.algorithms if name.startswith("HS")]
        if by_secret and len(by_secret) < len(self.algorithms):
            raise ValueError(
                "algorithms are all by the client secret (HS256) or all by the provider's keys, never both"
            )
        if by_secret and len(self.secret("client_secret").encode()) < HMAC_LEAST_BYTES:
            raise ValueError(f"HS256 needs a client_secret of {HMAC_LEAST_BYTES} bytes or more")
        self.private_key()
        return self

    @property
    def wants_id_token(self) -> bool:
        """VNeID gives none (S8); where it does all the same, it is verified."""
        return self.provider == "vnconnect"

    @property
    def asks_nonce(self) -> bool:
        """VNeID returns none (S8)."""
        return self.nonce and self.provider == "vnconnect"

    def secret(self, name: Literal["client_secret", "private_key"]) -> str:
        given = self.credentials.get(name)
        return given.get_secret_value() if given is not None else ""

    def private_key(self) -> RSAPrivateKey | None:
        """The key that opens wrapped replies. Raises ValueError, never naming its text."""
        if not (text := self.secret("private_key")):
            return None
        try:
            key = load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError):
            raise ValueError("private_key is no unencrypted PEM key") from None
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("private_key is no RSA key")
        return key


class SsoSettings(PartnerSettings):
    """`base_url` is the address of every provider that names none of its own; empty: sign-in is off."""

    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    providers: tuple[ProviderSettings, ...] = Field(default=(), description="VNConnect, VNeID, or both")

    @model_validator(mode="after")
    def _each_once(self) -> SsoSettings:
        names = [one.provider for one in self.providers]
        if len(set(names)) < len(names):
            raise ValueError("a provider stands twice")
        if self.base_url and self.enabled and not names:
            raise ValueError("name at least one provider in [[partners.single_sign_on.providers]]")
        return self
