"""The private servers: ports and folders of their own, nothing of the host touched, nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.servers import Postgres, RabbitMQ, Server, ServerMissing, free_port, wait_for_port, wait_until_closed

HOST = [
    Path(place)
    for place in (
        "/etc/postgresql",
        "/etc/rabbitmq",
        "/var/lib/postgresql",
        "/var/lib/rabbitmq",
        "/var/log/postgresql",
        "/var/log/rabbitmq",
        "/run/postgresql",
        "/run/rabbitmq",
    )
]
"""Where Debian's own services keep what is theirs."""


LISTEN = "0A"
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


def of_the_host() -> dict[str, tuple[float, int]]:
    """Everything the host's services own, with times and sizes."""
    places = [*HOST, Path.home() / ".erlang.cookie"]
    found = [place for top in places if top.exists() for place in (top, *top.rglob("*"))]
    return {str(place): (place.lstat().st_mtime, place.lstat().st_size) for place in found}


def processes_of(server: Server) -> list[int]:
    """Every living process that names the server's folder, in its arguments or its environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            said = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
            if str(server.folder).encode() in said:
                found.append(int(place.name))
    return found


def listens_beyond_loopback(port: int) -> bool:
    """Whether anything but loopback has the port open (Linux's own tables; addresses are hexadecimal, low byte first)."""
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    lines = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    here = [line[1].partition(":")[0] for line in lines if line[1].endswith(f":{port:04X}") and line[3] == LISTEN]
    assert here, f"nobody listens on port {port}"
    return not LOOPBACK.issuperset(here)


class Plain(Server):
    """The least server there is."""

    def start(self) -> None:
        code = f"import http.server as h; h.HTTPServer(('127.0.0.1', {self.port}), h.SimpleHTTPRequestHandler).serve_forever()"
        self._spawn([sys.executable, "-c", code], dict(os.environ) | {"FOLDER": str(self.folder)})
        wait_for_port(self.port, 20)

    def stop(self) -> None:
        self.signal(signal.SIGTERM)
        assert self.process is not None
        self.process.wait(10)


def test_a_server_has_a_port_and_a_temporary_folder_of_its_own_and_leaves_neither() -> None:
    with Plain() as one, Plain() as two:
        assert one.port != two.port
        assert one.folder != two.folder
        assert one.folder.parent == Path(tempfile.gettempdir())
        assert processes_of(one)
    for server in (one, two):
        wait_until_closed(server.port, 5)
        assert not server.folder.exists()
        assert processes_of(server) == []


def test_a_server_is_gone_after_a_test_that_failed_and_after_one_that_froze_it() -> None:
    class Failed(Exception):
        pass

    server = Plain()
    with contextlib.suppress(Failed), server:
        server.freeze()
        raise Failed
    wait_until_closed(server.port, 5)
    assert processes_of(server) == []


def test_a_killed_server_starts_again_on_its_port() -> None:
    with Plain() as server:
        server.kill()
        wait_until_closed(server.port, 5)
        server.start()
        socket.create_connection(("127.0.0.1", server.port), 5).close()


def test_a_port_that_stays_silent_or_open_is_said_so() -> None:
    with pytest.raises(TimeoutError, match="nothing listens"):
        wait_for_port(free_port(), 0.1)
    with socket.create_server(("127.0.0.1", 0)) as open_port, pytest.raises(TimeoutError, match="still listens"):
        wait_until_closed(open_port.getsockname()[1], 0.1)


@pytest.mark.parametrize("kind", [Postgres, RabbitMQ])
def test_a_server_that_is_not_installed_says_what_to_install_and_leaves_no_folder(
    kind: type[Postgres] | type[RabbitMQ], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("tests.servers.Path", lambda _place: tmp_path / "absent")
    with pytest.raises(ServerMissing, match="apt-get install"):
        kind()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def untouched() -> Iterator[None]:
    """The host's own servers and settings are after the test as they were before it."""
    before = of_the_host()
    yield
    assert of_the_host() == before


@pytest.mark.slow
@pytest.mark.usefixtures("postgres", "untouched")
def test_postgres_is_private_and_durable_and_gone_afterwards() -> None:
    with Postgres() as server:
        assert isinstance(server, Postgres)
        assert not listens_beyond_loopback(server.port)
        assert server.new_database() != server.new_database()
        with psycopg.connect(server.url) as connection:
            asked = {
                name: connection.execute(f"SHOW {name}".encode()).fetchone()
                for name in ("data_directory", "unix_socket_directories", "fsync", "synchronous_commit")
            }
        assert asked == {
            "data_directory": (str(server.folder / "data"),),
            "unix_socket_directories": ("",),
            "fsync": ("on",),
            "synchronous_commit": ("on",),
        }
        owner = Path(f"/proc/{server.process.pid}").stat().st_uid if server.process else 0
        assert owner != 0
    wait_until_closed(server.port, 10)
    assert not server.folder.exists()
    assert processes_of(server) == []


@pytest.mark.slow
@pytest.mark.usefixtures("rabbitmq", "untouched")
def test_rabbitmq_is_private_and_gone_with_its_name_server() -> None:
    with RabbitMQ() as server:
        assert isinstance(server, RabbitMQ)
        ports = [server.port, *(int(server.environment[name]) for name in ("RABBITMQ_DIST_PORT", "ERL_EPMD_PORT"))]
        assert not [port for port in ports if listens_beyond_loopback(port)]
        assert str(server.folder) in server.control("eval", "rabbit_mnesia:dir().")
    for port in ports:
        wait_until_closed(port, 10)
    assert not server.folder.exists()
    assert processes_of(server) == []
