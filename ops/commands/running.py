"""Running the bus or its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ops.commands.common import (
    BAD_SETTINGS,
    NO,
    UNFIT,
    USAGE,
    ConfigFile,
    fail,
    settings_of,
)
from ops.settings import Settings, SettingsError

app = typer.Typer()


@app.command()
def up(
    demo: Annotated[
        bool, typer.Option("--demo", help="simulators of every partner and a stream of dossiers; data in ./var")
    ] = False,
    training: Annotated[
        bool,
        typer.Option("--training", help="a province in trouble to practise on; data in ./var/training, anew each time"),
    ] = False,
    no_stream: Annotated[bool, typer.Option("--no-stream", help="with --demo: the simulators alone")] = False,
    port: Annotated[int | None, typer.Option("--port", help="port of the HTTP interface")] = None,
    data: Annotated[Path, typer.Option("--data", help="with --demo, --training: where the data lies")] = Path("var"),
    config: ConfigFile = None,
) -> None:
    """Everything in one process: intake, workers, pollers. Example: lienthong up --demo"""
    settings = settings_of(config)
    here, at = data.resolve(), settings.http.port if port is None else port
    if training:
        from ops.up_training import up_training

        _run(lambda: up_training(here / "training", at, overrides=settings))
    elif demo:
        from ops.up_demo import up_demo

        _run(lambda: up_demo(here, at, stream=not no_stream, overrides=settings))
    else:
        from ops import up as running

        _run(lambda: running.bus(_on_port(settings, port)))


@app.command()
def serve(port: Annotated[int | None, typer.Option("--port")] = None, config: ConfigFile = None) -> None:
    """Intake, callbacks and the operator's interface, without workers. Example: lienthong serve --config /etc/lienthong.toml"""
    from ops import up as running

    settings = _on_port(settings_of(config), port)
    _run(lambda: running.bus(settings, work=()))


@app.command()
def work(
    partner: Annotated[
        list[str] | None, typer.Option("--partner", help="serve this partner alone (repeatable)")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Workers without HTTP, as many processes as you like on PostgreSQL. Example: lienthong work --partner national_portal"""
    from ops import up as running

    settings = settings_of(config)
    _run(lambda: running.bus(settings, serve=False, work=partner or None))


@app.command()
def simulate(
    names: Annotated[list[str] | None, typer.Argument(help="which simulators (default: all)")] = None,
    data: Annotated[Path, typer.Option("--data", help="where their books lie")] = Path("var/simulators"),
    port: Annotated[int, typer.Option("--port", help="first port (0: any)")] = 0,
) -> None:
    """Serve partners' simulators on loopback. Example: lienthong simulate national_portal --port 9100"""
    import asyncio

    from ops import simulate as serving

    async def main() -> None:
        data.mkdir(parents=True, exist_ok=True)
        served = await serving.serve(names or serving.SIMULATORS, data, port)
        for name, one in served.items():
            print(f"{name} {one.url}", flush=True)
        await asyncio.Event().wait()

    _run(main)


def _on_port(settings: Settings, port: int | None) -> Settings:
    if port is None:
        return settings
    return settings.model_copy(update={"http": settings.http.model_copy(update={"port": port})})


def _run(main: Any) -> None:
    """Run until stopped; what keeps the bus from starting is one sentence and a code."""
    from bus.ledger.ledger import LedgerUnfit
    from ops import up as running

    try:
        running.run(main)
    except KeyboardInterrupt:
        return
    except running.StartError as error:
        fail(NO, str(error))
    except SettingsError as error:
        fail(BAD_SETTINGS, str(error))
    except LedgerUnfit as error:
        fail(UNFIT, str(error))
    except LookupError as error:
        fail(USAGE, str(error.args[0] if error.args else error))
    except OSError as error:
        fail(NO, f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
