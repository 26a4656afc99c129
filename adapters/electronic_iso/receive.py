"""The ISO system calls us: `BaoThayDoi` on /soap/electronic_iso, by the WSDL it agreed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.electronic_iso.adapter import IsoSettings
from adapters.receiver import Answer, Incoming, Received, Receiver
from adapters.transport.soap import Rejected, SoapServer
from contracts import electronic_iso as contract
from contracts.fault import Refusal
from mappings.electronic_iso.inbound import step_changed
from mappings.table import Unmappable

XML = "text/xml; charset=utf-8"
SERVER = SoapServer(contract.wsdl(), "TrucLienThong", "TrucPort")


async def receive(incoming: Incoming) -> Received | Answer:
    """One change of a step."""
    assert isinstance(incoming.settings, IsoSettings)
    name = incoming.settings.credential("callback_username")
    passwords = [incoming.settings.credential(one) for one in ("callback_password", "previous_callback_password")]
    try:
        _operation, fields = SERVER.read(incoming.body, name, passwords, incoming.clock.now())
        envelope = step_changed(fields.get("ThayDoi", fields))
    except Rejected as rejected:
        return _fault(rejected.code, rejected.text)
    except (Unmappable, Refusal) as error:
        return _fault("Client", f"ISO-002: {error}")
    return Received((envelope,), _worded)


def _worded(verdicts: Sequence[Mapping[str, Any]]) -> Answer:
    """Taken, or known already."""
    status = verdicts[0]["status"]
    if status == "conflict":
        return _fault("Client", "ISO-002: this MaThayDoi was told before, with other content")
    if status == "refused":
        return _fault("Client", "ISO-002: the change was refused")
    return Answer(200, XML, SERVER.answer("BaoThayDoi", {"KetQuaXuLy": "OK"}))


def _fault(code: str, text: str) -> Answer:
    return Answer(500, XML, SERVER.fault(code, text))


RECEIVERS = (
    Receiver(
        "",
        receive,
        soap=True,
        describe=lambda address: Answer(200, XML, SERVER.description(address)),
        busy=Answer(503, XML, SERVER.fault("Server", "busy, call again")),
    ),
)
