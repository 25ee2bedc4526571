"""When a job will be done, from how fast the stages worked lately."""

from datetime import UTC, datetime
from typing import Any

import pytest

from latentrelay.contracts import (
    Artifact,
    ArtifactKind,
    Job,
    JobStatus,
    Problem,
    Progress,
    QueuePlace,
    Refine,
    RefineMode,
    StageName,
    TextToImage,
)
from latentrelay.cost import work
from latentrelay.errors import ErrorCode
from latentrelay.outlook import Outlook, Pace, StageOutlook, estimate, foretold, seen

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER
ALONE = TextToImage(prompt="x", refine=Refine(mode=RefineMode.NONE))
RELAY = TextToImage(prompt="x", num_inference_steps=50, refine=Refine(switch_at=0.8))


def stage(seconds: float = 10.0, request: TextToImage = ALONE, name: StageName = BASE, **known: Any) -> StageOutlook:
    """A busy stage that needs so many seconds for a job like `request`."""
    pace = Pace(seconds_per_unit=seconds / work(request, name), seconds_per_job=seconds)
    return StageOutlook(**{"workers": 1, "free": 0, "pace": pace} | known)


def job(request: TextToImage = ALONE, **fields: Any) -> Job:
    """A job that waits for the base, or is drawn by it."""
    known: dict[str, Any] = {"id": "j", "kind": request.kind, "status": JobStatus.QUEUED, "stage": BASE}
    return Job(**known | {"sequence": 1, "attempt": 1, "created_at": datetime.now(UTC), "request": request} | fields)


@pytest.mark.parametrize(
    ("workers", "free", "before", "seconds"),
    [
        (1, 1, 0, 0.0),
        (1, 0, 0, 5.0),
        (1, 0, 3, 35.0),
        (2, 0, 3, 17.5),
        (2, 1, 0, 0.0),
        (2, 1, 1, 2.5),
        (4, 4, 3, 0.0),
    ],
)
def test_a_job_waits_for_those_before_it_shared_by_the_workers(
    workers: int, free: int, before: int, seconds: float
) -> None:
    assert stage(workers=workers, free=free).waits_seconds(before) == pytest.approx(seconds)


def test_jobs_that_wait_count_with_their_own_work_and_those_at_work_with_what_is_left_of_it() -> None:
    large = ALONE.model_copy(update={"num_images_per_prompt": 8})
    at_work = job(large, status=JobStatus.RUNNING, progress=Progress(stage=BASE, step=150, steps=200))
    outlook = seen(Outlook({BASE: stage(10.0)}), [job(ALONE), job(large)], [at_work])
    left, mean_waiting = 80 / 4, (10 + 80) / 2
    assert outlook.of(BASE).waits_seconds(0) == pytest.approx(left)
    assert outlook.of(BASE).waits_seconds(2) == pytest.approx(left + 2 * mean_waiting)


def test_of_many_that_wait_those_that_nobody_looked_at_count_as_the_mean_of_lately() -> None:
    large = ALONE.model_copy(update={"num_images_per_prompt": 8})
    outlook = seen(Outlook({BASE: stage(10.0, depth=4, work_left=None)}), [job(large)], [])
    assert outlook.of(BASE).waits_seconds(4) == pytest.approx(5 + 80 + 3 * 10)


def test_work_is_that_of_one_worker_however_many_there_are_and_whether_or_not_there_is_one() -> None:
    for workers in (0, 1, 7):
        assert stage(10.0, workers=workers, depth=9, in_flight=2).work_seconds(3) == pytest.approx(3 * 10 + 2 * 5)
    assert stage(10.0, waiting_work=None, work_left=0.0, in_flight=2).work_seconds(3) == pytest.approx(30)
    assert StageOutlook(workers=1, depth=1).work_seconds(1) is None
    assert StageOutlook(workers=1, depth=1).work_seconds(0) == 0


def test_what_a_job_did_in_an_earlier_stage_is_not_taken_off_its_work_in_the_next() -> None:
    at_work = job(RELAY, status=JobStatus.RUNNING, stage=REFINER, progress=Progress(stage=BASE, step=40, steps=40))
    outlook = seen(Outlook({REFINER: stage(4.0, RELAY, REFINER)}), [], [at_work])
    assert outlook.of(REFINER).waits_seconds(0) == pytest.approx(4.0)


@pytest.mark.parametrize("known", [StageOutlook(), StageOutlook(workers=1), stage(workers=0)])
def test_without_a_worker_or_a_pace_nobody_can_tell(known: StageOutlook) -> None:
    told = foretold(job(queue=QueuePlace(position=0)), Outlook({BASE: known}))
    assert told.queue == QueuePlace(position=0)
    assert told.eta_seconds is None


