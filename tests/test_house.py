"""How the house is built, read from its imports on every run: who may see whom, and where each library lives."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters import discover

ROOT = Path(__file__).parent.parent
FLOORS = ("contracts", "mappings", "bus", "adapters", "ops")
SEES = {
    "contracts": {"contracts"},
    "mappings": {"mappings", "contracts"},
    "bus": {"bus", "contracts"},
    "adapters": {"adapters", "bus", "contracts", "mappings"},
    "ops": set(FLOORS),
}
HOMES = {
    "kombu": ("bus/broker.py",),
    "amqp": ("bus/broker.py",),
    "sqlite3": ("bus/ledger/",),
    "psycopg": ("bus/ledger/",),
    "alembic": ("bus/ledger/",),
    "sqlalchemy": ("bus/ledger/",),
    "zeep": ("adapters/transport/",),
    "tenacity": ("adapters/transport/",),
    "aiohttp": ("adapters/transport/",),
    "pika": ("adapters/transport/", "ops/topology.py"),
    "pyhanko": ("adapters/result_files/signature.py",),
    "asn1crypto": ("adapters/result_files/signature.py",),
    "httpx": ("adapters/transport/", "ops/remote.py"),
    "joserfc": (
        "adapters/single_sign_on/",
        "adapters/openid.py",
        "adapters/dossier_system/citizens.py",
        "ops/assertion.py",
    ),
    "argon2": ("ops/password.py",),
    "segno": ("ops/console/",),
    "reportlab": ("ops/targets/paper.py",),
    "fastapi": ("ops/gateway.py", "ops/api/", "ops/console/"),
    "opentelemetry.sdk": ("ops/telemetry.py",),
    "opentelemetry.exporter": ("ops/telemetry.py",),
}
IMPURE = {
    "time",
    "random",
    "os",
    "pathlib",
    "socket",
    "asyncio",
    "threading",
    "subprocess",
    "secrets",
    "logging",
    "structlog",
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
PARSERS = {"XMLParser", "fromstring", "XMLPullParser", "iterparse"}
LINES = 420
"""A file of more lines does two jobs."""


def sources() -> list[Path]:
    return sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_imports_go_down_never_up_or_sideways(path: Path) -> None:
    floor, *rooms = path.relative_to(ROOT).parts
    room = rooms[0] if len(rooms) > 1 else ""
    for imported in imports(path):
        other, _, rest = imported.partition(".")
        if other not in FLOORS:
            continue
        assert other in SEES[floor], f"{name_of(path)} sees {imported}"
        partner = rest.partition(".")[0]
        if floor == "adapters" and room not in ("", "transport") and other in ("adapters", "mappings"):
            common = {room, "transport", "receiver", "outward", "simulator", "soap_simulator", "table", "convert", ""}
            assert partner in common, f"{name_of(path)} looks into the room of {partner}"
        if floor == "mappings" and room and other == "mappings":
            assert partner in {room, "table", "convert"}, f"{name_of(path)} looks into the room of {partner}"
        if path.name == "simulator.py" and other == "mappings":
            pytest.fail(f"{name_of(path)} sees the mapping; a misreading could agree with itself")


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_each_library_has_one_home(path: Path) -> None:
    for imported in imports(path):
        for library, homes in HOMES.items():
            if imported == library or imported.startswith(library + "."):
                at_home = any(name_of(path).startswith(home) for home in homes)
                assert at_home, f"{name_of(path)} uses {library}, which lives in {', '.join(homes)}"


@pytest.mark.parametrize("path", [p for p in sources() if p.is_relative_to(ROOT / "mappings")], ids=name_of)
def test_mappings_are_pure(path: Path) -> None:
    impure = {imported for imported in imports(path) if imported.partition(".")[0] in IMPURE}
    assert not impure, f"{name_of(path)} uses {impure}"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not calls & {"now", "today", "utcnow"}, f"{name_of(path)} reads a clock"


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_nothing_is_evaluated_and_parsers_are_built_in_one_place(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"{name_of(path)} calls {node.func.id}"
        if isinstance(node, ast.Attribute) and node.attr in PARSERS and name_of(path) != "adapters/transport/xml.py":
            pytest.fail(f"{name_of(path)} builds an XML parser of its own")
    assert "pickle" not in {imported.partition(".")[0] for imported in imports(path)}


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_no_file_does_two_jobs(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LINES, f"{name_of(path)} has {lines} lines"


def test_every_partner_has_all_its_rooms() -> None:
    rooms = {path.name for path in (ROOT / "adapters").iterdir() if (path / "adapter.py").exists()}
    assert rooms == set(discover())
    for room in rooms:
        for floor in ("contracts", "mappings"):
            assert (ROOT / floor / room / "__init__.py").exists(), f"{floor}/{room} is missing"
        assert (ROOT / "adapters" / room / "simulator.py").exists()
