"""Bring a ledger's schema forward, and refuse one this program does not know."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from bus.ledger import migrations, sqlite
from bus.ledger.ledger import LedgerUnfit

SQLITE = "sqlite:///"
ADVISORY_LOCK = 0x4C54


def upgrade(url: str) -> str:
    """Bring the ledger at `url` to this program's schema; the revision it then has. Raises LedgerUnfit."""
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
            else:
                connection.exec_driver_sql(f"PRAGMA page_size = {sqlite.PAGE_BYTES}")
            _refuse_newer(_revision(connection))
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
    """The ledger's revision, None when it has no tables yet. Raises LedgerUnfit for an unknown or older schema."""
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            found = _revision(connection)
    except sqlalchemy.exc.DatabaseError as error:
        raise LedgerUnfit(f"the ledger cannot be read: {str(error.orig).strip().splitlines()[0]}") from None
    finally:
        engine.dispose()
    if found is None:
        return None
    _refuse_newer(found)
    if found != migrations.HEAD:
        raise LedgerUnfit(
            f"the ledger's schema is {found}, this program needs {migrations.HEAD}; run: lienthong db upgrade"
        )
    return found


def _engine(url: str) -> sqlalchemy.Engine:
    if url.startswith(SQLITE):
        return sqlalchemy.create_engine(url)
    return sqlalchemy.create_engine(
        url.replace("postgres://", "postgresql://").replace("postgresql://", "postgresql+psycopg://", 1)
    )


def _revision(connection: sqlalchemy.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(found: str | None) -> None:
    if found is not None and found > migrations.HEAD:
        raise LedgerUnfit(
            f"the ledger's schema {found} is newer than this program ({migrations.HEAD}); use the newer program, nothing was changed"
        )
