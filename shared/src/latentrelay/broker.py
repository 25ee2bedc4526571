"""Kombu's Redis transport, made to survive what nobody can read.

Stock workers exit on a message that is not JSON, and on a malformed envelope put it back before they exit: one such
message ends every worker in turn. Here each message of a stage's queue is checked before Celery sees it, and
dead-lettered with the reason where it is not a hint of that stage.
"""

import base64
import json
import logging
from queue import Empty
from typing import Any

from kombu.transport import redis as kombu_redis
from pydantic import ValidationError

from latentrelay.contracts import Hint, StageName, task_name
from latentrelay.jobs import bury_message

log = logging.getLogger(__name__)


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


class Channel(kombu_redis.Channel):  # type: ignore[misc]  # kombu's types cover half of it
    """Reads messages; one that is not even JSON is dead-lettered."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)
        except (ValueError, TypeError, KeyError, RecursionError) as error:  # whatever kombu's JSON makes of it
            self.bury("unknown", "the message is not JSON", getattr(error, "doc", type(error).__name__))
            raise Empty from None

    def bury(self, queue: str, reason: str, message: object) -> None:
        """Keep what cannot be worked on, and go on."""
        log.error("message dead-lettered", extra={"queue": queue, "reason": reason})
        with self.conn_or_acquire() as client:
            bury_message(client, queue, reason, message)


class Transport(kombu_redis.Transport):  # type: ignore[misc]  # kombu's types cover half of it
    """Delivers messages; one of a stage's queue that is no hint of that stage is dead-lettered."""

    Channel = Channel

    def _deliver(self, message: Any, queue: str) -> None:
        if queue not in list(StageName):
            super()._deliver(message, queue)
            return
        try:
            hint = read_hint(message, queue)
        except ValueError as error:
            self.channels[0].bury(queue, str(error), message)
        else:
            super()._deliver(rebuilt(message, queue, hint), queue)
