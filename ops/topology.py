"""Queues of the broker: which there are, how full they stand. Read with pika, bounded in time."""

from __future__ import annotations

from collections.abc import Sequence

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker

from adapters.transport.amqp import INTAKE_QUEUE, REFUSED_QUEUE, parameters
from bus.broker import EXCHANGE


def depths(url: str, partners: Sequence[str]) -> dict[str, int | None]:
    """Messages in each queue of ours; None for one that is not there. Raises ConnectionError when there is no broker."""
    names = [INTAKE_QUEUE, REFUSED_QUEUE, *(f"{EXCHANGE}.{partner}" for partner in partners)]
    found: dict[str, int | None] = {}
    try:
        connection = pika.BlockingConnection(parameters(url))
    except (AMQPError, OSError) as error:
        raise ConnectionError(f"the broker cannot be reached ({type(error).__name__})") from None
    try:
        for name in names:
            try:
                found[name] = connection.channel().queue_declare(name, passive=True).method.message_count
            except ChannelClosedByBroker:
                found[name] = None
    finally:
        connection.close()
    return found
