"""SOAP out and in. zeep is the authority on WSDL, types and faults; the bytes go through the common HTTP client.

Out: `SoapClient.call` builds the envelope, adds WS-Security and the trace context, reads the answer by the WSDL. In: `SoapServer` reads a
partner's request by the same WSDL, checks its UsernameToken, and words the answer or the fault.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import io
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import zeep
from lxml import etree
from zeep.exceptions import Error as ZeepError
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
SOAP_CODES = frozenset({"VersionMismatch", "MustUnderstand", "Client", "Server"})
TYPES = ("text/xml", "application/soap+xml", "application/xml")
UNREADABLE = (ZeepError, etree.Error, ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
"""All that zeep raises, asked to read what is not as the WSDL says."""

logging.getLogger("zeep").setLevel(logging.CRITICAL)  # it logs whole messages, and the values it cannot read


class _NoTransport:
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


class Members(NamedTuple):
    """The members of a list answer: those that fit the WSDL, the others as they came, and the fields beside the list."""

    fit: list[Any]
    unfit: tuple[bytes, ...]
    beside: Mapping[str, Any] = MappingProxyType({})


class SoapClient:
    """Calls the operations of one port."""

    def __init__(
        self, http: HttpClient, wsdl: bytes, service: str, port: str, username: str, password: str, path: str
    ) -> None:
        self._http = http
        self._zeep = open_wsdl(wsdl)
        self._schema = xml.schema(wsdl)
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
            self._schema.assertValid(envelope.find(f"{{{SOAP}}}Body")[0])  # zeep writes values of any type
        except (ZeepError, etree.DocumentInvalid, TypeError, ValueError) as error:
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
        body = await self._body(operation, fields, call)
        if not isinstance(body, _Body):
            return body
        return self._read(operation, body) if self._schema.validate(body.content) else body.unfit()

    async def members(
        self, operation: str, fields: Mapping[str, Any], call: Call, within: str = ""
    ) -> Members | SoapFault | Unparsable | Reply | Failure:
        """As `call`, for an operation that answers with a list: one member that does not fit spoils no other.

        `within` names the list where the answer has other fields beside it; these are optional in the WSDL.
        """
        body = await self._body(operation, fields, call)
        if not isinstance(body, _Body):
            return body
        unfit = [] if self._schema.validate(body.content) else self._take_out(body.content)
        if not self._schema.validate(body.content):
            return body.unfit()
        read = self._read(operation, body)
        if isinstance(read, Unparsable):
            return read
        if not within:
            return Members(read or [], tuple(unfit))
        beside = dict(read or {})
        return Members(beside.pop(within, None) or [], tuple(unfit), beside)

    async def _body(
        self, operation: str, fields: Mapping[str, Any], call: Call
    ) -> _Body | SoapFault | Unparsable | Reply | Failure:
        """What stands in the body of the answer, when it is a SOAP answer and no fault."""
        request = self.build(operation, fields, call.traceparent)
        reply = await self._http.send(self._endpoints[operation], request, call)
        if isinstance(reply, Failure):
            return reply
        if reply.content_type not in TYPES:
            return reply if reply.status != 200 else Unparsable("not XML", reply.body, 200)
        try:
            envelope = xml.parse(reply.body)
        except xml.BadXml as error:
            return reply if reply.status not in (200, 500) else Unparsable(str(error), reply.body, reply.status)
        body = envelope.find(f"{{{SOAP}}}Body")
        fault = None if body is None else body.find(f"{{{SOAP}}}Fault")
        if fault is not None:
            code = (fault.findtext("faultcode") or "").strip().rpartition(":")[2]
            return SoapFault(code, (fault.findtext("faultstring") or "").strip(), reply.body)
        if reply.status != 200:
            return reply
        if body is None or len(body) != 1:
            return Unparsable("no SOAP 1.1 envelope with one body element", reply.body, 200)
        return _Body(envelope, body[0], reply.body)

    def _take_out(self, answer: etree._Element) -> list[bytes]:
        """Take the members out that do not fit the schema by themselves."""
        unfit = []
        for member in list(answer):
            alone = etree.Element(answer.tag)
            alone.append(copy.deepcopy(member))
            if not self._schema.validate(alone):
                unfit.append(etree.tostring(member))
                answer.remove(member)
        return unfit

    def _read(self, operation: str, body: _Body) -> Any:
        try:
            answered = self._proxy._binding._operations[operation].process_reply(body.envelope)
            return serialize_object(answered, dict)
        except UNREADABLE:
            return body.unfit()


class _Body(NamedTuple):
    """An answer's envelope, what stands in its body, and its bytes."""

    envelope: etree._Element
    content: etree._Element
    raw: bytes

    def unfit(self) -> Unparsable:
        return Unparsable("the answer does not fit the WSDL", self.raw, 200)


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
        self._schema = xml.schema(wsdl)
        self._nonces: OrderedDict[bytes, float] = OrderedDict()

    def description(self, address: str) -> bytes:
        """The WSDL as agreed, with our address in our own port."""
        root = xml.parse(self._wsdl)
        soap = "http://schemas.xmlsoap.org/wsdl/soap/"
        for port in root.iter("{http://schemas.xmlsoap.org/wsdl/}port"):
            if port.get("name") == self._address[1]:
                for place in port.iter(f"{{{soap}}}address"):
                    place.set("location", address)
        return xml.write(root)

    def read(self, raw: bytes, username: str, passwords: Sequence[str], now: float) -> tuple[str, dict[str, Any]]:
        """The operation and its fields, once the caller is known by one of the passwords (an empty one is none). Raises Rejected."""
        try:
            root = xml.parse(raw)
        except xml.BadXml as error:
            raise Rejected("Client", str(error)) from None
        body = root.find(f"{{{SOAP}}}Body")
        if root.tag != f"{{{SOAP}}}Envelope" or body is None or len(body) != 1:
            raise Rejected("Client", "not a SOAP 1.1 envelope with one body element")
        self._authenticate(root, username, passwords, now)
        name = etree.QName(body[0]).localname
        operation = self._operations.get(name)
        if operation is None:
            raise Rejected("Client", "no such operation")
        if not self._schema.validate(body[0]):
            raise Rejected("Client", f"{name} does not fit the WSDL")
        try:
            read = serialize_object(operation.input.deserialize(root), dict)
        except UNREADABLE:
            raise Rejected("Client", f"{name} does not fit the WSDL") from None
        return name, read if isinstance(read, dict) else {}

    def _authenticate(self, root: etree._Element, username: str, passwords: Sequence[str], now: float) -> None:
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
        wanted = [_digest(nonce, values["Created"], password) for password in passwords if password]
        right = any(_same(one, values["Password"]) for one in wanted) & _same(username, values["Username"])
        if not right:
            raise Rejected("FailedAuthentication", "the UsernameToken is not right")
        if abs(now - created.timestamp()) > FRESH_S:
            raise Rejected("FailedAuthentication", "the UsernameToken is too old; check the clock")
        while self._nonces and next(iter(self._nonces.values())) <= now:
            self._nonces.popitem(last=False)
        if nonce in self._nonces:
            raise Rejected("FailedAuthentication", "this UsernameToken was used before")
        self._nonces[nonce] = now + 2 * FRESH_S

    def answer(self, operation: str, fields: Mapping[str, Any]) -> bytes:
        """The answer of an operation as an envelope."""
        return xml.write(self._operations[operation].output.serialize(**fields).content)

    @staticmethod
    def fault(code: str, text: str) -> bytes:
        """A SOAP 1.1 fault; no inner details leave the house. `code` is one of SOAP's own, or of WS-Security's (1.0, chapter 12)."""
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP, "wsse": WSSE})
        fault = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
        etree.SubElement(fault, "faultcode").text = f"{'soap' if code in SOAP_CODES else 'wsse'}:{code}"
        etree.SubElement(fault, "faultstring").text = text
        return xml.write(envelope)


def _digest(nonce: bytes, created: str, password: str) -> str:
    """WS-Security's PasswordDigest."""
    return base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()


def _same(ours: str, theirs: str) -> bool:
    """Whether two texts are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(ours.encode(), theirs.encode())
