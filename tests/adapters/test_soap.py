"""zeep in our hands: envelopes by the WSDL and signed, nothing fetched, nothing logged, no answer or call that breaks the reader."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import zeep
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.electronic_iso.simulator import signed_call
from adapters.transport import xml
from adapters.transport.http import HttpClient
from adapters.transport.soap import SOAP, WSSE, WSU, Rejected, SoapClient, SoapFault, SoapServer, Unparsable, open_wsdl
from bus.adapter import Call
from bus.policy import PartnerSettings
from contracts import electronic_iso as contract
from ops.simulate import Served, bind

STEP = {
    "MaPhieu": "PH000001",
    "MaBuoc": "B01",
    "TenBuoc": "Thẩm định <1> & trình",
    "NguoiXuLy": "Đỗ Thị Ế",
    "BatDau": datetime(2026, 7, 2, 1, 0, tzinfo=UTC),
    "KetQua": "DAT",
}
NOW = 1_782_900_000.0
TOKEN = f"{{{SOAP}}}Header/{{{WSSE}}}Security/{{{WSSE}}}UsernameToken"
SERVER = SoapServer(contract.wsdl(), "TrucLienThong", "TrucPort")


def client(url: str = "http://127.0.0.1:9") -> SoapClient:
    http = HttpClient(PartnerSettings(base_url=url))
    return SoapClient(http, contract.wsdl(), "IsoDienTu", "IsoPort", "trục", "mật khẩu", "/soap")


def test_an_envelope_is_what_the_wsdl_says() -> None:
    root = xml.parse(client().build("CapNhatBuoc", STEP, ""))
    body = root.find(f"{{{SOAP}}}Body")
    assert body is not None
    assert xml.schema(contract.wsdl()).validate(body[0])
    assert [child.text for child in body[0]][2:4] == [STEP["TenBuoc"], STEP["NguoiXuLy"]]


def test_an_envelope_is_signed_with_a_digest_and_carries_no_password() -> None:
    raw = client().build("CapNhatBuoc", STEP, "")
    token = xml.parse(raw).find(TOKEN)
    assert token is not None
    said = {child.tag.partition("}")[2]: child.text or "" for child in token}
    nonce = base64.b64decode(said["Nonce"])
    wanted = hashlib.sha1(nonce + said["Created"].encode() + "mật khẩu".encode()).digest()
    assert said["Username"] == "trục"
    assert base64.b64decode(said["Password"]) == wanted
    assert token.find(f"{{{WSU}}}Created") is not None
    assert "mật khẩu".encode() not in raw


def test_what_is_built_by_us_is_read_by_any_zeep() -> None:
    """The other way round: the server's reader takes what a client of the same WSDL builds."""
    outside = zeep.Client(io.BytesIO(contract.wsdl()))
    envelope = xml.parse(client().build("CapNhatBuoc", STEP, "00-trace"))
    read = outside.bind("IsoDienTu", "IsoPort")._binding._operations["CapNhatBuoc"].input.deserialize(envelope)
    assert {name: read[name] for name in STEP} == STEP


@pytest.mark.parametrize(
    "changed",
    [
        {"KetQua": None},
        {"KetQua": "XONG"},
        {"MoiLa": "1"},
        {"TenBuoc": "a\x00b"},
        {"BatDau": "hôm qua"},
        {"HanXuLyGio": object()},
    ],
    ids=["absent", "not listed", "unknown", "a NUL", "no time", "no number"],
)
def test_fields_that_do_not_fit_are_refused_before_anything_leaves(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="CapNhatBuoc does not fit the WSDL"):
        client().build("CapNhatBuoc", STEP | changed, "")


def test_documents_are_not_fetched() -> None:
    imported = contract.wsdl().replace(
        b"<wsdl:types>", b'<wsdl:import namespace="urn:x" location="http://127.0.0.1:9/x.wsdl"/><wsdl:types>'
    )
    with pytest.raises(PermissionError):
        open_wsdl(imported)


