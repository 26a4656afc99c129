"""Training: a ledger and a clock of its own, and nothing real ever within its reach."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bus.clock import TrainingClock
from contracts.working_time import VIETNAM
from ops import training, up
from ops.certificates import Authority
from ops.settings import Settings
from ops.up_training import up_training


def at(year: int, month: int, day: int, hour: int) -> datetime:
    return datetime(year, month, day, hour, tzinfo=VIETNAM)


@pytest.mark.parametrize("url", ["sqlite:////srv/lienthong/ledger.db", "postgresql://lienthong@db/lienthong"])
async def test_a_training_refuses_a_ledger_that_is_not_its_own(tmp_path: Path, url: str) -> None:
    with pytest.raises(up.StartError, match="may be a real one"):
        await up_training(tmp_path / "training", 0, overrides=Settings.model_validate({"ledger": {"url": url}}))
    assert not (tmp_path / "training").exists(), "nothing was begun"


async def test_a_training_takes_no_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("real")
    with pytest.raises(up.StartError, match="holds something that is no training"):
        await up_training(tmp_path, 0, overrides=Settings())
    assert (tmp_path / "ledger.db").read_text() == "real"


@pytest.mark.parametrize("inside", ["ledger.db", "deeper/ledger.db"])
async def test_a_real_bus_refuses_the_ledger_of_a_training(tmp_path: Path, inside: str) -> None:
    training.begin_anew(tmp_path / "training")
    settings = Settings.model_validate({"ledger": {"url": f"sqlite:///{tmp_path}/training/{inside}"}})
    with pytest.raises(up.StartError, match="a real bus never works on one"):
        await up.bus(settings)
    with pytest.raises(up.StartError, match="a real bus never works on one"):
        await up.bus(settings, serve=False, work=["postal"])


def test_a_training_begins_anew_each_time(tmp_path: Path) -> None:
    training.begin_anew(tmp_path / "t")
    (tmp_path / "t" / "ledger.db").write_text("of yesterday")
    training.begin_anew(tmp_path / "t")
    assert [file.name for file in (tmp_path / "t").iterdir()] == [training.MARK]


def test_the_clock_opens_at_ten_of_a_day_the_office_works() -> None:
    assert training.opens_at(at(2026, 11, 26, 22)) == at(2026, 11, 26, 10).timestamp()
    assert training.opens_at(datetime(2026, 11, 25, 18, tzinfo=UTC)) == at(2026, 11, 26, 10).timestamp()
    assert training.opens_at(at(2026, 11, 29, 9)) == at(2026, 11, 27, 10).timestamp(), "a Sunday"
    assert training.opens_at(at(2026, 5, 1, 9)) == at(2026, 4, 29, 10).timestamp(), "a holiday"
    assert training.opens_at(at(2040, 5, 1, 9)) == at(2040, 5, 1, 10).timestamp(), "a year we know no holidays of"


def test_the_clock_goes_forward_and_never_back() -> None:
    steady = [100.0]
    clock = TrainingClock(5000.0, monotonic=lambda: steady[0])
    clock.forward(9000.0)
    clock.forward(6000.0)
    steady[0] += 5
    assert clock.now() == 9005.0


async def test_an_expired_certificate_is_expired_for_real(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    for expired in (False, True):
        files = authority.certificate(expired=expired)
        own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        own.load_cert_chain(files["ssl_certfile"], files["ssl_keyfile"])
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=own)
        port = server.sockets[0].getsockname()[1]
        if expired:
            with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
                await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
        else:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
            writer.close()
        server.close()
