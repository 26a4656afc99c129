"""A partner's business refusal becomes an event for the province's own system: the officer reads it where the work is done.

The same for every partner: what was refused, by whom, under which code, in whose words. Nothing of the dossier itself goes along.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from contracts.envelope import Envelope, make
from contracts.identifier import DossierCode

SOURCE = "urn:lienthong:bus"
TYPE = "vn.lienthong.exchange.refused.v1"
_CODE = TypeAdapter[str](DossierCode)
CODE_LIMIT, WORDS_LIMIT = 100, 4000


def refused(
    *, subject: str, partner: str, operation: str, code: str, words: str, key: str, attempt: int, at: datetime
) -> Envelope:
    """The event `exchange.refused`, one for each attempt refused (`key` is the delivery's), so that a resend tells its own end.

    Its subject is what was refused: a dossier mostly, else a legal document, a unit, whatever the refused event was about.
    """
    data = {
        "dossier_code": _dossier(subject),
        "partner": partner,
        "operation": operation,
        "code": line(code, CODE_LIMIT),
        "words": line(words, WORDS_LIMIT),
        "at": at.isoformat(),
    }
    return make(TYPE, f"refused-{key}-{attempt}", SOURCE, subject, at, data)


def _dossier(subject: str) -> str | None:
    try:
        return _CODE.validate_python(subject)
    except ValidationError:
        return None


def line(text: str, limit: int) -> str:
    """The partner's text on one line, without what our own contract does not let in, cut to `limit` characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:limit].strip()
