"""Queues of the broker: which there are, how full they stand. Read with pika, bounded in time."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker

from adapters.transport.amqp import INTAKE_QUEUE, REFUSED_QUEUE, parameters
from bus.broker import EXCHANGE

SCHEMES = ("amqp://", "amqps://")
NOT_FOUND = 404


def depths(url: str, partners: Sequence[str]) -> dict[str, int | None]:
    """Messages in each queue of ours; None for one that is not there. Raises ConnectionError when there is no broker."""
    if not url.startswith(SCHEMES):
        raise ConnectionError(f"{url.partition('://')[0]}:// is no AMQP address: there are no queues to count")
    names = [INTAKE_QUEUE, REFUSED_QUEUE, *(f"{EXCHANGE}.{partner}" for partner in partners)]
    try:
        connection = pika.BlockingConnection(parameters(url))
        try:
            return {name: _depth(connection, name) for name in names}
        finally:
            with contextlib.suppress(AMQPError, OSError):
                connection.close()
    except (AMQPError, OSError) as error:
        raise ConnectionError(f"the broker cannot be reached ({type(error).__name__})") from None


def _depth(connection: Any, name: str) -> int | None:
    """Messages in one queue, on a channel of its own: asking for a queue that is not there closes the channel."""
    channel = connection.channel()
    try:
        count = int(channel.queue_declare(name, passive=True).method.message_count)
    except ChannelClosedByBroker as error:
        if error.reply_code != NOT_FOUND:
            raise
        return None
    channel.close()
    return count