def test_a_free_worker_that_has_done_nothing_yet_begins_at_once_and_ends_nobody_knows_when() -> None:
    told = foretold(job(queue=QueuePlace(position=0)), Outlook({BASE: StageOutlook(workers=1, free=1)}))
    assert told.queue == QueuePlace(position=0, eta_seconds=0)
    assert told.eta_seconds is None


def test_a_waiting_job_ends_after_its_turn_and_its_own_work() -> None:
    told = foretold(job(queue=QueuePlace(position=1)), Outlook({BASE: stage()}))
    assert told.queue == QueuePlace(position=1, eta_seconds=15)
    assert told.eta_seconds == 25


def test_a_job_of_twice_the_work_takes_twice_as_long() -> None:
    twice = ALONE.model_copy(update={"num_images_per_prompt": 2})
    assert foretold(job(twice, status=JobStatus.RUNNING), Outlook({BASE: stage()})).eta_seconds == 20


def test_of_a_running_job_what_is_left_counts() -> None:
    progress = Progress(stage=BASE, step=20, steps=25)
    told = foretold(job(status=JobStatus.RUNNING, progress=progress), Outlook({BASE: stage()}))
    assert told.eta_seconds == 2


def test_a_later_stage_works_on_its_queue_while_the_job_is_on_its_way() -> None:
    running = job(RELAY, status=JobStatus.RUNNING)
    base = stage(10.0, RELAY)
    for depth, seconds in ((0, 10 + 4), (2, 10 + 4), (4, 18 + 4)):
        refiner = stage(4.0, RELAY, REFINER, depth=depth)
        assert foretold(running, Outlook({BASE: base, REFINER: refiner})).eta_seconds == pytest.approx(seconds)


def test_where_a_later_stage_is_not_known_neither_is_the_end() -> None:
    told = foretold(job(RELAY, queue=QueuePlace(position=0)), Outlook({BASE: stage(10.0, RELAY)}))
    assert told.queue == QueuePlace(position=0, eta_seconds=5)
    assert told.eta_seconds is None


def test_a_job_without_a_size_is_drawn_in_the_models_own() -> None:
    outlook = Outlook({BASE: stage(own=(512, 512))})
    assert foretold(job(status=JobStatus.RUNNING), outlook).eta_seconds == 2.5
    assert (estimate(ALONE, outlook).pixels, estimate(ALONE, outlook).stages[0].seconds) == (512 * 512, 2.5)


def test_the_size_that_was_drawn_counts_when_those_who_drew_it_are_gone() -> None:
    latents = Artifact(
        kind=ArtifactKind.LATENTS, key="k", sha256="0" * 64, bytes=1, media_type="x", stage=BASE, width=512, height=512
    )
    running = job(RELAY, status=JobStatus.RUNNING, stage=REFINER, artifacts=(latents,))
    assert foretold(running, Outlook({REFINER: stage(4.0, RELAY, REFINER)})).eta_seconds == 1


def test_a_job_that_has_ended_is_left_as_it_is() -> None:
    ended = job(status=JobStatus.SUCCEEDED)
    assert foretold(ended, Outlook({BASE: stage()})) is ended


def test_an_estimate_tells_each_stage_and_the_end() -> None:
    outlook = Outlook({BASE: stage(10.0, RELAY, depth=1, memory_bytes=7), REFINER: stage(4.0, RELAY, REFINER)})
    told = estimate(RELAY, outlook)
    assert (told.accepted, told.refusal, told.pixels) == (True, None, 1024 * 1024)
    assert [each.stage for each in told.stages] == [BASE, REFINER]
    assert [each.waits_seconds for each in told.stages] == [15, 2]
    assert [each.seconds for each in told.stages] == [10, 4]
    assert [each.memory_bytes for each in told.stages] == [7, None]
    assert told.seconds == 15 + 10 + 4


def test_an_estimate_of_a_stage_that_nobody_serves_is_taken_without_seconds() -> None:
    told = estimate(RELAY, Outlook({BASE: stage(10.0, RELAY)}))
    assert told.accepted
    assert told.seconds is None
    assert told.stages[1].workers == 0


def test_a_refusal_is_told_beside_what_it_would_cost() -> None:
    problem = Problem(code=ErrorCode.QUEUE_FULL, detail="Too many.", retryable=True)
    told = estimate(ALONE, Outlook({BASE: stage(free=1)}), problem)
    assert (told.accepted, told.refusal, told.seconds) == (False, problem, 10)
