"""Passwords: kept as Argon2id hashes (RFC 9106), long enough, and none that is tried first."""

from __future__ import annotations

import asyncio
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 128
AT_ONCE = 2
"""Hashes reckoned at a time: each takes 64 MiB and a processor for a moment."""
STEMS = frozenset(
    [
        "password",
        "passwords",
        "passw0rd",
        "matkhau",
        "matkhaumoi",
        "mat",
        "khau",
        "admin",
        "administrator",
        "quantri",
        "quantrivien",
        "root",
        "user",
        "nguoidung",
        "demo",
        "test",
        "testtest",
        "welcome",
        "letmein",
        "iloveyou",
        "anhyeuem",
        "emyeuanh",
        "changeme",
        "thaydoi",
        "default",
        "secret",
        "secrets",
        "bimat",
        "qwerty",
        "qwertyuiop",
        "azerty",
        "asdfgh",
        "asdfghjkl",
        "zxcvbnm",
        "qazwsx",
        "qazwsxedc",
        "abcdef",
        "abcdefgh",
        "abcdefghij",
        "lienthong",
        "lientho",
        "truclienthong",
        "motcua",
        "hanhchinh",
        "hoso",
        "hanhchinhcong",
        "dichvucong",
        "vietnam",
        "hanoi",
        "saigon",
        "hochiminh",
        "danang",
        "quangtri",
        "hue",
        "canbo",
        "vienchuc",
        "congchuc",
        "chinhquyen",
        "daiphuoc",
        "football",
        "baseball",
        "basketball",
        "superman",
        "batman",
        "princess",
        "sunshine",
        "monkey",
        "dragon",
        "master",
        "michael",
        "computer",
        "internet",
        "samsung",
        "google",
        "facebook",
        "whatever",
        "trustno",
        "starwars",
        "correcthorsebatterystaple",
        "passwordpassword",
        "adminadmin",
        "matkhaumatkhau",
    ]
)
"""What passwords are made of that are guessed first, here and elsewhere; with digits around it each is no better."""
ROWS = (
    "0123456789" * 3,
    "abcdefghijklmnopqrstuvwxyz" * 2,
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
)
LEET = str.maketrans("013457@$!", "oleastasi")
_HASHER = PasswordHasher()
_HANDS = ThreadPoolExecutor(AT_ONCE, "password")


class Weak(Exception):
    """The password may not be taken: `short`, `long` or `common`."""


def one_time() -> str:
    """A password nobody can guess and anybody can type: 20 letters and digits in fives, about 100 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def judge(password: str, name: str) -> None:
    """Raises Weak for one that is too short, too long, or built from what everybody tries.

    >>> judge("mưa rào trên mái ngói", "lan")
    >>> judge("Matkhau@2026!", "lan")
    Traceback (most recent call last):
    ops.password.Weak: common
    """
    if len(password) < SHORTEST:
        raise Weak("short")
    if len(password) > LONGEST:
        raise Weak("long")
    plain = re.sub(r"[\W_]+", "", password.lower())
    heart = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", password.lower())
    letters = {re.sub(r"\d+", "", plain), re.sub(r"[\W\d_]+", "", heart.translate(LEET))}
    own = re.sub(r"[\W_\d]+", "", name.lower())
    built = any(not word or word in STEMS or word == own or _repeats(word) for word in letters)
    if built or _repeats(plain) or _runs(plain):
        raise Weak("common")


def _repeats(word: str) -> bool:
    """One short piece over and over: `abcabcabcabc`, or a common word twice."""
    return any(
        len(word) > size and (word[:size] * (len(word) // size + 1))[: len(word)] == word
        for size in range(1, max(5, len(word) // 2 + 1))
    )


def _runs(word: str) -> bool:
    """Along the keyboard, the alphabet or the digits, either way."""
    return any(word in row or word[::-1] in row for row in ROWS)


async def hash_of(password: str) -> str:
    """The hash to keep."""
    return await asyncio.get_running_loop().run_in_executor(_HANDS, _HASHER.hash, password)


async def holds(kept: str | None, password: str) -> bool:
    """Whether the password is the one kept. Nobody's (None) takes as long as a wrong one, so that names cannot be told apart."""
    return await asyncio.get_running_loop().run_in_executor(_HANDS, _verify, kept, password)


def _verify(kept: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(kept or _nobodys(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    """A hash of no password."""
    return _HASHER.hash(secrets.token_urlsafe(16))
