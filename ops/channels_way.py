"""The ways a message leaves: e-mail over SMTP, or a signed POST to a webhook. Each raises Lost where it may not have arrived."""

from __future__ import annotations

import asyncio
import base64
import json
import smtplib
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.header import Header
from email.mime.text import MIMEText
from email.utils import format_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from adapters.transport.http import Failure, HttpClient
from adapters.transport.signature import HEADER, sign
from bus.adapter import Call
from bus.policy import PartnerSettings
from ops.channels_message import Message
from ops.incidents_settings import EmailSettings, IncidentSettings, RecipientSettings

HOOK_LIMIT_S = 15.0
ID_HEADER = "X-Lienthong-Id"


class Lost(Exception):
    """The message did not leave, or nobody said that it arrived; one sentence without what it said."""


class Way(Protocol):
    async def send(self, message: Message) -> None:
        """Hand the message over. Raises Lost."""
        ...


def ways(settings: IncidentSettings) -> dict[str, Way]:
    """How each recipient is reached."""
    return {one.name: _way(one, settings.email) for one in settings.recipients}


def _way(recipient: RecipientSettings, email: EmailSettings | None) -> Way:
    if recipient.webhook is not None:
        return Webhook(recipient.webhook, recipient.secret.get_secret_value())
    if recipient.email is None or email is None:
        raise ValueError(f"{recipient.name} has no address")
    return Email(email, recipient.email)


class Email:
    """One address, over the province's mail server."""

    def __init__(self, settings: EmailSettings, address: str) -> None:
        self._settings = settings
        self._address = address

    async def send(self, message: Message) -> None:
        try:
            await asyncio.to_thread(self._send, self._letter(message))
        except (smtplib.SMTPException, OSError) as error:
            raise Lost(f"the mail server did not take it ({type(error).__name__})") from None

    def _letter(self, message: Message) -> MIMEText:
        """The older classes of the library: the newer ones lose a blank where they fold a Vietnamese subject (Python 3.11)."""
        letter = MIMEText(message.text, "plain", "utf-8")
        letter["From"], letter["To"] = self._settings.sender, self._address
        letter["Subject"] = Header(message.subject, "utf-8", header_name="Subject").encode()
        letter["Date"] = format_datetime(datetime.fromtimestamp(message.at, UTC))
        letter["Message-ID"] = f"<{message.id}@{self._settings.sender.partition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"
        return letter

    def _send(self, letter: MIMEText) -> None:
        own = self._settings
        if own.tls == "always":
            tls = ssl.create_default_context(cafile=own.ca_file)
            server: smtplib.SMTP = smtplib.SMTP_SSL(own.host, own.port, timeout=own.timeout_s, context=tls)
        else:
            server = smtplib.SMTP(own.host, own.port, timeout=own.timeout_s)
        with server:
            if own.tls == "starttls":
                server.starttls(context=ssl.create_default_context(cafile=own.ca_file))
            if own.username:
                _login(server, own.username, own.password.get_secret_value())
            server.send_message(letter)


def _login(server: smtplib.SMTP, name: str, password: str) -> None:
    """Say who we are. Python's library knows ASCII alone; a Vietnamese password goes as RFC 4616 has it, in UTF-8."""
    if f"{name}{password}".isascii():
        server.login(name, password)
        return
    server.ehlo_or_helo_if_needed()
    said = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
    code, answer = server.docmd("AUTH", f"PLAIN {said}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, answer)


class Webhook:
    """One address of a chat or ticket system: JSON, signed over time, id and body as our other calls are."""

    def __init__(self, url: str, secret: str) -> None:
        parts = urlsplit(url)
        self._client = HttpClient(PartnerSettings(base_url=f"{parts.scheme}://{parts.netloc}", concurrency=1))
        self._endpoint = self._client.endpoint(parts.path or "/")
        self._secret = secret

    async def send(self, message: Message) -> None:
        body = json.dumps(_payload(message), ensure_ascii=False).encode()
        signed: Mapping[str, str] = {
            ID_HEADER: message.id,
            HEADER: sign(self._secret, int(message.at), message.id, body),
        }
        answer = await self._client.send(self._endpoint, body, Call(message.id, HOOK_LIMIT_S), signed)
        await self._client.close()
        if isinstance(answer, Failure):
            raise Lost(answer.words)
        if not 200 <= answer.status < 300:
            raise Lost(f"the webhook answered {answer.status}")


def _payload(message: Message) -> dict[str, Any]:
    return {"id": message.id, "subject": message.subject, "text": message.text, **message.facts}
