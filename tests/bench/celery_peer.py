"""The peer: the same job on Celery and RabbitMQ, without order, ledger, encryption or tracing, as an honest user would write it.

Each event is published with the broker's confirmation (ours is answered after its commit), read in the task, sent as the partner's row,
and the answer read; what is done is noted in a file without a sync.

Its own requirements stand in celery-requirements.txt and are installed into `.venv-peer` by the benchmark alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parents[1] / ".venv-peer"
WORKER = """
import json, os, httpx
from celery import Celery
app = Celery("peer", broker=os.environ["PEER_BROKER"])
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=8, task_ignore_result=True, broker_connection_retry_on_startup=True,
                broker_transport_options={"confirm_publish": True})
client = httpx.Client(timeout=30)

@app.task
def deliver(body):
    event = json.loads(body)
    row = {"key": deliver.request.id.replace("-", ""), "operation": "put", **event}
    reply = client.post(os.environ["PEER_URL"] + "/rows", json={"rows": [row]})
    if reply.raise_for_status().json()["rows"][0]["verdict"] != "done":
        raise ValueError(reply.text)
    with open(os.environ["PEER_DONE"], "ab") as done:
        done.write(b".")
"""


def measure(broker: str, url: str, bodies: list[bytes]) -> float:
    """Deliveries a second: all sent with delay(), two prefork processes, until the last was answered."""
    python = _environment()
    folder = Path(tempfile.mkdtemp(prefix="lienthong-peer-"))
    (folder / "peer.py").write_text(WORKER)
    done = folder / "done"
    done.touch()
    environment = os.environ | {"PEER_BROKER": broker, "PEER_URL": url, "PEER_DONE": str(done)}
    (folder / "events.txt").write_bytes(b"\n".join(bodies))
    command = [str(python), "-m", "celery", "-A", "peer", "worker", "--concurrency", "2", "--loglevel", "ERROR"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    send = "import peer\nfor line in open('events.txt'): peer.deliver.delay(line.strip())"
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as worker:
        try:
            subprocess.run(
                [str(python), "-c", "import peer; peer.deliver.delay('{}')"], cwd=folder, env=environment, check=True
            )
            _wait(done, 1)
            began = time.perf_counter()
            subprocess.run([str(python), "-c", send], cwd=folder, env=environment, check=True)
            _wait(done, len(bodies) + 1)
            return len(bodies) / (time.perf_counter() - began)
        finally:
            worker.terminate()


def _wait(done: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while done.stat().st_size < count:
        if time.monotonic() > deadline:
            raise TimeoutError("the peer did not finish")
        time.sleep(0.01)


def _environment() -> Path:
    """The peer's own environment, made once."""
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        wanted = ["--require-hashes", "-r", str(HERE / "celery-requirements.txt")]
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], check=True
        )
        (ENVIRONMENT / "ready").touch()
    return python
