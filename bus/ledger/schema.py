"""Bring a ledger's schema forward, and refuse one this program does not know."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

from bus.ledger import migrations, sqlite
from bus.ledger.ledger import LedgerUnfit

SQLITE = "sqlite:///"
ADVISORY_LOCK = 0x4C54
REVISION = "SELECT version_num FROM alembic_version"


def upgrade(url: str) -> str:
    """Bring the ledger at `url` to this program's schema; the revision it then has. Raises LedgerUnfit."""
    import sqlalchemy
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

    address = url.replace("postgres://", "postgresql://").replace("postgresql://", "postgresql+psycopg://", 1)
    engine = sqlalchemy.create_engine(url if url.startswith(SQLITE) else address)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
            else:
                connection.exec_driver_sql(f"PRAGMA page_size = {sqlite.PAGE_BYTES}")
            _refuse_newer(MigrationContext.configure(connection).get_current_revision())
            config = Config()
            config.set_main_option("script_location", str(Path(migrations.__file__).parent))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql(f"PRAGMA application_id = {sqlite.APPLICATION_ID}")
            return migrations.HEAD
    except sqlalchemy.exc.DatabaseError as error:
        raise LedgerUnfit(f"the ledger cannot be upgraded: {str(error.orig).strip().splitlines()[0]}") from None
    finally:
        engine.dispose()


def check(url: str) -> str | None:
    """The ledger's revision, None when it has no tables yet. Raises LedgerUnfit for an unknown or older schema.

    Asked by the database's own driver: where no step is due, a start is spared SQLAlchemy and Alembic, a fifth of its imports.
    """
    try:
        found = _sqlite_revision(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else _postgres_revision(url)
    except (sqlite3.DatabaseError, psycopg.DatabaseError) as error:
        raise LedgerUnfit(f"the ledger cannot be read: {str(error).strip().splitlines()[0]}") from None
    if found is None:
        return None
    _refuse_newer(found)
    if found != migrations.HEAD:
        raise LedgerUnfit(
            f"the ledger's schema is {found}, this program needs {migrations.HEAD}; run: lienthong db upgrade"
        )
    return found


def _sqlite_revision(path: str) -> str | None:
    with closing(sqlite3.connect(path)) as connection:
        row = None
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            row = connection.execute(REVISION).fetchone()
    return row[0] if row else None


def _postgres_revision(url: str) -> str | None:
    with psycopg.connect(url) as connection:
        row: tuple[str] | None = None
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() != (None,):
            row = connection.execute(REVISION).fetchone()
    return row[0] if row else None


def _refuse_newer(found: str | None) -> None:
    if found is not None and found > migrations.HEAD:
        raise LedgerUnfit(
            f"the ledger's schema {found} is newer than this program ({migrations.HEAD}); use the newer program, nothing was changed"
        )
