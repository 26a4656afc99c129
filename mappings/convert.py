"""Converters between canonical values and a partner's spelling, each with its inverse where one exists. Pure.

A converter gets the value and the whole message (codes are looked up on the message's own date) and answers the partner's value;
None means "there is nothing". `Unsayable` is raised for a value the partner's contract has no words for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from ipaddress import ip_address
from operator import attrgetter
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from contracts import codes
from contracts.codes import CodeGap
from contracts.identifier import procedure_parts

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""UTC+7, no daylight saving (domain notes, 2.2)."""


_JOINER = "\u200d"
_PLAIN_URL = re.compile(
    r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?(?:/(?:[A-Za-z0-9/:@!$&'()*+,;=~._-]|%[0-9A-Fa-f]{2})*"
    r"(?:\?(?:[A-Za-z0-9/:@!$&'()*+,;=~._?-]|%[0-9A-Fa-f]{2})*)?)?\Z"
)
"""An address that needs no escaping: nearly every one, and looking is ten times quicker than taking it apart."""
INTERNAL = frozenset({"local", "localhost", "internal", "intranet", "lan", "corp", "home", "localdomain", "arpa"})
"""Last parts of names that no public name server answers for."""
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Unsayable(ValueError):
    """The partner's contract has no words for this value."""


@dataclass(frozen=True, slots=True)
class Converter:
    """`out(value, message)` writes, `back(value)` reads (None: one way only); `says` describes the rule for the printed table."""

    says: str
    out: Callable[[Any, Any], Any]
    back: Callable[[Any], Any] | None = None


def text(max_length: int | None = None, *, cut: bool = False) -> Converter:
    """Text in NFC. Longer than `max_length` it is cut between characters where the contract allows it, else unsayable."""

    def out(value: Any, _message: Any) -> str:
        written = unicodedata.normalize("NFC", str(value))
        if max_length is None or len(written) <= max_length:
            return written
        if not cut:
            raise Unsayable(f"{len(written)} characters, {max_length} allowed")
        return _cut(written, max_length)

    limit = "" if max_length is None else f", at most {max_length}" + (" (cut)" if cut else "")
    return Converter(f"text{limit}", out, str)


def _cut(written: str, max_length: int) -> str:
    """The longest beginning that does not part a letter from its marks, nor the parts of one emoji."""
    end = max_length
    while end > 0 and (unicodedata.category(written[end])[0] == "M" or _JOINER in written[end - 1 : end + 1]):
        end -= 1
    return written[:end].rstrip()


def stamp(form: str) -> Converter:
    """An instant written in Vietnamese local time by a strftime form; read back as UTC."""

    def out(value: Any, _message: Any) -> str:
        return str(value.astimezone(VIETNAM).strftime(form))

    def back(value: Any) -> datetime | None:
        if not value:
            return None
        read = datetime.strptime(value, form)
        if read.strftime(form) != value:
            raise ValueError("not written as the form says")
        return _utc(read)

    return Converter(f"time {form} at UTC+7", out, back)


def day(form: str) -> Converter:
    """A calendar day by a strftime form."""

    def back(value: Any) -> date | None:
        return datetime.strptime(value, form).date() if value else None

    return Converter(f"day {form}", lambda value, _message: value.strftime(form), back)


def instant() -> Converter:
    """An instant as XML and JSON software expects it: ISO 8601 with the Vietnamese offset."""

    def out(value: Any, _message: Any) -> str:
        return str(value.astimezone(VIETNAM).isoformat(timespec="seconds"))

    def back(value: Any) -> datetime | None:
        if value in (None, ""):
            return None
        return _utc(value if isinstance(value, datetime) else datetime.fromisoformat(value))

    return Converter("time, ISO 8601 at UTC+7", out, back)


def _utc(read: datetime) -> datetime:
    """An instant in UTC; without an offset it is Vietnamese time. Raises ValueError for one at the end of the calendar."""
    try:
        return (read if read.tzinfo else read.replace(tzinfo=VIETNAM)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from None


def choice(words: Mapping[Any, Any]) -> Converter:
    """One word for another by a closed table; the inverse takes the first canonical word of each partner word."""
    backwards: dict[Any, Any] = {}
    for ours, theirs in words.items():
        backwards.setdefault(theirs, ours)

    def out(value: Any, _message: Any) -> Any:
        if value not in words:
            raise Unsayable(f"no word for {value!r}")
        return words[value]

    def back(value: Any) -> Any:
        if value not in backwards:
            raise Unsayable(f"unknown word {value!r}")
        return backwards[value]

    return Converter(", ".join(f"{ours}→{theirs}" for ours, theirs in words.items()), out, back)


def yes_no(yes: str = "1", no: str = "0") -> Converter:
    """A truth value in the partner's two words."""
    return choice({True: yes, False: no})


def number() -> Converter:
    """A whole number as digits in text (numbers travel as text at the portal)."""
    return Converter("whole number as text", lambda value, _message: str(int(value)), int)


def plain() -> Converter:
    """The value as it is."""
    return Converter("as it is", lambda value, _message: value, lambda value: value)


def constant(value: Any) -> Converter:
    """Always the same value."""
    return Converter(f"always {value!r}", lambda _value, _message: value)


def code_name(code_list: str, on: str) -> Converter:
    """The name a code has on the day at path `on` of the message. Raises CodeGap when the list has no row for it."""
    day = attrgetter(on)

    def out(value: Any, message: Any) -> str:
        return codes.lookup(code_list, value, as_day(day(message))).name_vi

    return Converter(f"name in list {code_list} on the day of {on}", out)


def known_code(code_list: str, on: str, base: Callable[[str], str] = lambda code: code) -> Converter:
    """A code that must stand in a list on the day at path `on` of the message. Raises CodeGap otherwise."""
    day = attrgetter(on)

    def out(value: Any, message: Any) -> str:
        return codes.lookup(code_list, base(value), as_day(day(message))).code

    return Converter(f"code of list {code_list} on the day of {on}", out)


def national_procedure(code: str, on: date | datetime) -> str:
    """A procedure as the national systems call it on a day: without the province's additions, and by the map of local codes where the
    portal calls it otherwise. One that neither knows keeps its base.

    >>> national_procedure("2.000815.000.00.00.H59.02", date(2026, 7, 3)), national_procedure("2.000488.000.00.00.H59", date(2026, 7, 3))
    ('2.000815', '3.000333')
    """
    base = procedure_parts(code).base
    try:
        return codes.lookup("procedure", base, as_day(on)).code
    except CodeGap:
        return base


def as_day(value: date | datetime) -> date:
    """The Vietnamese calendar day of an instant, or the day itself."""
    return value.astimezone(VIETNAM).date() if isinstance(value, datetime) else value


def url() -> Converter:
    """An http(s) URL with blanks and diacritics percent-escaped, letter by letter (RFC 3987, 3.1); what is escaped already stays.

    One that only the province's own network reaches is raised: the partner would take the paper and have no file (domain notes 3.1).
    """

    def out(value: Any, _message: Any) -> str:
        parts = urlsplit(str(value))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise Unsayable("not an http(s) URL without credentials")
        if _is_internal(parts.hostname):
            raise Unsayable("the address is of the inner network, where the partner does not reach it")
        if _PLAIN_URL.match(str(value)):
            return str(value)
        return urlunsplit((parts.scheme, _host(parts), escaped(parts.path), escaped(parts.query), ""))

    return Converter("http(s) URL, escaped, reachable from outside", out, str)


@lru_cache(maxsize=4096)
def _is_internal(host: str) -> bool:
    """Whether a host is an address of an inner network, a bare name, or under a suffix that is never public (RFC 6761, 6762)."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host.rstrip(".") or host.rstrip(".").rpartition(".")[2] in INTERNAL or host[-1].isdigit()


def _host(parts: SplitResult) -> str:
    if parts.netloc.isascii():
        return parts.netloc
    name = str(parts.hostname).encode("idna").decode()
    return name if parts.port is None else f"{name}:{parts.port}"


def escaped(text: str) -> str:
    """Letters that may not stand in an address percent-escaped; what is escaped already stays."""
    return quote(_BARE_PERCENT.sub("%25", text), safe="/%:@!$&'()*+,;=~-._?")


def certificate(text: str, limit_bytes: int) -> tuple[str | None, str, str]:
    """A PDF that came as Base64 text: clean Base64, its SHA-256, or what is wrong with it. What it certifies holds all the same."""
    if not text:
        return None, "", ""
    try:
        content = binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except ValueError:
        return None, "", "the certificate is not Base64"
    if not content.startswith(b"%PDF-"):
        return None, "", "the certificate is not a PDF"
    if len(content) > limit_bytes:
        return None, "", f"the certificate has {len(content)} bytes, {limit_bytes} allowed"
    return base64.b64encode(content).decode(), hashlib.sha256(content).hexdigest(), ""


def json_text() -> Converter:
    """A value as JSON text inside a text field."""
    return Converter(
        "JSON in text", lambda value, _message: json.dumps(value, ensure_ascii=False), lambda value: json.loads(value)
    )
