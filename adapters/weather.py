"""Trouble a simulator can be told to make, and how it is told: by JSON, by a form, by `lienthong simulate weather`."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from starlette.responses import Response

MODES: dict[str, str] = {
    "slow": "answers after some seconds",
    "hang": "says nothing for some seconds, nothing is done",
    "lost": "does it, then says nothing for some seconds",
    "lost_500": "does it, then answers 500",
    "500": "server error, nothing is done",
    "502_page": "a gateway's page, nothing is done",
    "down": "503 without a time",
    "maintenance": "503 with a page and a time to come back",
    "busy": "429 with a time to come back",
    "html": "a page with status 200",
    "empty": "nothing with status 200",
    "malformed": "JSON that breaks off, with status 200",
    "says": "answers with a code and words of its failure table, nothing is done",
    "session": "forgets every session first",
    "refuse_row": "refuses the row named",
    "keep_doubles": "keeps a repeat as if it were new",
}
"""What can be told. The last three are for those simulators that have sessions, rows or repeats to speak of."""


@dataclass
class Weather:
    """Trouble to come: {mode: how many times}, a share of the calls for good, and what goes with it."""

    modes: Mapping[str, str] = field(default_factory=lambda: MODES)
    left: dict[str, int] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    retry_after: str = "2"
    seconds: float = 5.0
    row: str = ""
    code: str = ""
    words: str = ""
    _chance: dict[str, Random] = field(default_factory=dict)

    def takes(self, mode: str) -> bool:
        """True, and one less, while the mode lasts; -1 lasts until told otherwise. And true for its share of the calls."""
        left = self.left.get(mode, 0)
        if left > 0:
            self.left[mode] = left - 1
        return left != 0 or (mode in self.shares and self._chance[mode].random() < self.shares[mode])

    def tell(self, told: Mapping[str, Any]) -> None:
        """Change the weather; times 0 mends a mode, -1 is for ever. With a share (0 to 1) that part of the calls meets it until it is
        mended, and with the same seed the same ones. Raises ValueError for what is no weather.
        """
        mode = str(told.get("mode"))
        if mode not in self.modes:
            raise ValueError(f"mode is one of {', '.join(self.modes)}")
        try:
            share, seed = float(told.get("share", 0)), int(told.get("seed", 0))
            times, seconds = int(told.get("times", 0 if share else 1)), float(told.get("seconds", self.seconds))
        except (TypeError, ValueError):
            raise ValueError("times and seed are whole numbers, seconds and share numbers") from None
        if not 0 <= share <= 1:
            raise ValueError("share is a part of the calls, from 0 to 1")
        self.left[mode], self.seconds = times, seconds
        self.shares.pop(mode, None)
        if share:
            self.shares[mode], self._chance[mode] = share, Random(seed)
        for name in ("retry_after", "row", "code", "words"):
            setattr(self, name, str(told.get(name, getattr(self, name))))

    def said(self, mode: str) -> str:
        """How long a mode lasts, for people: so many times, or a share of the calls."""
        return f"{self.shares[mode]:.0%}" if mode in self.shares else str(self.left.get(mode, 0))

    async def before(self) -> Response | None:
        """The answer of the trouble that comes before anything is done, None when the partner is to answer."""
        if self.takes("hang"):
            await asyncio.sleep(self.seconds)
            return Response(status_code=504)
        if self.takes("slow"):
            await asyncio.sleep(self.seconds)
        again = {"Retry-After": self.retry_after}
        for mode, status, kind, words, headers in (
            ("busy", 429, "text/plain", "quá tải", again),
            ("maintenance", 503, "text/html", "<html>Đang bảo trì</html>", again),
            ("down", 503, "text/plain", "Service Unavailable", {}),
            ("500", 500, "text/plain", "server error", {}),
            ("502_page", 502, "text/html", "<html><h1>502 Bad Gateway</h1></html>", {}),
            ("html", 200, "text/html", "<html>Đang bảo trì</html>", {}),
            ("empty", 200, "application/json", "", {}),
            ("malformed", 200, "application/json", '{"status": "1", "da', {}),
        ):
            if self.takes(mode):
                return Response(words, status, headers, kind)
        return None


def panel(title: str, weather: Weather) -> str:
    """The fault panel as a page: every mode with how long it lasts, and a button."""
    rows = "".join(
        f"<tr><td><b>{mode}</b></td><td>{html.escape(about)}</td><td>{weather.said(mode)}</td><td>"
        f'<form method="post" action="/_sim/misbehave"><input type="hidden" name="mode" value="{mode}">'
        '<input name="times" value="1" size="3"><button>lay</button></form></td></tr>'
        for mode, about in weather.modes.items()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>"
        f"<p>Times: 0 mends, -1 lasts. Further fields by JSON: POST /_sim/misbehave. <a href=/_sim/book>The book</a></p>"
        f"<table border=1><tr><th>mode<th>what happens<th>left<th></tr>{rows}</table></html>"
    )
