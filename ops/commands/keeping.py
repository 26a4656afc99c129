"""Keeping: schema, settings, keys, clients."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ops.commands.common import (
    BAD_SETTINGS,
    CONTEXT,
    NO,
    UNFIT,
    AsJson,
    ConfigFile,
    fail,
    settings_of,
)
from ops.settings_file import default_file, faults_of

app = typer.Typer()


db = typer.Typer(help="The ledger's schema.", no_args_is_help=True)
config_app = typer.Typer(help="Settings.", no_args_is_help=True)
keys = typer.Typer(help="The keys that seal what is stored.", no_args_is_help=True)
client = typer.Typer(help="Machines that may call us.", no_args_is_help=True)
for _sub, _title in ((db, "db"), (config_app, "config"), (keys, "keys"), (client, "client")):
    app.add_typer(_sub, name=_title)


@db.command()
def upgrade(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Bring the ledger to this program's schema. Example: lienthong db upgrade"""
    from bus.ledger import schema
    from bus.ledger.ledger import LedgerUnfit

    try:
        revision = schema.upgrade(settings_of(config).ledger.url)
    except LedgerUnfit as error:
        fail(UNFIT, str(error))
    CONTEXT.show({"schema": revision}, as_json, Table(f"the ledger's schema is {revision}"))


@config_app.command()
def check(file: Annotated[Path | None, typer.Argument()] = None, as_json: AsJson = False) -> None:
    """Check a settings file; names every fault at once, with key and line. Example: lienthong config check lienthong.toml"""
    path = file or default_file()
    faults = faults_of(path)
    table = Table(f"{path or 'defaults'}: good")
    if as_json or not faults:
        CONTEXT.show({"file": str(path) if path else None, "good": not faults, "faults": faults}, as_json, table)
    if faults:
        fail(BAD_SETTINGS, "\n".join(faults))


@config_app.command()
def example() -> None:
    """Print the commented example file. Example: lienthong config example > lienthong.toml"""
    from importlib.resources import files

    print(files("ops").joinpath("example.toml").read_text(encoding="utf-8"), end="")


@config_app.command()
def show(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """The settings as they hold, without secrets. Example: lienthong config show"""
    from adapters import discover
    from ops.setting_list import sections

    settings = settings_of(config)
    shown = sections(settings, {name: settings.partner(partner) for name, partner in discover().items()})
    table = Table("setting", "value", "")
    for section in shown:
        for line in section.lines:
            value = "(set)" if line.secret else line.value
            table.add_row(f"[{section.name}] {line.name}".replace("[", r"\["), value, "given" if line.given else "")
    told = {s.name: {line.name: None if line.secret else line.value for line in s.lines} for s in shown}
    CONTEXT.show(told, as_json, table)


@keys.command(name="new")
def new_keys(file: Annotated[Path, typer.Argument(help="where to write it (mode 0600)")]) -> None:
    """Make a keyring. Example: lienthong keys new /etc/lienthong/keys.json"""
    from bus.seal import Keyring

    _write_secret(file, Keyring.generate(), fresh=True)
    print(f"{file}: a new keyring; keep a copy in a safe place, without it what is stored cannot be read")


@keys.command()
def rotate(file: Annotated[Path, typer.Argument(help="the keyring")]) -> None:
    """Add a data key: it writes from the next start on, the older ones still read.

    Example: lienthong keys rotate /etc/lienthong/keys.json
    """
    from bus.seal import Keyring

    try:
        text = file.read_text()
        Keyring.parse(text)
    except (OSError, ValueError) as error:
        fail(BAD_SETTINGS, f"{file}: {error}")
    _write_secret(file, Keyring.rotated(text), fresh=False)
    print(f"{file}: a data key was added; restart the bus to write with it")


def _write_secret(file: Path, text: str, *, fresh: bool) -> None:
    """Write through a file beside it, mode 0600, never over an existing one when it must be fresh."""
    if fresh and file.exists():
        fail(NO, f"{file} exists; a keyring is never overwritten (add a key with `lienthong keys rotate {file}`)")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = file.with_name(file.name + ".new")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as written:
            written.write(text)
            written.flush()
            os.fsync(written.fileno())
        beside.replace(file)
    except OSError as error:
        fail(NO, f"{file}: {error.strerror}")


@client.command(name="new")
def new_client(
    name: Annotated[str, typer.Argument(help="a short name")],
    source: Annotated[list[str] | None, typer.Option("--source")] = None,
    partner: Annotated[
        str, typer.Option("--partner", help="a partner agency's key: it sees that partner's alone")
    ] = "",
) -> None:
    """Make an API key: the key is printed once, the lines below it go into the settings. Example: lienthong client new desk"""
    from ops.api.guard import new_key

    secret, digest = new_key()
    print(f"key (shown once): {secret}\n")
    print(f'[clients.{name}]\nkey_sha256 = "{digest}"\nscopes = ["{"read" if partner else "events"}"]')
    print(f'partner = "{partner}"' if partner else f"sources = {json.dumps(source or [])}")
