"""The partners' rooms: stamp a new one, look whether a service keeps its contract, make weather at a simulator."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ops.commands.common import (
    BAD_SETTINGS,
    CONTEXT,
    NO,
    UNREACHABLE,
    USAGE,
    AsJson,
    ConfigFile,
    fail,
    settings_of,
)

app = typer.Typer()


@app.command()
def new_partner(
    name: Annotated[str, typer.Argument(help="small letters and underscores")],
    title_vi: Annotated[str, typer.Option("--title-vi", help="its name in Vietnamese")],
    title_en: Annotated[str, typer.Option("--title-en", help="its name in English")],
    root: Annotated[Path, typer.Option("--root", help="the source tree")] = Path(),
) -> None:
    """Stamp a partner's rooms, simulator, test, page, route and settings into the source tree.

    Example: lienthong new-partner fire_safety --title-vi "Cảnh sát phòng cháy" --title-en "Fire safety police"
    """
    from ops import scaffold

    try:
        written = scaffold.stamp(root.resolve(), name, title_vi, title_en)
    except ValueError as error:
        fail(USAGE, str(error))
    for file in written:
        print(file.relative_to(root.resolve()))
    print("now: make check, then the partner's own document, line by line")


@app.command()
def conformance(
    partner: Annotated[str, typer.Argument(help="whose contract")],
    at: Annotated[str, typer.Option("--url", help="address of the service that is looked at")],
    demo: Annotated[bool, typer.Option("--demo", help="with the credentials its simulator knows")] = False,
    lang: Annotated[str, typer.Option("--lang", help="vi or en")] = "vi",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Does a partner's own test service keep its contract? It is sent invented dossiers, asked and read, with the settings' credentials.

    Exit code 1 when something does not hold, 3 when no service answers.

    Example: lienthong conformance national_portal --url http://127.0.0.1:9100 --demo
    """
    import asyncio

    from pydantic import ValidationError

    from adapters import discover
    from ops import conformance as kit
    from ops.simulate import demo_settings

    known = discover()
    if partner not in known or lang not in ("vi", "en"):
        fail(USAGE, f"say whose contract, --lang vi or en; there are {', '.join(known)}")
    own = demo_settings(partner) if demo else settings_of(config).partners.get(partner, {})
    try:
        settings = known[partner].settings.model_validate({**own, "base_url": at})
    except ValidationError as error:
        fail(BAD_SETTINGS, f"[partners.{partner}]: {error.errors(include_url=False)[0]['msg']}")
    found = asyncio.run(kit.examine(known[partner], settings, secrets.randbelow(10**6)))
    if kit.unreachable(found):
        fail(UNREACHABLE, f"no service answers at {at}: {found[0].words}")
    heads = ("of", "check", "seconds", "details") if lang == "en" else ("thao tác", "kiểm tra", "giây", "chi tiết")
    table = Table("", *heads, title=f"{partner}: {at}")
    marks = {True: "✓", False: "✗", None: "–"}
    for one in found:
        table.add_row(marks[one.holds], one.of, kit.CHECKS[one.check][lang == "en"], f"{one.took_s:.2f}", one.words)
    told = {"partner": partner, "url": at, "holds": all(one.holds is not False for one in found)}
    CONTEXT.show(told | {"checks": [one._asdict() for one in found]}, as_json, table)
    if not told["holds"]:
        raise typer.Exit(NO)


@app.command()
def weather(
    name: Annotated[str, typer.Argument(help="whose simulator")],
    mode: Annotated[str, typer.Argument(help="what it shall do; without it the modes are listed")] = "",
    times: Annotated[int | None, typer.Option("--times", help="how often (1); 0 mends it, -1 is for ever")] = None,
    share: Annotated[float | None, typer.Option("--share", help="this part of the calls, until it is mended")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="of a share: the same seed, the same calls")] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", help="of slow, hang and lost")] = None,
    retry_after: Annotated[str | None, typer.Option("--retry-after", help="of busy and maintenance")] = None,
    row: Annotated[str | None, typer.Option("--row", help="which row is refused")] = None,
    code: Annotated[str | None, typer.Option("--code", help="of says")] = None,
    words: Annotated[str | None, typer.Option("--words", help="of says")] = None,
    url: Annotated[str, typer.Option("--url", help="where it is served (default: where it wrote it down)")] = "",
    data: Annotated[
        Path, typer.Option("--data", help="where simulators wrote down where they are: here, or in simulators/ below")
    ] = Path("var"),
    as_json: AsJson = False,
) -> None:
    """Make trouble at a running simulator, or mend it. Example: lienthong weather national_portal busy --times 3"""
    from ops.remote import Declined, Remote, Unreachable

    places = [place for folder in (data, data / "simulators") if (place := folder / f"{name}.url").exists()]
    if not url and not places:
        fail(UNREACHABLE, f"no simulator of {name} wrote down where it is in {data}; say --url")
    url = url or max(places, key=lambda place: place.stat().st_mtime).read_text(encoding="utf-8").strip()
    extra = {
        "times": times,
        "share": share,
        "seed": seed,
        "seconds": seconds,
        "retry_after": retry_after,
        "row": row,
        "code": code,
        "words": words,
    }
    told = {"mode": mode} | {field: value for field, value in extra.items() if value is not None}
    simulator = Remote(url)
    try:
        answer = simulator.post("/_sim/misbehave", told) if mode else simulator.get("/_sim")
    except Unreachable:
        fail(UNREACHABLE, f"no simulator answers at {url}")
    except Declined as error:
        fail(USAGE, str(error))
    if as_json or mode:
        CONTEXT.show(answer, as_json) if as_json else print(json.dumps(answer["weather"], ensure_ascii=False))
        return
    for one, about in answer["modes"].items():
        print(f"{one:14} {answer['weather'].get(one, 0):4}  {about}")
