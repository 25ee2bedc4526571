"""One hint, one claim, one attempt: claim a job, run the stage on it, settle what became of it."""

import logging
import traceback
import uuid
from collections.abc import Iterable

from latentrelay import cost
from latentrelay.contracts import Artifact, Job
from latentrelay.errors import ArtifactLost, HandedBack, LatentRelayError
from latentrelay.flow import advance, earlier, unmade
from latentrelay.hints import Hints
from latentrelay.jobs import UNREACHABLE, Answer, Claim, Claims
from latentrelay.stage import ArtifactStore, Stage
from latentrelay.tracing import NULL, Span, Tracer
from latentrelay.worker.drain import Drain
from latentrelay.worker.health import Health
from latentrelay.worker.lease import Lease, Stall
from latentrelay.worker.meter import Meter
from latentrelay.worker.patience import Patience, PatientStore
from latentrelay.worker.presence import Presence
from latentrelay.worker.reason import reason_of
from latentrelay.worker.traced import tell_end, traced
from latentrelay.worker.verdict import Done, Drop, Fail, Release, Retry, Rewind, Stop, Verdict, judge

log = logging.getLogger(__name__)


class Runner:
    """Does the work of one stage in one process."""

    def __init__(
        self,
        stage: Stage,
        *,
        store: ArtifactStore,
        claims: Claims,
        hints: Hints,
        presence: Presence,
        drain: Drain,
        health: Health,
        renew_seconds: float,
        stall: Stall,
        meter: Meter,
        tracer: Tracer = NULL,
    ) -> None:
        self._stage = stage
        self._store = store
        self._claims = claims
        self._hints = hints
        self._presence = presence
        self._drain = drain
        self._health = health
        self._renew_seconds = renew_seconds
        self._stall = stall
        self._meter = meter
        self._tracer = tracer

    def work(self, job_id: str, attempt: int) -> bool:
        """Take the job that goes first and do this stage's part of it; whether there was one.

        A worker that is to end leaves it to the others: `job_id` and `attempt` are those of the hint, sent on to them.
        """
        if self._drain.begun:
            self._hints.send(self._stage.name, job_id, attempt)
            return False
        claim = self._claim()
        if claim is None:
            return False
        if claim.makes_room and (before := earlier(claim.job)) is not None:  # whose hints were used up in vain
            self._hints.send(before, claim.job.id, attempt=1, trace=claim.trace)
        with traced(self._tracer, claim) as span:
            lease = self._lease(claim, span)
            with self._presence.busy(lease.doing), self._meter.holding(claim):
                log.info("stage started")
                error = self._attempt(claim, lease, span)
        if error is None:
            self._presence.needed(self._stage.peak_bytes())
        self._health.after(claim.job.id, error)
        return True

    def _claim(self) -> Claim | None:
        # an owner of its own for each hint: what an earlier one failed to settle is another attempt's
        owner = f"{self._presence.id}/{uuid.uuid4().hex[:8]}"
        patience = Patience(self._check_taking, self._presence.waits_for)
        try:
            return patience.insist(lambda: self._claims.claim(self._stage.name, owner, self._presence.id), UNREACHABLE)
        except HandedBack:
            return None

    def _check_taking(self) -> None:
        if self._drain.begun:
            raise HandedBack

    def _attempt(self, claim: Claim, lease: Lease, span: Span) -> Exception | None:
        with lease:
            error = self._health.examined(self._run(claim, lease))
            verdict = judge(error, claim.job)
            with span.child("settle"):
                answer = self._settled(claim, lease, verdict)
        tell_end(span, answer, verdict)
        log.info("stage ended", extra={"answer": answer})
        self._count(claim.job, lease, error, answer)
        self._tell_next(claim, answer, verdict)
        return error

    def _lease(self, claim: Claim, span: Span) -> Lease:
        return Lease(
            self._claims,
            claim,
            self._drain,
            renew_seconds=self._renew_seconds,
            stall=self._stall,
            meter=self._meter,
            span=span,
        )

    def _count(self, job: Job, lease: Lease, error: Exception | None, answer: Answer) -> None:
        if reason := reason_of(error, answer):
            self._meter.ended(reason)
        if answer is Answer.SUCCEEDED:
            self._meter.succeeded(job.kind, (lease.timing.finished_at - job.created_at).total_seconds())

    def _run(self, claim: Claim, lease: Lease) -> Exception | None:
        try:
            store = PatientStore(self._store, Patience(lease.check, self._presence.waits_for))
            self._do(claim.job, store, lease)
            lease.tell_last()
        except LatentRelayError as error:
            log.warning("attempt ended", extra={"code": error.code, "detail": error.detail})
            return error
        except Exception as error:  # noqa: BLE001  # whatever a model raises, the worker goes on
            # the message may quote the prompt; the type and the place may not
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("attempt broke", extra={"error": type(error).__name__, "place": place})  # noqa: TRY400  # as above
            return error
        return None

    def _do(self, job: Job, store: ArtifactStore, lease: Lease) -> None:
        """Draw what earlier attempts have not; all of it may be there already."""
        resumed = _resumed(job, store)
        lease.artifacts = resumed.artifacts
        try:
            if missing := len(unmade(resumed)):
                self._stage.run(resumed, store, lease)
                lease.work = cost.work(job.request, job.stage, _sides(job, lease.artifacts), images=missing)
        except ArtifactLost:
            lease.artifacts = tuple(made for made in lease.artifacts if store.has(made))
            raise

    def _settled(self, claim: Claim, lease: Lease, verdict: Verdict) -> Answer:
        """Redis away: wait for it with what was computed, unless this worker must end; then the lease runs out."""
        patience = Patience(lease.check_here, self._presence.waits_for)
        try:
            return patience.insist(lambda: self._settle(claim, lease, verdict), UNREACHABLE)
        except HandedBack:
            log.warning("not settled: this worker must end while Redis is away")
            return Answer.LOST

    def _settle(self, claim: Claim, lease: Lease, verdict: Verdict) -> Answer:  # noqa: PLR0911  # one for each verdict
        match verdict:
            case Done():
                timings = (*claim.job.metrics.stages, lease.timing)
                return self._claims.commit(claim, lease.artifacts, timings, lease.work)
            case Stop():
                return self._claims.cancel(claim)
            case Fail(problem):
                return self._claims.fail(claim, problem)
            case Retry(problem, delay_seconds):
                return self._claims.retry(claim, delay_seconds, problem)
            case Release():
                return self._claims.release(claim)
            case Rewind(stage, problem):
                answer = self._claims.rewind(claim, stage, lease.artifacts, problem)
                return self._claims.fail(claim, problem) if answer is Answer.REFUSED else answer
            case Drop():
                return Answer.LOST

    def _tell_next(self, claim: Claim, answer: Answer, verdict: Verdict) -> None:
        """Wake the workers of the stage that the job waits for now; where that fails, the reaper does."""
        job, trace = claim.job, claim.trace
        following = advance(job)
        match answer, verdict:
            case Answer.ADVANCED, _ if following is not None:
                self._hints.send(following, job.id, attempt=1, trace=trace)
            case Answer.QUEUED, Release():
                self._hints.send(job.stage, job.id, job.attempt + 1, trace)
            case Answer.QUEUED, Rewind(stage):
                self._hints.send(stage, job.id, attempt=1, trace=trace)


def _sides(job: Job, artifacts: Iterable[Artifact]) -> cost.Sides:
    """Of each image that the stage of `job` drew: as it tells them with what it made."""
    drawn = cost.drawn(made for made in artifacts if made.stage is job.stage)
    return drawn or cost.sides(job.request, inputs=job.inputs)


def _resumed(job: Job, store: ArtifactStore) -> Job:
    """`job` without what an earlier attempt of its stage told and the store has not."""
    there: tuple[Artifact, ...] = tuple(
        made for made in job.artifacts if made.stage is not job.stage or store.has(made)
    )
    return job.model_copy(update={"artifacts": there})
