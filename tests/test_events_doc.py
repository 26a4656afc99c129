"""docs/events.md: as fresh as the contracts, every example valid, every snippet run."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.transport.amqp import AmqpIntake, Publisher
from adapters.transport.signature import sign
from bus.adapter import Call
from bus.outcome import Delivered
from contracts.canonical.events import EVENTS
from contracts.envelope import Envelope, read
from contracts.fault import Refusal
from ops.events_doc import documents
from ops.events_doc.shape import ATTRIBUTES
from tests.demo import demo
from tests.servers import RabbitMQ

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "events.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<info>[\w -]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(info: str) -> list[str]:
    return [found["text"] for found in BLOCK.finditer(PAGE) if found["info"].split(" ", 1)[-1] == info]


def snippet(info: str) -> str:
    (text,) = blocks(info)
    return text


def python(text: str, timeout_s: float = 60, **environment: str) -> str:
    """Run a snippet as its reader would, in a process of its own; its standard output."""
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=timeout_s, env=os.environ | environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_committed_pages_are_what_the_contracts_say_today() -> None:
    """Mended by `python -m ops.events_doc docs`."""
    for name, text in documents().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, name


def test_every_type_has_its_section_and_one_valid_example() -> None:
    examples = [json.loads(text) for text in blocks("example")]
    assert [example["type"] for example in examples] == list(EVENTS)
    for example in examples:
        assert f"### `{example['type']}`" in PAGE
        assert read(json.dumps(example).encode()).type == example["type"]


def test_every_link_inside_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(#([^)]+)\)", PAGE))
    assert links
    assert links <= anchors


def test_the_refusal_shown_is_the_refusal_given() -> None:
    with pytest.raises(Refusal) as refused:
        read(snippet("refused").encode())
    assert json.loads(snippet("refusal"))["faults"] == [fault.as_dict() for fault in refused.value.faults]
    assert [fault.path for fault in refused.value.faults] == [
        "$.data.dossier.due_at",
        "$.data.dossier.applicant.citizen_id",
    ]


def test_every_attribute_of_the_envelope_is_explained_and_no_other() -> None:
    assert list(ATTRIBUTES) == list(Envelope.model_fields)


def test_the_schema_names_every_type_and_every_field_it_demands_is_in_the_example() -> None:
    schema = json.loads((DOCS / "events.schema.json").read_text(encoding="utf-8"))
    data = {
        branch["if"]["properties"]["type"]["const"]: branch["then"]["properties"]["data"] for branch in schema["allOf"]
    }
    assert list(data) == list(EVENTS)
    for example in map(json.loads, blocks("example")):
        check(example["data"], data[example["type"]], schema["$defs"])


def check(value: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """The part of JSON Schema our shapes use: references, objects with required fields, lists."""
    schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "properties" in schema:
        assert set(schema.get("required", ())) <= set(value) <= set(schema["properties"])
        for name, inner in value.items():
            check(inner, schema["properties"][name], definitions)
    elif schema.get("type") == "array":
        for inner in value:
            check(inner, schema["items"], definitions)
    elif "enum" in schema:
        assert value in schema["enum"]


def test_the_webhook_snippet_knows_our_signature_from_a_forged_one() -> None:
    body = json.dumps({"id": "e-1", "data": {"name": "Nguyễn"}}, ensure_ascii=False)
    now = int(time.time())
    good = sign("secret", now, "e-1", body.encode())
    questions = [
        ("secret", good, body),
        ("other", good, body),
        ("secret", good, body.replace("Nguyễn", "Trần")),
        ("secret", sign("secret", now - 301, "e-1", body.encode()), body),
        ("secret", "rubbish", body),
    ]
    asked = f"""
for secret, header, body in {questions!r}:
    print(genuine(secret, header, body.encode()))
"""
    assert python(snippet("webhook-verify") + asked).split() == ["True", "False", "False", "False", "False"]


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A live bus's address."""
    with demo(tmp_path_factory.mktemp("bus")) as url:
        yield url


@pytest.mark.slow
def test_the_curl_snippet_brings_an_event_in_and_again_finds_it_there(bus: str) -> None:
    environment = os.environ | {"LIENTHONG_URL": bus, "LIENTHONG_KEY": ""}
    verdicts = []
    for _ in range(2):
        done = subprocess.run(
            ["bash", "-c", snippet("intake-curl")], capture_output=True, text=True, timeout=60, env=environment
        )
        assert done.returncode == 0, done.stderr + done.stdout
        verdicts.append(json.loads(done.stdout)["status"])
    assert verdicts == ["accepted", "duplicate"]


@pytest.mark.slow
def test_the_python_snippet_brings_an_event_in_and_again_finds_it_there(bus: str) -> None:
    said = [python(snippet("intake-python"), LIENTHONG_URL=bus, LIENTHONG_KEY="").split()[0] for _ in range(2)]
    assert said == ["accepted", "duplicate"]


@pytest.mark.slow
async def test_the_amqp_snippet_brings_an_event_in(rabbitmq: RabbitMQ) -> None:
    came: asyncio.Queue[bytes] = asyncio.Queue()

    async def accept(bodies: list[bytes]) -> list[dict[str, Any]]:
        for body in bodies:
            came.put_nowait(body)
        return [{"status": "accepted"} for _ in bodies]

    said = await asyncio.to_thread(python, snippet("intake-amqp"), LIENTHONG_AMQP_URL=rabbitmq.url.rstrip("/"))
    intake = AmqpIntake(rabbitmq.url, accept)
    intake.start()
    try:
        event = read(await asyncio.wait_for(came.get(), 30))
    finally:
        await intake.stop()
    assert said.split() == ["confirmed", event.id]


@pytest.mark.slow
async def test_the_receiving_snippet_prints_what_the_bus_publishes(rabbitmq: RabbitMQ) -> None:
    """The snippet binds its queue, ends for want of events, and finds those published since when it is run again."""
    url = rabbitmq.url.rstrip("/")
    assert await asyncio.to_thread(python, snippet("receive-amqp"), LIENTHONG_AMQP_URL=url) == ""
    publisher = Publisher(rabbitmq.url, "lienthong.events")
    example = json.loads(blocks("example")[-1])
    call = Call("call-1", deadline_s=30)
    try:
        outcome = await publisher.publish(example["type"], json.dumps(example).encode(), example["id"], call)
    finally:
        await publisher.close()
    assert isinstance(outcome, Delivered)
    said = await asyncio.to_thread(python, snippet("receive-amqp"), LIENTHONG_AMQP_URL=url)
    assert said.split() == [example["type"], example["subject"]]
