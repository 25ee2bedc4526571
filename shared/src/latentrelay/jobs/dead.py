"""Dead letters: jobs that used up their attempts and messages that nobody can read, with the reason."""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from latentrelay.contracts import DeadKind, DeadLetter, Job, Problem
from latentrelay.errors import Conflict, ErrorCode, InvalidRequest, NotFound
from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.jobs import Jobs
from latentrelay.jobs.record import Fields, moment
from latentrelay.tracing import TraceContext

MAX_LETTERS = 10_000
EXCERPT = 2000  # of a message nobody can read, enough to see who wrote it

JobsOf = Callable[[str], Jobs]
"""The jobs, submitted on behalf of a tenant."""


def bury_message(redis: RedisClient, queue: str, reason: str, body: object) -> None:
    """Keep a message that cannot be worked on, with the reason."""
    text = body if isinstance(body, str) else json.dumps(body, default=repr)
    letter = {"what": "message", "queue": queue, "reason": reason, "body": text[:EXCERPT]}
    with redis.pipeline() as pipe:
        pipe.xadd(keys.DEAD, letter, maxlen=MAX_LETTERS, approximate=True)
        pipe.hincrby(keys.BURIED, DeadKind.MESSAGE, 1)
        pipe.execute()


class DeadLetters:
    """The dead letters of one Redis; only so many of the newest are kept."""

    def __init__(self, redis: RedisClient, jobs_of: JobsOf) -> None:
        self._redis = redis
        self._jobs_of = jobs_of

    def list(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        """The newest, newest first."""
        return tuple(_letter(letter_id, fields) for letter_id, fields in self._redis.xrevrange(keys.DEAD, count=limit))

    def get(self, letter_id: str) -> DeadLetter:
        """One of them.

        Raises:
            NotFound: there is no such letter.
        """
        found = self._redis.xrange(keys.DEAD, letter_id, letter_id) if _is_id(letter_id) else ()
        if not found:
            raise NotFound("There is no such dead letter.")
        return _letter(*found[0])

    def drop(self, letter_id: str) -> None:
        """Forget it; the job that it tells of stays as it is.

        Raises:
            NotFound: there is no such letter.
        """
        if not _is_id(letter_id) or not self._redis.xdel(keys.DEAD, letter_id):
            raise NotFound("There is no such dead letter.")

    def requeue(self, letter_id: str, trace: TraceContext | None = None) -> Job:
        """A new job that asks for the same: the one that failed has ended. A repeated call answers with the same job.

        It reads the same inputs, belongs to the same tenant and keeps the seed, but not the deadline. The letter stays.

        Raises:
            NotFound: there is no such letter, or its job or what that reads has been swept.
            Conflict: it is a message, which nobody can read.
            QueueFull: too many jobs wait already.
        """
        letter = self.get(letter_id)
        if letter.job_id is None:
            raise Conflict("A message that nobody can read cannot be queued again; it can only be dropped.")
        failed = self._jobs_of("default").get(letter.job_id)
        tenant, told_to = self._redis.hmget(keys.job(failed.id), "tenant", "told_to")
        told = {"idempotency_key": f"requeue:{letter_id}", "deadline": None}
        request = failed.request.model_copy(update=told)
        jobs = self._jobs_of(tenant or "default")
        return jobs.submit(uuid.uuid4().hex, request, request, failed.inputs, told_to=told_to or "", trace=trace)


def _is_id(text: str) -> bool:
    return re.fullmatch(r"\d{1,19}-\d{1,19}", text) is not None


def _letter(letter_id: str, fields: Fields) -> DeadLetter:
    told: dict[str, Any] = {"id": letter_id, "at": moment(letter_id.split("-", maxsplit=1)[0]), **fields}
    if fields["what"] == DeadKind.JOB:
        told |= {"problem": _problem(fields["reason"]), "reason": None}
    else:
        told |= {"excerpt": fields.get("body")}
    return DeadLetter.model_validate(told)


def _problem(reason: str) -> Problem:
    try:
        return Problem.model_validate_json(reason)
    except (InvalidRequest, ValueError):  # of a later release
        return Problem(code=ErrorCode.INTERNAL, detail="This release cannot read the reason.")
