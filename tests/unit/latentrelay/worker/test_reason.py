import pytest

from latentrelay.errors import (
    ArtifactLost,
    Canceled,
    DeviceBroken,
    ErrorCode,
    HandedBack,
    InputUndecodable,
    LeaseLost,
    OutOfMemory,
)
from latentrelay.jobs import Answer
from latentrelay.metrics.worker import Ending
from latentrelay.worker.reason import reason_of


@pytest.mark.parametrize(
    ("error", "answer", "reason"),
    [
        (None, Answer.ADVANCED, Ending.DONE),
        (None, Answer.SUCCEEDED, Ending.DONE),
        (None, Answer.CANCELED, ErrorCode.CANCELED),
        (Canceled(), Answer.CANCELED, ErrorCode.CANCELED),
        (OutOfMemory(), Answer.CANCELED, ErrorCode.CANCELED),
        (OutOfMemory(), Answer.QUEUED, ErrorCode.OUT_OF_MEMORY),
        (OutOfMemory(), Answer.FAILED, ErrorCode.OUT_OF_MEMORY),
        (InputUndecodable(), Answer.FAILED, ErrorCode.INPUT_UNDECODABLE),
        (ArtifactLost(), Answer.QUEUED, ErrorCode.NOT_FOUND),
        (HandedBack(), Answer.QUEUED, Ending.HANDED_BACK),
        (DeviceBroken(), Answer.QUEUED, ErrorCode.INTERNAL),
        (ValueError("what a model said"), Answer.QUEUED, ErrorCode.INTERNAL),
        (LeaseLost(), Answer.LOST, None),
        (None, Answer.LOST, None),
    ],
)
def test_an_attempt_is_counted_by_how_it_ended_and_once(
    error: Exception | None, answer: Answer, reason: Ending | ErrorCode | None
) -> None:
    assert reason_of(error, answer) == reason
