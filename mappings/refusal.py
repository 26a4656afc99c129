"""A partner's business refusal becomes an event for the dossier system: the officer reads it where the dossier is worked on.

The same for every partner: what was refused, by whom, under which code, in whose words. Nothing of the dossier itself goes along.
"""

from __future__ import annotations

from datetime import datetime

from contracts.envelope import Envelope, judge

SOURCE = "urn:lienthong:bus"
TYPE = "vn.lienthong.exchange.refused.v1"
CODE_LIMIT, WORDS_LIMIT = 100, 4000


def refused(
    *, dossier: str, partner: str, operation: str, code: str, words: str, key: str, attempt: int, at: datetime
) -> Envelope:
    """The event `exchange.refused`, one for each attempt refused (`key` is the delivery's), so that a resend tells its own end.

    Raises Refusal when `dossier` is no dossier's code: an event about something else has no desk to be told at.
    """
    data = {
        "dossier_code": dossier,
        "partner": partner,
        "operation": operation,
        "code": _line(code, CODE_LIMIT),
        "words": _line(words, WORDS_LIMIT),
        "at": at.isoformat(),
    }
    return judge(
        {
            "specversion": "1.0",
            "id": f"refused-{key}-{attempt}",
            "source": SOURCE,
            "type": TYPE,
            "subject": dossier,
            "time": at.isoformat(),
            "data": data,
        }
    )


def _line(text: str, limit: int) -> str:
    """The partner's text on one line, without what our own contract does not let in, cut to `limit` characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:limit].strip()
