"""The door for those who do: claim a job, hold it by a lease, commit, end it or give it back."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import NamedTuple, Self

from latentrelay.contracts import Artifact, Job, JobStatus, Problem, Progress, StageName, StageTiming
from latentrelay.errors import ErrorCode, InvalidRequest
from latentrelay.events import EventType
from latentrelay.flow import earlier
from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.policy import Order
from latentrelay.jobs.record import Fields, dump_artifacts, dump_timings, moment, to_job
from latentrelay.jobs.scripts import Scripts
from latentrelay.settings import Settings
from latentrelay.tracing import TraceContext

LOST = Problem(
    code=ErrorCode.INTERNAL, detail="The worker that had this job was lost, in every attempt.", retryable=True
)

AVOID_SECONDS = 5.0
"""How long a worker leaves a job that failed on it to others, after the delay; alone, it takes it afterwards."""

PREVIEW_SECONDS = 900
"""How long a preview is kept that no other follows; steps may take a minute, and a picture is drawn of every fifth."""

PAGE = 100  # ids a script is given at once, so that it is short

UNREADABLE = Problem(code=ErrorCode.INTERNAL, detail="This release cannot read the job's record.")


class Answer(StrEnum):
    """What Redis says to a worker that writes."""

    OK = "ok"
    ADVANCED = "advanced"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    QUEUED = "queued"
    CANCELED = "canceled"
    LATE = "late"
    LOST = "lost"
    REFUSED = "refused"


@dataclass(frozen=True)
class Claim:
    """One attempt of one stage of one job, held by one owner. (stage, attempt, owner) is the fencing token."""

    job: Job
    owner: str
    timing: StageTiming
    trace: TraceContext | None = None
    """Which the spans of this job are a part of; None where an earlier release took it."""
    was_handed: bool = False
    """Whether the stage before left it here, and nobody here has tried it since."""
    makes_room: bool = False
    """Whether the stage before had to stop, since so much waited here, and may go on now."""

    @property
    def fence(self) -> tuple[str, str, int, str]:
        """What every write of this attempt must match."""
        return (self.job.id, self.job.stage, self.job.attempt, self.owner)


class LostAttempt(NamedTuple):
    """An attempt whose lease ran out."""

    job_id: str
    stage: str
    """Not one of ours where a later release wrote the record."""
    attempt: int
    traceparent: str | None


class Claims:
    """The claims in one Redis.

    Args:
        redis: the client.
        lease_seconds: how long a claim holds without being renewed.
        max_attempts: of a stage.
        order: who goes first.
        replicas: how many replicas must have a commit before it is answered.
    """

    def __init__(
        self,
        redis: RedisClient,
        *,
        lease_seconds: float,
        max_attempts: int,
        order: Order | None = None,
        replicas: int = 0,
    ) -> None:
        self._redis = redis
        self._scripts = Scripts(redis, replicas)
        self._lease_ms = int(lease_seconds * 1000)
        self._max_attempts = max_attempts
        self._order = order or Order()

    @classmethod
    def of(cls, redis: RedisClient, settings: Settings) -> Self:
        """The claims as `settings` want them."""
        return cls(
            redis,
            lease_seconds=settings.lease_seconds,
            max_attempts=settings.max_attempts,
            order=Order.of(settings),
            replicas=settings.redis_replicas,
        )

    def claim(self, stage: StageName, owner: str, worker: str = "") -> Claim | None:
        """The pending job of `stage` that goes first, held by `owner` from now on; None where none may be taken.

        Args:
            stage: the stage.
            owner: of this claim alone; a repeated claim of the same owner gets the same job.
            worker: who asks, so that it can leave a job that failed on it to others.
        """
        order = self._order
        answer = self._scripts.run(
            "claim",
            stage,
            owner,
            worker,
            self._lease_ms,
            order.max_waiting_for_next,
            order.handicap_ms,
            durable=True,  # a claim that a failover forgets would be made again under the same attempt, and its keys
        )
        if not answer:
            return None
        fields = dict(zip(answer[::2], answer[1::2], strict=True))
        try:
            job = to_job(fields)
        except (InvalidRequest, ValueError, KeyError):  # written by a later release, or not by us
            fence = (fields["id"], stage, fields["attempt"], owner)
            self._scripts.run("end", *fence, JobStatus.FAILED, UNREADABLE.model_dump_json())
            return None
        started_at = moment(fields["claimed_at"])
        timing = StageTiming.model_validate(
            {
                "stage": stage,
                "attempt": job.attempt,
                "queued_at": moment(fields["queued_at"]),
                "started_at": started_at,
                "finished_at": started_at,
            }
        )
        trace = TraceContext.read(fields.get("traceparent"))
        was_handed = earlier(job) is not None and _waits_anew(fields)
        return Claim(job, owner, timing, trace, was_handed, "makes_room" in fields)

    def renew(
        self,
        claim: Claim,
        *,
        progress: Progress | None = None,
        artifacts: tuple[Artifact, ...] | None = None,
        event: EventType | None = None,
        preview: bytes | None = None,
    ) -> Answer:
        """Prolong the lease and tell what is new: ok, canceled, late or lost."""
        told = "" if progress is None else progress.model_dump_json()
        made = "" if artifacts is None else dump_artifacts(artifacts)
        picture = "" if preview is None else b64encode(preview).decode()
        arguments = (self._lease_ms, told, made, event or "", picture, PREVIEW_SECONDS)
        return Answer(self._scripts.run("renew", *claim.fence, *arguments))

    def commit(
        self,
        claim: Claim,
        artifacts: tuple[Artifact, ...],
        timings: tuple[StageTiming, ...],
        work: float = 0.0,
    ) -> Answer:
        """The stage is done: advanced, succeeded, canceled or lost. May be repeated.

        With the `work` that this attempt was (`cost.work`), the last of `timings` counts for the pace of the stage.
        """
        made, took = dump_artifacts(artifacts), dump_timings(timings)
        seconds = timings[-1].duration.total_seconds() if timings else 0.0
        counted = work if seconds > 0 else 0.0
        return Answer(self._scripts.run("commit", *claim.fence, made, took, counted, seconds, durable=True))

    def fail(self, claim: Claim, problem: Problem) -> Answer:
        """End the job for a reason that another attempt would not mend."""
        return Answer(self._scripts.run("end", *claim.fence, JobStatus.FAILED, problem.model_dump_json()))

    def cancel(self, claim: Claim) -> Answer:
        """End the job that somebody canceled while it was held."""
        return Answer(self._scripts.run("end", *claim.fence, JobStatus.CANCELED, ""))

    def retry(self, claim: Claim, delay_seconds: float, problem: Problem) -> Answer:
        """Give the job back for another attempt, by others first; after the last one it fails with `problem`."""
        delay_ms, avoid_ms = int(delay_seconds * 1000), int(AVOID_SECONDS * 1000)
        told = problem.model_dump_json()
        return Answer(self._scripts.run("retry", *claim.fence, delay_ms, self._max_attempts, told, avoid_ms))

    def release(self, claim: Claim) -> Answer:
        """Give the job back at once, in its old place: queued, canceled or lost. The attempt is not counted."""
        return Answer(self._scripts.run("release", *claim.fence))

    def rewind(self, claim: Claim, stage: StageName, artifacts: tuple[Artifact, ...], problem: Problem) -> Answer:
        """Let an earlier `stage` make again what `artifacts`, all that is left, lack: queued, canceled, lost, refused.

        Once in a job's life; then it is refused.
        """
        told = problem.model_dump_json()
        return Answer(self._scripts.run("rewind", *claim.fence, stage, dump_artifacts(artifacts), told))

    def reap(self) -> tuple[LostAttempt, ...]:
        """Queue again what lost its worker or has waited long enough; the attempts that were lost."""
        lost = self._scripts.run("reap", self._max_attempts, LOST.model_dump_json(), self._lease_ms)
        return tuple(LostAttempt(job_id, stage, int(attempt), trace) for job_id, stage, attempt, trace in lost)

    def place(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Put these jobs where their records say, whatever else was lost; the ids that were not in their places."""
        wanted, stages, mended = tuple(ids), ",".join(StageName), list[str]()
        for start in range(0, len(wanted), PAGE):
            mended += self._scripts.run("place", self._lease_ms, stages, *wanted[start : start + PAGE])
        return tuple(mended)

    def sweep_strays(self) -> int:
        """Let go of what names jobs that do not live: their owners, their tenants' and their inputs' sets; how many.

        Looks at every key once, a page at a time.
        """
        owners = (owner for owner, _ in self._redis.hscan_iter(keys.OWNERS, count=PAGE))
        swept = self._sweep_members(keys.OWNERS, owners)
        for pattern in (keys.live("*"), keys.refs("*")):
            for key in self._redis.scan_iter(match=pattern, count=1000):
                swept += self._sweep_members(key, self._redis.sscan_iter(key, count=PAGE))
        return swept

    def _sweep_members(self, key: str, members: Iterator[str]) -> int:
        swept = 0
        while page := tuple(islice(members, PAGE)):
            swept += int(self._scripts.run("sweep_strays", key, *page))
        return swept


def _waits_anew(fields: Fields) -> bool:
    """Whether a job waits since it came to its stage: one that is tried again is queued later, in its old place."""
    return float(fields.get("waits_since", 0)) >= int(fields["queued_at"]) * 1000
