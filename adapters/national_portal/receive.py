"""The portal calls us: a dossier that a citizen filed there (domain notes 3.1, Intake)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from adapters.national_portal.client import PortalSettings
from adapters.receiver import Answer, Incoming, Received, Receiver
from adapters.transport.signature import HEADER, verify
from contracts.envelope import parse
from contracts.fault import Refusal, faults_of
from contracts.national_portal.messages import HoSoNop, TraLoi
from mappings.national_portal.inbound import filed

PATH = "hoso"
TAKEN, DUPLICATE, FAILED = 0, 1, -1


async def receive(incoming: Incoming) -> Received | Answer:
    """One filed dossier."""
    settings = incoming.settings
    assert isinstance(settings, PortalSettings)
    if not _is_the_portals(incoming, settings):
        return _say(401, FAILED, "chưa xác thực")
    try:
        message = HoSoNop.model_validate(parse(incoming.body))
        envelope = filed(message)
    except ValidationError as error:
        return _kept("; ".join(f"{fault.path}: {fault.rule}" for fault in faults_of(error)), incoming.body)
    except Refusal as refusal:
        return _kept(str(refusal), incoming.body)
    return Received((envelope,), partial(_worded, incoming.body))


def _is_the_portals(incoming: Incoming, settings: PortalSettings) -> bool:
    """Assumed: the portal signs its calls, over time, path and body, with the secret agreed with it (see adapters.transport.signature);
    one that cannot shows the secret itself, which keeps nobody from saying the same again."""
    secrets = [settings.credential(name) for name in ("push_secret", "previous_push_secret")]
    if settings.push_auth == "signature":
        return verify(incoming.headers.get(HEADER.lower(), ""), secrets, incoming.clock.now(), PATH, incoming.body)
    shown = incoming.headers.get("x-portal-secret", "").encode()
    return any(hmac.compare_digest(shown, secret.encode()) for secret in secrets if secret)


def _worded(body: bytes, verdicts: Sequence[Mapping[str, Any]]) -> Answer:
    """0 taken, 1 duplicate, -1 failure (S1)."""
    match verdicts[0]["status"]:
        case "accepted":
            return _say(200, TAKEN, "Tiếp nhận thành công")
        case "duplicate":
            return _say(200, DUPLICATE, "Trùng hồ sơ")
        case "conflict":
            return _kept("Hồ sơ này đã nhận với nội dung khác; nộp lại với NgayNop mới", body)
        case _:
            return _say(200, FAILED, "Không tiếp nhận")


def _kept(why: str, body: bytes) -> Answer:
    """Refused, and kept: else a citizen's filing that breaks a rule would be seen by nobody here (domain notes 3.1, Intake)."""
    try:
        row = json.loads(body)
    except (ValueError, RecursionError):
        row = body.decode(errors="replace")
    return replace(_say(200, FAILED, why), keeps=json.dumps({"why": why, "row": row}).encode())


def _say(status: int, code: int, message: str) -> Answer:
    body = json.dumps(TraLoi(error_code=code, message=message).model_dump(), ensure_ascii=False).encode()
    return Answer(status, "application/json", body)


RECEIVERS = (
    Receiver(PATH, receive, busy=Answer(503, "application/json", b'{"error_code": -1, "message": "thu lai sau"}')),
)
