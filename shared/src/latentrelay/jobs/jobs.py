"""The door for those who ask: submit, cancel, forget, and all that those may who only look."""

from collections.abc import Container, Iterable
from copy import copy
from typing import Self

from latentrelay import cost
from latentrelay.contracts import Artifact, ArtifactKind, Job, JobRequest
from latentrelay.errors import IdempotencyMismatch
from latentrelay.flow import route
from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.outlooks import Outlooks
from latentrelay.jobs.policy import Limits
from latentrelay.jobs.reading import known
from latentrelay.jobs.record import (
    dump_artifacts,
    fingerprint,
    load_artifacts,
    to_fields,
)
from latentrelay.jobs.refusals import refuse, refuse_submission
from latentrelay.jobs.watching import Watching
from latentrelay.settings import Settings
from latentrelay.tracing import TraceContext

NO_JOB = "-"  # an id that no job gets


class Jobs(Watching):
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
        super().__init__(redis, tenant, replicas=replicas, confined=confined)
        self._limits = limits or Limits()
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
        trace: TraceContext | None = None,
    ) -> Job:
        """Record `request` (`asked`, its seed drawn and its sources stored); the same idempotency key answers alike.

        Its webhook, where it names one, is that of the endpoint `told_to`; its spans are a part of `trace`.

        Raises:
            IdempotencyMismatch: the key was used for another request.
            QueueFull: too many jobs wait already.
            RateLimited: too many of this tenant do, or its pixels for today are spent.
            Forbidden: it asks for more pixels than this tenant may ask for in a day.
            NotFound: what it reads has been swept meanwhile.
        """
        return self.get(self._take(job_id, asked, request, inputs, told_to=told_to, trace=trace))

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
        trace: TraceContext | None = None,
        dry: bool = False,
    ) -> str:
        """The id of the job that stands for the request from now on, or with `dry` would."""
        inputs = tuple(inputs)
        most_pixels = self._limits.max_pixels_per_day
        pixels = 0 if most_pixels is None else cost.pixels(request, self._outlooks.now().sides(request, inputs))
        # a dry run is held against what it reads; the request itself, which may hold an image, need not go there
        fields = {"inputs": dump_artifacts(inputs)} if dry else to_fields(request, inputs, told_to, trace)
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

    def cancel(self, job_id: str) -> Job:
        """Cancel a job, whatever state it is in; one that has ended stays as it is.

        Raises:
            NotFound: there is no such job.
        """
        self._scripts.run("cancel", self.own(job_id), durable=True)
        return self.get(job_id)

    def strip(self, job_id: str, kinds: Container[ArtifactKind] = tuple(ArtifactKind)) -> tuple[Artifact, ...]:
        """Let a job that has ended forget what it made of these kinds; the objects are the caller's to remove.

        Raises:
            NotFound: there is no such job.
            Conflict: it has not ended, or a job that lives reads what it made.
        """
        result: str | None = "changed"
        while result == "changed":  # somebody else strips it, too; there is less of it each time
            told = self._redis.hget(keys.job(known(job_id)), "artifacts") or "[]"
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
        refuse(self._scripts.run("delete", known(job_id)), job_id)

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
