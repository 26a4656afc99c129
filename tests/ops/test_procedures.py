"""Procedures at the desk: searched, what waits for one goes on when the catalogue has it, and what is wrong with them is listed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.procedure_catalogue.simulator import CatalogueSimulator
from contracts import codes
from contracts.envelope import judge
from ops import codebook, simulate, watches
from ops.gateway import application
from ops.house import House
from ops.sample import generate
from ops.settings import CodeSettings
from tests.ops.conftest import settings_of

UNKNOWN = "9.123456"
"""A procedure that does not come with the bus."""


@pytest.fixture(autouse=True)
def own_codes() -> Iterator[None]:
    """What a test pulls is forgotten after it."""
    yield
    codes.load_pulled("procedure", [])


class Desk:
    """A bus with the catalogue, the legal documents, and the portal that needs the codes."""

    def __init__(
        self, house: House, http: httpx.AsyncClient, simulators: dict[str, simulate.Served], folder: Path
    ) -> None:
        self.folder = folder
        self.house = house
        self.http = http
        self.simulators = simulators

    @property
    def catalogue(self) -> CatalogueSimulator:
        found: CatalogueSimulator = self.simulators["procedure_catalogue"].app.state.simulator
        return found

    async def shown(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.http.get("/v1/procedures", params=query)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def until(self, true: Any) -> Any:
        for _ in range(400):
            if found := await true():
                return found
            await asyncio.sleep(0.025)
        raise TimeoutError(true)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(watches, "CODES_PACE_S", 0.05)
    names = ("dossier_system", "national_portal", "electronic_iso", "procedure_catalogue", "legal_documents")
    simulators = await simulate.serve(names, tmp_path)
    simulators["procedure_catalogue"].app.state.simulator.invented.codes = ["1.001193", "1.004884"]
    settings = settings_of(tmp_path, {name: one.url for name, one in simulators.items()}, {})
    settings.partners.pop("electronic_iso")
    for name in ("procedure_catalogue", "legal_documents"):
        own = {"base_url": simulators[name].url, "polls_every_s": 0.05, "timeout_s": 5.0}
        settings.partners[name] = simulate.demo_settings(name) | own
    house = House(settings)
    await house.start()
    gateway = simulate.Served(application(house, anonymous=True), simulate.bind("127.0.0.1", 0))
    await gateway.started()
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=20) as http:
        yield Desk(house, http, simulators, tmp_path)
    await house.stop()
    await gateway.stop()
    await simulate.stop(simulators.values())


async def test_a_search_finds_what_was_pulled_and_what_comes_with_the_bus(desk: Desk) -> None:
    async def pulled() -> bool:
        return bool((await desk.shown(words="1.001193"))[0]["origin"] == "catalogue")

    await desk.until(pulled)
    found = {one["code"]: one["origin"] for one in await desk.shown(words="dang ky khai sinh")}
    assert found["1.001193"] == "catalogue"
    assert "bundled" in found.values()
    assert (await desk.http.get("/v1/procedures")).status_code == 422


async def test_a_dossier_of_an_unknown_procedure_is_listed_and_goes_on_when_the_catalogue_has_it(desk: Desk) -> None:
    event = next(e for e in generate(60, 10, 1) if e.type.endswith("dossier.received.v1"))
    told = json.loads(event.to_json()) | {"sequence": 1}
    told["data"]["dossier"]["procedure"]["code"] = f"{UNKNOWN}.000.00.00.H59"
    await desk.house.intake.accept([judge(told)], client="test")
    (line,) = await desk.until(lambda: desk.shown(show="unmapped"))
    assert (line["code"], line["dossiers"]) == (UNKNOWN, 1)
    made = desk.catalogue.invented
    made.known.add(UNKNOWN)
    made.codes.append(UNKNOWN)
    field = {"MALINHVUC": "G86-001", "TENLINHVUC": "Lĩnh vực của tỉnh"}
    made.change(UNKNOWN, TENTTHC="Thủ tục mới của tỉnh", LINHVUCTHUCHIEN=[field, {"MALINHVUC": "x", "TENLINHVUC": "y"}])
    desk.catalogue.invented.codes.sort()
    await _pull_again(desk)

    async def synced() -> Any:
        return desk.simulators["national_portal"].app.state.simulator.dossiers.get(event.subject)

    told = await desk.until(synced)
    assert (told["MaLinhVuc"], told["TenLinhVuc"]) == tuple(field.values())
    assert await desk.shown(show="unmapped") == []


async def test_a_retired_procedure_in_use_is_raised_and_the_map_sets_its_dossiers_free(desk: Desk) -> None:
    events = [e for e in generate(60, 10, 1) if e.type.endswith("dossier.received.v1")]
    event = next(e for e in events if e.data["dossier"]["procedure"]["code"] == "1.001193")
    desk.catalogue.change("1.001193", TRANGTHAI="0")
    await _pull_again(desk)

    async def retired() -> list[dict[str, Any]]:
        return [line for line in await desk.shown(show="retired", words="1.001193") if line["waiting"] or not held]

    held = False
    await desk.until(retired)
    await desk.until(lambda: _gone("1.001193", event.time.date()))
    await desk.house.intake.accept([event.model_copy(update={"sequence": 1})], client="test")
    held = True
    (line,) = await desk.until(retired)
    assert (line["state"], line["replaced_by"], line["dossiers"]) == ("hidden", "", 1)
    folder = desk.folder / "codes"
    row = codes.Code("1.001193", "1.004884", source="Quyết định thay thế")
    await codebook.add(desk.house.ledger, folder, "procedure_map", row, "test")
    desk.house.wake(["national_portal"])

    async def synced() -> Any:
        return desk.simulators["national_portal"].app.state.simulator.dossiers.get(event.subject)

    assert (await desk.until(synced))["MaTTHC"] == "1.004884"


async def _gone(code: str, on: Any) -> bool:
    try:
        codes.lookup("procedure", code, on)
    except codes.CodeGap:
        return True
    return False


async def _pull_again(desk: Desk) -> None:
    """The pull of this day begins anew, as it would the next night."""
    duty = "poll:procedure_catalogue"

    async def over() -> bool:
        return len(await desk.house.ledger.cursor(duty)) == len("2026-07-03")

    await desk.until(over)
    fence = await desk.house.ledger.take_duty(duty, desk.house.ledger.process, 30)
    assert fence is not None
    await desk.house.ledger.accept_polled(duty, fence, "2000-01-01", [], [])


async def test_a_house_that_watches_catalogue_and_code_lists_stops_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "codes"
    folder.mkdir()
    settings = settings_of(tmp_path, dict.fromkeys(("dossier_system", "national_portal", "electronic_iso"), ""), {})
    settings.partners["procedure_catalogue"] = {"base_url": "http://127.0.0.1:9"}
    house = House(settings.model_copy(update={"codes": CodeSettings(folder=str(folder))}))
    await house.start()
    async with asyncio.timeout(10):
        await house.stop()


async def test_expired_bases_late_decisions_and_odd_rows_are_listed(desk: Desk) -> None:
    bases = await desk.until(lambda: desk.shown(show="expired_bases"))
    assert all(line["expired_on"] and line["procedures"] for line in bases)
    decision = desk.catalogue.invented.procedure("1.001193")["IDQUYETDINHCONGBO"]
    told = desk.catalogue.invented.decisions[decision]
    told |= {"NGAYQUYETDINH": "01/07/2026", "NGAYCONGKHAI": "20/07/2026"}
    desk.catalogue.change("1.001193", TENTTHC="Đăng ký\n khai sinh")
    await _pull_again(desk)

    async def measured() -> list[dict[str, Any]]:
        return [line for line in await desk.shown(show="late") if line["published_on"] == "2026-07-20"]

    assert [line["publish_by"] for line in await desk.until(measured)] == ["2026-07-08"]
    odd = await desk.until(lambda: desk.shown(show="quirks", words="1.001193"))
    assert "name_blank" in odd[0]["quirks"]
