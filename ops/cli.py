"""The command `lienthong`: arguments in, desk or queries called over HTTP, text out.

Exit codes: 0 done; 1 the answer is no (not verified, not all accepted, not all done); 2 wrong usage; 3 no bus answers; 4 the
settings cannot be used; 5 the ledger may not be used. Every error is one sentence on standard error.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from ops.remote import Declined, Remote, Unreachable
from ops.settings import Settings, SettingsError, default_file, load

NO, USAGE, UNREACHABLE, BAD_SETTINGS, UNFIT = 1, 2, 3, 4, 5

app = typer.Typer(
    name="lienthong",
    help="Liên Thông: the bus between a province's dossier system and the national systems.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

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


# ---- running ----------------------------------------------------------------------------------------------------------------


@app.command()
def up(
    demo: Annotated[
        bool, typer.Option("--demo", help="simulators of every partner and a stream of dossiers; data in ./var")
    ] = False,
    no_stream: Annotated[bool, typer.Option("--no-stream", help="with --demo: the simulators alone")] = False,
    port: Annotated[int | None, typer.Option("--port", help="port of the HTTP interface")] = None,
    data: Annotated[Path, typer.Option("--data", help="with --demo: where its data lies")] = Path("var"),
    config: ConfigFile = None,
) -> None:
    """Everything in one process: intake, workers, pollers. Example: lienthong up --demo"""
    from ops import up as running

    settings = settings_of(config)
    if demo:
        folder = data.resolve()
        _run(
            lambda: running.up_demo(
                folder, settings.http.port if port is None else port, stream=not no_stream, overrides=settings
            )
        )
    else:
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


# ---- feeding ----------------------------------------------------------------------------------------------------------------


@app.command()
def sample(
    events: Annotated[int, typer.Option("--events", min=0, help="how many events")] = 10,
    dossiers: Annotated[int, typer.Option("--dossiers", min=1, help="over how many dossiers at most")] = 3,
    seed: Annotated[int, typer.Option("--seed", help="the same seed gives the same events")] = 1,
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="first day, yyyy-mm-dd")] = "2026-01-05",
) -> None:
    """Print realistic CloudEvents, one JSON a line. Example: lienthong sample --events 100 --dossiers 20 --seed 7"""
    from datetime import date

    from ops.sample import generate

    try:
        first = date.fromisoformat(start)
    except ValueError:
        fail(USAGE, f"--from is a day like 2026-01-05, not {start!r}")
    try:
        for envelope in generate(events, dossiers, seed, first):
            sys.stdout.write(envelope.to_json().decode() + "\n")
        sys.stdout.flush()
    except ValueError as error:
        fail(USAGE, str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@app.command()
def send(
    file: Annotated[typer.FileText, typer.Argument(help="events, one JSON a line (default: standard input)")] = "-",  # type: ignore[assignment]
    batch: Annotated[int, typer.Option("--batch", min=1, max=1000)] = 200,
    url: Url = None,
    key: Key = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Post events in batches, again after a broken connection; 0 only when each was accepted or a duplicate.

    Example: lienthong sample --events 100 | lienthong send --url http://127.0.0.1:8080
    """
    counts: dict[str, int] = {}
    bus = _remote(url, key, config)
    values: list[Any] = []
    refused: list[dict[str, Any]] = []

    def post() -> None:
        for verdict in _ask(lambda: bus.send(values)):
            counts[verdict["status"]] = counts.get(verdict["status"], 0) + 1
            if verdict["status"] in ("refused", "conflict"):
                refused.append(verdict)
                why = verdict.get("reason") or "; ".join(f"{f['path']}: {f['rule']}" for f in verdict.get("faults", ()))
                print(f"{verdict['status']} {verdict['id']}: {why}", file=sys.stderr)
        values.clear()

    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            values.append(json.loads(line))
        except ValueError as error:
            if values:
                post()
            fail(NO, f"line {number} is not JSON ({error}); the lines before it were sent")
        if len(values) >= batch:
            post()
    if values:
        post()
    if as_json:
        CONTEXT.show({"counts": counts, "refused": refused}, True)
    else:
        print(", ".join(f"{n} {status}" for status, n in sorted(counts.items())) or "nothing to send")
    if refused:
        raise typer.Exit(NO)


