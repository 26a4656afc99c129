"""The words of docs/events.md between its tables, and the snippets a vendor starts from. A test runs the snippets."""

from __future__ import annotations

import json

from contracts.envelope import MAX_DEPTH
from contracts.fault import MAX_FAULTS
from contracts.lifecycle import USUAL
from ops.events_doc.example import smallest
from ops.settings import HttpSettings

HEAD = """
# Events: the contract with the dossier system

<!-- Generated from the contracts by `python -m ops.events_doc docs`. Do not edit. -->

The province's dossier system (*Hệ thống thông tin giải quyết TTHC*) tells the bus every change of a dossier as a
[CloudEvents 1.0](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) event in the JSON format. The bus writes it
down, then owes it to the partners concerned. What partners answer, and dossiers filed on the national portal, come back to the
dossier system as events of the same kind.

Three things to build against:

1. **Send** each change once it is committed on your side, over HTTP or AMQP; send again until you have a verdict.
2. **Number** the events of each dossier: `sequence` 1, 2, 3 ...
3. **Take** what comes back, by a signed webhook or from an exchange, and drop what you have seen by its `id`.

The schemas are in [events.schema.json](events.schema.json) (JSON Schema 2020-12) as well. `lienthong sample --events 100` prints
realistic events to try with.
"""

_SENDING = """
## Sending

The snippets read `LIENTHONG_URL` (such as `http://127.0.0.1:8080`), `LIENTHONG_KEY` (your API key) and `LIENTHONG_AMQP_URL` from the
environment. An API key is made with `lienthong client new` and bound to the sources it may speak for.

`POST /v1/events` takes one event (`application/cloudevents+json`) or a JSON array of them (`application/cloudevents-batch+json`).

```bash intake-curl
curl --silent --show-error --fail-with-body "$LIENTHONG_URL/v1/events" \\
  --header "Authorization: Bearer $LIENTHONG_KEY" \\
  --header "Content-Type: application/cloudevents+json" \\
  --data-binary @- <<'EVENT'
@CURL@
EVENT
```

In Python, with the standard library alone: a batch, sent again while the bus cannot be reached, is busy or says "not now". Sending
the same event twice is harmless.

```python intake-python
import json
import os
import time
import urllib.error
import urllib.request

EVENT = @PYTHON@


def send(events):
    \"\"\"A verdict for each event; waits and sends again until there is one.\"\"\"
    request = urllib.request.Request(
        os.environ["LIENTHONG_URL"] + "/v1/events",
        data=json.dumps(events).encode(),
        headers={
            "Authorization": "Bearer " + os.environ.get("LIENTHONG_KEY", ""),
            "Content-Type": "application/cloudevents-batch+json",
        },
    )
    while True:
        wait_s = 1.0
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)["verdicts"]
        except urllib.error.HTTPError as error:
            if error.code not in (408, 429, 500, 502, 503, 504):
                raise SystemExit(f"{error.code}: {error.read().decode()}")
            wait_s = float(error.headers.get("Retry-After") or wait_s)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            pass
        time.sleep(wait_s)


for verdict in send([EVENT]):
    print(verdict["status"], verdict["id"])
    if verdict["status"] not in ("accepted", "duplicate"):
        raise SystemExit(json.dumps(verdict, ensure_ascii=False))
```

Over AMQP 0-9-1 (`[intake] amqp = true`), publish to the queue `lienthong.intake`, persistent, with publisher confirms. The bus
acknowledges after its commit. Refused and conflicting events go to `lienthong.intake.refused` with the verdict in the header
`verdict`: watch that queue.

```python intake-amqp
import json
import os

import pika

EVENT = @AMQP@

connection = pika.BlockingConnection(pika.URLParameters(os.environ["LIENTHONG_AMQP_URL"]))
channel = connection.channel()
channel.queue_declare("lienthong.intake", durable=True, arguments={"x-queue-type": "quorum"})
channel.confirm_delivery()
channel.basic_publish(
    exchange="",
    routing_key="lienthong.intake",
    body=json.dumps(EVENT).encode(),
    properties=pika.BasicProperties(content_type="application/cloudevents+json", delivery_mode=2),
    mandatory=True,
)
connection.close()
print("confirmed", EVENT["id"])
```
"""


def sending() -> str:
    """How events are sent, with a smallest event in each snippet."""
    text = _SENDING
    for place, number in (("@CURL@", 9001), ("@PYTHON@", 9002), ("@AMQP@", 9003)):
        text = text.replace(place, json.dumps(smallest(number), ensure_ascii=False, indent=2))
    return text


VERDICTS = """
## Verdicts

| verdict | it means | single event | do |
|---|---|---|---|
| `accepted` | written down with everything it owes | 202 | nothing |
| `duplicate` | `source` and `id` came before with the same content; nothing happens twice | 202 | nothing |
| `conflict` | `source` and `id` came before with another content; the first stands | 409 | give what is new its own `id` and `sequence` |
| `refused` | it breaks a rule; nothing of it is stored | 422 | mend what `faults` names and send it again, with the same `id` |

The first two mean that the event is committed. A batch answers 202 with `{{"verdicts": [...]}}`, one for each event in their order: one
bad event spoils no other. Errors are problem details (RFC 9457): 400 the body is not readable, 401 no valid key, 403 the key may
not, 413 too large, 429 too many requests, 503 the bus cannot write just now. After 429, 503 and a broken connection send the same again;
`Retry-After` says when.

`owed` in the verdict names the operations now owed, or says `owed to nobody`. `flags` names what is unusual and yet accepted:
`unusual:10>4` a change of status outside the usual ones, `gap` an earlier `sequence` is still missing, `late` one came after its turn,
`legacy_font:applicant.name` a name that looks like TCVN3 or VNI bytes.

A refusal names every fault at once: where (JSONPath), which rule, whose rule, and the value, masked where it may be personal. This event

```json refused
{refused}
```

is answered with

```json refusal
{answer}
```
"""

