"""A ledger for measuring stands beside the real one, and nothing of it stays."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from bus.ledger import schema
from bus.ledger.ledger import LedgerUnfit
from bus.ledger.scratch import scratch
from tests.servers import free_port


def test_a_scratch_ledger_of_sqlite_lies_in_the_same_folder_and_goes(tmp_path: Path) -> None:
    real = tmp_path / "ledger.db"
    real.write_bytes(b"untouched")
    with scratch(f"sqlite:///{real}") as url:
        assert url.startswith(f"sqlite:///{tmp_path}/")
        assert schema.upgrade(url) == schema.check(url)
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]
    assert real.read_bytes() == b"untouched"


def test_a_scratch_ledger_needs_no_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    with scratch(f"sqlite:///{tmp_path}/not/yet/ledger.db") as url:
        assert url.startswith(f"sqlite:///{tmp_path}/")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_scratch_ledger_of_postgres_is_a_schema_of_its_own_and_goes(postgres_url: str) -> None:
    schema.upgrade(postgres_url)

    def schemas() -> list[str]:
        with psycopg.connect(postgres_url) as connection:
            found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'lienthong%'").fetchall()
        return [name for (name,) in found]

    with scratch(postgres_url) as url:
        assert schema.check(url) is None
        assert schema.upgrade(url) == schema.check(url)
        assert len(schemas()) == 1
    assert schemas() == []
    assert schema.check(postgres_url) is not None


def test_no_server_is_said_in_one_sentence() -> None:
    with pytest.raises(LedgerUnfit, match="no scratch ledger"), scratch(f"postgresql://x@127.0.0.1:{free_port()}/x"):
        raise AssertionError("there is no server")
