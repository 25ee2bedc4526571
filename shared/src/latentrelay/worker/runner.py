"""One hint, one claim, one attempt: claim a job, run the stage on it, settle what became of it."""

import logging
import traceback
import uuid

from latentrelay.contracts import WorkerState
from latentrelay.errors import LatentRelayError
from latentrelay.flow import advance
from latentrelay.hints import Hints
from latentrelay.jobs import UNREACHABLE, Answer, Claim, Claims
from latentrelay.logs import bound
from latentrelay.stage import ArtifactStore, Stage
from latentrelay.worker.lease import Lease
from latentrelay.worker.patience import PatientStore, insist
from latentrelay.worker.presence import Presence
from latentrelay.worker.verdict import Done, Drop, Fail, Retry, Stop, Verdict, judge

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
        renew_seconds: float,
    ) -> None:
        self._stage = stage
        self._store = store
        self._claims = claims
        self._hints = hints
        self._presence = presence
        self._renew_seconds = renew_seconds

    def work(self) -> None:
        """Take the best pending job, if there is one, and do this stage's part of it."""
        claim = self._claim()
        if claim is None:
            return
        job = claim.job
        with bound(job_id=job.id, stage=job.stage, attempt=job.attempt), self._presence.during(WorkerState.BUSY):
            log.info("stage started")
            self._attempt(claim)

    def _claim(self) -> Claim | None:
        # an owner of its own for each hint: what an earlier one failed to settle is another attempt's
        owner = f"{self._presence.id}/{uuid.uuid4().hex[:8]}"
        try:
            return self._claims.claim(self._stage.name, owner, self._presence.id)
        except UNREACHABLE as error:
            log.warning("nothing claimed, the reaper will send another hint", extra={"error": str(error)})
            return None

    def _attempt(self, claim: Claim) -> None:
        with Lease(self._claims, claim, self._renew_seconds) as lease:
            verdict = judge(self._run(claim, lease), claim.job.stage, claim.job.attempt)
            answer = insist(lambda: self._settle(claim, lease, verdict), UNREACHABLE)
        log.info("stage ended", extra={"answer": answer})
        following = advance(claim.job)
        if answer is Answer.ADVANCED and following is not None:
            self._hints.send(following, claim.job.id, attempt=1)

    def _run(self, claim: Claim, lease: Lease) -> Exception | None:
        try:
            self._stage.run(claim.job, PatientStore(self._store, lease), lease)
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

    def _settle(self, claim: Claim, lease: Lease, verdict: Verdict) -> Answer:
        match verdict:
            case Done():
                timings = (*claim.job.metrics.stages, lease.timing)
                return self._claims.commit(claim, lease.artifacts, timings)
            case Stop():
                return self._claims.cancel(claim)
            case Fail(problem):
                return self._claims.fail(claim, problem)
            case Retry(problem, delay_seconds):
                return self._claims.retry(claim, delay_seconds, problem)
            case Drop():
                return Answer.LOST
