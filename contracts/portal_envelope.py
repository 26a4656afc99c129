"""The national portal's envelope, which its dossier services and the procedure catalogue share (domain notes 3.1, 3.2).

A request is `{session, madonvi, service, ...}`, an answer `{error_code, message, result?}`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Message(BaseModel):
    """A message of the portal's family; fields we do not know may stand in it."""

    model_config = ConfigDict(extra="allow")


def _text(value: Any) -> Any:
    """The portal writes error codes as numbers and as text."""
    return str(value) if isinstance(value, int) else value


ErrorCode = Annotated[str, BeforeValidator(_text)]


class LoginReply(Message):
    """Answer to `{username, password}`."""

    session: str = ""
    error_code: ErrorCode
    message: str = ""


class Reply(Message):
    """Answer to every service. `result` differs by service and may be missing."""

    error_code: ErrorCode
    message: str = ""
    result: Any = None