def _remote(url: str | None, key: str, config: Path | None) -> Remote:
    return remote(url, key, config)


def _ask(question: Any) -> Any:
    """A question to the bus; unreachable and refused become a sentence and a code."""
    try:
        return question()
    except Unreachable as error:
        fail(UNREACHABLE, str(error))
    except Declined as error:
        fail(USAGE if error.status in (400, 404, 422) else NO, str(error))


# ---- looking ----------------------------------------------------------------------------------------------------------------


@app.command()
def status(
    verify: Annotated[
        bool, typer.Option("--verify", help="prove owed = delivered + dead + cancelled + superseded + open")
    ] = False,
    url: Url = None,
    key: Key = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Totals by state and partner. Example: lienthong status --verify --json"""
    told = _ask(lambda: _remote(url, key, config).get("/v1/status", verify="true" if verify else None))
    columns = (
        "owed",
        "open",
        "pending",
        "sending",
        "waiting",
        "in_doubt",
        "delivered",
        "dead",
        "cancelled",
        "superseded",
    )
    table = Table("partner", *columns, title=f"{told['events']} events")
    for name, line in [*told["partners"].items(), ("all", told)]:
        table.add_row(name, *(str(line[column]) for column in columns))
    CONTEXT.show(told, as_json, table)
    if verify:
        for difference in told["differences"]:
            print(f"lienthong: {difference}", file=sys.stderr)
        if not as_json:
            print("verified: the accounts agree" if told["verified"] else "NOT verified: the accounts differ")
        if not told["verified"]:
            raise typer.Exit(NO)


@app.command()
def story(
    dossier: Annotated[str, typer.Argument(help="dossier code")],
    lang: Annotated[str, typer.Option("--lang", help="vi or en")] = "vi",
    url: Url = None,
    key: Key = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """One dossier's story: what came, what was sent where, the answers, what is owed and why.

    Example: lienthong story 000.00.17.H59-260105-0001
    """
    from ops.story import tell

    if lang != "vi" and lang != "en":
        fail(USAGE, "--lang is vi or en")
    told = _ask(lambda: _remote(url, key, config).get(f"/v1/dossiers/{dossier}"))
    if as_json:
        CONTEXT.show(told, True)
    else:
        print(tell(told, "en" if lang == "en" else "vi"))


@app.command()
def causes(url: Url = None, key: Key = "", config: ConfigFile = None, as_json: AsJson = False) -> None:
    """What waits, is in doubt or dead, grouped by cause, oldest first. Example: lienthong causes"""
    told = _ask(lambda: _remote(url, key, config).get("/v1/causes"))
    names = ("partner", "operation", "state", "cause", "code", "hold_key", "count", "dossiers", "oldest_at")
    table = Table(*names)
    for item in told["items"]:
        table.add_row(*(str(item[name]) for name in names))
    CONTEXT.show(told, as_json, table)


@app.command()
def deliveries(
    partner: Annotated[str, typer.Option("--partner")] = "",
    state: Annotated[
        list[str] | None, typer.Option("--state", help="pending, waiting, in_doubt, dead ... (repeatable)")
    ] = None,
    cause: Annotated[str, typer.Option("--cause")] = "",
    dossier: Annotated[str, typer.Option("--dossier")] = "",
    cursor: Annotated[str, typer.Option("--cursor", help="`next` of the page before")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    url: Url = None,
    key: Key = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Deliveries, newest first. Example: lienthong deliveries --state dead --partner national_portal"""
    bus = _remote(url, key, config)
    query = {
        "partner": partner,
        "state": state or (),
        "cause": cause,
        "dossier": dossier,
        "cursor": cursor,
        "limit": limit,
    }
    told = _ask(lambda: bus.get("/v1/deliveries", **query))
    names = ("id", "dossier", "partner", "operation", "state", "cause", "code", "attempt", "due_at")
    table = Table(*names, caption=f"next page: --cursor {told['next']}" if told["next"] else None)
    for item in told["items"]:
        table.add_row(*("" if item[name] is None else str(item[name]) for name in names))
    CONTEXT.show(told, as_json, table)


@app.command()
def partners(
    action: Annotated[str, typer.Argument(help="`show` for one partner's page")] = "",
    name: Annotated[str, typer.Argument(help="partner")] = "",
    url: Url = None,
    key: Key = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """The partners and their switches; `partners show NAME` prints one with its operations and assumptions."""
    told = _ask(lambda: _remote(url, key, config).get("/v1/partners"))
    if action:
        found = [item for item in told["items"] if item["partner"] == name]
        if action != "show" or not found:
            fail(USAGE, f"say `partners show NAME`; there are {', '.join(item['partner'] for item in told['items'])}")
        CONTEXT.show(found[0], True)
        return
    names = ("partner", "title_vi", "enabled", "paused", "breaker", "backlog", "last_success_at")
    table = Table(*names)
    for item in told["items"]:
        table.add_row(*("" if item[name] is None else str(item[name]) for name in names))
    CONTEXT.show(told, as_json, table)


@app.command(name="find")
def find(
    kind: Annotated[str, typer.Argument(help="citizen, tax or social")],
    value: Annotated[str, typer.Argument(help="the identifier (read from standard input with -)")],
    url: Url = None,
    key: Key = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Dossiers in which a person's identifier occurs. Example: echo 084080000123 | lienthong find citizen -"""
    text = sys.stdin.readline().strip() if value == "-" else value
    told = _ask(lambda: _remote(url, key, config).get("/v1/find", kind=kind, value=text))
    if as_json:
        CONTEXT.show(told, True)
    else:
        print("\n".join(told["dossiers"]) or "none")


# ---- acting -----------------------------------------------------------------------------------------------------------------

Ids = Annotated[list[int] | None, typer.Argument(help="deliveries by id (see `lienthong deliveries`)")]
Why = Annotated[str, typer.Option("--reason", help="why; recorded with who")]


def _verb(verb: str, says: str) -> None:
    """One command per verb of the desk, all alike."""

    def command(
        ids: Ids = None,
        reason: Why = "",
        dossier: Annotated[str | None, typer.Option("--dossier")] = None,
        partner: Annotated[str | None, typer.Option("--partner")] = None,
        state: Annotated[list[str] | None, typer.Option("--state")] = None,
        cause: Annotated[str | None, typer.Option("--cause")] = None,
        hold_key: Annotated[
            str | None, typer.Option("--hold-key", help="what it waits for, as `causes` names it")
        ] = None,
        resolve_as: Annotated[str, typer.Option("--as", help="resolve: delivered or not-taken")] = "",
        reference: Annotated[str, typer.Option("--reference", help="resolve: the partner's own reference")] = "",
        limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 500,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what it would do")] = False,
        url: Url = None,
        key: Key = "",
        config: ConfigFile = None,
        as_json: AsJson = False,
    ) -> None:
        if len(reason) < 3:
            fail(USAGE, "say why with --reason")
        where = {
            "ids": ids or [],
            "dossier": dossier,
            "partner": partner,
            "state": state or [],
            "cause": cause,
            "hold_key": hold_key,
        }
        body = {
            "verb": verb,
            "where": where,
            "reason": reason,
            "resolve_as": resolve_as,
            "reference": reference,
            "limit": limit,
        }
        told = _ask(lambda: _remote(url, key, config).post("/v1/deliveries/actions", body | {"dry_run": dry_run}))
        table = Table("delivery", "dossier", "partner", "before", "after", "refused because")
        for row in told["rows"]:
            table.add_row(
                str(row["delivery"]), row["dossier"], row["partner"], row["before"], row["after"], row["refusal"]
            )
        CONTEXT.show(told, as_json, table)
        if not as_json:
            print(f"{'would do' if dry_run else 'done'}: {told['done']} of {len(told['rows'])}")
        if told["done"] < len(told["rows"]) or not told["rows"]:
            raise typer.Exit(NO)

    app.command(name=verb, help=f"{says} Example: lienthong {verb} 17 --reason 'seen on the portal'")(command)


for _name, _says in (
    ("ask", "Ask the partner whether a delivery in doubt took effect."),
    ("resend", "Send the same request again, after asking where that is possible."),
    ("reprocess", "Start anew from the event with today's mapping, under a new key."),
    ("skip", "Close a lane's head as dead and let the lane go on past it."),
    ("hold", "Hold the lane of a delivery."),
    ("release", "Open a held lane, or let what waits for a code go on."),
    ("resolve", "Settle by hand what is in doubt or dead (--as delivered --reference R, or --as not-taken)."),
    ("cancel", "Close without sending."),
):
    _verb(_name, _says)


@app.command()
def pause(
    partner: str, reason: Why = "", url: Url = None, key: Key = "", config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Hold a partner; survives restarts. Example: lienthong pause national_portal --reason 'maintenance until 22:00'"""
    _switch("pause", partner, reason, url, key, config, as_json)


@app.command()
def resume(
    partner: str, reason: Why = "", url: Url = None, key: Key = "", config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Open a paused partner again. Example: lienthong resume national_portal --reason 'the portal is back'"""
    _switch("resume", partner, reason, url, key, config, as_json)


def _switch(
    verb: str, partner: str, reason: str, url: str | None, key: str, config: Path | None, as_json: bool
) -> None:
    if len(reason) < 3:
        fail(USAGE, "say why with --reason")
    told = _ask(lambda: _remote(url, key, config).post(f"/v1/partners/{partner}/{verb}", {"reason": reason}))
    CONTEXT.show(told, as_json, Table(f"{partner}: {'paused' if told['paused'] else 'open'}"))


@app.command(name="close-gap")
def close_gap(
    source: str,
    dossier: str,
    reason: Why = "",
    url: Url = None,
    key: Key = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Stop waiting for missing numbers of a sequence.

    Example: lienthong close-gap urn:lienthong:dossier-system 000.00.17.H59-260105-0001 --reason 'never sent'
    """
    if len(reason) < 3:
        fail(USAGE, "say why with --reason")
    told = _ask(
        lambda: _remote(url, key, config).post(
            "/v1/gaps/close", {"source": source, "dossier": dossier, "reason": reason}
        )
    )
    CONTEXT.show(told, as_json, Table(f"{told['entered']} events entered"))


@app.command(name="verify-audit")
def verify_audit(url: Url = None, key: Key = "", config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Verify the journal's hash chain; names the first bad entry. Example: lienthong verify-audit"""
    told = _ask(lambda: _remote(url, key, config).get("/v1/audit/verify"))
    CONTEXT.show(
        told,
        as_json,
        Table(f"{told['entries']} entries verify" + (f"; {told['first_bad']}" if told["first_bad"] else "")),
    )
    if not told["holds"]:
        raise typer.Exit(NO)


# ---- keeping ----------------------------------------------------------------------------------------------------------------

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
    """Check a settings file; errors name key and line. Example: lienthong config check lienthong.toml"""
    path = file or default_file()
    settings = settings_of(path)
    try:
        settings.keyring()
    except SettingsError as error:
        fail(BAD_SETTINGS, str(error))
    CONTEXT.show({"file": str(path) if path else None, "good": True}, as_json, Table(f"{path or 'defaults'}: good"))


@config_app.command()
def example() -> None:
    """Print the commented example file. Example: lienthong config example > lienthong.toml"""
    from importlib.resources import files

    print(files("ops").joinpath("example.toml").read_text(encoding="utf-8"), end="")


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
) -> None:
    """Make an API key: the key is printed once, the lines below it go into the settings. Example: lienthong client new desk"""
    from ops.api.guard import new_key

    secret, digest = new_key()
    print(f"key (shown once): {secret}\n")
    print(f'[clients.{name}]\nkey_sha256 = "{digest}"\nscopes = ["events"]\nsources = {json.dumps(source or [])}')


def main() -> None:
    """The console script."""
    app()
