"""What was found out about a file of a dossier, as the event that tells it. The bus itself speaks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.canonical.base import YEARS
from contracts.canonical.document import Paper, ResultPaper
from contracts.envelope import Envelope, make
from mappings.refusal import SOURCE, line

TYPE, PAPER_TYPE = "vn.lienthong.result.checked.v1", "vn.lienthong.paper.checked.v1"
NAME_LIMIT, SIGNATURES = 300, 50


def checked(
    *, dossier: str, paper: ResultPaper | Paper, key: str, place: int, at: datetime, found: Mapping[str, Any]
) -> Envelope:
    """The event `result.checked`, or `paper.checked` for what was handed in; `key` is the delivery's, `place` the file's in its list.

    `found` holds `problem` or the file's facts; its signatures as (signer, organisation, signed_at, verdict).
    """
    signatures = [
        {
            "signer": line(signer, NAME_LIMIT),
            "organisation": line(organisation, NAME_LIMIT),
            "signed_at": signed_at.isoformat() if signed_at is not None and signed_at.year in YEARS else None,
            "verdict": verdict,
        }
        for signer, organisation, signed_at, verdict in found.get("signatures", ())[:SIGNATURES]
    ]
    data = {
        **found,
        "signatures": signatures,
        "dossier_code": dossier,
        ("paper_id" if isinstance(paper, Paper) else "result_id"): paper.id,
        "title": paper.title,
        "url": paper.url,
        "at": at.isoformat(),
    }
    return make(PAPER_TYPE if isinstance(paper, Paper) else TYPE, f"checked-{key}-{place}", SOURCE, dossier, at, data)
