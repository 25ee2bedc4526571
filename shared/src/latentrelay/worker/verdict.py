"""What becomes of a job after an attempt, decided from how the attempt ended. Pure."""

from dataclasses import dataclass

from latentrelay.contracts import Job, Problem, StageName
from latentrelay.errors import (
    ArtifactLost,
    Canceled,
    ErrorCode,
    HandedBack,
    LatentRelayError,
    LeaseLost,
    RetryableError,
)
from latentrelay.flow import earlier

RETRY_SECONDS = 2.0
MOST_DELAYS = 3  # attempts that were handed back are numbered, too


@dataclass(frozen=True)
class Done:
    """The stage did its part."""


@dataclass(frozen=True)
class Stop:
    """Somebody canceled the job."""


@dataclass(frozen=True)
class Drop:
    """Another attempt holds the job: nothing that this one made counts."""


@dataclass(frozen=True)
class Release:
    """This worker must end: the job goes on elsewhere, and the attempt is not counted."""


@dataclass(frozen=True)
class Rewind:
    """The store has lost what an earlier stage made: that stage makes it again, or else the job fails."""

    stage: StageName
    problem: Problem


@dataclass(frozen=True)
class Fail:
    """No attempt would succeed."""

    problem: Problem


@dataclass(frozen=True)
class Retry:
    """Another attempt may succeed, after a while."""

    problem: Problem
    delay_seconds: float


Verdict = Done | Stop | Drop | Release | Rewind | Fail | Retry


def judge(error: Exception | None, job: Job) -> Verdict:  # noqa: PLR0911  # one for each ending
    """The verdict on an attempt at `job` that ended with `error`, or well."""
    delay = RETRY_SECONDS * min(job.attempt, MOST_DELAYS)
    match error:
        case None:
            return Done()
        case Canceled():
            return Stop()
        case LeaseLost():
            return Drop()
        case HandedBack():
            return Release()
        case ArtifactLost() if (before := earlier(job)) is not None:
            return Rewind(before, Problem.of(error))
        case LatentRelayError() if not error.retryable:
            return Fail(Problem.of(error))
        case RetryableError():
            return Retry(Problem.of(error), delay)
    # the text of a foreign error may quote the prompt: its name is all that is told
    detail = f"{type(error).__name__} in {job.stage}; the worker's log says where."
    return Retry(Problem(code=ErrorCode.INTERNAL, detail=detail, retryable=True), delay)
