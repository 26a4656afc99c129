"""Fixtures of all partners' rooms."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.certificate import self_signed


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody has reason to trust, and its key, in one file."""
    return self_signed(tmp_path_factory.mktemp("tls") / "server.pem")
