"""The command line's way to a running bus: JSON over HTTP, errors as one sentence and an exit code."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from adapters.transport.retry_after import retry_after_s

BATCH = "application/cloudevents-batch+json"
TIMEOUT_S = 60.0
PATIENCE_S = 300.0


class Unreachable(Exception):
    """No bus answers at the address."""


class Declined(Exception):
    """The bus said no; the text is its own sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Remote:
    """A running bus at `url`, spoken to with an API key (empty in the demo)."""

    def __init__(self, url: str, key: str = "") -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a GET. Raises Unreachable, Declined."""
        return self._json(self._call("GET", path, params=_asked(query)))

    def file(self, path: str, **query: Any) -> bytes:
        """What a GET sends to be kept as a file. Raises Unreachable, Declined."""
        response = self._call("GET", path, params=_asked(query))
        if response.status_code >= 400:
            raise Declined(response.status_code, _sentence(response))
        return response.content

    def post(self, path: str, body: Any) -> Any:
        """The JSON of a POST. Raises Unreachable, Declined."""
        return self._json(self._call("POST", path, json=body))

    def _call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """One call on a connection of its own: nothing is left open behind a command."""
        try:
            return httpx.request(
                method,
                self._url + path,
                headers={**self._headers, **(headers or {})},
                timeout=TIMEOUT_S,
                trust_env=False,
                **options,
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unreachable(
                f"no bus answers at {self._url} ({type(error).__name__}); is it running? name another with --url"
            ) from None

    def _json(self, response: httpx.Response) -> Any:
        if response.status_code >= 400:
            raise Declined(response.status_code, _sentence(response))
        try:
            return response.json()
        except ValueError:
            raise Declined(response.status_code, f"{self._url} does not answer as a bus of Liên Thông") from None

    def send(self, batch: list[Any]) -> list[dict[str, Any]]:
        """Post a batch of events until it is answered: a broken connection, 429 and 503 are tried again, safely, for five minutes."""
        waits = _waits()
        body = json.dumps(batch, ensure_ascii=False).encode()
        while True:
            try:
                response = self._call("POST", "/v1/events", content=body, headers={"Content-Type": BATCH})
            except Unreachable:
                self._sleep(next(waits, None), "")
                continue
            if response.status_code in (408, 429, 500, 502, 503, 504):
                self._sleep(next(waits, None), response.headers.get("retry-after", ""))
                continue
            verdicts: list[dict[str, Any]] = self._json(response)["verdicts"]
            return verdicts

    def _sleep(self, wait_s: float | None, told: str) -> None:
        if wait_s is None:
            raise Unreachable(
                f"{self._url} did not take the events for {PATIENCE_S:g} s; what was answered is safe, send the file again"
            )
        time.sleep(max(wait_s, min(retry_after_s(told) or 0.0, 30.0)))


def _asked(query: Mapping[str, Any]) -> dict[str, Any]:
    """What of a query says something."""
    return {name: value for name, value in query.items() if value not in (None, "", ())}


def _waits() -> Iterator[float]:
    """Growing waits with jitter, until patience is at an end."""
    began, wait = time.monotonic(), 0.2
    while time.monotonic() - began < PATIENCE_S:
        yield random.uniform(wait / 2, wait)
        wait = min(wait * 2, 10.0)


def _sentence(response: httpx.Response) -> str:
    try:
        body = response.json()
        return f"{body.get('title', response.status_code)}: {body.get('detail', '')}".strip()
    except (ValueError, AttributeError):
        return f"HTTP {response.status_code}"
