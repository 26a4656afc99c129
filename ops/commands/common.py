"""What all commands share: options, exit codes, errors as one sentence, the way to a running bus."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cached_property, wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from ops.remote import Declined, Remote, Unreachable
from ops.settings import Settings, SettingsError
from ops.settings_file import default_file, load

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
Why = Annotated[str, typer.Option("--reason", help="why; recorded with who")]


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


class Bus:
    """The bus a command talks to; one that is not there, and one that says no, become a sentence and a code."""

    def __init__(self, url: Url = None, key: Key = "", config: ConfigFile = None) -> None:
        self._url = url
        self._key = key
        self._config = config

    @cached_property
    def remote(self) -> Remote:
        """At `--url`, else where the settings say it listens; they are read when it is first asked. It raises what it meets."""
        url = self._url
        if url is None:
            http = settings_of(self._config).http
            url = http.public_url or f"http://{http.host}:{http.port}"
        return Remote(url, self._key)

    def get(self, path: str, **query: Any) -> Any:
        return ask(lambda: self.remote.get(path, **query))

    def post(self, path: str, body: Any) -> Any:
        return ask(lambda: self.remote.post(path, body))

    def file(self, path: str, **query: Any) -> bytes:
        sent: bytes = ask(lambda: self.remote.file(path, **query))
        return sent


def asks_a_bus(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes a `bus`, with the options that say which: they stand before `--json`, or last."""
    given, which = (list(signature(one, eval_str=True).parameters.values()) for one in (command, Bus))
    own = [one for one in given if one.name != "bus"]
    place = next((n for n, one in enumerate(own) if one.name == "as_json"), len(own))

    @wraps(command)
    def run(**options: Any) -> None:
        command(bus=Bus(**{one.name: options.pop(one.name) for one in which}), **options)

    run.__signature__ = Signature([*own[:place], *which, *own[place:]])  # type: ignore[attr-defined]
    return run


def because(reason: str) -> None:
    """What is done to a delivery, a partner or a person has its reason, or ends here."""
    if len(reason) < 3:
        fail(USAGE, "say why with --reason")


def ask(question: Any) -> Any:
    """A question to the bus; unreachable and refused become a sentence and a code."""
    try:
        return question()
    except Unreachable as error:
        fail(UNREACHABLE, str(error))
    except Declined as error:
        fail(USAGE if error.status in (400, 404, 422) else NO, str(error))
