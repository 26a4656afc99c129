"""From a claimed job to the row that leaves: the same for every partner that is sent JSON, one message a row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bus.adapter import Job, Row
from bus.outcome import Cause, Contract, Held, Outcome
from contracts.codes import CodeGap
from contracts.fault import Refusal
from mappings.table import Unmappable


def outward(job: Job, write: Callable[[Any], Mapping[str, Any]], switch: str = "") -> Row | Outcome:
    """What an earlier attempt sealed, else the job's message as `write` puts it; `Held` for a code gap, `Contract` where it cannot."""
    if job.request:
        return Row(job, job.request, switch)
    try:
        written = write(job.envelope.message)
    except CodeGap as gap:
        return Held(cause=Cause.CODE_GAP, key=gap.key, words=str(gap))
    except Unmappable as error:
        return Contract(cause=Cause.POISON, code=error.partner_field, words=str(error))
    except Refusal as error:
        return Contract(cause=Cause.POISON, words=str(error))
    return Row(job, json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode(), switch)
