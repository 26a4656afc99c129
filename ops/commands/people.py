"""People who use the console: add, list, disable, reset. Passwords are made by the bus and shown once; none is ever an argument."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from ops.commands.common import CONTEXT, AsJson, Bus, Why, asks_a_bus, because
from ops.rights import ROLES

app = typer.Typer()
people = typer.Typer(help="People who use the console.", no_args_is_help=True)
app.add_typer(people, name="people")

Roles = Annotated[list[str], typer.Option("--role", help=f"{', '.join(ROLES)} (repeatable)")]
At = Annotated[str, typer.Option("--partner", help="bind them to one partner (default: all)")]


@people.command(name="list")
@asks_a_bus
def listed(bus: Bus, as_json: AsJson = False) -> None:
    """Who may sign in. Example: lienthong people list"""
    told = bus.get("/v1/people")
    table = Table("name", "roles", "partner", "state", "sign-in codes")
    for person in told["items"]:
        state = "disabled" if person["disabled"] else "new" if person["must_change"] else "active"
        codes = "yes" if person["codes"] else "no"
        table.add_row(person["name"], " ".join(person["roles"]), person["partner"] or "all", state, codes)
    CONTEXT.show(told, as_json, table)


@people.command()
@asks_a_bus
def add(
    bus: Bus,
    name: str,
    role: Roles,
    partner: At = "",
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Add a person; prints a one-time password. Example: lienthong people add lan --role operator --reason 'on duty from May'"""
    _change(bus, name, {"verb": "add", "roles": role, "partner": partner}, reason, as_json)


@people.command()
@asks_a_bus
def entrust(
    bus: Bus,
    name: str,
    role: Roles,
    partner: At = "",
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Give a person these roles instead. Example: lienthong people entrust lan --role viewer --reason 'moved to another unit'"""
    _change(bus, name, {"verb": "entrust", "roles": role, "partner": partner}, reason, as_json)


def _verb(verb: str, says: str) -> None:
    """One command per verb that takes a name and a reason."""

    @asks_a_bus
    def command(bus: Bus, name: str, reason: Why = "", as_json: AsJson = False) -> None:
        _change(bus, name, {"verb": verb}, reason, as_json)

    people.command(name=verb, help=f"{says} Example: lienthong people {verb} lan --reason 'asked for in person'")(
        command
    )


_verb("reset", "Give a person a new one-time password; their sign-in codes go, their sessions end.")
_verb("disable", "Keep a person out; their sessions end.")
_verb("enable", "Let a disabled person in again.")


def _change(bus: Bus, name: str, change: dict[str, Any], reason: str, as_json: bool) -> None:
    because(reason)
    told = bus.post(f"/v1/people/{name}", change | {"reason": reason})
    word = told.get("one_time_password", "")
    said = f"{name}: one-time password {word} (shown once, good for 7 days)" if word else f"{name}: {told['done']} done"
    CONTEXT.show(told, as_json, Table(said))
