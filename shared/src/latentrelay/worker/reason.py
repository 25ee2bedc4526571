"""Why an attempt ended, as it is counted. Pure."""

from latentrelay.errors import ErrorCode, HandedBack, LatentRelayError
from latentrelay.jobs import Answer
from latentrelay.metrics.worker import Ending


def reason_of(error: Exception | None, answer: Answer) -> Ending | ErrorCode | None:
    """Of an attempt that ended with `error`, or well, and was settled with `answer`.

    None where it was lost before: whoever found it so has counted it.
    """
    match answer, error:
        case Answer.LOST, _:
            return None
        case Answer.CANCELED, _:
            return ErrorCode.CANCELED
        case _, None:
            return Ending.DONE
        case _, HandedBack():
            return Ending.HANDED_BACK
        case _, LatentRelayError():
            return error.code
    return ErrorCode.INTERNAL
