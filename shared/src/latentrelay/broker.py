"""Kombu's Redis transport, made to survive what nobody can read.

Stock workers exit on a message that is not JSON, and on a malformed envelope put it back before they exit: one such
message ends every worker in turn. Here each message of a stage's queue is checked before Celery sees it, and
dead-lettered with the reason where it is not a hint of that stage.
"""

import base64
import json
import logging
import random
from queue import Empty
from typing import Any

import kombu
from celery.app.amqp import AMQP
from kombu.transport import redis as kombu_redis
from pydantic import ValidationError
from redis.backoff import NoBackoff
from redis.retry import Retry

from latentrelay.contracts import Hint, StageName, task_name
from latentrelay.jobs import bury_message
from latentrelay.jobs.connection import PrimaryConnection, sentinels

log = logging.getLogger(__name__)

RECONNECT_SECONDS = (1.0, 4.0)  # first and longest wait between tries to connect


def read_hint(envelope: object, queue: str) -> Hint:
    """The hint in a message of Celery's protocol 2 over kombu's virtual transport.

    Raises:
        ValueError: what is wrong with it, without its content.
    """
    match envelope:
        case {
            "headers": {"task": str(task), "id": str()},
            "body": str(body),
            "content-type": "application/json",
            "properties": {"delivery_tag": str(), "delivery_info": dict()},
        }:
            if task != task_name(StageName(queue)):
                raise ValueError(f"the task is not {task_name(StageName(queue))}")
            return _read_body(body)
        case _:
            raise ValueError("the envelope is not that of a JSON task message")


def _read_body(body: str) -> Hint:
    try:
        match json.loads(base64.b64decode(body, validate=True)):
            case [_, dict(kwargs), _]:
                return Hint.model_validate(kwargs)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, found["loc"])) for found in error.errors())
        raise ValueError(f"the hint has wrong fields: {fields}") from None
    except (ValueError, RecursionError):
        raise ValueError("the body is not JSON in base64") from None
    raise ValueError("the body is not that of a task")


def rebuilt(envelope: dict[str, Any], queue: str, hint: Hint) -> dict[str, Any]:
    """The message that Celery sees: our own, with nothing foreign but the ids it is acknowledged by."""
    task_id = envelope["headers"]["id"]
    body = json.dumps([[], hint.model_dump(mode="json"), {}])
    return {
        "body": base64.b64encode(body.encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": task_name(StageName(queue)), "id": task_id, "root_id": task_id},
        "properties": {
            "correlation_id": task_id,
            "delivery_tag": envelope["properties"]["delivery_tag"],
            "delivery_info": {"exchange": "", "routing_key": queue},
            "delivery_mode": 2,
            "priority": 0,
            "body_encoding": "base64",
        },
    }


class Amqp(AMQP):  # type: ignore[misc]  # celery ships no types
    """Makes every connection of the app one that is back soon after an outage."""

    class Connection(kombu.Connection):  # type: ignore[misc]  # kombu's types cover half of it
        """Tries to connect every few seconds, however long it takes; kombu's own waits up to 30."""

        def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
            """As kombu's, with other delays; with jitter, so that not all workers come back at once."""
            soon, late = (random.uniform(0.5, 1.0) * delay for delay in RECONNECT_SECONDS)  # noqa: S311  # jitter is no secret
            return super().ensure_connection(
                *args, **{"interval_start": soon, "interval_step": soon, "interval_max": late} | kwargs
            )


class _SafeChannel:
    """A channel that dead-letters a message that is not even JSON, and never waits for one that cannot come."""

    def _subscribe(self) -> None:
        """Once lost, this connection ends the consumer's, which then begins anew.

        redis-py would connect it again and read on, for ever: kombu made it, so redis-py knows no subscriptions of it.
        """
        super()._subscribe()  # type: ignore[misc]  # kombu's channel, beside which this is mixed in
        if self.subclient.connection is not None:  # type: ignore[attr-defined]  # as above
            self.subclient.connection.retry = Retry(NoBackoff(), 0)  # type: ignore[attr-defined]  # as above

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]  # as above
        except (ValueError, TypeError, KeyError, RecursionError) as error:  # whatever kombu's JSON makes of it
            self.bury("unknown", "the message is not JSON", getattr(error, "doc", type(error).__name__))
            raise Empty from None

    def bury(self, queue: str, reason: str, message: object) -> None:
        """Keep what cannot be worked on, and go on."""
        log.error("message dead-lettered", extra={"queue": queue, "reason": reason})
        with self.conn_or_acquire() as client:  # type: ignore[attr-defined]  # as above
            bury_message(client, queue, reason, message)


class _SafeTransport:
    """A transport that dead-letters a message of a stage's queue that is no hint of that stage."""

    def _deliver(self, message: Any, queue: str) -> None:
        deliver = super()._deliver  # type: ignore[misc]  # kombu's transport, beside which this is mixed in
        if queue not in list(StageName):
            deliver(message, queue)
            return
        try:
            hint = read_hint(message, queue)
        except ValueError as error:
            self.channels[0].bury(queue, str(error), message)  # type: ignore[attr-defined]  # as above
        else:
            deliver(rebuilt(message, queue, hint), queue)


class Channel(_SafeChannel, kombu_redis.Channel):  # type: ignore[misc]  # kombu's types cover half of it
    """Reads messages from one Redis."""


class Transport(_SafeTransport, kombu_redis.Transport):  # type: ignore[misc]  # as above
    """Delivers messages from one Redis."""

    Channel = Channel


class SentinelChannel(_SafeChannel, kombu_redis.SentinelChannel):  # type: ignore[misc]  # as above
    """Reads messages from the primary that the sentinels name."""

    connection_class = PrimaryConnection
    from_transport_options = (*kombu_redis.SentinelChannel.from_transport_options, "sentinels")

    def _sentinel_managed_pool(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002  # as kombu calls it
        """As kombu's, which knows only those sentinels that it switches between at every failure."""
        options = self._connparams(asynchronous)
        del options["host"], options["port"]  # a sentinel's
        asked = sentinels(self.sentinels, self.sentinel_kwargs, **options)
        setattr(self, "_async_sentinel_manager" if asynchronous else "_sentinel_manager", asked)  # kombu closes it
        return asked.master_for(self.master_name).connection_pool


class SentinelTransport(_SafeTransport, kombu_redis.SentinelTransport):  # type: ignore[misc]  # as above
    """Delivers messages from the primary that the sentinels name."""

    Channel = SentinelChannel
