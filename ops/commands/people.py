"""People who use the console: add, list, disable, reset. Passwords are made by the bus and shown once; none is ever an argument."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ops.commands.acting import Why
from ops.commands.common import CONTEXT, USAGE, AsJson, ConfigFile, Key, Url, ask, fail, remote
from ops.rights import ROLES

app = typer.Typer()
people = typer.Typer(help="People who use the console.", no_args_is_help=True)
app.add_typer(people, name="people")

Roles = Annotated[list[str], typer.Option("--role", help=f"{', '.join(ROLES)} (repeatable)")]
At = Annotated[str, typer.Option("--partner", help="bind them to one partner (default: all)")]


@people.command(name="list")
def listed(url: Url = None, key: Key = "", config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Who may sign in. Example: lienthong people list"""
    told = ask(lambda: remote(url, key, config).get("/v1/people"))
    table = Table("name", "roles", "partner", "state", "sign-in codes")
    for person in told["items"]:
        state = "disabled" if person["disabled"] else "new" if person["must_change"] else "active"
        codes = "yes" if person["codes"] else "no"
        table.add_row(person["name"], " ".join(person["roles"]), person["partner"] or "all", state, codes)
    CONTEXT.show(told, as_json, table)


@people.command()
def add(
    name: str,
    role: Roles,
    partner: At = "",
    reason: Why = "",
    url: Url = None,
    key: Key = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Add a person; prints a one-time password. Example: lienthong people add lan --role operator --reason 'on duty from May'"""
    _change(name, {"verb": "add", "roles": role, "partner": partner}, reason, url, key, config, as_json)


@people.command()
def entrust(
    name: str,
    role: Roles,
    partner: At = "",
    reason: Why = "",
    url: Url = None,
    key: Key = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Give a person these roles instead. Example: lienthong people entrust lan --role viewer --reason 'moved to another unit'"""
    _change(name, {"verb": "entrust", "roles": role, "partner": partner}, reason, url, key, config, as_json)


def _verb(verb: str, says: str) -> None:
    """One command per verb that takes a name and a reason."""

    def command(
        name: str, reason: Why = "", url: Url = None, key: Key = "", config: ConfigFile = None, as_json: AsJson = False
    ) -> None:
        _change(name, {"verb": verb}, reason, url, key, config, as_json)

    people.command(name=verb, help=f"{says} Example: lienthong people {verb} lan --reason 'asked for in person'")(
        command
    )


_verb("reset", "Give a person a new one-time password; their sign-in codes go, their sessions end.")
_verb("disable", "Keep a person out; their sessions end.")
_verb("enable", "Let a disabled person in again.")


def _change(
    name: str, change: dict[str, Any], reason: str, url: str | None, key: str, config: Path | None, as_json: bool
) -> None:
    if len(reason) < 3:
        fail(USAGE, "say why with --reason")
    told = ask(lambda: remote(url, key, config).post(f"/v1/people/{name}", change | {"reason": reason}))
    word = told.get("one_time_password", "")
    said = f"{name}: one-time password {word} (shown once, good for 7 days)" if word else f"{name}: {told['done']} done"
    CONTEXT.show(told, as_json, Table(said))
