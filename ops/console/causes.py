"""The causes page: failures by group, the chosen one in full, who sees to it, and a name for what has none."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from bus.ledger.words import Filter
from bus.outcome import Cause
from contracts.identifier import tidy
from ops import causes, desk, dossiers
from ops.causes import Entry
from ops.console import saved, views
from ops.console.door import reader
from ops.console.frame import Frame
from ops.console.text import Speech

OWNER, NOTE, WORDS = 100, 500, 200
"""How long an owner's name, a note, the words of a new line may be."""
HERE = "/console/causes"


def add(app: FastAPI, frame: Frame) -> None:
    """The page, what is kept of a group, and writing a line of the catalogue."""
    house = frame.house

    @app.get("/causes")
    async def cause_groups(request: Request) -> Response:
        say, here = frame.speech(request), request.query_params
        found = await views.groups(house, say, reader(request).partner)
        shown = views.chosen(found, here)
        asked = next((group for group in found if group.fingerprint == here.get("group")), None)
        chosen = asked or (shown[0] if shown else None)
        filtered = urlencode([(k, v) for k, v in here.multi_items() if k in views.CHOICES and v])
        return frame.page(
            request,
            "causes.html",
            "causes",
            say=say,
            groups=shown,
            all=found,
            dossiers=sum(group.dossiers for group in found),
            titles={group.partner: group.partner_title for group in found},
            asked={name: here.get(name, "") for name in (*views.CHOICES, "group")},
            saved=await saved.of(house, request, HERE),
            here=f"{HERE}?{filtered}",
            carried=f"{filtered}&" if filtered else "",
            chosen=chosen,
            place=shown.index(chosen) if chosen in shown else None,
            steps=[step[:1].upper() + step[1:] for step in chosen.advice.split("; ")] if chosen else [],
            example=await _example(chosen, say) if chosen else None,
            all_sides=causes.SIDES,
            all_resends=causes.RESENDS,
            nameable=causes.OWN.file is not None,
        )

    async def _example(group: views.Group, say: Speech) -> dict[str, Any] | None:
        """One dossier of the group, the partner's last words about it, and when the newest of the group last changed."""
        found, _ = await house.ledger.deliveries(Filter(ids=(group.example,)), limit=1)
        story = await dossiers.story(house.ledger, house.partners, found[0].dossier) if found else None
        delivery = next((d for d in story["deliveries"] if d["id"] == group.example), None) if story else None
        if delivery is None:
            return None
        alike = Filter(partner=group.partner, states=(group.state,), cause=Cause(group.cause), code=group.code)
        newest, _ = await house.ledger.deliveries(alike, limit=1)
        last_at = newest[0].changed_at if newest else None
        words = [attempt["words"] for attempt in delivery["attempts"] if attempt["words"]]
        return {
            "dossier": delivery["dossier"],
            "id": delivery["id"],
            "words": words[-1] if words else "",
            "last_at": last_at,
        }

    @app.post("/causes")
    async def note(request: Request) -> Response:
        form = await request.form()
        frame.check(request, form)
        say, who = frame.speech(request), reader(request)
        asked = str(form.get("group", ""))
        group = next((g for g in await views.groups(house, say, who.partner) if g.fingerprint == asked), None)
        if group is None:
            return frame.failed(request, 404, "error.404")

        def told(name: str, limit: int) -> str:
            return str(tidy(str(form.get(name, "")))).strip()[:limit]

        if "title_vi" in form:
            text = {name: told(name, WORDS) for name in ("title_vi", "title_en", "advice_vi", "advice_en")}
            if (
                not all(text.values())
                or told("side", 20) not in causes.SIDES
                or told("resend", 20) not in causes.RESENDS
            ):
                return frame.failed(request, 422, "error.422", why=say("causes.name"))
            code = group.code or "*"
            line = Entry(group.partner, group.cause, code, side=told("side", 20), resend=told("resend", 20), **text)  # type: ignore[arg-type]
            causes.OWN.write(line)
            await house.ledger.remark(who.name, "name cause", f"{group.partner} {group.cause} {code}: {line.title_vi}")
        else:
            await desk.note_cause(house.ledger, asked, told("owner", OWNER), told("note", NOTE), who.name)
        return RedirectResponse(f"{HERE}?group={asked}#group", 303)
