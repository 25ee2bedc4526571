"""The door for those who ask: submit, read, list, watch, cancel, forget."""

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from latentrelay.contracts import Artifact, Job, JobRequest, JobStatus, Kind, StageName
from latentrelay.errors import Conflict, IdempotencyMismatch, InvalidRequest, NotFound
from latentrelay.events import JobEvent
from latentrelay.flow import route
from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.record import fingerprint, is_terminal, to_event, to_fields, to_job
from latentrelay.jobs.scripts import Scripts

BLOCK_MS = 2000  # below the socket timeout, so that waiting for events is no error
CHUNK = 100


@dataclass(frozen=True)
class JobPage:
    """Some jobs, newest first, and where the next page begins."""

    jobs: tuple[Job, ...]
    next_cursor: str | None


class Jobs:
    """The jobs in one Redis."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)

    def submit(self, job_id: str, asked: JobRequest, request: JobRequest, inputs: Iterable[Artifact] = ()) -> Job:
        """Record `request` (`asked`, its seed drawn and its sources stored); the same idempotency key answers alike.

        Raises:
            IdempotencyMismatch: the key was used for another request.
        """
        first = route(request)[0]
        fields = [part for pair in to_fields(request, inputs).items() for part in pair]
        key = request.idempotency_key or ""
        result, recorded = self._scripts.run("submit", job_id, first, key, fingerprint(asked), *fields)
        if result == "mismatch":
            raise IdempotencyMismatch
        return self.get(recorded)

    def get(self, job_id: str) -> Job:
        """One job as it stands.

        Raises:
            NotFound: there is no such job.
        """
        found = self._read([job_id])
        if not found:
            raise NotFound(f"There is no job {job_id}.")
        return found[0]

    def list(
        self, *, status: JobStatus | None = None, kind: Kind | None = None, limit: int = 50, cursor: str | None = None
    ) -> JobPage:
        """Jobs, newest first.

        Raises:
            InvalidRequest: the cursor is not one of ours, or the limit is not from 1 to 250.
        """
        if not 1 <= limit <= 250:  # noqa: PLR2004  # the contract's own limit
            raise InvalidRequest.at("limit", f"must be an integer from 1 to 250, got {limit}")
        found: list[Job] = []
        for job in self._newest_first(status, cursor):
            if kind not in (None, job.kind):
                continue
            if len(found) == limit:
                return JobPage(tuple(found), _cursor_after(found[-1]))
            found.append(job)
        return JobPage(tuple(found), None)

    def events(self, job_id: str, after: str = "0") -> Iterator[JobEvent | None]:
        """What happened and happens to a job, to its end; None now and then while nothing does.

        Raises:
            NotFound: there is no such job.
        """
        ended = self.get(job_id).status.is_terminal
        while True:
            answer = self._redis.xread({keys.events(job_id): after}, count=CHUNK, block=BLOCK_MS)
            for entry_id, fields in answer[0][1] if answer else []:
                after = entry_id
                event = to_event(entry_id, job_id, fields)
                yield event
                if event.type.is_terminal:
                    return
            if not answer and ended:  # its last event was lost with a crash, or trimmed
                return
            if not answer:
                yield None
                ended = self.get(job_id).status.is_terminal

    def cancel(self, job_id: str) -> Job:
        """Cancel a job, whatever state it is in; one that has ended stays as it is.

        Raises:
            NotFound: there is no such job.
        """
        self._scripts.run("cancel", job_id)
        return self.get(job_id)

    def delete(self, job_id: str) -> None:
        """Forget a job that has ended.

        Raises:
            NotFound: there is no such job.
            Conflict: it has not ended.
        """
        result = self._scripts.run("delete", job_id)
        if result is None:
            raise NotFound(f"There is no job {job_id}.")
        if result == "live":
            raise Conflict("The job has not ended; cancel it first.")

    def pending(self, stage: StageName) -> int:
        """How many jobs wait for a stage."""
        return int(self._redis.zcard(keys.pending(stage)))

    def first_pending(self, stage: StageName, count: int) -> tuple[str, ...]:
        """The ids of the `count` jobs that go first."""
        return tuple(self._redis.zrange(keys.pending(stage), 0, count - 1)) if count > 0 else ()

    def in_flight(self, stage: StageName) -> int:
        """How many jobs of a stage are held by workers."""
        held = self._read(self._redis.zrange(keys.LEASES, 0, -1))
        return sum(job.stage is stage for job in held)

    def _read(self, job_ids: Iterable[str]) -> tuple[Job, ...]:
        ids = [*job_ids]
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hgetall(keys.job(job_id))
            records = [fields for fields in pipe.execute() if fields]
            for fields in records:
                pipe.zrank(keys.pending(StageName(fields["stage"])), fields["id"])
            places = pipe.execute()
        return tuple(
            to_job(fields, None if is_terminal(fields) else place)
            for fields, place in zip(records, places, strict=True)
        )

    def _newest_first(self, status: JobStatus | None, cursor: str | None) -> Iterator[Job]:
        after = _read_cursor(cursor)
        start, last = 0, after[0] if after else "+inf"
        while True:
            ids = self._redis.zrange(
                keys.index(status), last, "-inf", desc=True, byscore=True, offset=start, num=CHUNK, withscores=True
            )
            start += len(ids)
            wanted = [job_id for job_id, score in ids if after is None or (score, job_id) < after]
            yield from (job for job in self._read(wanted) if status in (None, job.status))
            if len(ids) < CHUNK:
                return


def _cursor_after(job: Job) -> str:
    return base64.urlsafe_b64encode(f"{job.created_at.timestamp() * 1000:.0f} {job.id}".encode()).decode()


def _read_cursor(cursor: str | None) -> tuple[float, str] | None:
    if cursor is None:
        return None
    try:
        score, job_id = base64.urlsafe_b64decode(cursor).decode().split(" ")
        return float(score), job_id
    except (ValueError, binascii.Error):
        raise InvalidRequest.at("cursor", "is not one that a listing gave") from None