def test_the_served_wsdl_names_our_address_and_changes_nothing_else() -> None:
    served = SERVER.description("https://truc.example/soap/electronic_iso")
    assert b'location="https://truc.example/soap/electronic_iso"' in served
    assert b'location="http://iso.invalid/soap"' in served
    theirs = open_wsdl(served)
    assert sorted(theirs.wsdl.services) == ["IsoDienTu", "TrucLienThong"]


CALL = signed_call({"MaThayDoi": "1"}, "iso", "bí mật", datetime.fromtimestamp(NOW, UTC))


@given(st.integers(0, len(CALL)), st.integers(0, 40), st.binary(max_size=20))
def test_a_damaged_call_is_rejected_and_breaks_nothing(at: int, cut: int, put: bytes) -> None:
    """The whole call lacks required fields, so that none of its damaged copies may pass."""
    with pytest.raises(Rejected):
        SERVER.read(CALL[:at] + put + CALL[at + cut :], "iso", ["bí mật"], NOW)


@given(st.binary(max_size=300))
def test_any_bytes_are_rejected(raw: bytes) -> None:
    with pytest.raises(Rejected):
        SERVER.read(raw, "iso", ["bí mật"], NOW)


class Partner:
    """Answers with the bytes in hand."""

    body = b""

    async def answer(self, request: Request) -> Response:
        return Response(self.body, 200, media_type="text/xml")


@pytest.fixture
async def partner() -> AsyncIterator[tuple[Partner, SoapClient]]:
    told = Partner()
    served = Served(Starlette(routes=[Route("/soap", told.answer, methods=["POST"])]), bind("127.0.0.1", 0))
    await served.started()
    soap = client(served.url)
    yield told, soap
    await soap._http.close()
    await served.stop()


GOOD = (
    f'<s:Envelope xmlns:s="{SOAP}" xmlns="{contract.NAMESPACE}"><s:Body><TiepNhanHoSoResponse><MaPhieu>P1</MaPhieu>'
    "</TiepNhanHoSoResponse></s:Body></s:Envelope>"
).encode()
SLIP = {
    "MaHoSo": "H1",
    "MaTTHC": "1",
    "MaQuyTrinhISO": "Q",
    "MaDonVi": "D",
    "NguoiTiepNhan": "N",
    "NgayTiepNhan": STEP["BatDau"],
}


async def test_an_answer_is_read_and_damaged_ones_are_unparsable(partner: tuple[Partner, SoapClient]) -> None:
    told, soap = partner
    told.body = GOOD
    assert await soap.call("TiepNhanHoSo", SLIP, Call("c", 5.0)) == "P1"
    for end in range(0, len(GOOD), 23):
        told.body = GOOD[:end]
        assert isinstance(await soap.call("TiepNhanHoSo", SLIP, Call("c", 5.0)), Unparsable), end


async def test_a_fault_is_a_fault_whatever_the_status(partner: tuple[Partner, SoapClient]) -> None:
    told, soap = partner
    told.body = SoapServer.fault("Client", "sai")
    answer = await soap.call("TiepNhanHoSo", SLIP, Call("c", 5.0))
    assert isinstance(answer, SoapFault)
    assert (answer.code, answer.text) == ("Client", "sai")


async def test_no_message_is_logged_at_any_level(
    partner: tuple[Partner, SoapClient], caplog: pytest.LogCaptureFixture
) -> None:
    told, soap = partner
    with caplog.at_level(logging.DEBUG):
        for body in (GOOD, GOOD.replace(b"P1", b"<a>rieng tu</a>"), SoapServer.fault("Server", "rieng tu")):
            told.body = body
            await soap.call("TiepNhanHoSo", SLIP | {"NguoiTiepNhan": "rieng tu"}, Call("c", 5.0))
    assert "rieng tu" not in caplog.text


async def test_many_calls_at_once_do_not_mix_their_answers(partner: tuple[Partner, SoapClient]) -> None:
    told, soap = partner
    told.body = GOOD
    answers = await asyncio.gather(*(soap.call("TiepNhanHoSo", SLIP, Call(str(n), 5.0)) for n in range(20)))
    assert answers == ["P1"] * 20
