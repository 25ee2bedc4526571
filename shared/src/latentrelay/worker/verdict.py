"""What becomes of a job after an attempt, decided from how the attempt ended. Pure."""

from dataclasses import dataclass

from latentrelay.contracts import Problem, StageName
from latentrelay.errors import Canceled, ErrorCode, LatentRelayError, LeaseLost, RetryableError

RETRY_SECONDS = 2.0


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
class Fail:
    """No attempt would succeed."""

    problem: Problem


@dataclass(frozen=True)
class Retry:
    """Another attempt may succeed, after a while."""

    problem: Problem
    delay_seconds: float


Verdict = Done | Stop | Drop | Fail | Retry


def judge(error: Exception | None, stage: StageName, attempt: int) -> Verdict:
    """The verdict on an attempt that ended with `error`, or well."""
    match error:
        case None:
            return Done()
        case Canceled():
            return Stop()
        case LeaseLost():
            return Drop()
        case LatentRelayError() if not error.retryable:
            return Fail(Problem.of(error))
        case RetryableError():
            return Retry(Problem.of(error), RETRY_SECONDS * attempt)
    # the text of a foreign error may quote the prompt: its name is all that is told
    detail = f"{type(error).__name__} in {stage}; the worker's log says where."
    return Retry(Problem(code=ErrorCode.INTERNAL, detail=detail, retryable=True), RETRY_SECONDS * attempt)
