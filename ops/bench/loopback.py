"""A partner that costs nothing: the plain contract answered from raw sockets, in a process of its own, after a fixed time.

`python -m ops.bench.loopback PORT DELAY_S` serves until killed.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import cast

KEYS = re.compile(rb'"key":"([0-9a-f]+)"')


class Loopback(asyncio.Protocol):
    """One connection: every request is done at once."""

    delay_s = 0.0

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            if len(self._buffer) < end + 4 + length:
                return
            body, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
            rows = b",".join(b'{"key":"%s","verdict":"done"}' % key for key in KEYS.findall(body))
            answer = b'{"rows":[' + rows + b"]}"
            reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
                len(answer),
                answer,
            )
            if self.delay_s:
                asyncio.get_running_loop().call_later(self.delay_s, self._write, reply)
            else:
                self._write(reply)

    def _write(self, reply: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(reply)


async def main(port: int, delay_s: float) -> None:
    """Serve until killed."""
    Loopback.delay_s = delay_s
    server = await asyncio.get_running_loop().create_server(Loopback, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(main(int(sys.argv[1]), float(sys.argv[2])))
