"""How numbers, times and spans are written for people, in Vietnamese and English. Pure; times are shown in Vietnam's."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from bus.maintenance import VIETNAM
from ops import words
from ops.reasons import reason
from ops.words import Language

DAYS = {
    "vi": ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
SHORT_DAYS = {
    "vi": ("T2", "T3", "T4", "T5", "T6", "T7", "CN"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


@cache
def _table() -> dict[str, dict[str, str]]:
    tables = [
        file for file in files(__package__).iterdir() if file.name.startswith("words") and file.name.endswith(".csv")
    ]
    rows = [row for file in tables for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines())]
    return {row["key"]: row for row in rows}


class Code(NamedTuple):
    """A dossier code in two parts: the agency, read lightly, and the date and number, read first."""

    agency: str
    rest: str


def code(dossier: str) -> Code:
    """`000.00.17.H61-261103-0148` as its agency with the dash, and the rest; a code of another shape has no agency."""
    agency, dash, rest = dossier.partition("-")
    return Code(agency + dash, rest) if dash else Code("", dossier)


class Speech:
    """Everything said in one language at one moment (`now`: seconds since the epoch)."""

    def __init__(self, language: Language, now: float) -> None:
        self.language: Language = language
        self.now = now

    def __call__(self, key: str, **facts: Any) -> str:
        """The console's words for `key`, else the bus's. Raises KeyError for words we do not have."""
        row = _table().get(key)
        return words.say(key, self.language, **facts) if row is None else words.fill(row[self.language], facts)

    def knows(self, key: str) -> bool:
        return key in _table() or words.knows(key)

    def list_title(self, name: str) -> str:
        """What a code list is called."""
        return words.list_title(name, self.language)

    def reason(self, says: str) -> str:
        """Why something of ours did not work; what a partner said stays as it is."""
        return reason(says, self.language)

    def number(self, value: float, digits: int = 0) -> str:
        """`1.213` and `72,4` in Vietnamese, `1,213` and `72.4` in English."""
        written = f"{value:,.{digits}f}"
        return written.translate(str.maketrans(",.", ".,")) if self.language == "vi" else written

    def span(self, seconds: float) -> str:
        """A length of time in its two largest units: `38 phút`, `1 giờ 34 phút`, `2 ngày`."""
        minutes = int(max(0.0, seconds) // 60)
        if minutes < 1:
            return self("span.seconds", n=int(max(0.0, seconds)))
        if minutes < 60:
            return self("span.minutes", n=minutes)
        if minutes < 24 * 60:
            hours, rest = divmod(minutes, 60)
            return self("span.hours_minutes", h=hours, m=rest) if rest else self("span.hours", h=hours)
        return self("span.days", n=minutes // (24 * 60))

    def ago(self, at: float) -> str:
        """`3 phút trước`."""
        return self("ago", span=self.span(self.now - at))

    def moment(self, at: float) -> datetime:
        """An instant in Vietnam's time."""
        return datetime.fromtimestamp(at, UTC).astimezone(VIETNAM)

    def exact(self, at: float) -> str:
        """`24/11/2026 09:42:10`."""
        return self.moment(at).strftime("%d/%m/%Y %H:%M:%S")

    def clock(self, at: float) -> str:
        """`09:42`, with the day where it is not today's: `23/11 09:42`."""
        local = self.moment(at)
        today = local.date() == self.moment(self.now).date()
        return local.strftime("%H:%M" if today else "%d/%m %H:%M")

    def second(self, at: float) -> str:
        """`08:14:02`, with the day where it is not today's."""
        return f"{self.clock(at)}:{self.moment(at):%S}"

    def day(self, at: float, *, short: bool = False) -> str:
        """`Thứ Ba 24/11/2026`, short `T3 24/11`."""
        local = self.moment(at)
        if short:
            return f"{SHORT_DAYS[self.language][local.weekday()]} {local:%d/%m}"
        return f"{DAYS[self.language][local.weekday()]} {local:%d/%m/%Y}"


def clock_ms(say: Speech, at: float) -> str:
    """`09:31:02,118` in Vietnamese, `09:31:02.118` in English."""
    local = say.moment(at)
    return f"{local:%H:%M:%S}{',' if say.language == 'vi' else '.'}{local.microsecond // 1000:03}"


def epoch(text: str | None) -> float | None:
    """An ISO 8601 instant of `ops.queries` as seconds since the epoch."""
    return None if text is None else datetime.fromisoformat(text).timestamp()
