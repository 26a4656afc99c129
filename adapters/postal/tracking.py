"""A page of the tracking cursor, row by row: ours, others', and what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import structlog
from pydantic import ValidationError

from bus.adapter import Poll
from contracts.envelope import Envelope
from contracts.fault import Refusal
from contracts.postal.messages import TrangThaiBuuGui
from mappings.postal.inbound import UNKNOWN, is_ours, moved

log = structlog.get_logger("adapters.postal")


def read_page(rows: Sequence[Any], last: str, provinces: Collection[str]) -> Poll:
    """What the rows behind `last` bring. A row that cannot be read is kept and passed by, and so is a status nobody has described,
    whose event says so besides. Rows of others are counted. The walk goes on behind the last row that has a key.
    """
    events: list[Envelope] = []
    bad: list[bytes] = []
    others = 0
    for line in rows:
        try:
            row = TrangThaiBuuGui.model_validate(line)
            last = max(last, row.id.oid)
            told = moved(row) if is_ours(row.orderNumber, provinces) else ()
        except (ValidationError, Refusal) as error:
            bad.append(_kept("not the agreed shape" if isinstance(error, ValidationError) else str(error), line))
            continue
        others += not told
        if told and told[0].data["shipment"]["state"] == UNKNOWN:
            log.warning("a status nobody has described", partner="postal", code=row.statusCode[:20])
            bad.append(_kept("a status that is not in the list postal_status", line))
        events += told
    if others:
        log.info("rows of others passed by", partner="postal", rows=others)
    return Poll(tuple(events), last, tuple(bad), more=bool(rows))


def _kept(why: str, line: Any) -> bytes:
    return json.dumps({"why": why, "row": line}, ensure_ascii=False).encode()
