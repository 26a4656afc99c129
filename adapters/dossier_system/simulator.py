"""The dossier system's side: the webhook, where each event is kept once, result papers, and a page where citizens sign in."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.dossier_system.citizens import Citizens
from adapters.simulator import Simulator
from adapters.transport.signature import HEADER, verify
from contracts.dossier_system.messages import Notice

FILES = Path(__file__).parent / "files"
TRUSTED = FILES / "trusted"
"""The certificate of the invented authority that vouches for the signer of the files."""
PAPERS = (*["signed.pdf"] * 6, "changed.pdf", "unsigned.pdf")
"""What lies under a result's address: mostly as it should be. Written by `python -m tests.signed_pdf`."""
SECRET = "sim-webhook-secret"
DEMO = {"path": "/events", "credentials": {"webhook_secret": SECRET}}


class DossierSimulator(Simulator):
    """Takes notices whose signature is right; repeats are dropped by id."""

    effects: ClassVar[Mapping[str, str]] = {"notice": "notify"}

    def __init__(self, book: Path | None = None) -> None:
        super().__init__(book)
        self._seen = {entry["id"] for entry in self.book.of("notice")}
        self.citizens = Citizens()
        self.route("/events", self._take)
        self.citizens.add_to(self.route)
        self.route("/tep/{name}", self._file, ("GET",))

    async def _file(self, request: Request) -> Response:
        """A result paper, the same under the same address; now and then one that is not there."""
        chance = zlib.crc32(request.path_params["name"].encode()) % 100
        if chance < 5:
            return Response(status_code=404)
        return Response((FILES / PAPERS[chance % len(PAPERS)]).read_bytes(), media_type="application/pdf")

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        try:
            event = json.loads(body)
            Notice.model_validate(event)
        except ValueError:
            return JSONResponse({"error": "not a CloudEvent"}, 400)
        if not verify(request.headers.get(HEADER, ""), [SECRET], self.now(), event["id"], body):
            return JSONResponse({"error": "signature"}, 401)
        if self.weather.takes("refuse_row"):
            return JSONResponse({"error": "hồ sơ đã khóa"}, 422)
        kind = "repeat" if event["id"] in self._seen else "notice"
        self._seen.add(event["id"])
        self.book.write(kind, id=event["id"], type=event["type"], subject=event["subject"], data=event["data"])
        return Response(status_code=204)


def application(book: Path | None = None) -> Starlette:
    """The simulator as a web app."""
    return DossierSimulator(book).app()
