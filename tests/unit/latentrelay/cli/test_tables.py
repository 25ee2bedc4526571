from datetime import UTC, datetime, timedelta

import pytest

from latentrelay import Artifact, Job, JobStatus, Kind, Problem, StageName, TextToImage
from latentrelay.cli.following import bad_end
from latentrelay.cli.looking import what_became
from latentrelay.cli.tables import ago, job_story, jobs_table, size, table
from latentrelay.contracts import ArtifactKind, JobMetrics, Phase, Progress, Role, StageTiming
from latentrelay.errors import ErrorCode

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def job(**fields):
    told = {
        "id": "j1",
        "kind": Kind.TEXT_TO_IMAGE,
        "status": JobStatus.RUNNING,
        "stage": StageName.SDXL_BASE,
        "sequence": 3,
        "attempt": 1,
        "created_at": NOW - timedelta(minutes=3),
        "started_at": NOW - timedelta(seconds=65),
        "request": TextToImage(prompt="a lighthouse", seed=7, client_reference="order 7"),
    }
    return Job.model_validate(told | fields)


def failed():
    error = Problem(code=ErrorCode.OUT_OF_MEMORY, detail="The device ran out of memory.", retryable=True)
    return job(status=JobStatus.FAILED, completed_at=NOW, error=error)


def test_columns_are_as_wide_as_their_widest_cell():
    assert table([("a", "bb", "c"), ("aaa", "b", "")]) == "a    bb  c\naaa  b"


def test_a_job_is_a_line_of_the_table():
    running = job(progress=Progress(stage=StageName.SDXL_BASE, step=3, steps=24))
    head, line = jobs_table([running], NOW).splitlines()
    assert head.split() == ["ID", "KIND", "STATUS", "STAGE", "ASKED", "TOOK", "REFERENCE"]
    assert line.split("  ") == ["j1", "text_to_image", "running", "sdxl_base 3/24", "3 min ago", "1:05", "order 7"]


def test_a_job_has_not_taken_longer_than_it_is_old():
    began = NOW - timedelta(seconds=7.9)
    line = jobs_table([job(created_at=began, started_at=began)], NOW).splitlines()[1]
    assert "7 s ago  0:07" in line


def test_a_job_that_waits_has_taken_no_time():
    waiting = job(status=JobStatus.QUEUED, started_at=None)
    assert jobs_table([waiting], NOW).splitlines()[1].split() == [
        *("j1", "text_to_image", "queued", "sdxl_base", "3", "min", "ago", "order", "7"),
    ]
    canceled = job(status=JobStatus.CANCELED, started_at=None, completed_at=NOW)
    assert "after no work" in job_story(canceled, NOW)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (200000, "2 d"), (-5, "0 s")]
)
def test_an_age_is_told_in_its_largest_unit(seconds, told):
    assert ago(timedelta(seconds=seconds)) == told


@pytest.mark.parametrize(("count", "told"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 kB"), (5 * 2**20, "5.0 MB")])
def test_bytes_are_told_for_people(count, told):
    assert size(count) == told


def test_the_story_tells_what_was_asked_where_the_time_went_and_what_was_made():
    timing = StageTiming(
        stage=StageName.SDXL_BASE,
        attempt=1,
        queued_at=NOW - timedelta(seconds=66),
        started_at=NOW - timedelta(seconds=65),
        finished_at=NOW - timedelta(seconds=60),
        phases={Phase.DENOISE: 4.5},
    )
    made = Artifact(
        kind=ArtifactKind.IMAGE, key="images/j1/sdxl_refiner/1/0.png", sha256="0" * 64, bytes=2048,
        media_type="image/png", stage=StageName.SDXL_REFINER, role=Role.FINAL, width=64, height=32,
    )  # fmt: skip
    told = job_story(job(metrics=JobMetrics(stages=(timing,)), artifacts=(made,)), NOW)
    assert "a lighthouse" in told
    assert "sdxl_base  attempt 1  waited 1.00 s  took 5.00 s  denoise 4.50 s" in told
    assert "final  0  64x32  2.0 kB  images/j1/sdxl_refiner/1/0.png" in told
    assert "Error" not in told


def test_the_story_of_a_failed_job_tells_why():
    assert "out_of_memory  The device ran out of memory." in job_story(failed(), NOW)
    assert bad_end(failed()) == "job j1 failed: The device ran out of memory. (out_of_memory)"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (JobStatus.CANCELED, "job j1 is canceled"),
        (JobStatus.SUCCEEDED, "job j1 has ended already: succeeded"),
        (JobStatus.RUNNING, "job j1 stops at its next step"),
    ],
)
def test_cancel_says_what_it_came_to(status, told):
    assert what_became(job(status=status)) == told
