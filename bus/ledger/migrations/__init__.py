"""The ledger's schema in steps: Alembic keeps the count, each step is plain SQL for both databases, forward only."""

from __future__ import annotations

import re
from importlib.resources import files

HEAD = "0018"
"""The schema this program knows."""

WORDS = {
    "sqlite": {
        "id": "INTEGER",
        "clustered": " WITHOUT ROWID",
        "exact": "TEXT",
        "time": "REAL",
        "bytes": "BLOB",
        "serial": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "xid": "0",
    },
    "postgresql": {
        "id": "BIGINT",
        "clustered": "",
        "exact": 'TEXT COLLATE "C"',
        "time": "DOUBLE PRECISION",
        "bytes": "BYTEA",
        "serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "xid": "(pg_current_xact_id()::text::bigint)",
    },
}


def statements(step: str, dialect: str) -> list[str]:
    """The statements of one step in the words of a database, those only it needs (`<step>.<database>.sql`, a blank line apart) last."""
    text = files(__package__).joinpath(f"{step}.sql").read_text(encoding="utf-8")
    for word, meaning in WORDS[dialect].items():
        text = text.replace("{{" + word + "}}", meaning)
    text = re.sub(r"^--.*$", "", text, flags=re.MULTILINE)
    found = [statement.strip() for statement in text.split(";") if statement.strip()]
    own = files(__package__).joinpath(f"{step}.{dialect}.sql")
    if own.is_file():
        found += own.read_text(encoding="utf-8").strip().split("\n\n")
    if dialect == "postgresql" and step == "0001":
        found += [f"CREATE SEQUENCE {table}_ids" for table in ("event", "lane", "delivery")]
    return found
