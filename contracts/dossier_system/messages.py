"""What we post to the dossier system: a CloudEvent, signed. Its `data` is masked whole wherever the request is shown."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict

from contracts.marks import PERSONAL


class Notice(BaseModel):
    """A CloudEvent as it is posted to the webhook."""

    model_config = ConfigDict(extra="allow")

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    data: Annotated[dict[str, Any], PERSONAL]
