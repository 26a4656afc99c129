"""A file sealed piece by piece as it comes, and read back at any place, with one piece of it in memory.

Each piece is sealed for the file's own name, its place and whether it is the last (`bus.seal`): pieces that were moved, dropped, added or
taken from another file do not open. The name is random and never comes from data.
"""

from __future__ import annotations

import io
import secrets
from pathlib import Path
from types import TracebackType
from typing import Any

from bus.seal import NONCE_BYTES, Keyring, SealError

PIECE_BYTES = 64 * 1024
_TAG_BYTES = 16


class SealedWriter:
    """Takes bytes in order; `close` writes the last piece, without which the file does not open. Raises OSError."""

    def __init__(self, folder: Path, keys: Keyring) -> None:
        self.path = folder / secrets.token_hex(16)
        self._keys = keys
        self._file = self.path.open("xb")
        self._rest = bytearray()
        self._pieces = 0

    def write(self, part: bytes) -> None:
        self._rest += part
        while len(self._rest) > PIECE_BYTES:
            self._put(bytes(self._rest[:PIECE_BYTES]), last=False)
            del self._rest[:PIECE_BYTES]

    def close(self) -> None:
        if not self._file.closed:
            self._put(bytes(self._rest), last=True)
            self._file.close()

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._keys.seal(piece, _record(self.path.name, self._pieces, last)))
        self._pieces += 1

    def __enter__(self) -> SealedWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        if kind is None:
            self.close()
        self._file.close()


class SealedReader(io.RawIOBase):
    """The bytes as they were written, at any place. Reading raises SealError for what is not what was stored."""

    def __init__(self, path: Path, keys: Keyring) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._name, self._keys = path.name, keys
        key_name = self._file.read(1)
        if not key_name:
            raise SealError("the file is empty")
        self._over = 1 + key_name[0] + NONCE_BYTES + _TAG_BYTES
        stored = path.stat().st_size
        self._pieces = -(-stored // (PIECE_BYTES + self._over))
        self._size = stored - self._pieces * self._over
        self._at, self._held, self._piece = 0, -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            self._open(self._pieces - 1)  # a file that was cut short does not end well
            return 0
        number, start = divmod(self._at, PIECE_BYTES)
        into = memoryview(buffer).cast("B")
        part = self._open(number)[start : start + len(into)]
        into[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _open(self, number: int) -> bytes:
        if number != self._held:
            self._file.seek(number * (PIECE_BYTES + self._over))
            last = number == self._pieces - 1
            sealed = self._file.read(PIECE_BYTES + self._over)
            self._piece, self._held = self._keys.open(sealed, _record(self._name, number, last)), number
        return self._piece

    def close(self) -> None:
        self._file.close()
        super().close()


def _record(name: str, number: int, last: bool) -> str:
    return f"file|{name}|{number}|{'last' if last else 'more'}"
