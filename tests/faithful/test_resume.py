"""An attempt goes on where an earlier one ended, and one that is no longer wanted stores nothing more."""

import pytest

from latentrelay.contracts import (
    Artifact,
    ArtifactKind,
    Continue,
    ImageSource,
    Job,
    Phase,
    Refine,
    Refinement,
    RefineMode,
    RelayOutput,
    Scheduler,
    StageName,
    Variation,
)
from latentrelay.errors import Canceled, StorageUnavailable
from latentrelay.settings import Settings
from latentrelay.testing import MemoryReport, MemoryStore
from tests.faithful.running import PROMPT, Bench, Case, Pipelines, text_to_image

SMALL = {"width": 64, "height": 64, "num_inference_steps": 3, "num_images_per_prompt": 3}
SOURCE = ImageSource(upload_id="u")


ANCESTRAL = {"scheduler": Scheduler.EULER_ANCESTRAL, **SMALL}
CASES = {
    "base": Case(StageName.SDXL_BASE, text_to_image(refine=Refine(mode=RefineMode.NONE), **SMALL)),
    "base-kept": Case(
        StageName.SDXL_BASE,
        text_to_image(refine=Refine(switch_at=0.5), output=RelayOutput(keep_base=True), **ANCESTRAL),
    ),
    "refiner": Case(StageName.SDXL_REFINER, text_to_image(refine=Refine(switch_at=0.5), **ANCESTRAL)),
    "refiner-img2img": Case(
        StageName.SDXL_REFINER,
        text_to_image(refine=Refine(mode=RefineMode.IMG2IMG, strength=0.7, num_inference_steps=3), **SMALL),
    ),
    "unclip": Case(StageName.UNCLIP_VARIATION, Variation(image=SOURCE, seed=3, **SMALL)),
}
every_stage = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


class FullStore(MemoryStore):
    """A store with room for so many more objects."""

    def __init__(self, objects: dict[str, bytes], room: int) -> None:
        super().__init__()
        self.objects = dict(objects)
        self.room = room

    def put(self, artifact: Artifact, data: bytes) -> None:
        if self.room == 0:
            raise StorageUnavailable
        self.room -= 1
        super().put(artifact, data)


class CanceledWithin(MemoryReport):
    """Somebody cancels the job within a phase, the `times`-th time that it is reached."""

    def __init__(self, phase: Phase, times: int) -> None:
        super().__init__()
        self._within = phase
        self._times = times

    def check(self) -> None:
        if self.phases[self._within] >= self._times:
            raise Canceled


def images(made: tuple[Artifact, ...], store: MemoryStore) -> dict[tuple[object, ...], bytes]:
    """The files, by what they are."""
    return {artifact.place: store.get(artifact) for artifact in made if artifact.kind is ArtifactKind.IMAGE}


@every_stage
def test_an_attempt_after_any_half_done_one_makes_what_is_missing_and_the_files_are_byte_for_byte_the_same(
    case: Case, bench: Bench
) -> None:
    job = case.job(bench)
    given, objects = len(job.artifacts), dict(bench.store.objects)
    whole = bench.run_stage(job, case.stage)
    expected, steps = images(whole.artifacts, bench.store), bench.report.steps
    stage, made = bench.pipelines.stage(case.stage, bench.settings), len(whole.artifacts) - given
    for room in range(1, made):
        store, first, second = FullStore(objects, room), MemoryReport(), MemoryReport()
        with pytest.raises(StorageUnavailable):
            stage.run(job, store, first)
        again = job.model_copy(update={"attempt": 2, "artifacts": (*job.artifacts, *first.artifacts)})
        store.room = made
        stage.run(again, store, second)
        assert len(first.artifacts) == room
        assert {artifact.attempt for artifact in second.artifacts} == {2}
        assert images((*again.artifacts, *second.artifacts), store) == expected
        assert {artifact.place for artifact in first.artifacts}.isdisjoint(told.place for told in second.artifacts)
        drawn_already = {artifact.index for artifact in whole.artifacts} - set(unfinished(whole, first, given))
        each = len(steps) // job.count
        assert second.steps == steps[each * len(drawn_already) :]


def unfinished(whole: Job, first: MemoryReport, given: int) -> set[int]:
    """The images of which the first attempt left something to make."""
    told = {artifact.place for artifact in first.artifacts}
    return {artifact.index for artifact in whole.artifacts[given:] if artifact.place not in told}


@every_stage
def test_an_attempt_after_a_complete_one_draws_nothing(case: Case, bench: Bench) -> None:
    done = bench.run_stage(case.job(bench), case.stage)
    again = bench.run_stage(done.model_copy(update={"attempt": 2}), case.stage)
    assert again.artifacts == done.artifacts
    assert bench.report.steps == []


def test_a_batch_goes_round_the_images_that_are_there(pipelines: Pipelines) -> None:
    bench = Bench(pipelines, Settings(max_batch_size=3))
    case = Case(StageName.UNCLIP_VARIATION, Variation(image=SOURCE, seed=3, **SMALL | {"num_images_per_prompt": 4}))
    job = bench.run_stage(case.job(bench), case.stage)
    whole = bench.report.steps
    some = job.model_copy(update={"attempt": 2, "artifacts": job.artifacts[1:3]})
    again = bench.run_stage(some, case.stage)
    assert sorted(artifact.index for artifact in bench.report.artifacts) == [0, 3]
    assert len(bench.report.steps) * 2 == len(whole)
    assert bench.report.steps[-1] == whole[-1]
    assert [artifact.seed for artifact in again.made(ArtifactKind.IMAGE)] == [3, 4, 5, 6]


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("phase", [Phase.DECODE, Phase.ENCODE_IMAGE])
@every_stage
def test_a_job_that_is_canceled_within_a_phase_stores_nothing_more(
    case: Case, phase: Phase, batch: int, pipelines: Pipelines
) -> None:
    bench = Bench(pipelines, Settings(max_batch_size=batch))
    job = case.job(bench)
    stage = pipelines.stage(case.stage, bench.settings)
    report = CanceledWithin(phase, times=2)
    with pytest.raises(Canceled):
        stage.run(job, bench.store, report)
    assert report.phases[phase] == 2
    assert len(images(tuple(report.artifacts), bench.store)) == 1
    assert len(bench.store.objects) == 1 + len(job.artifacts) + len(report.artifacts)


@every_stage
def test_a_job_that_is_canceled_while_it_uploads_stores_no_other_object(case: Case, bench: Bench) -> None:
    job = case.job(bench)
    stage = bench.pipelines.stage(case.stage, bench.settings)
    report = CanceledWithin(Phase.UPLOAD, times=2)
    with pytest.raises(Canceled):
        stage.run(job, bench.store, report)
    assert len(report.artifacts) == 2, "what is stored is told, so that it can be removed"


def test_a_refinement_of_a_picture_is_not_repeated(bench: Bench) -> None:
    again = Continue(strength=0.7, num_inference_steps=3)
    case = Case(StageName.SDXL_REFINER, Refinement(image=SOURCE, prompt=PROMPT, seed=3, refine=again))
    done = bench.run_stage(case.job(bench), case.stage)
    bench.run_stage(done, case.stage)
    assert bench.report.phases == {}
