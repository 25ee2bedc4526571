import pytest

from latentrelay.errors import (
    ArtifactLost,
    Canceled,
    DoesNotFit,
    HandedBack,
    InvalidRequest,
    LeaseLost,
    OutOfMemory,
    StorageRefuses,
    StorageUnavailable,
)
from latentrelay.worker.health import Row, Sign, sign_of


@pytest.mark.parametrize("error", [OutOfMemory(), StorageRefuses(), RuntimeError("CUDA error"), MemoryError()])
def test_what_may_be_the_workers_own_fault_is_a_bad_sign(error: Exception) -> None:
    assert sign_of(error) is Sign.ILL


@pytest.mark.parametrize(
    "error",
    [
        Canceled(),
        HandedBack(),
        LeaseLost(),
        InvalidRequest("no"),
        DoesNotFit(),
        ArtifactLost(),
        StorageUnavailable(),
    ],
)
def test_what_is_the_jobs_own_fault_or_nobodys_is_no_sign(error: Exception) -> None:
    assert sign_of(error) is Sign.NONE


def row(*failed: tuple[str, int]) -> Row:
    """Jobs that failed, each with the stage's successes by then."""
    made = Row()
    for job_id, successes in failed:
        made = made.after(job_id, Sign.ILL, successes)
    return made


def test_a_row_is_too_long_when_others_succeeded_since_it_began() -> None:
    assert row(("a", 7), ("b", 8)).is_too_long(2, successes=8)
    assert not row(("a", 7), ("b", 8)).is_too_long(3, successes=8)


def test_a_worker_that_is_alone_or_whose_others_fail_too_goes_on() -> None:
    assert not row(("a", 7), ("b", 7)).is_too_long(2, successes=7)


def test_one_job_that_fails_again_and_again_says_nothing_of_the_worker() -> None:
    assert not row(("a", 7), ("a", 8), ("a", 9)).is_too_long(2, successes=9)


def test_a_success_ends_a_row_and_a_jobs_own_fault_does_not() -> None:
    assert row(("a", 7)).after("b", Sign.WELL, 8) == Row()
    assert row(("a", 7)).after("b", Sign.NONE, 8) == row(("a", 7))
    assert row(("a", 7)).after("b", Sign.WELL, 8).after("c", Sign.ILL, 9).successes == 9
