"""What every page shares: language, templates, the protection of forms, and the headers that keep the browser on our side."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse

from ops.console import text
from ops.console.text import Speech
from ops.house import House
from ops.words import Language

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""reliability S18: nothing inline, nothing from elsewhere, no page in a frame or a cache."""
LANGUAGE, TOKEN = "lt_lang", "lt_form"
PAGES = ("worklist", "dossiers", "causes", "partners")


class Forgery(Exception):
    """A change that did not come from a page of ours."""


class Frame:
    """Renders pages of one house."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._templates = jinja2.Environment(
            loader=jinja2.FunctionLoader(_template),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        self._templates.filters["epoch"] = text.epoch
        self._templates.filters["code"] = text.code

    def speech(self, request: Request) -> Speech:
        """The reader's language, at this moment."""
        asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE)
        language: Language = "en" if asked == "en" else "vi"
        return Speech(language, self.house.ledger.clock.now())

    def page(self, request: Request, template: str, page: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """One page in its frame, with our headers, its language remembered and its forms protected."""
        say: Speech = facts.pop("say", None) or self.speech(request)
        token = request.cookies.get(TOKEN) or secrets.token_urlsafe(32)
        written = self._templates.get_template(template).render(
            say=say,
            page=page,
            pages=PAGES,
            token=token,
            path=request.url.path,
            other_language=_with_language(request),
            **facts,
        )
        response = HTMLResponse(written, status, HEADERS)
        secure = request.url.scheme == "https"
        response.set_cookie(TOKEN, token, httponly=True, samesite="strict", secure=secure)
        if "lang" in request.query_params:
            response.set_cookie(LANGUAGE, say.language, max_age=31_536_000, samesite="lax", secure=secure)
        return response

    def check(self, request: Request, form: Mapping[str, Any]) -> None:
        """The form carries the token of its reader's cookie, and comes from here. Raises Forgery."""
        origin = request.headers.get("origin")
        if origin and urlsplit(origin).netloc != request.headers.get("host"):
            raise Forgery
        known, given = request.cookies.get(TOKEN, ""), str(form.get("token", ""))
        if not known or not hmac.compare_digest(known, given):
            raise Forgery


def _template(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def _with_language(request: Request) -> dict[str, str]:
    """This very page in each language."""
    return {
        language: str(request.url.include_query_params(lang=language).replace(scheme="", netloc=""))
        for language in ("vi", "en")
    }
