"""What all commands share: options, exit codes, errors as one sentence, the way to a running bus."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from ops.remote import Declined, Remote, Unreachable
from ops.settings import Settings, SettingsError, default_file, load

NO, USAGE, UNREACHABLE, BAD_SETTINGS, UNFIT = 1, 2, 3, 4, 5

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="settings file (default: LIENTHONG_CONFIG, ./lienthong.toml)")
]
Url = Annotated[
    str | None,
    typer.Option("--url", envvar="LIENTHONG_URL", help="address of a running bus (default: from the settings)"),
]
Key = Annotated[str, typer.Option("--key", envvar="LIENTHONG_KEY", help="API key (not needed with up --demo)")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


class Context:
    """Prints for people or for programs."""

    def __init__(self) -> None:
        self.out = Console(width=None if sys.stdout.isatty() else 180)

    def show(self, value: Any, as_json: bool, table: Table | None = None) -> None:
        if as_json or table is None:
            print(json.dumps(value, ensure_ascii=False, indent=2))
        else:
            self.out.print(table)


CONTEXT = Context()


def fail(code: int, sentence: str) -> NoReturn:
    """End with a sentence on standard error."""
    print(f"lienthong: {sentence}", file=sys.stderr)
    raise typer.Exit(code)


def settings_of(config: Path | None) -> Settings:
    """The settings, or exit 4."""
    try:
        return load(config or default_file())
    except SettingsError as error:
        fail(BAD_SETTINGS, str(error))


def remote(url: str | None, key: str, config: Path | None = None) -> Remote:
    """The bus to talk to: `--url`, else where the settings say it listens."""
    if url is None:
        http = settings_of(config).http
        url = http.public_url or f"http://{http.host}:{http.port}"
    return Remote(url, key)


def ask(question: Any) -> Any:
    """A question to the bus; unreachable and refused become a sentence and a code."""
    try:
        return question()
    except Unreachable as error:
        fail(UNREACHABLE, str(error))
    except Declined as error:
        fail(USAGE if error.status in (400, 404, 422) else NO, str(error))
