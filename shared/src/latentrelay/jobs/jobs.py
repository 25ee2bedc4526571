"""The door for those who ask: submit, read, list, watch, cancel, forget."""

from base64 import b64decode
from collections.abc import Container, Iterable, Iterator
from copy import copy
from typing import Self

from latentrelay import cost
from latentrelay.contracts import Artifact, ArtifactKind, Job, JobRequest, JobStatus, Kind, StageName
from latentrelay.errors import (
    IdempotencyMismatch,
    InvalidRequest,
    NotFound,
)
from latentrelay.events import JobEvent
from latentrelay.flow import route
from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.feed import News, news
from latentrelay.jobs.happenings import Happened, followed, happened, moves
from latentrelay.jobs.outlooks import Outlooks
from latentrelay.jobs.pages import JobPage, cursor_after, newest_first
from latentrelay.jobs.policy import Limits
from latentrelay.jobs.record import (
    Fields,
    dump_artifacts,
    fingerprint,
    load_artifacts,
    readable,
    to_fields,
)
from latentrelay.jobs.refusals import refuse, refuse_submission
from latentrelay.jobs.scripts import Scripts
from latentrelay.settings import Settings

MOST_LOOKED_AT = 1000  # jobs that one page of a listing looks through for those that are wanted
NO_JOB = "-"  # an id that no job gets


