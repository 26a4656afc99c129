"""The only place that builds XML parsers: no DTD, no entities, no network, bounded depth and size (reliability S08)."""

from __future__ import annotations

from lxml import etree

MAX_BYTES = 10 * 2**20
MAX_DEPTH = 256
NO_DTD = "a document type declaration is not allowed"
XSD = "http://www.w3.org/2001/XMLSchema"


class BadXml(Exception):
    """Not XML we read: malformed, with a DTD, too deep or too large."""


def parse(raw: bytes) -> etree._Element:
    """The root element. Raises BadXml."""
    if len(raw) > MAX_BYTES:
        raise BadXml(f"larger than {MAX_BYTES} bytes")
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise BadXml(NO_DTD)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadXml(f"malformed XML ({type(error).__name__})") from None
    if root.getroottree().docinfo.internalDTD is not None:  # in an encoding in which its letters are other bytes
        raise BadXml(NO_DTD)
    _check_depth(root)
    return root


def schema(wsdl: bytes) -> etree.XMLSchema:
    """The schema inside a WSDL. zeep reads without asking for required elements and drops values of a wrong type; this does not."""
    types = next(parse(wsdl).iter(f"{{{XSD}}}schema"))
    return etree.XMLSchema(parse(etree.tostring(types)))  # written out on its own, with the namespaces in scope


def _check_depth(root: etree._Element) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise BadXml(f"deeper than {MAX_DEPTH} elements")


def write(element: etree._Element) -> bytes:
    """An element as UTF-8 with its declaration."""
    return etree.tostring(element, xml_declaration=True, encoding="UTF-8")
