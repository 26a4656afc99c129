"""The ISO system's call through the whole house: committed before it is answered, known again, and no secret in a fault."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from adapters.electronic_iso.simulator import signed_call
from adapters.soap_simulator import SOAP
from adapters.transport import xml
from bus.seal import Keyring
from ops.gateway import application
from ops.house import House
from ops.settings import Settings
from ops.simulate import Served, bind
from ops.up import receivers
from tests.partners.electronic_iso.conftest import CREDENTIALS, SAMPLE, Running

ADDRESS = "/soap/electronic_iso"
CHANGE = {
    "MaThayDoi": "TD-7",
    "MaPhieu": "PH000001",
    "MaHoSo": SAMPLE[0].subject,
    "MaBuoc": "KD01",
    "TenBuoc": "Kiểm tra nội bộ",
    "NguoiXuLy": "Lê Văn Bảy",
    "BatDau": "2026-07-02T08:00:00+07:00",
    "KetQua": "DAT",
    "ThoiDiem": "2026-07-02T10:30:00+07:00",
}


@pytest.fixture
async def caller(sqlite_url: str, iso: Running) -> AsyncIterator[httpx.AsyncClient]:
    """The ISO system's side of our address, the house behind it at work."""
    own = {
        "ledger": {"url": sqlite_url},
        "keys": {"keyring": Keyring.generate()},
        "http": {"public_url": "https://truc.example"},
        "partners": {"electronic_iso": {"base_url": iso.url, "credentials": CREDENTIALS}},
    }
    settings = Settings.model_validate(own)
    house = House(settings, receivers=receivers(["electronic_iso"]))
    await house.start()
    served = Served(application(house, anonymous=False), bind("127.0.0.1", 0))
    await served.started()
    async with httpx.AsyncClient(base_url=served.url, trust_env=False) as client:
        yield client
    await house.stop()
    await served.stop()


def call(**fields: str) -> bytes:
    user, password = CREDENTIALS["callback_username"], CREDENTIALS["callback_password"]
    return signed_call(CHANGE | fields, user, password, datetime.now(UTC))


def fault(response: httpx.Response) -> str:
    assert response.status_code == 500
    assert response.headers["content-type"].startswith("text/xml")
    return xml.parse(response.content).findtext(f"{{{SOAP}}}Body/{{{SOAP}}}Fault/faultstring") or ""


async def test_a_change_is_taken_once_known_again_and_never_overwritten(caller: httpx.AsyncClient) -> None:
    taken = await caller.post(ADDRESS, content=call())
    again = await caller.post(ADDRESS, content=call())
    other = await caller.post(ADDRESS, content=call(KetQua="TRA_LAI"))
    assert (taken.status_code, again.status_code) == (200, 200)
    assert b"OK" in taken.content
    assert "with other content" in fault(other)


async def test_a_call_that_may_not_come_in_gets_a_soap_fault(caller: httpx.AsyncClient) -> None:
    body = call()
    assert (await caller.post(ADDRESS, content=body)).status_code == 200
    assert fault(await caller.post(ADDRESS, content=body)) == "this UsernameToken was used before"
    assert fault(await caller.post(ADDRESS, content=b"<!DOCTYPE a><a/>")) == xml.NO_DTD
    assert fault(await caller.post(ADDRESS, content=b"")).startswith("malformed")


async def test_the_wsdl_names_our_public_address(caller: httpx.AsyncClient) -> None:
    described = await caller.get(ADDRESS + "?wsdl")
    assert described.status_code == 200
    assert b'location="https://truc.example/soap/electronic_iso"' in described.content
