"""VNPost over the national bus (OAuth2) or through the province's (a fixed access_token header): one method per operation."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from adapters.transport.gateway import Gateway, GatewaySettings
from bus.adapter import Call, Vault
from bus.outcome import Delivered, Outcome
from bus.policy import Seconds
from contracts.identifier import Phone
from contracts.postal.item_code import LIMIT, expand
from contracts.postal.messages import TraLoi, TrangTheoDoi


class DeskSettings(BaseModel):
    """`[partners.postal.desks."AGENCY"]`: a desk as VNPost knows it; `province` is VNPost's own number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    customer_code: Annotated[str, Field(min_length=1)]
    address: Annotated[str, Field(min_length=1)]
    phone: Phone
    province: Annotated[int, Field(ge=1)]
    name: str = ""
    email: str = ""


class PostalSettings(GatewaySettings):
    """`[partners.postal]`: `credentials` hold consumer_key and consumer_secret, or access_token.

    `item_codes` are codes and ranges `first..last`; `desks` are named by agency id, "*" is every other one.
    """

    auth: Literal["oauth2", "access_token"] = Field(
        default="oauth2", description="over the national bus; access_token: the fixed token of the province's own bus"
    )
    order_path: str = "/order"
    cancel_path: str = "/cancel"
    tracking_path: str = "/tracking"
    desks: dict[str, DeskSettings] = Field(
        default_factory=dict, description='each desk as VNPost knows it, by agency id; "*" is every other one'
    )
    provinces: tuple[str, ...] = Field(
        default=("H59", "H61", "H07"), description="whose orders are ours, of everybody's that the cursor tells of"
    )
    tracks_every_s: Seconds = Field(default=300.0, description="how often the cursor is walked to its end")
    page_size: int = Field(default=100, ge=1, le=1000, description="rows of the cursor a call")
    collect_fees: bool = Field(default=False, description="the postman asks for fees that nobody has paid (CODAmount)")
    item_codes: tuple[str, ...] = Field(
        default=(), description="the codes VNPost gave, single or first..last; none: orders go without a code"
    )
    item_codes_low: int = Field(default=100, ge=0, description="below so many each walk warns")
    without_item_code: Literal["send", "hold"] = Field(
        default="send", description="what an order does when the pool is empty"
    )

    @field_validator("item_codes")
    @classmethod
    def _are_item_codes(cls, written: tuple[str, ...]) -> tuple[str, ...]:
        if sum(1 for one in written for _ in expand(one)) > LIMIT:
            raise ValueError(f"more than {LIMIT} item codes")
        return written

    @model_validator(mode="after")
    def _a_fixed_token_is_given(self) -> Self:
        if self.base_url and self.auth == "access_token" and not self.credentials.get("access_token"):
            raise ValueError('auth = "access_token" needs credentials.access_token')
        return self

    @property
    def fixed(self) -> dict[str, str]:
        """See GatewaySettings.fixed; or the province's own token, in a header of its name."""
        return {"access_token": self.credential("access_token")} if self.auth == "access_token" else super().fixed


class PostalClient:
    """Speaks for the province."""

    def __init__(self, settings: PostalSettings, vault: Vault) -> None:
        self._settings = settings
        self._gateway = Gateway(settings, vault)
        self._order = self._gateway.endpoint(settings.order_path)
        self._cancel = self._gateway.endpoint(settings.cancel_path)

    async def order(self, body: bytes, call: Call) -> TraLoi | Outcome:
        """Create an order."""
        return await self._gateway.ask_model(self._order, body, TraLoi, call)

    async def cancel(self, body: bytes, call: Call) -> TraLoi | Outcome:
        """Cancel one."""
        return await self._gateway.ask_model(self._cancel, body, TraLoi, call)

    async def tracking(self, last_id: str, call: Call) -> TrangTheoDoi | Outcome:
        """The page behind `last_id`."""
        query = urlencode({"pagesize": self._settings.page_size, "lastId": last_id})
        endpoint = self._gateway.endpoint(f"{self._settings.tracking_path}?{query}", method="GET")
        return await self._gateway.ask_model(endpoint, b"", TrangTheoDoi, call)

    async def probe(self, call: Call) -> Outcome | None:
        """The cheapest harmless call: a token, or a look behind the end of the cursor."""
        if self._settings.auth == "oauth2":
            return await self._gateway.probe(call)
        page = await self.tracking("f" * 24, call)
        return page if isinstance(page, Outcome) else Delivered()

    async def close(self) -> None:
        await self._gateway.close()
