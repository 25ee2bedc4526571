"""What becomes of a job after an attempt."""

from datetime import UTC, datetime

import pytest

from latentrelay import InvalidRequest, Job, JobStatus, Kind, StageName, TextToImage
from latentrelay.errors import (
    ArtifactLost,
    Canceled,
    DeadlineExceeded,
    DeviceBroken,
    ErrorCode,
    HandedBack,
    LatentsMismatch,
    LeaseLost,
    OutOfMemory,
    StorageUnavailable,
)
from latentrelay.worker.verdict import Done, Drop, Fail, Release, Retry, Rewind, Stop, judge

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER


def job(stage: StageName = BASE, attempt: int = 1) -> Job:
    return Job(
        id="1",
        kind=Kind.TEXT_TO_IMAGE,
        status=JobStatus.RUNNING,
        stage=stage,
        sequence=1,
        attempt=attempt,
        created_at=datetime.now(UTC),
        request=TextToImage(prompt="x"),
    )


def test_a_stage_that_ended_well_is_done() -> None:
    assert judge(None, job()) == Done()


def test_a_canceled_job_stops_and_a_lost_one_is_dropped() -> None:
    assert judge(Canceled(), job()) == Stop()
    assert judge(LeaseLost(), job()) == Drop()


@pytest.mark.parametrize("error", [InvalidRequest.at("refine", "x"), LatentsMismatch(), DeadlineExceeded()])
def test_a_permanent_error_fails_the_job_with_its_code_at_once(error: Exception) -> None:
    verdict = judge(error, job())
    assert isinstance(verdict, Fail)
    assert (verdict.problem.code, verdict.problem.retryable) == (getattr(error, "code", None), False)


@pytest.mark.parametrize("error", [OutOfMemory(), StorageUnavailable()])
def test_a_retryable_error_is_tried_again_later_each_time(error: Exception) -> None:
    first, second = judge(error, job()), judge(error, job(attempt=2))
    assert isinstance(first, Retry)
    assert isinstance(second, Retry)
    assert 0 < first.delay_seconds < second.delay_seconds


def test_a_foreign_error_is_told_by_its_name_alone() -> None:
    verdict = judge(ValueError("a prompt nobody may read"), job())
    assert isinstance(verdict, Retry)
    assert verdict.problem.code is ErrorCode.INTERNAL
    assert verdict.problem.detail == "ValueError in sdxl_base; the worker's log says where."


def test_a_wrong_field_is_told_by_its_pointer() -> None:
    verdict = judge(InvalidRequest.at("refine.switch_at", "leaves the refiner no step"), job())
    assert isinstance(verdict, Fail)
    assert [error.pointer for error in verdict.problem.errors] == ["/refine/switch_at"]


def test_a_job_that_is_handed_back_is_not_counted() -> None:
    assert judge(HandedBack(), job()) == Release()


def test_a_job_on_which_the_device_broke_is_counted_since_it_may_be_what_breaks_devices() -> None:
    assert isinstance(judge(DeviceBroken(), job()), Retry)


def test_latents_that_the_store_lost_are_made_again_by_the_base_and_a_lost_input_fails_the_job() -> None:
    verdict = judge(ArtifactLost(), job(REFINER))
    assert isinstance(verdict, Rewind)
    assert verdict.stage is BASE
    assert isinstance(judge(ArtifactLost(), job(BASE)), Fail)
