"""Every address a partner may call us at: whoever is not that partner brings nothing in, whatever he sends, and learns nothing of us."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from adapters import discover
from adapters.receiver import Receiver
from bus.seal import Keyring
from ops.gateway import application
from ops.house import House
from ops.settings import Settings
from ops.simulate import Served, bind, demo_settings
from ops.up import receivers
from tests.partners import bad_server

ADDRESSES = [(name, one) for name, offered in receivers(discover()).items() for one in offered]
each_address = pytest.mark.parametrize(
    ("partner", "receiver"), ADDRESSES, ids=[f"{name}-{one.path or 'soap'}" for name, one in ADDRESSES]
)
MAX_BYTES = 2**21
RUBBISH = {
    **{name: trouble.answer.partition(b"\r\n\r\n")[2] for name, trouble in bad_server.MALFORMED.items()},
    "half a pair of letters": b'{"MaHoSo": "\\ud800"}',
    "no text": bytes(range(256)),
    "huge numbers": b'{"SoTien": ' + b"9" * 5000 + b"}",
    "an address where XML was agreed": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a"><a/>',
}
INSIDE = ("Traceback", ".py", "pydantic", "lxml", "zeep", "sqlite", "site-packages")


class Door(NamedTuple):
    """The bus as the partner sees it."""

    house: House
    http: httpx.AsyncClient
    address: str

    async def post(self, body: bytes) -> httpx.Response:
        return await self.http.post(self.address, content=body, headers={"Content-Type": "application/json"})


@pytest.fixture
async def door(partner: str, receiver: Receiver, tmp_path: Path) -> AsyncIterator[Door]:
    told = {"ledger": {"url": f"sqlite:///{tmp_path}/l.db"}, "keys": {"keyring": Keyring.generate()}}
    own = {partner: {**demo_settings(partner), "base_url": "http://127.0.0.1:9"}}
    house = House(
        Settings.model_validate({**told, "http": {"max_body_bytes": MAX_BYTES}, "partners": own}),
        receivers=receivers([partner]),
    )
    house.open = True
    served = Served(application(house, anonymous=False), bind("127.0.0.1", 0))
    await served.started()
    async with httpx.AsyncClient(base_url=served.url, trust_env=False, timeout=20) as client:
        yield Door(house, client, f"/soap/{partner}" if receiver.soap else f"/callbacks/{partner}/{receiver.path}")
    await served.stop()
    await house.stop()


@each_address
async def test_a_stranger_brings_nothing_in_and_learns_nothing(partner: str, receiver: Receiver, door: Door) -> None:
    wrong = []
    for name, body in RUBBISH.items():
        answer = await door.post(body)
        shown = [word for word in INSIDE if word in answer.text]
        if answer.status_code not in (400, 401, 413) and not (receiver.soap and answer.status_code == 500):
            wrong.append(f"{name}: {answer.status_code} {answer.text[:80]}")
        if shown or (receiver.soap and "Fault" not in answer.text):
            wrong.append(f"{name}: {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert (await door.house.ledger.totals()).events == 0


@each_address
async def test_more_than_may_come_is_cut_off(partner: str, receiver: Receiver, door: Door) -> None:
    assert (await door.post(b" " * (MAX_BYTES + 1))).status_code == 413


@each_address
async def test_while_nothing_can_be_written_the_partner_is_told_to_come_again(
    partner: str, receiver: Receiver, door: Door
) -> None:
    """In its own form, and nothing says that it was taken (G1)."""
    door.house.open = False
    answer = await door.post(b"{}")
    assert (answer.status_code, answer.content) == (503, receiver.busy.body)
