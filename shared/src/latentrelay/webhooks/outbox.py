"""The outbox: what happened to jobs and is to be told, row by row, until messages were made of it."""

import hashlib
import logging
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from latentrelay.contracts import WebhookEndpoint, WebhookEventType
from latentrelay.errors import NotFound
from latentrelay.jobs import RedisClient, Scripts, keys
from latentrelay.jobs.record import moment, to_job
from latentrelay.jobs.scripts import Argument
from latentrelay.webhooks.bodies import body_of, trial_body
from latentrelay.webhooks.records import Fields
from latentrelay.webhooks.targets import is_origin, origin_of

PAGE = 100  # rows that are read at once
PROGRESS_MS = 60_000
"""How long progress is worth telling: later, more has been made."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Row:
    """One row: something that happened to a job, and the job's record as it stood then."""

    id: str
    fields: Fields


class Outbox:
    """Turns rows into messages.

    Args:
        redis: the client; reading may block it for a while.
        scripts: of the webhooks.
        kept_seconds: how long messages are kept.
    """

    def __init__(self, redis: RedisClient, scripts: Scripts, kept_seconds: float) -> None:
        self._redis = redis
        self._scripts = scripts
        self._kept_ms = round(kept_seconds * 1000)

    def rows(self, block_ms: int) -> Iterator[Row]:
        """The oldest rows, at most a hundred; waits up to `block_ms` for the first one."""
        for _, rows in self._redis.xread({keys.OUTBOX: "0"}, count=PAGE, block=block_ms) or ():
            self._scripts.confirm()  # what a failover could undo is not told yet
            yield from (Row(row_id, fields) for row_id, fields in rows)

    def post(self, *rows: Row) -> list[str]:
        """The ids of the messages that are made of `rows`: of one that was done already, or that nobody wants, none.

        A row that cannot be read, of another release, is set aside with a dead letter: it must not hold up the others.
        """
        calls = [call for row in rows if (call := self._read(row))]
        answers = self._scripts.run_each("post", calls) if calls else ()
        return [message_id for posted in answers for message_id in posted or ()]

    def post_trial(self, endpoint: WebhookEndpoint, at: datetime) -> str:
        """The id of the message with which an endpoint is tested.

        Raises:
            NotFound: the endpoint was removed meanwhile.
        """
        posted = self._scripts.run(
            "post",
            "",
            f"msg_test_{secrets.token_hex(8)}",
            endpoint.tenant,
            "test",
            WebhookEventType.TEST,
            "",
            endpoint.id,
            "",
            "",
            trial_body(at),
            "",
            self._kept_ms,
            self._kept_ms,
            durable=True,
        )
        if not posted:
            raise NotFound("There is no such webhook endpoint any more.")
        return str(posted[0])

    def _read(self, row: Row) -> Sequence[Argument] | None:
        try:
            return self._call(row)
        except Exception:
            log.exception("unreadable row of the outbox", extra={"job_id": row.fields.get("id"), "row": row.id})
        self._scripts.run("bury", row.id)
        return None

    def _call(self, row: Row) -> Sequence[Argument]:
        """What the script is called with to post a row."""
        event = WebhookEventType(f"job.{row.fields['event']}")
        at = moment(row.fields["event_at"])
        job = to_job(row.fields)
        named = job.request.webhook
        told_to, url = row.fields.get("told_to") or "", (named.url if named else None) or ""
        if named and not told_to:
            raise ValueError("the job names a webhook, and not whose it is")
        return (
            row.id,
            webhook_id(job.id, event, row.id),
            row.fields["tenant"],
            row.fields["event"],
            event,
            job.id,
            told_to,
            url,
            origin_of(url) if is_origin(told_to) else "",
            body_of(job, event, at),
            row.fields.get("traceparent") or "",
            min(self._kept_ms, PROGRESS_MS) if event is WebhookEventType.PROGRESS else self._kept_ms,
            self._kept_ms,
        )


def webhook_id(job_id: str, event: WebhookEventType, row_id: str) -> str:
    """The header `webhook-id` of an event: the same again where Redis forgot that it happened, and it happens again."""
    once = row_id if event is WebhookEventType.PROGRESS else ""
    return "msg_" + hashlib.sha256(f"{job_id} {event} {once}".encode()).hexdigest()[:24]
