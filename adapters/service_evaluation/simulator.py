"""EMC's side: it counts what it is told, by site, and says nothing back (domain notes 3.8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.simulator import Simulator
from contracts.service_evaluation.messages import NguoiDung, SuKien

SITE = 123
DEMO = {"site_id": SITE, "province": "86", "citizen_id": "hash", "credentials": {"hash_key": "emc-demo-hash-key"}}


class EvaluationSimulator(Simulator):
    """Counts every event of a known site, a repeated one too: it has nothing to know it by. A stranger's site is told nothing either."""

    effects: ClassVar[Mapping[str, str]] = {"usage": "TrackingMCDT"}
    whose = "MaHoSo"

    def __init__(self, book: Path | None = None, *, sites: frozenset[int] = frozenset({SITE})) -> None:
        super().__init__(book)
        self._sites = sites
        self.route("/TrackingMCDT", self._track)
        self.route("/_sim/usage", self._usage, ("GET",), weather=False)

    def say(self, code: str, words: str) -> Response:
        """EMC says all it says by status."""
        kind = "text/html" if words.lower().startswith("<html") else "application/json" if words else None
        return Response(words, int(code), media_type=kind)

    async def _track(self, request: Request) -> Response:
        try:
            told = SuKien.model_validate_json(await request.body())
            NguoiDung.model_validate_json(told.User)
        except ValidationError as error:
            field = ".".join(str(part) for part in error.errors()[0]["loc"]) or "User"
            self.book.write("refused", field=field)
            return JSONResponse({"title": "One or more validation errors occurred.", "errors": [field]}, 400)
        if told.MaHoSo != told.CodeProfile:
            self.book.write("refused", field="CodeProfile")
            return JSONResponse({"title": "One or more validation errors occurred.", "errors": ["CodeProfile"]}, 400)
        known = told.SiteId in self._sites
        self.book.write("usage" if known else "stray", MaHoSo=told.MaHoSo, data=told.model_dump())
        return Response(status_code=200)

    def usage(self) -> dict[str, Any]:
        """What the ministry would read: events, dossiers, and dossiers by status, level and form of reception."""
        told = [entry["data"] for entry in self.book.of("usage")]
        latest = {data["CodeProfile"]: data for data in told}
        figures = {
            name: dict(Counter(data[name] for data in latest.values()))
            for name in ("Status", "Level", "FormsReception")
        }
        return {"events": len(told), "dossiers": len(latest), "strays": len(self.book.of("stray")), **figures}

    async def _usage(self, request: Request) -> Response:
        return JSONResponse(self.usage())


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app."""
    return EvaluationSimulator(book).app()
