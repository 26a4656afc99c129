"""Mail over TLS and with a login, to a real server on this machine: nothing leaves in the open, nothing to whom we do not trust."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from ops.channels_message import Message
from ops.channels_way import Email, Lost
from ops.incidents_settings import EmailSettings
from tests.certificate import self_signed
from tests.post_office import MailServer, mail_server

LETTER = Message("17", "Cổng không trả lời", "Từ 07:50, giữ 9 hồ sơ.", 1_780_000_000.0, {})


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return self_signed(tmp_path / "thu.pem", "localhost")


def context(certificate: Path) -> ssl.SSLContext:
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(certificate)
    return made


async def send(office: MailServer, tls: str, certificate: Path | None, password: str = "mật khẩu dài") -> None:
    told: dict[str, Any] = {"host": "localhost", "port": office.port, "tls": tls, "sender": "lt@tinh.gov.vn"}
    told |= {"username": "lienthong", "password": password, "ca_file": str(certificate) if certificate else None}
    await Email(EmailSettings.model_validate(told), "truc@tinh.gov.vn").send(LETTER)


@pytest.mark.parametrize("tls", ["starttls", "always"])
@pytest.mark.parametrize("password", ["mật khẩu dài", "plain and long"])
async def test_a_letter_goes_sealed_and_under_our_name(certificate: Path, tls: str, password: str) -> None:
    async with mail_server(**{tls: context(certificate)}, lienthong=password) as office:  # type: ignore[arg-type]
        await send(office, tls, certificate, password)
        assert office.came == [("lienthong", True)]
        assert office.subjects == ["Cổng không trả lời"]


async def test_a_wrong_password_is_told_without_it(certificate: Path) -> None:
    async with mail_server(starttls=context(certificate), lienthong="mật khẩu dài") as office:
        with pytest.raises(Lost, match="SMTPAuthenticationError") as lost:
            await send(office, "starttls", certificate, password="sai hẳn rồi")
        assert "sai hẳn" not in str(lost.value)
        assert office.letters == []


@pytest.mark.parametrize("tls", ["starttls", "always"])
async def test_a_server_nobody_vouches_for_gets_neither_password_nor_letter(certificate: Path, tls: str) -> None:
    async with mail_server(**{tls: context(certificate)}, lienthong="mật khẩu dài") as office:  # type: ignore[arg-type]
        with pytest.raises(Lost, match="SSLCertVerificationError"):
            await send(office, tls, None)
        assert office.came == []


async def test_a_server_that_offers_no_tls_gets_nothing(certificate: Path) -> None:
    async with mail_server(lienthong="mật khẩu dài") as office:
        with pytest.raises(Lost, match="SMTPNotSupportedError"):
            await send(office, "starttls", certificate)
        assert office.came == []
