"""Sealed files: read back at any place as they were written, and not at all once a piece is not in its place."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.seal import Keyring, SealError
from bus.sealed_file import PIECE_BYTES, SealedReader, SealedWriter

SIZES = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES, 3 * PIECE_BYTES + 17]
KEYS = Keyring.parse(Keyring.generate())


def content(size: int) -> bytes:
    return (b"Nguyen Van An, 084080000123; " * (size // 29 + 1))[:size]


def write(folder: Path, body: bytes, step: int = 50_000) -> Path:
    with SealedWriter(folder, KEYS) as file:
        for at in range(0, len(body), step):
            file.write(body[at : at + step])
    return file.path


def test_a_value_that_was_cut_short_does_not_open() -> None:
    sealed = KEYS.seal(b"Nguyen Van An", "event|1")
    for length in range(len(sealed)):
        with pytest.raises(SealError):
            KEYS.open(sealed[:length], "event|1")


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_is_read_back_and_lies_sealed(tmp_path: Path, size: int) -> None:
    path = write(tmp_path, content(size))
    assert b"084080000123" not in path.read_bytes()
    with SealedReader(path, KEYS) as file:
        assert file.read() == content(size)


@given(places=st.lists(st.tuples(st.integers(0, 4 * PIECE_BYTES), st.integers(0, 2 * PIECE_BYTES)), max_size=5))
def test_any_part_can_be_read_like_that_of_a_plain_file(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[int, int]]
) -> None:
    body = content(3 * PIECE_BYTES + 17)
    plain = io.BytesIO(body)
    with io.BufferedReader(SealedReader(write(tmp_path_factory.mktemp("f"), body), KEYS)) as file:
        for place, length in places:
            assert file.seek(place) == plain.seek(place)
            assert file.read(length) == plain.read(length)
        assert file.seek(-5, io.SEEK_END) == plain.seek(-5, io.SEEK_END)
        assert file.read() == plain.read()


def _stored(path: Path) -> list[bytes]:
    whole = path.read_bytes()
    size = PIECE_BYTES + 1 + whole[0] + 12 + 16
    return [whole[at : at + size] for at in range(0, len(whole), size)]


@pytest.mark.parametrize("spoil", ["cut", "swapped", "flipped", "another's"])
def test_a_file_that_is_not_as_it_was_stored_does_not_open(tmp_path: Path, spoil: str) -> None:
    path = write(tmp_path, content(3 * PIECE_BYTES + 17))
    pieces = _stored(path)
    if spoil == "cut":
        pieces = pieces[:-1]
    elif spoil == "swapped":
        pieces[0], pieces[1] = pieces[1], pieces[0]
    elif spoil == "flipped":
        pieces[1] = pieces[1][:-1] + bytes([pieces[1][-1] ^ 1])
    else:
        pieces[1] = _stored(write(tmp_path, content(3 * PIECE_BYTES + 17)))[1]
    path.write_bytes(b"".join(pieces))
    with SealedReader(path, KEYS) as file, pytest.raises(SealError):
        file.read()


def test_a_file_whose_writer_failed_does_not_open(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), SealedWriter(tmp_path, KEYS) as file:  # noqa: PT012
        file.write(content(2 * PIECE_BYTES))
        raise ZeroDivisionError
    with SealedReader(file.path, KEYS) as reader, pytest.raises(SealError):
        reader.read()