class Jobs:
    """The jobs in one Redis, as one tenant submits them.

    Args:
        redis: the client.
        tenant: on whose behalf jobs are submitted.
        limits: what a submission is held against.
        replicas: how many replicas must have a submission before it is answered.
        confined: whether it sees no other tenant's jobs; who is trusted with Redis sees them all.
        outlooks: tell the size of what the models draw unasked.
    """

    def __init__(
        self,
        redis: RedisClient,
        *,
        tenant: str = "default",
        limits: Limits | None = None,
        replicas: int = 0,
        confined: bool = False,
        outlooks: Outlooks | None = None,
    ) -> None:
        self._redis = redis
        self._tenant = tenant
        self._limits = limits or Limits()
        self._scripts = Scripts(redis, replicas)
        self._confined = confined
        self._outlooks = outlooks or Outlooks(redis)

    def confined_to(self, tenant: str, limits: Limits, *, sees_all: bool = False) -> Self:
        """The same jobs as `tenant` may submit and see them: unless it `sees_all`, another's are not there."""
        confined = copy(self)
        confined._tenant, confined._limits, confined._confined = tenant, limits, not sees_all
        return confined

    @classmethod
    def of(cls, redis: RedisClient, settings: Settings, outlooks: Outlooks | None = None) -> Self:
        """The jobs as `settings` want them."""
        limits, replicas = Limits.of(settings), settings.redis_replicas
        return cls(redis, tenant=settings.tenant, limits=limits, replicas=replicas, outlooks=outlooks)

    def submit(
        self,
        job_id: str,
        asked: JobRequest,
        request: JobRequest,
        inputs: Iterable[Artifact] = (),
        *,
        told_to: str = "",
    ) -> Job:
        """Record `request` (`asked`, its seed drawn and its sources stored); the same idempotency key answers alike.

        Its webhook, where it names one, is that of the endpoint `told_to`.

        Raises:
            IdempotencyMismatch: the key was used for another request.
            QueueFull: too many jobs wait already.
            RateLimited: too many of this tenant do, or its pixels for today are spent.
            Forbidden: it asks for more pixels than this tenant may ask for in a day.
            NotFound: what it reads has been swept meanwhile.
        """
        return self.get(self._take(job_id, asked, request, inputs, told_to=told_to))

    def check(self, asked: JobRequest, inputs: Iterable[Artifact] = ()) -> None:
        """Whether `submit` would take a request that reads `inputs`, now. Records nothing.

        Raises:
            IdempotencyMismatch, QueueFull, RateLimited, Forbidden, NotFound: as `submit`.
        """
        self._take(NO_JOB, asked, asked, inputs, dry=True)

    def _take(
        self,
        job_id: str,
        asked: JobRequest,
        request: JobRequest,
        inputs: Iterable[Artifact],
        *,
        told_to: str = "",
        dry: bool = False,
    ) -> str:
        """The id of the job that stands for the request from now on, or with `dry` would."""
        inputs = tuple(inputs)
        most_pixels = self._limits.max_pixels_per_day
        pixels = 0 if most_pixels is None else cost.pixels(request, self._outlooks.now().sides(request, inputs))
        # a dry run is held against what it reads; the request itself, which may hold an image, need not go there
        fields = {"inputs": dump_artifacts(inputs)} if dry else to_fields(request, inputs, told_to)
        result, told = self._scripts.run(
            "submit",
            job_id,
            self._tenant,
            ",".join(route(request)),
            request.idempotency_key or "",
            fingerprint(asked),
            self._limits.max_live_jobs,
            self._limits.max_live_jobs_per_tenant,
            self._limits.max_job_ms,
            pixels,
            "" if most_pixels is None else most_pixels,
            "1" if dry else "",
            *(part for pair in fields.items() for part in pair),
            durable=not dry,
        )
        refuse_submission(result, told, pixels=pixels, most_pixels=most_pixels)
        return str(told)

    def get(self, job_id: str) -> Job:
        """One job as it stands.

        Raises:
            NotFound: there is no such job.
        """
        found = self._read([_known(job_id)])
        if not found:
            raise NotFound(f"There is no job {job_id}.")
        return found[0]

    def list(
        self,
        *,
        status: JobStatus | None = None,
        kind: Kind | None = None,
        stage: StageName | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> JobPage:
        """Jobs, newest first. Where few of very many are wanted, a page may hold less than `limit` and not be the last.

        Raises:
            InvalidRequest: the cursor is not one of ours, or the limit is not from 1 to 250.
        """
        if not 1 <= limit <= 250:  # noqa: PLR2004  # the contract's own limit
            raise InvalidRequest.at("limit", f"must be an integer from 1 to 250, got {limit}")
        found: list[Job] = []
        for looked_at, job in enumerate(self._newest_first(status, cursor), start=1):
            if status in (None, job.status) and kind in (None, job.kind) and stage in (None, job.stage):
                if len(found) == limit:
                    return JobPage(tuple(found), cursor_after(found[-1]))
                found.append(job)
            if looked_at == MOST_LOOKED_AT:
                return JobPage(tuple(found), cursor_after(job))
        return JobPage(tuple(found), None)

    def events(self, job_id: str, after: str = "0") -> Iterator[JobEvent | None]:
        """What happened and happens to a job, to its end; None now and then while nothing does.

        Raises:
            NotFound: there is no such job.
            InvalidRequest: `after` is no event's id.
        """
        return followed(self._redis, job_id, after, lambda: self.get(job_id).status.is_terminal)

    def happened(self, job_id: str, after: str = "0") -> Happened:
        """What happened to a job after the entry `after`, at most the next hundred events. Does not wait.

        Raises:
            NotFound: there is no such job.
            InvalidRequest: `after` is no event's id.
        """
        tenant, found = happened(self._redis, _known(job_id), after)
        if found is None or not self._sees({"tenant": tenant or ""}):
            raise NotFound(f"There is no job {job_id}.")
        return found

    def moves(self, job_id: str) -> tuple[JobEvent, ...]:
        """What is kept of a job's moves, without the progress in between.

        Raises:
            NotFound: there is no such job.
        """
        return moves(self._redis, self.own(job_id))

    @property
    def feed(self) -> str:
        """The stream that tells what happens to all jobs that this tenant may see."""
        return keys.feed_of(self._tenant) if self._confined else keys.FEED

    def news(self, after: str | None = None) -> News:
        """What happened to all jobs after the entry `after`, at most the next hundred news. Does not wait.

        Raises:
            InvalidRequest: `after` is no event's id.
        """
        return news(self._redis, self.feed, after)

    def visible(self, job_ids: Iterable[str]) -> frozenset[str]:
        """Those of `job_ids` that this tenant may see."""
        wanted = tuple(job_ids)
        if not self._confined:
            return frozenset(wanted)
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in wanted:
                pipe.hget(keys.job(job_id), "tenant")
            tenants = pipe.execute()
        return frozenset(job_id for job_id, tenant in zip(wanted, tenants, strict=True) if tenant == self._tenant)

    def preview(self, job_id: str) -> bytes | None:
        """A small JPEG of what the job draws; None where there is none yet, or no longer.

        Raises:
            NotFound: there is no such job.
        """
        told = self._redis.get(keys.preview(self.own(job_id)))
        if told is None:
            self.get(job_id)
        return None if told is None else b64decode(told)

    def cancel(self, job_id: str) -> Job:
        """Cancel a job, whatever state it is in; one that has ended stays as it is.

        Raises:
            NotFound: there is no such job.
        """
        self._scripts.run("cancel", self.own(job_id), durable=True)
        return self.get(job_id)

    def own(self, job_id: str) -> str:
        """`job_id`, where this tenant may touch it.

        Raises:
            NotFound: there is no such job, or it is another tenant's.
        """
        if self._confined and self._redis.hget(keys.job(_known(job_id)), "tenant") != self._tenant:
            raise NotFound(f"There is no job {job_id}.")
        return _known(job_id)

    def strip(self, job_id: str, kinds: Container[ArtifactKind] = tuple(ArtifactKind)) -> tuple[Artifact, ...]:
        """Let a job that has ended forget what it made of these kinds; the objects are the caller's to remove.

        Raises:
            NotFound: there is no such job.
            Conflict: it has not ended, or a job that lives reads what it made.
        """
        result: str | None = "changed"
        while result == "changed":  # somebody else strips it, too; there is less of it each time
            told = self._redis.hget(keys.job(_known(job_id)), "artifacts") or "[]"
            artifacts = load_artifacts(told)
            stays = tuple(made for made in artifacts if made.kind not in kinds)
            result = self._scripts.run("strip", job_id, told, dump_artifacts(stays))
        refuse(result, job_id)
        return tuple(made for made in artifacts if made.kind in kinds)

    def delete(self, job_id: str) -> None:
        """Forget a job that has ended.

        Raises:
            NotFound: there is no such job.
            Conflict: it has not ended, or a job that lives reads what it made.
        """
        refuse(self._scripts.run("delete", _known(job_id)), job_id)

    def replayed(self, asked: JobRequest) -> Job | None:
        """The job that this request's idempotency key stands for already.

        Raises:
            IdempotencyMismatch: the key was used for another request.
        """
        key = keys.idempotency(self._tenant, asked.idempotency_key or "")
        job_id, told = self._redis.hmget(key, "job_id", "fingerprint")
        if job_id is None:
            return None
        self._scripts.confirm()  # an earlier submission may have been left unanswered for want of replicas
        if not self._redis.exists(keys.job(job_id)):
            return None
        if told != fingerprint(asked):
            raise IdempotencyMismatch
        return self.get(job_id)

    def _read(self, job_ids: Iterable[str]) -> tuple[Job, ...]:
        ids = [*job_ids]
        if not ids:
            return ()

        def ask(pipe: RedisClient) -> None:
            for job_id in ids:
                pipe.hgetall(keys.job(job_id))

        *records, positions = self._scripts.run_after(ask, "position", *ids)
        seen = ((fields, place) for fields, place in zip(records, positions, strict=True) if self._sees(fields))
        jobs = (readable(fields, place if place >= 0 else None) for fields, place in seen)
        return tuple(job for job in jobs if job is not None)

    def _sees(self, fields: Fields) -> bool:
        return bool(fields) and (not self._confined or fields.get("tenant") == self._tenant)

    def _newest_first(self, status: JobStatus | None, cursor: str | None) -> Iterator[Job]:
        index = keys.listed(self._tenant) if self._confined else keys.index(status)
        for ids in newest_first(self._redis, index, cursor):
            yield from self._read(ids)


def _known(job_id: str) -> str:
    if not keys.is_id(job_id):
        raise NotFound("There is no such job: an id is of letters, digits, _ and -.")
    return job_id
