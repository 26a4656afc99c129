"""What every page shares: language, templates, the protection of forms, and the headers that keep the browser on our side."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import urlsplit

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from ops.console import text
from ops.console.rail import office
from ops.console.text import Speech
from ops.house import House
from ops.people import DEMONSTRATION, Reader
from ops.rights import Right
from ops.words import Language

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""reliability S18: nothing inline, nothing from elsewhere, no page in a frame or a cache. Other hosts get no referrer; our own do,
because a browser told `no-referrer` says `Origin: null` with our own forms."""
HSTS = {"Strict-Transport-Security": "max-age=31536000"}
"""Under TLS: a browser that has been here once never comes back without it."""
LANGUAGE, TOKEN, SESSION, WAY = "lt_lang", "lt_form", "lt_session", "lt_way"
PAGES: tuple[tuple[str, str, str, Right], ...] = (
    ("worklist", "/console/", "i-list", "look"),
    ("dossiers", "/console/deliveries", "i-dossier", "look"),
    ("causes", "/console/causes", "i-cause", "look"),
    ("partners", "/console/partners", "i-partner", "look"),
    ("tasks", "/console/tasks", "i-task", "look"),
    ("codes", "/console/codes", "i-code", "look"),
    ("mappings", "/console/mappings", "i-map", "look"),
    ("targets", "/console/targets", "i-target", "targets"),
    ("people", "/console/people", "i-lock", "people"),
    ("audit", "/console/audit", "i-log", "audit"),
    ("settings", "/console/settings", "i-set", "settings"),
    ("training", "/console/training", "i-train", "look"),
)
"""The pages of the rail: name, address, icon, the right it takes."""


class Forgery(Exception):
    """A change that did not come from a page of ours."""


class Frame:
    """Renders pages of one house."""

    def __init__(self, house: House) -> None:
        self.house = house

    def speech(self, request: Request) -> Speech:
        """The reader's language, at this moment."""
        asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE)
        language: Language = "en" if asked == "en" else "vi"
        return Speech(language, self.house.ledger.clock.now())

    def page(self, request: Request, template: str, page: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """One page in its frame, with our headers, its language remembered and its forms protected."""
        say: Speech = facts.pop("say", None) or self.speech(request)
        reader = reader_of(request)
        token = self._token(request) or secrets.token_urlsafe(32)
        written = (
            _templates()
            .get_template(template)
            .render(
                say=say,
                page=page,
                pages=PAGES,
                reader=reader,
                demonstration=reader == DEMONSTRATION,
                token=token,
                training=self.house.training is not None,
                own_roles=[say(f"role.{role}") for role in reader.roles] if reader else [],
                rail=getattr(request.state, "rail", {}),
                office=office(self.house.calendar, say),
                path=request.url.path,
                other_language=_with_language(request),
                **facts,
            )
        )
        response = HTMLResponse(written, status, self.headers)
        if not (reader and reader.token):
            self.set_cookie(response, TOKEN, token)
        if "lang" in request.query_params:
            response.set_cookie(LANGUAGE, say.language, max_age=31_536_000, samesite="lax", secure=self.secure)
        return response

    def file(self, body: bytes, media_type: str, name: str) -> Response:
        """Something to be kept, under a name of ours."""
        named = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(body, media_type=media_type, headers=named | self.headers)

    def failed(self, request: Request, status: int, key: str, hint: str = "", **facts: Any) -> HTMLResponse:
        """What did not work, in words."""
        say = self.speech(request)
        return self.page(request, "error.html", "", status, say=say, words=say(key, **facts), hint=hint)

    @property
    def headers(self) -> dict[str, str]:
        """What every answer says to the browser."""
        return HEADERS | (HSTS if self.secure else {})

    @property
    def secure(self) -> bool:
        """Browsers reach us by TLS alone."""
        http = self.house.settings.http
        return bool(http.tls_certificate) or http.behind_tls_proxy

    def cookie(self, request: Request, name: str) -> str:
        """What the browser brought under one of our names."""
        return request.cookies.get(self._named(name), "")

    def set_cookie(
        self, response: Response, name: str, value: str, samesite: Literal["strict", "lax"] = "strict"
    ) -> None:
        """For this host alone, out of reach of scripts and of other sites; gone with the browser."""
        response.set_cookie(self._named(name), value, httponly=True, samesite=samesite, secure=self.secure)

    def drop_cookie(self, response: Response, name: str) -> None:
        response.delete_cookie(self._named(name), httponly=True, samesite="strict", secure=self.secure)

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    def _token(self, request: Request) -> str:
        """The word forms carry: made from the session's where there is one, so that it is worth nothing in another."""
        reader = reader_of(request)
        if reader and reader.token:
            return self.house.keys.digest("form", reader.token).hex()
        return self.cookie(request, TOKEN)

    def check(self, request: Request, form: Mapping[str, Any]) -> None:
        """The form carries the token of its reader's session or cookie, and comes from here. Raises Forgery."""
        origin = request.headers.get("origin")
        if origin and urlsplit(origin).netloc != request.headers.get("host"):
            raise Forgery
        known, given = self._token(request), str(form.get("token", ""))
        if not known or not hmac.compare_digest(known.encode(), given.encode()):
            raise Forgery


def reader_of(request: Request) -> Reader | None:
    """Who reads, where the door has let somebody in."""
    found: Reader | None = getattr(request.state, "reader", None)
    return found


@cache
def _templates() -> jinja2.Environment:
    """The pages' templates; nothing of a house is in them, so that each is compiled once in a process."""
    found = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters["epoch"] = text.epoch
    found.filters["code"] = text.code
    return found


def _template(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def _with_language(request: Request) -> dict[str, str]:
    """This very page in each language."""
    return {
        language: str(request.url.include_query_params(lang=language).replace(scheme="", netloc=""))
        for language in ("vi", "en")
    }
