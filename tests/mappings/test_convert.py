"""Converters: what is written is as the partner wants it, and what is read back is what was meant."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import CodeGap
from contracts.identifier import procedure_parts
from mappings.convert import (
    VIETNAM,
    Converter,
    Unsayable,
    as_day,
    choice,
    code_name,
    constant,
    instant,
    json_text,
    known_code,
    number,
    plain,
    stamp,
    text,
    url,
    yes_no,
)

WHOLE_SECONDS = st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)
FORMS = ("%Y%m%d%H%M%S", "%d/%m/%Y %H:%M:%S")


def there_and_back(converter: Converter, value: Any) -> Any:
    assert converter.back is not None
    return converter.back(converter.out(value, None))


@given(WHOLE_SECONDS, st.sampled_from(FORMS))
def test_a_time_comes_back_as_the_same_instant(at: datetime, form: str) -> None:
    assert there_and_back(stamp(form), at) == at
    assert there_and_back(instant(), at) == at


@given(st.integers(-(10**13), 10**13))
def test_a_number_comes_back(value: int) -> None:
    assert there_and_back(number(), value) == value


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_comes_back_in_its_normal_form(value: str) -> None:
    assert there_and_back(text(), value) == unicodedata.normalize("NFC", value)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_json_in_text_comes_back(value: Any) -> None:
    assert there_and_back(json_text(), value) == value
    assert there_and_back(plain(), value) == value


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), min_size=1))
def test_a_word_comes_back_as_a_word_that_is_said_alike(words: dict[str, str]) -> None:
    converter = choice(words)
    for ours in words:
        assert words[there_and_back(converter, ours)] == words[ours]


def test_a_time_is_written_in_vietnam_whatever_zone_it_came_in() -> None:
    at = datetime(2023, 4, 25, 2, 30, tzinfo=UTC)
    for zone in (UTC, VIETNAM, timezone(timedelta(hours=-5))):
        assert stamp("%Y%m%d%H%M%S").out(at.astimezone(zone), None) == "20230425093000"
        assert instant().out(at.astimezone(zone), None) == "2023-04-25T09:30:00+07:00"


@pytest.mark.parametrize(
    "value", ["2023042593000", "20230425", "20230230093000", "20230425093000 ", "00010101000000", "x"]
)
def test_a_time_not_written_as_the_form_says_is_no_time(value: str) -> None:
    back = stamp("%Y%m%d%H%M%S").back
    assert back is not None
    with pytest.raises(ValueError, match=r"."):
        back(value)


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00", "yesterday", "2023-13-01T00:00:00Z"])
def test_a_moment_that_is_none_is_a_value_error(value: str) -> None:
    back = instant().back
    assert back is not None
    with pytest.raises(ValueError, match=r"."):
        back(value)


def test_a_time_without_offset_is_vietnamese_and_an_empty_one_is_nothing() -> None:
    back, stamped = instant().back, stamp("%Y%m%d%H%M%S").back
    assert back is not None
    assert stamped is not None
    assert back("2023-04-25T09:30:00") == datetime(2023, 4, 25, 2, 30, tzinfo=UTC)
    assert back(datetime(2023, 4, 25, 9, 30)) == datetime(2023, 4, 25, 2, 30, tzinfo=UTC)
    assert back("") is back(None) is stamped("") is None


@given(st.text(max_size=60), st.integers(1, 30))
def test_text_is_cut_to_the_limit_and_never_inside_a_letter(value: str, limit: int) -> None:
    written = text(limit, cut=True).out(value, None)
    whole = unicodedata.normalize("NFC", value)
    assert len(written) <= limit
    assert whole.startswith(written)
    if len(whole) > limit:
        rest = whole[len(written) :].lstrip()
        assert not rest or not written or unicodedata.category(rest[0])[0] != "M" or whole[len(written)].isspace()


@pytest.mark.parametrize(
    ("value", "limit", "written"),
    [
        ("Nguyễn", 6, "Nguyễn"),
        ("Nguyễn Văn", 7, "Nguyễn"),
        ("ខ្មែរ", 2, "ខ្"),
        ("ខ្មែរ", 1, ""),
        ("a👩\u200d👧b", 2, "a"),
        ("a👩\u200d👧b", 3, "a"),
        ("a👩\u200d👧b", 4, "a👩\u200d👧"),
        ("x\u0323\u0302y", 2, ""),
    ],
)
def test_a_letter_keeps_its_marks_or_goes_whole(value: str, limit: int, written: str) -> None:
    assert text(limit, cut=True).out(value, None) == written


def test_text_that_may_not_be_cut_is_unsayable_and_not_repeated() -> None:
    with pytest.raises(Unsayable, match="11 characters, 10 allowed") as found:
        text(10).out("Bí mật quá!", None)
    assert "Bí mật" not in str(found.value)


def test_truth_has_two_words_and_no_third() -> None:
    converter = yes_no("True", "False")
    assert (converter.out(True, None), converter.out(False, None)) == ("True", "False")
    assert converter.back is not None
    assert converter.back("True") is True
    with pytest.raises(Unsayable):
        converter.back("true")
    with pytest.raises(Unsayable):
        converter.out("yes", None)


def test_a_constant_says_the_same_of_everything() -> None:
    assert constant("").out(object(), None) == ""
    assert constant("").back is None


def test_a_code_is_looked_up_on_the_day_of_the_message() -> None:
    before = SimpleNamespace(filed=SimpleNamespace(at=datetime(2025, 6, 30, 16, 59, tzinfo=UTC)))
    after = SimpleNamespace(filed=SimpleNamespace(at=datetime(2025, 6, 30, 17, 0, tzinfo=UTC)))
    assert code_name("ward", on="filed.at").out("28858", before) == "Xã Hữu Định"
    assert code_name("ward", on="filed.at").out("28858", after) == "Phường Phú Tân"
    assert known_code("province", on="filed.at").out("84", before) == "84"
    with pytest.raises(CodeGap) as gap:
        known_code("province", on="filed.at").out("84", after)
    assert gap.value.key == "code:province:84:2025-07-01"


def test_a_procedure_with_suffixes_is_sent_by_its_base() -> None:
    message = SimpleNamespace(on=date(2026, 7, 1))
    converter = known_code("procedure", on="on", base=lambda code: procedure_parts(code).base)
    assert converter.out("1.012783.000.00.00.H59.02", message) == "1.012783"


def test_the_day_of_an_instant_is_the_vietnamese_one() -> None:
    assert as_day(datetime(2026, 6, 30, 17, 0, tzinfo=UTC)) == date(2026, 7, 1)
    assert as_day(date(2026, 7, 1)) == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("https://a.vn/x.pdf", "https://a.vn/x.pdf"),
        ("https://a.vn/Đơn 1.pdf?tên=An#trang2", "https://a.vn/%C4%90%C6%A1n%201.pdf?t%C3%AAn=An"),
        ("https://a.vn/100%.pdf", "https://a.vn/100%25.pdf"),
        ("https://a.vn/a%20b.pdf", "https://a.vn/a%20b.pdf"),
        ("http://hồ-sơ.vn:8443/x", "http://xn--h-s-qfw7890b.vn:8443/x"),
        ("http://[2001:4860:4860::8888]:80/x", "http://[2001:4860:4860::8888]:80/x"),
        ("https://a.vn/o\u0302.pdf", "https://a.vn/o%CC%82.pdf"),
    ],
)
def test_an_address_is_escaped_letter_by_letter(given: str, written: str) -> None:
    written = written.replace("xn--h-s-qfw7890b", "hồ-sơ".encode("idna").decode())
    assert url().out(given, None) == written
    assert url().out(written, None) == written


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="?#\\")))
def test_an_escaped_address_is_ascii_and_names_the_same_file(path: str) -> None:
    written = url().out(f"https://a.vn/{path}", None)
    assert written.isascii()
    assert " " not in written
    assert unquote(urlsplit(written).path) == f"/{unquote(path)}"


@pytest.mark.parametrize(
    "given",
    ["ftp://a.vn/x", "file:///etc/passwd", "//a.vn/x", "https://u:p@a.vn/x", "https:///x", "https://[::1/x", "x"],
)
def test_what_is_no_web_address_is_unsayable(given: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        url().out(given, None)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "10.2.0.9:8080",
            "192.168.1.4",
            "172.16.0.1",
            "169.254.169.254",
            "[::1]",
            "[fd00::1]",
            "100.64.0.1",
        ),
        *("localhost", "hoso", "hoso.tinh.local", "files.internal", "2130706433", "0x7f.1", "hoso.lan.", "10.2.0"),
    ],
)
def test_a_file_on_an_inner_host_is_raised_and_never_told_to_a_partner(host: str) -> None:
    with pytest.raises(Unsayable, match="inner network"):
        url().out(f"https://{host}/tep/Giấy 1.pdf", None)
