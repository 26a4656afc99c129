"""A tiny partner that is only looked up: its side as a web app that answers as told, and our adapter to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from adapters.transport.classify import Unreadable, from_failure, from_status, read_model, unreadable
from adapters.transport.http import Failure, HttpClient
from bus.adapter import Call, Found, Job, Lookup, Partner, Poll, Row, Wiring
from bus.outcome import Outcome, Permanent
from bus.policy import PartnerSettings
from contracts.identifier import CitizenId, Key, Name
from contracts.marks import PERSONAL

PERSON_ID = "084080000123"


class ByNumber(BaseModel):
    """Asked by a person's number."""

    number: CitizenId


class ByCode(BaseModel):
    """Asked by a harmless code."""

    code: Key


class Home(BaseModel):
    """Where somebody lives."""

    ward: str
    street: Annotated[str, PERSONAL]


class Person(BaseModel):
    """A match."""

    citizen_id: CitizenId
    name: Name
    status: str
    home: Home


class Told(BaseModel):
    """What the partner answers."""

    people: list[Person]
    correlation: str = ""
    change: int | None = None
    error: str = ""


@dataclass
class Registry:
    """The partner: answers as told."""

    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    text: bytes = b""
    wait_s: float = 0.0
    retry_after: str = ""
    heard: list[str] = field(default_factory=list)
    at_once: int = 0
    most: int = 0

    async def serve(self, request: Request) -> Response:
        self.heard.append((await request.body()).decode())
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(self.wait_s)
        finally:
            self.at_once -= 1
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        return Response(self.text or json.dumps(self.body), self.status, headers, "application/json")


class People:
    """The adapter of a partner that is only looked up."""

    def __init__(self, wiring: Wiring) -> None:
        self._http = HttpClient(wiring.settings)
        self._endpoint = self._http.endpoint("/ask")

    async def find(self, question: BaseModel, call: Call) -> Found | Outcome:
        reply = await self._http.send(self._endpoint, question.model_dump_json().encode(), call)
        if isinstance(reply, Failure):
            return from_failure(reply)
        if (outcome := from_status(reply)) is not None:
            return outcome
        try:
            told = read_model(reply, Told)
        except Unreadable as why:
            return unreadable(reply, why)
        if told.error:
            return Permanent(code="E1", words=told.error)
        return Found(tuple(told.people), told.correlation, told.change)

    def prepare(self, job: Job) -> Row | Outcome:
        raise AssertionError("nothing is owed to this partner")

    async def deliver(self, rows: Sequence[Row], call: Call) -> Sequence[Outcome]:
        raise AssertionError("nothing is owed to this partner")

    ask = deliver

    async def probe(self, call: Call) -> Outcome | None:
        return None

    async def poll(self, cursor: str, call: Call) -> Poll | Outcome | None:
        return None

    async def close(self) -> None:
        await self._http.close()


async def find(adapter: People, question: BaseModel, call: Call) -> Found | Outcome:
    return await adapter.find(question, call)


def a_lookup(name: str, question: type[BaseModel], key: str, cache_s: float = 0.0) -> Lookup:
    return Lookup(
        name=name,
        title_vi="Tra cứu",
        title_en="Look-up",
        question=question,
        answer=Person,
        ask=find,
        key=key,
        cache_s=cache_s,
    )


PARTNER = Partner(
    name="people",
    title_vi="Dân cư",
    title_en="People",
    operations=(),
    settings=PartnerSettings,
    open=People,
    lookups=(a_lookup("by_number", ByNumber, "number"), a_lookup("by_code", ByCode, "code", 60.0)),
)


def a_person(**changes: Any) -> dict[str, Any]:
    home = {"ward": "29557", "street": "12 Trần Phú"}
    return {"citizen_id": PERSON_ID, "name": "Nguyễn Văn An", "status": "active", "home": home, **changes}
