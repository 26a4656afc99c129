"""The only place that builds XML parsers: no DTD, no entities, no network, bounded depth and size (reliability S08)."""

from __future__ import annotations

from lxml import etree

MAX_BYTES = 10 * 2**20
MAX_DEPTH = 256


class BadXml(Exception):
    """Not XML we read: malformed, with a DTD, too deep or too large."""


def parse(raw: bytes) -> etree._Element:
    """The root element. Raises BadXml."""
    if len(raw) > MAX_BYTES:
        raise BadXml(f"larger than {MAX_BYTES} bytes")
    if b"<!DOCTYPE" in raw[:MAX_BYTES] or b"<!ENTITY" in raw:
        raise BadXml("a document type declaration is not allowed")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadXml(f"malformed: {type(error).__name__}") from None
    _check_depth(root)
    return root


def _check_depth(root: etree._Element) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise BadXml(f"deeper than {MAX_DEPTH} elements")


def write(element: etree._Element) -> bytes:
    """An element as UTF-8 with its declaration."""
    return etree.tostring(element, xml_declaration=True, encoding="UTF-8")
