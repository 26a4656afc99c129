"""The one XML parser: what it refuses, and that nothing gets out of it but an element or BadXml."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.transport import xml
from contracts import electronic_iso as contract

BOMB = "<!DOCTYPE a [<!ENTITY b 'bbbbbbbb'>" + "".join(f"<!ENTITY b{n} '{f'&b{n - 1};' * 10}'>" for n in range(1, 9))
PIECES = st.sampled_from(
    [
        "<a>",
        "</a>",
        "<a b='c'>",
        "<!DOCTYPE a>",
        "<!-- x -->",
        "<?p x?>",
        "<![CDATA[",
        "]]>",
        "&lt;",
        "&x;",
        "&#0;",
        "\x00",
        "ế",
    ]
)


def refusal(raw: bytes) -> str:
    with pytest.raises(xml.BadXml) as refused:
        xml.parse(raw)
    return str(refused.value)


def test_what_is_written_is_read_again() -> None:
    root = xml.parse("<a b='1'>Tiếng Việt<c/></a>".encode())
    again = xml.parse(xml.write(root))
    assert (again.tag, again.text, again.get("b"), again[0].tag) == ("a", "Tiếng Việt", "1", "c")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("declared", ["<!DOCTYPE a>", "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/x.dtd'>", BOMB + "]>"])
def test_a_document_type_is_refused_in_any_encoding(declared: str, encoding: str) -> None:
    refusal(f"{declared}<a>x</a>".encode(encoding))


def test_utf_16_itself_is_xml() -> None:
    assert xml.parse("<a>ế</a>".encode("utf-16")).text == "ế"
    assert refusal("<!DOCTYPE a><a>ế</a>".encode("utf-16")) == xml.NO_DTD


def test_no_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("bí mật", encoding="utf-8")
    for encoding in ("utf-8", "utf-16"):
        refusal(f"<!DOCTYPE a [<!ENTITY x SYSTEM '{secret.as_uri()}'>]><a>&x;</a>".encode(encoding))
    included = xml.parse(f"<a xmlns:i='http://www.w3.org/2001/XInclude'><i:include href='{secret}'/></a>".encode())
    assert "bí mật" not in "".join(str(text) for text in included.itertext())


def test_a_bomb_of_entities_does_not_go_off() -> None:
    for encoding in ("utf-8", "utf-16"):
        refusal(f"{BOMB}]><a c='&b8;'>&b8;</a>".encode(encoding))


@pytest.mark.parametrize(("depth", "read"), [(200, True), (xml.MAX_DEPTH + 1, False), (100_000, False)])
def test_depth_is_bounded(depth: int, read: bool) -> None:
    raw = b"<a>" * depth + b"</a>" * depth
    if read:
        assert xml.parse(raw).tag == "a"
    else:
        refusal(raw)


def test_size_is_bounded() -> None:
    assert refusal(b"<a>" + b"x" * xml.MAX_BYTES + b"</a>") == f"larger than {xml.MAX_BYTES} bytes"


@pytest.mark.parametrize(
    "raw", [b"", b" ", b"x", b"<a>", b"<a></b>", b"<a/><b/>", b"<a>&x;</a>", b"<a b='1' b='2'/>", b"<a>\x00</a>"]
)
def test_what_is_not_well_formed_is_refused_without_its_words(raw: bytes) -> None:
    assert refusal(raw) == "malformed XML (XMLSyntaxError)"


def test_a_document_cut_anywhere_is_refused() -> None:
    whole = contract.wsdl().rstrip()
    for end in range(0, len(whole) - 1, 97):
        refusal(whole[:end])


@given(
    st.one_of(
        st.binary(max_size=200), st.lists(PIECES | st.text(max_size=5), max_size=20).map(lambda p: "".join(p).encode())
    )
)
def test_any_bytes_are_an_element_or_refused(raw: bytes) -> None:
    try:
        root = xml.parse(raw)
    except xml.BadXml:
        return
    assert xml.parse(xml.write(root)).tag == root.tag


def test_the_schema_of_a_wsdl_asks_for_what_is_required() -> None:
    schema = xml.schema(contract.wsdl())
    slip = f"<TiepNhanHoSoResponse xmlns='{contract.NAMESPACE}'>%s</TiepNhanHoSoResponse>"
    assert schema.validate(xml.parse((slip % "<MaPhieu>1</MaPhieu>").encode()))
    assert not schema.validate(xml.parse((slip % "").encode()))
