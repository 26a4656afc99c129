"""What one attempt exchanged with the partner, as it is sealed: the bytes as they were, framed by their lengths."""

from __future__ import annotations


def pack(request: bytes, reply: bytes, words: str) -> bytes:
    """`<length of the request> <length of the reply>\\n`, then request, reply and words; empty where there was nothing.

    >>> pack(b"abc", b"", "không")
    b'3 0\\nabckh\\xc3\\xb4ng'
    """
    if not (request or reply or words):
        return b""
    return b"%d %d\n%b%b%b" % (len(request), len(reply), request, reply, words.encode("utf-8", "replace"))


def unpack(packed: bytes) -> tuple[bytes, bytes, str]:
    """Request, reply and words again."""
    lengths, _, rest = packed.partition(b"\n")
    request, reply = map(int, lengths.split())
    return rest[:request], rest[request : request + reply], rest[request + reply :].decode()
