"""What simulators of SOAP partners share: envelopes read by hand, so that they do not share a mistake with our zeep."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response

from adapters.simulator import Simulator
from adapters.transport import xml

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
XML = "text/xml; charset=utf-8"
FRESH = timedelta(minutes=5)
USERNAME, PASSWORD = "sim", "sim"

Said = tuple[str, Any]
"""A field of an answer: its name, and a text or fields of its own."""


class SaidFault(Exception):
    """A SOAP fault to answer with."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class SoapSimulator(Simulator):
    """A partner behind SOAP 1.1 with a UsernameToken. Its own class answers `do`, in the order of the WSDL's sequence.

    `invalid` is its code for a request it cannot read.
    """

    namespace: ClassVar[str] = ""
    invalid: ClassVar[str] = "Client"

    def __init__(self, book: Path | None = None) -> None:
        super().__init__(book)
        self._nonces: set[bytes] = set()
        self.route("/soap", self._serve)

    def do(self, name: str, fields: dict[str, Any]) -> Sequence[Said]:
        """One operation; fields that come twice are lists. Raises SaidFault; KeyError for a field that is missing."""
        raise NotImplementedError

    def say(self, code: str, words: str) -> Response:
        """A fault; WS-Security's codes stand in its own namespace, ours in the partner's."""
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP, "own": self.namespace, "wsse": WSSE})
        fault = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
        etree.SubElement(fault, "faultcode").text = f"{'own' if '-' in code else 'wsse'}:{code}"
        etree.SubElement(fault, "faultstring").text = words
        return Response(xml.write(envelope), 500, media_type=XML)

    async def _serve(self, request: Request) -> Response:
        try:
            root = xml.parse(await request.body())
            self._authenticate(root)
            body = root.find(f"{{{SOAP}}}Body")
            if body is None or len(body) != 1:
                raise SaidFault(self.invalid, "thiếu nội dung")
            name = etree.QName(body[0]).localname
            return self._answer(name, self.do(name, _fields(body[0])))
        except SaidFault as fault:
            return self.say(fault.code, str(fault))
        except KeyError as missing:
            return self.say(self.invalid, f"thiếu {missing}")
        except xml.BadXml as error:
            return self.say(self.invalid, str(error))

    def _authenticate(self, root: etree._Element) -> None:
        token = {
            etree.QName(child).localname: child.text or ""
            for child in root.iter()
            if etree.QName(child).namespace == WSSE
        }
        created = next((child.text or "" for child in root.iter() if etree.QName(child).localname == "Created"), "")
        try:
            nonce = base64.b64decode(token.get("Nonce", ""))
            age = datetime.now(UTC) - datetime.fromisoformat(created)
        except (ValueError, TypeError):
            raise SaidFault("InvalidSecurity", "UsernameToken không đọc được") from None
        wanted = base64.b64encode(hashlib.sha1(nonce + created.encode() + PASSWORD.encode()).digest()).decode()
        if token.get("Username") != USERNAME or token.get("Password") != wanted:
            raise SaidFault("FailedAuthentication", "sai tài khoản")
        if abs(age) > FRESH:
            raise SaidFault("MessageExpired", "lệch giờ")
        if nonce in self._nonces:
            raise SaidFault("FailedAuthentication", "nonce đã dùng")
        self._nonces.add(nonce)

    def _answer(self, name: str, said: Sequence[Said]) -> Response:
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP, "own": self.namespace})
        answer = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{self.namespace}}}{name}Response")
        self._write(answer, said)
        return Response(xml.write(envelope), media_type=XML)

    def _write(self, parent: etree._Element, said: Sequence[Said]) -> None:
        for field, value in said:
            element = etree.SubElement(parent, f"{{{self.namespace}}}{field}")
            if isinstance(value, list):
                self._write(element, value)
            else:
                element.text = str(value)


def _fields(parent: etree._Element) -> dict[str, Any]:
    """An element's children by name: texts, or fields of their own; what comes more than once is a list."""
    found: dict[str, Any] = {}
    for child in parent:
        name, value = etree.QName(child).localname, _fields(child) if len(child) else child.text or ""
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found