ENVELOPE = """
## The envelope

Further attributes with names of CloudEvents (lower-case letters and digits, at most 20) and text, whole numbers or booleans as values are
kept with the event. `data_base64` is not taken.

"""

ORDER = """
## Order

The bus tells each partner the events of a dossier in their `sequence`, one at a time. So:

- `sequence` counts the events of one `source` and `subject`: 1 first, no number left out, none used twice.
- An event that comes early is accepted and waits until the missing one is there (flag `gap`); operators see it waiting.
- An event without `sequence` enters in the order of arrival.
- `time` is for people and clocks; it never decides the order.
- A mistake is mended by a new event (`dossier.corrected`), not by sending an old one again with another content.

Each dossier event carries the **full state** of the dossier after the change. Send every change, also the small ones: progress at the
national portal is a history, and the indicators of Decision 766/QĐ-TTg are computed from it.
"""


def limits() -> str:
    """The limits at the door, from the settings' defaults and the reader."""
    http = HttpSettings()
    return f"""
## Limits

- A request has at most {http.max_body_bytes // 2**20} MB (`[http] max_body_bytes`) and {http.max_batch} events; its body arrives
  within {http.body_limit_s:g} s; a client sends at most {http.requests_per_s:g} requests a second. Files are never inside an event:
  their URLs are.
- JSON in UTF-8 without byte order mark, nested at most {MAX_DEPTH} deep, no key twice in one object, no `NaN` or `Infinity`, no
  control characters in text, no half surrogate pairs, whole numbers that fit 64 bits, other numbers of at most 40 characters.
- Times are RFC 3339 with an offset, in the years 1900 to 2199. `20260703075534` is refused: read as a number it is another moment.
- Text is held in Unicode NFC, without zero-width and bidirectional control characters, white space made single blanks.
- Unknown fields are refused, so that a misspelt one is noticed; a refusal tells at most {MAX_FAULTS} faults.
- An optional field may be absent or `null`; numbers are numbers and truth is `true` or `false`, not text.
"""


RECEIVING = """
## What comes back

Replies and dossiers filed on the national portal are events too. They come at least once, in order for each dossier; drop what you
have by `id`. Choose the channel in `[partners.dossier_system]`:

**Webhook.** The bus POSTs one event (`application/cloudevents+json`) with `Idempotency-Key` and
`X-Lienthong-Signature: t=<seconds>,v1=<hex>`, an HMAC-SHA256 with the shared secret over `<t>.<id>.<body>`. Answer 202 or 204 (or 200
or 201 with an object of JSON) once it is committed on your side, 409 in JSON when you have its `id` already. 400 and 422 refuse the event
for good; 401 and 403 hold the whole channel until a person has mended the secret; everything else is tried again. Check the signature
before anything else:

```python webhook-verify
import hashlib
import hmac
import json
import time


def genuine(secret: str, header: str, body: bytes) -> bool:
    \"\"\"Whether the bus sent this body within the last five minutes.\"\"\"
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    stamp, given = parts.get("t", ""), parts.get("v1", "")
    if not (stamp.isdecimal() and len(stamp) < 13) or abs(time.time() - int(stamp)) > 300:
        return False
    signed = f"{stamp}.{json.loads(body)['id']}.".encode() + body
    wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(given.encode(), wanted.encode())
```

**AMQP.** The bus publishes to the topic exchange `lienthong.events`, the event's type as routing key, persistent and with confirms.
Bind a durable queue of your own first; an event that no queue takes waits and is tried again, where operators see it:

```python receive-amqp
import json
import os

import pika

connection = pika.BlockingConnection(pika.URLParameters(os.environ["LIENTHONG_AMQP_URL"]))
channel = connection.channel()
channel.exchange_declare("lienthong.events", "topic", durable=True)
channel.queue_declare("dossier-system", durable=True, arguments={"x-queue-type": "quorum"})
channel.queue_bind("dossier-system", "lienthong.events", "vn.lienthong.#")
for method, _properties, body in channel.consume("dossier-system", inactivity_timeout=1):
    if method is None:
        break
    event = json.loads(body)
    print(event["type"], event["subject"])  # commit it here, then
    channel.basic_ack(method.delivery_tag)
connection.close()
```
"""

TYPES = """
## Event types

`→ bus` you send; `← bus` and `bus` only the bus tells, and they are refused when they are sent to it.

| type | tiếng Việt | English | way | status |
|---|---|---|---|---|
"""


def statuses() -> str:
    """What leads where, from the life cycle's own table."""
    usual = "; ".join(f"{before}→{', '.join(map(str, sorted(after)))}" for before, after in USUAL.items() if after)
    final = " and ".join(str(status) for status, after in USUAL.items() if not after)
    return f"""
## Statuses

As the national portal counts them. Usual changes: {usual}; {final} are final. A dossier begins with 1, at the counter with 2.
Other changes are flagged, never dropped.

"""


SHAPES = """
## Shapes

The objects inside `data`. Personal fields are encrypted at rest and masked wherever they are shown.
"""

DOSSIER_NOTE = " Codes are looked up on the day the dossier was filed."
