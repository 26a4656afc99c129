"""Every partner's simulator in a process of its own: `python -m tests.year.partners FOLDER FIRST_PORT`, until it is told to end."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from ops import simulate

KEEP = 1_000
"""Entries a book keeps at hand; all of them stand in its file."""


async def main(folder: Path, first_port: int) -> None:
    """Serve, say `ready`, end on SIGTERM."""
    served = await simulate.serve(simulate.SIMULATORS, folder, first_port)
    for one in served.values():
        one.app.state.simulator.book.keep = KEEP
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    print("ready", flush=True)
    await ended.wait()
    for one in served.values():
        await one.stop()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2])))
