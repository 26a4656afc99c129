"""`[clients.NAME]`: the machines that may call us, and what each may do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Scope = Literal["events", "read", "act", "approve", "metrics", "lookup", "sign_in", "people"]
ReturnAddress = Annotated[
    str, Field(pattern=r"^(https://[^\s#]+|http://(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?/[^\s#]*)$")
]
"""Where browsers are sent back to after signing in or out: https, or this machine."""


class ClientSettings(BaseModel):
    """`[clients.NAME]`: a machine that may call us; `key_sha256` is the digest `lienthong client new` prints. `return_to` lists, letter
    for letter, where its users' browsers may be sent after signing in or out. `partner` binds it to one: it sees that one's alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scopes: tuple[Scope, ...] = ("events",)
    sources: tuple[str, ...] = ()
    partner: str = ""
    return_to: tuple[ReturnAddress, ...] = ()
