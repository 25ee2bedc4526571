"""What becomes of a job after an attempt."""

import pytest

from latentrelay import InvalidRequest, StageName
from latentrelay.errors import (
    Canceled,
    DeadlineExceeded,
    ErrorCode,
    LatentsMismatch,
    LeaseLost,
    OutOfMemory,
    StorageUnavailable,
)
from latentrelay.worker.verdict import Done, Drop, Fail, Retry, Stop, judge

STAGE = StageName.SDXL_BASE


def test_a_stage_that_ended_well_is_done() -> None:
    assert judge(None, STAGE, 1) == Done()


def test_a_canceled_job_stops_and_a_lost_one_is_dropped() -> None:
    assert judge(Canceled(), STAGE, 1) == Stop()
    assert judge(LeaseLost(), STAGE, 1) == Drop()


@pytest.mark.parametrize("error", [InvalidRequest.at("refine", "x"), LatentsMismatch(), DeadlineExceeded()])
def test_a_permanent_error_fails_the_job_with_its_code_at_once(error: Exception) -> None:
    verdict = judge(error, STAGE, 1)
    assert isinstance(verdict, Fail)
    assert (verdict.problem.code, verdict.problem.retryable) == (getattr(error, "code", None), False)


@pytest.mark.parametrize("error", [OutOfMemory(), StorageUnavailable()])
def test_a_retryable_error_is_tried_again_later_each_time(error: Exception) -> None:
    first, second = judge(error, STAGE, 1), judge(error, STAGE, 2)
    assert isinstance(first, Retry)
    assert isinstance(second, Retry)
    assert 0 < first.delay_seconds < second.delay_seconds


def test_a_foreign_error_is_told_by_its_name_alone() -> None:
    verdict = judge(ValueError("a prompt nobody may read"), STAGE, 1)
    assert isinstance(verdict, Retry)
    assert verdict.problem.code is ErrorCode.INTERNAL
    assert verdict.problem.detail == "ValueError in sdxl_base; the worker's log says where."


def test_a_wrong_field_is_told_by_its_pointer() -> None:
    verdict = judge(InvalidRequest.at("refine.switch_at", "leaves the refiner no step"), STAGE, 1)
    assert isinstance(verdict, Fail)
    assert [error.pointer for error in verdict.problem.errors] == ["/refine/switch_at"]
