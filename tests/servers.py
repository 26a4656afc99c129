"""Private servers for tests, benchmarks and fault runs: PostgreSQL and RabbitMQ from Debian's packages, on private ports, in
temporary folders. Nothing of the host's own is touched. Each can be stopped, killed, frozen and started again.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType

import psycopg

from bus.ledger import schema


class ServerMissing(Exception):
    """The server's programs are not on this machine."""


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, timeout_s: float) -> None:
    """Return once something listens on the port. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port} after {timeout_s:.0f} s")


def wait_until_closed(port: int, timeout_s: float) -> None:
    """Return once nothing listens on the port. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            return
        time.sleep(0.05)
    raise TimeoutError(f"something still listens on port {port} after {timeout_s:.0f} s")


class Server(ABC):
    """One private server process with its process group."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="lienthong-"))
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def start(self) -> None:
        """Start and wait until it answers."""

    @abstractmethod
    def stop(self) -> None:
        """Stop in good order."""

    def _spawn(self, command: list[str], environment: dict[str, str], user: str | None = None) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=environment,
                user=user,
                group=None if user is None else pwd.getpwnam(user).pw_gid,
                extra_groups=None if user is None else [],
                start_new_session=True,
                cwd=self.folder,
            )

    def signal(self, number: int) -> None:
        """Send a signal to the server's whole process group."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self.signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(10)

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.thaw()
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Server):
    """A private PostgreSQL cluster with trust on loopback; never runs as root."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
        if not found:
            raise ServerMissing("PostgreSQL is not installed (apt-get install postgresql)")
        super().__init__()
        self._bin = found[-1].parent
        self._user = "postgres" if os.geteuid() == 0 else None
        self._data = self.folder / "data"
        self._model = ""
        if self._user:
            shutil.chown(self.folder, self._user)

    @property
    def url(self) -> str:
        return f"postgresql://lienthong@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        if not self._data.exists():
            subprocess.run(
                [
                    self._bin / "initdb",
                    "-D",
                    self._data,
                    "-U",
                    "lienthong",
                    "-A",
                    "trust",
                    "-E",
                    "UTF8",
                    "--locale=C.UTF-8",
                ],
                check=True,
                capture_output=True,
                user=self._user,
                cwd=self.folder,
            )
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 100,
            "shared_buffers": "128MB",
            "log_min_messages": "warning",
            "deadlock_timeout": "200ms",
            "wal_compression": "lz4",  # as the operator's guide says
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        self._spawn([str(self._bin / "postgres"), "-D", str(self._data), *options], dict(os.environ), self._user)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 40
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def stop(self, how: int = signal.SIGINT) -> None:
        """SIGINT is a fast stop, SIGQUIT an immediate one."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(30)

    def kill(self) -> None:
        """Kill the postmaster and every backend: they are sessions of their own."""
        assert self.process is not None
        children = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        for pid in [str(self.process.pid), *children]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        self.process.wait(10)

    def new_database(self, model: str = "template1") -> str:
        """A fresh database, empty or a copy; its URL."""
        name = f"t{secrets.token_hex(6)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {model}".encode())
        return self.url.rsplit("/", 1)[0] + f"/{name}"

    def new_ledger(self) -> str:
        """A ledger nobody has worked on yet; its URL. The steps of the schema are taken once for the server, and then copied."""
        if not self._model:
            url = self.new_database()
            schema.upgrade(url)
            self._model = url.rpartition("/")[2]
        return self.new_database(self._model)


class RabbitMQ(Server):
    """A private RabbitMQ node: own ports, own cookie, own name server, no plugins."""

    def __init__(self) -> None:
        self._bin = Path("/usr/lib/rabbitmq/bin")
        if not (self._bin / "rabbitmq-server").exists():
            raise ServerMissing("RabbitMQ is not installed (apt-get install rabbitmq-server)")
        super().__init__()
        self._user = "rabbitmq" if os.geteuid() == 0 else None
        self._node = f"lt{secrets.token_hex(4)}@localhost"
        self._epmd = free_port()
        self._dist = free_port()
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.console = true\nlog.console.level = warning\nlog.file = false\n"
            "vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\n"
        )
        (self.folder / "enabled_plugins").write_text("[].")
        if self._user:
            for path in (self.folder, self.folder / "rabbitmq.conf", self.folder / "enabled_plugins"):
                shutil.chown(path, self._user)

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    @property
    def environment(self) -> dict[str, str]:
        """What the node and its control programs need."""
        folder = str(self.folder)
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": folder,
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_DIST_PORT": str(self._dist),
            "ERL_EPMD_PORT": str(self._epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none "
            "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    def start(self) -> None:
        self._spawn([str(self._bin / "rabbitmq-server")], self.environment, self._user)
        wait_for_port(self.port, 60)

    def kill(self) -> None:
        """SIGKILL to every process of the node; returns once its port is free."""
        super().kill()
        wait_until_closed(self.port, 10)

    def stop(self) -> None:
        assert self.process is not None
        self.signal(signal.SIGTERM)
        self.process.wait(40)

    def control(self, *words: str) -> str:
        """Run rabbitmqctl on the node; its output."""
        done = subprocess.run(
            [str(self._bin / "rabbitmqctl"), "-q", *words],
            env=self.environment,
            user=self._user,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            cwd=self.folder,
        )
        return done.stdout

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        epmd = shutil.which("epmd")
        if epmd is not None:
            subprocess.run([epmd, "-kill"], env={"ERL_EPMD_PORT": str(self._epmd)}, check=False, capture_output=True)
