"""SOAP out and in. zeep is the authority on WSDL, types and faults; the bytes go through the common HTTP client.

Out: `SoapClient.call` builds the envelope, adds WS-Security and the trace context, reads the answer by the WSDL. In: `SoapServer` reads a
partner's request by the same WSDL, checks its UsernameToken, and words the answer or the fault.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import zeep
from lxml import etree
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault as ZeepFault
from zeep.helpers import serialize_object
from zeep.wsse.username import UsernameToken

from adapters.transport import xml
from adapters.transport.http import Failure, HttpClient, Reply
from bus.adapter import Call

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
TRACE = "urn:vn:lienthong:trace"
FRESH_S = 300.0
TYPES = ("text/xml", "application/soap+xml", "application/xml")


class _NoTransport(zeep.Transport):  # type: ignore[misc]
    """zeep is handed the WSDL's bytes and may fetch nothing."""

    def load(self, url: str) -> bytes:
        raise PermissionError(f"documents are not fetched: {url}")


def _settings() -> zeep.Settings:
    return zeep.Settings(strict=True, xml_huge_tree=False, forbid_dtd=True, forbid_entities=True)


def open_wsdl(wsdl: bytes) -> zeep.Client:
    """A zeep client over a WSDL from our own package."""
    return zeep.Client(io.BytesIO(wsdl), transport=_NoTransport(), settings=_settings())


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A fault as the partner worded it; only its own table says what it means."""

    code: str
    text: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Unparsable:
    """An answer that is not what the WSDL says."""

    words: str
    raw: bytes
    status: int


class SoapClient:
    """Calls the operations of one port."""

    def __init__(
        self, http: HttpClient, wsdl: bytes, service: str, port: str, username: str, password: str, path: str
    ) -> None:
        self._http = http
        self._zeep = open_wsdl(wsdl)
        self._proxy = self._zeep.bind(service, port)
        self._token = UsernameToken(username, password, use_digest=True)
        binding = self._proxy._binding
        self._endpoints = {
            name: http.endpoint(path, "text/xml; charset=utf-8", SOAPAction=f'"{operation.soapaction}"')
            for name, operation in binding._operations.items()
        }

    def build(self, operation: str, fields: Mapping[str, Any], traceparent: str) -> bytes:
        """The signed envelope of one call. Raises ValueError when the fields do not fit the WSDL."""
        try:
            envelope = self._zeep.create_message(self._proxy, operation, **fields)
        except (ZeepError, TypeError, ValueError) as error:
            raise ValueError(f"{operation} does not fit the WSDL: {type(error).__name__}: {error}") from None
        envelope, _ = self._token.apply(envelope, {})
        if traceparent:
            header = envelope.find(f"{{{SOAP}}}Header")
            etree.SubElement(header, f"{{{TRACE}}}traceparent").text = traceparent
        return xml.write(envelope)

    async def call(self, operation: str, fields: Mapping[str, Any], call: Call) -> Any:
        """The answer's fields (a dict, or the bare value of a single-field answer), or SoapFault, Unparsable, Reply or Failure.

        A `Reply` is an HTTP answer that is no SOAP at all and not a 200: its status decides.
        """
        answered = await self._http.send(
            self._endpoints[operation], self.build(operation, fields, call.traceparent), call
        )
        if isinstance(answered, Failure):
            return answered
        if answered.content_type not in TYPES:
            return answered if answered.status != 200 else Unparsable("not XML", answered.body, 200)
        return self._read(operation, answered)

    def _read(self, operation: str, reply: Reply) -> Any:
        try:
            xml.parse(reply.body)
            response = SimpleNamespace(
                status_code=reply.status,
                headers={"Content-Type": "text/xml"},
                content=reply.body,
                encoding="utf-8",
                text="",
            )
            binding = self._proxy._binding
            return serialize_object(binding.process_reply(self._zeep, binding._operations[operation], response), dict)
        except ZeepFault as fault:
            code = str(fault.code or "").rpartition(":")[2]
            return SoapFault(code, str(fault.message or ""), reply.body)
        except (xml.BadXml, ZeepError, etree.Error, ValueError, TypeError, AttributeError) as error:
            if reply.status not in (200, 500):
                return reply
            return Unparsable(f"the answer does not fit the WSDL ({type(error).__name__})", reply.body, reply.status)


class Rejected(Exception):
    """An inbound call we do not take; `code` and `text` word the SOAP fault."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class SoapServer:
    """Reads and answers calls that partners make to us, by the same WSDL."""

    def __init__(self, wsdl: bytes, service: str, port: str) -> None:
        self._wsdl = wsdl
        self._operations = open_wsdl(wsdl).bind(service, port)._binding._operations
        self._address = service, port
        self._nonces: dict[str, float] = {}

    def description(self, address: str) -> bytes:
        """The WSDL as agreed, with our address in our own port."""
        root = xml.parse(self._wsdl)
        soap = "http://schemas.xmlsoap.org/wsdl/soap/"
        for port in root.iter("{http://schemas.xmlsoap.org/wsdl/}port"):
            if port.get("name") == self._address[1]:
                for place in port.iter(f"{{{soap}}}address"):
                    place.set("location", address)
        return xml.write(root)

    def read(self, raw: bytes, username: str, password: str, now: float) -> tuple[str, dict[str, Any]]:
        """The operation and its fields, once the caller is known. Raises Rejected."""
        try:
            root = xml.parse(raw)
        except xml.BadXml as error:
            raise Rejected("Client", str(error)) from None
        body = root.find(f"{{{SOAP}}}Body")
        if root.tag != f"{{{SOAP}}}Envelope" or body is None or len(body) != 1:
            raise Rejected("Client", "not a SOAP 1.1 envelope with one body element")
        self._authenticate(root, username, password, now)
        name = etree.QName(body[0]).localname
        operation = self._operations.get(name)
        if operation is None:
            raise Rejected("Client", "no such operation")
        try:
            read = serialize_object(operation.input.deserialize(root), dict)
        except (ZeepError, etree.Error, ValueError, TypeError, AttributeError):
            raise Rejected("Client", f"{name} does not fit the WSDL") from None
        return name, read if isinstance(read, dict) else {}

    def _authenticate(self, root: etree._Element, username: str, password: str, now: float) -> None:
        """WS-Security UsernameToken with PasswordDigest: right, fresh within five minutes, its nonce not seen before.

        Nonces are remembered by this process past the window; a replay to another process meets the same event id and is a duplicate.
        """
        token = root.find(f"{{{SOAP}}}Header/{{{WSSE}}}Security/{{{WSSE}}}UsernameToken")
        parts = {} if token is None else {etree.QName(child).localname: child for child in token}
        values = {name: (child.text or "").strip() for name, child in parts.items()}
        kind = parts["Password"].get("Type") if "Password" in parts else ""
        if kind != DIGEST or not {"Username", "Nonce", "Created"} <= values.keys():
            raise Rejected("FailedAuthentication", "a UsernameToken with PasswordDigest, Nonce and Created is needed")
        try:
            nonce = base64.b64decode(values["Nonce"], validate=True)
            created = datetime.fromisoformat(values["Created"].replace("Z", "+00:00"))
        except ValueError:
            raise Rejected("FailedAuthentication", "the UsernameToken cannot be read") from None
        created = created if created.tzinfo else created.replace(tzinfo=UTC)
        wanted = base64.b64encode(
            hashlib.sha1(nonce + values["Created"].encode() + password.encode()).digest()
        ).decode()
        right = hmac.compare_digest(wanted, values["Password"]) and hmac.compare_digest(username, values["Username"])
        if not right or not password:
            raise Rejected("FailedAuthentication", "the UsernameToken is not right")
        if abs(now - created.timestamp()) > FRESH_S:
            raise Rejected("FailedAuthentication", "the UsernameToken is too old; check the clock")
        self._nonces = {known: until for known, until in self._nonces.items() if until > now}
        if values["Nonce"] in self._nonces:
            raise Rejected("FailedAuthentication", "this UsernameToken was used before")
        self._nonces[values["Nonce"]] = now + 2 * FRESH_S

    def answer(self, operation: str, fields: Mapping[str, Any]) -> bytes:
        """The answer of an operation as an envelope."""
        return xml.write(self._operations[operation].output.serialize(**fields).content)

    @staticmethod
    def fault(code: str, text: str) -> bytes:
        """A SOAP 1.1 fault; no inner details leave the house."""
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
        fault = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
        etree.SubElement(fault, "faultcode").text = f"soap:{code}"
        etree.SubElement(fault, "faultstring").text = text
        return xml.write(envelope)
