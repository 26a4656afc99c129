"""What one attempt exchanged with the partner, as it is sealed: the bytes as they were, framed by their lengths, and facts about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

NOTHING: Mapping[str, str] = {}


class Exchanged(NamedTuple):
    """Request, reply and words of an attempt; `facts` say when it left and was answered, and what it was mapped with."""

    request: bytes
    reply: bytes
    words: str
    facts: Mapping[str, str]


def pack(request: bytes, reply: bytes, words: str, facts: Mapping[str, str] = NOTHING) -> bytes:
    """`<length of the request> <length of the reply> <name>=<value>...\\n`, then request, reply and words; empty where there was nothing.

    Names and values of facts have no white space and no `=`.

    >>> pack(b"abc", b"", "không", {"left": "1.5"})
    b'3 0 left=1.5\\nabckh\\xc3\\xb4ng'
    """
    if not (request or reply or words):
        return b""
    head = " ".join((str(len(request)), str(len(reply)), *(f"{name}={value}" for name, value in facts.items())))
    return b"%b\n%b%b%b" % (head.encode(), request, reply, words.encode("utf-8", "replace"))


def unpack(packed: bytes) -> Exchanged:
    """The parts again."""
    head, _, rest = packed.partition(b"\n")
    request, reply, *facts = head.decode().split(" ")
    middle, end = int(request), int(request) + int(reply)
    return Exchanged(rest[:middle], rest[middle:end], rest[end:].decode(), dict(_pair(fact) for fact in facts))


def _pair(fact: str) -> tuple[str, str]:
    name, _, value = fact.partition("=")
    return name, value
