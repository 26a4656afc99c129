"""Signing in and out, and what belongs to it: the one-time code, a new password, a key for codes."""

from __future__ import annotations

import segno
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from ops.console.door import reader, sign_in_page, way_back
from ops.console.frame import SESSION, WAY, Frame
from ops.openid import OpenIdDoor
from ops.password import SHORTEST
from ops.people import CODE_KEY_BYTES, Refused


def add(app: FastAPI, frame: Frame) -> None:
    """The pages of one's own account."""
    people = frame.house.people
    provider = OpenIdDoor(frame.house) if frame.house.settings.openid.issuer else None

    @app.get("/sign-in")
    async def ask(request: Request) -> Response:
        return sign_in_page(frame, request)

    @app.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        form = await request.form()
        frame.check(request, form)
        name, password, back = (str(form.get(field, "")) for field in ("name", "password", "back"))
        address = request.client.host if request.client else ""
        try:
            token = await people.sign_in(name, password, address, frame.cookie(request, SESSION))
        except Refused as no:
            return sign_in_page(frame, request, 429 if no.wait_s else 401, way_back(back), no.key, no.wait_s)
        return _onward(frame, token, way_back(back))

    @app.get("/openid")
    async def leave(request: Request) -> Response:
        """To the provider. The cookie comes back with a browser that is sent here from elsewhere, which a strict one would not."""
        if not provider:
            return frame.failed(request, 404, "error.404")
        try:
            address, way = await provider.leave(way_back(request.query_params.get("back", "")))
        except Refused as no:
            return sign_in_page(frame, request, 502, key=no.key)
        response = RedirectResponse(address, 303)
        frame.set_cookie(response, WAY, way, samesite="lax")
        return response

    @app.get("/openid/callback")
    async def come_back(request: Request) -> Response:
        """From the provider. The page that follows goes on by itself: to the browser a redirect would still come from there."""
        if not provider:
            return frame.failed(request, 404, "error.404")
        try:
            token, back = await provider.come_back(
                request.query_params, frame.cookie(request, WAY), frame.cookie(request, SESSION)
            )
        except Refused as no:
            response: Response = sign_in_page(frame, request, 403, key=no.key)
        else:
            response = frame.page(request, "onward.html", "", back=way_back(back))
            frame.set_cookie(response, SESSION, token)
        frame.drop_cookie(response, WAY)
        return response

    @app.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        frame.check(request, await request.form())
        await people.sign_out(reader(request))
        response = RedirectResponse("/console/sign-in", 303)
        frame.drop_cookie(response, SESSION)
        return response

    @app.get("/code")
    async def ask_code(request: Request) -> Response:
        return code_page(request)

    @app.post("/code")
    async def prove(request: Request) -> Response:
        form = await request.form()
        frame.check(request, form)
        try:
            return _onward(frame, await people.prove(reader(request), str(form.get("code", ""))))
        except Refused as no:
            return code_page(request, no)

    def code_page(request: Request, no: Refused | None = None) -> Response:
        return frame.page(request, "code.html", "", _status(no), wrong=wrong(request, no))

    @app.get("/password")
    async def ask_password(request: Request) -> Response:
        return password_page(request)

    @app.post("/password")
    async def change_password(request: Request) -> Response:
        form = await request.form()
        frame.check(request, form)
        old, new, again = (str(form.get(field, "")) for field in ("old", "new", "again"))
        try:
            if new != again:
                raise Refused("differ")
            return _onward(frame, await people.change_password(reader(request), old, new))
        except Refused as no:
            return password_page(request, no)

    def password_page(request: Request, no: Refused | None = None) -> Response:
        return frame.page(request, "password.html", "", _status(no), wrong=wrong(request, no), shortest=SHORTEST)

    @app.get("/enrol")
    async def ask_enrol(request: Request) -> Response:
        return enrol_page(request)

    @app.post("/enrol")
    async def enrol(request: Request) -> Response:
        form = await request.form()
        frame.check(request, form)
        try:
            return _onward(frame, await people.enrol(reader(request), str(form.get("code", ""))))
        except Refused as no:
            return enrol_page(request, no)

    def enrol_page(request: Request, no: Refused | None = None) -> Response:
        address = people.code_address(reader(request))
        drawn = segno.make(address, error="m").svg_inline(
            scale=4, light="#fff", border=4, svgclass=None, lineclass=None
        )
        key = address.partition("secret=")[2][: CODE_KEY_BYTES * 8 // 5]
        spaced = " ".join(key[at : at + 4] for at in range(0, len(key), 4))
        facts = {"wrong": wrong(request, no), "drawn": drawn, "key": spaced, "address": address}
        return frame.page(request, "enrol.html", "", _status(no), **facts)

    def wrong(request: Request, no: Refused | None) -> str:
        say = frame.speech(request)
        return say(f"refused.{no.key}", span=say.span(no.wait_s + 1), n=SHORTEST) if no else ""


def _status(no: Refused | None) -> int:
    return 200 if no is None else 429 if no.wait_s else 422


def _onward(frame: Frame, token: str, back: str = "/console/") -> Response:
    """On with the session's new word."""
    response = RedirectResponse(back, 303)
    frame.set_cookie(response, SESSION, token)
    return response
