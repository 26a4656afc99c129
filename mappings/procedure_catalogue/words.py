"""How the catalogue writes numbers, money, days and channels, and what can be counted of it."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from contracts.canonical.procedure import Channel, Unit
from contracts.identifier import LegalNumber, folded, tidy
from mappings.convert import Converter

_NUMBER = TypeAdapter[str](LegalNumber)
_GROUPED = re.compile(r"\d{1,3}(?:[.,\s]\d{3})+(?:[.,]0+)?\Z|\d{1,13}(?:[.,]0+)?\Z")
_MONEY_TAIL = re.compile(r"\s*(?:đồng|đ|vnđ|vnd|₫)\.?\Z", re.IGNORECASE)
_AMOUNT = re.compile(r"\d{1,4}(?:[.,]\d{1,2})?\Z", re.ASCII)
_CHANNELS: dict[str, Channel] = {
    "1": "counter",
    "2": "online",
    "3": "post",
    "DIRECT": "counter",
    "ONLINE": "online",
    "POSTAL": "post",
}
"""KENH by number (code list tthc.KENH, S1) and by the words of the newer catalogue (S4)."""
_UNITS: dict[str, Unit] = {
    "HOUR": "HOUR",
    "DAY": "DAY",
    "WORKING_DAY": "WORKING_DAY",
    "MONTH": "MONTH",
    "OTHER": "OTHER",
    "gio": "HOUR",
    "ngay": "DAY",
    "ngaylamviec": "WORKING_DAY",
    "thang": "MONTH",
    "khac": "OTHER",
}
"""Code list tthc.time_unit, and its Vietnamese names folded."""


def tidied() -> Converter:
    """Text in NFC without stray white space."""
    return Converter("text, tidied", lambda value, _message: value, tidy)


def day() -> Converter:
    """A day as dd/MM/yyyy, or as ISO 8601."""

    def back(value: Any) -> date | None:
        text = str(value).strip()
        if not text:
            return None
        return datetime.strptime(text, "%d/%m/%Y").date() if "/" in text else date.fromisoformat(text[:10])

    return Converter("day dd/MM/yyyy", lambda value, _message: value.strftime("%d/%m/%Y"), back)


def legal_number() -> Converter:
    """A legal document's number, normalised where it can be read, else as given."""

    def back(value: Any) -> str:
        text = str(tidy(value))
        try:
            return _NUMBER.validate_python(text)
        except ValidationError:
            return text[:100]

    return Converter("legal number", lambda value, _message: value, back)


def readable_number(text: str) -> bool:
    """Whether a text is a legal document's number."""
    try:
        return bool(_NUMBER.validate_python(text))
    except ValidationError:
        return False


def channel(raw: str) -> Channel:
    """KENH as our word; what nobody has described is `other`."""
    return _CHANNELS.get(raw.strip().upper(), "other")


def duration(amount: str, unit: str) -> tuple[float | None, Unit, str]:
    """A time limit as a number and a unit, and what could not be counted, in its words."""
    text, named = amount.strip(), unit.strip()
    known = _UNITS.get(named.upper()) or _UNITS.get(folded(named))
    left = named if known is None else ""
    if not _AMOUNT.match(text):
        return None, known or "OTHER", "; ".join(part for part in (text, left) if part)
    return float(text.replace(",", ".")), known or "OTHER", left


def money(raw: str) -> tuple[int | None, str]:
    """A sum in đồng, or its prose. Dots and commas before three digits are thousands.

    >>> money("8.000 đồng"), money("150000"), money("Theo nghị quyết của HĐND tỉnh")
    ((8000, ''), (150000, ''), (None, 'Theo nghị quyết của HĐND tỉnh'))
    """
    text = _MONEY_TAIL.sub("", raw.strip())
    if not _GROUPED.match(text):
        return None, str(tidy(raw))
    whole = re.sub(r"[.,]0{1,2}\Z", "", text)
    return int(re.sub(r"\D", "", whole)), ""
