"""What passes from base to refiner: bytes that another process continues exactly, or refuses to continue."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from latentrelay.contracts import Artifact, ArtifactKind, Job, Refine, RefineMode, Scheduler, StageName
from latentrelay.errors import LatentsMismatch
from latentrelay.latents import pack
from latentrelay.settings import Settings
from services.diffusion.folder import ModelFolder
from services.sdxl_refiner.pipeline import SdxlRefinerPipeline
from tests.faithful.one_process import OneProcess
from tests.faithful.running import PROMPT, Bench, Pipelines, job_of, text_to_image

IMG2IMG = Refine(mode=RefineMode.IMG2IMG, strength=0.7, num_inference_steps=6)


def handed_over(bench: Bench, **fields: Any) -> Job:
    """A job whose base is done."""
    return bench.run_stage(job_of(text_to_image(**fields)), StageName.SDXL_BASE)


@pytest.mark.parametrize("refine", [Refine(), IMG2IMG], ids=lambda refine: refine.mode)
@pytest.mark.parametrize("scheduler", [Scheduler.EULER, Scheduler.EULER_ANCESTRAL, Scheduler.UNIPC])
def test_a_refiner_that_knows_only_the_stored_bytes_continues_exactly(
    scheduler: Scheduler, refine: Refine, bench: Bench, one_process: OneProcess, small_models: Path
) -> None:
    job = handed_over(bench, scheduler=scheduler, refine=refine)
    folder = ModelFolder(path=small_models / "sdxl_refiner", model="small", revision="test")
    fresh = SdxlRefinerPipeline.load(folder, Settings(device="cpu"))
    elsewhere = Bench(Pipelines(bench.pipelines.base, fresh, bench.pipelines.unclip), store=bench.store)
    picture = elsewhere.picture(elsewhere.run_stage(job, StageName.SDXL_REFINER))
    if refine.mode is RefineMode.ENSEMBLE:
        expected = one_process.ensemble(PROMPT, seed=7, steps=5, switch_at=0.8, scheduler=scheduler)
    else:
        again = {"num_inference_steps": 6, "strength": 0.7}
        base = {"num_inference_steps": 5}
        expected = one_process.img2img(PROMPT, seed=7, scheduler=scheduler, base=base, refiner=again)
    assert np.array_equal(picture, expected)


def test_the_manifest_says_how_the_latents_were_made(bench: Bench) -> None:
    latents = bench.latents(handed_over(bench, width=96, height=64, scheduler=Scheduler.EULER_ANCESTRAL))
    manifest = latents.manifest
    assert (manifest.job_id, manifest.stage, manifest.attempt, manifest.index) == ("job", "sdxl_base", 1, 0)
    assert (manifest.model, manifest.revision) == ("small/sdxl_base", "test")
    assert (manifest.scheduler, manifest.scheduler_class) == ("euler_ancestral", "EulerAncestralDiscreteScheduler")
    assert (manifest.num_inference_steps, manifest.switch_at, manifest.seed) == (5, 0.8, 7)
    assert (manifest.width, manifest.height, manifest.shape, manifest.dtype) == (96, 64, (1, 4, 8, 12), "F32")
    assert manifest.scaling_factor == 0.13025
    assert latents.generator_state is not None


@pytest.mark.parametrize("scheduler", Scheduler)
def test_only_schedulers_that_draw_noise_ship_the_state_of_their_generator(scheduler: Scheduler, bench: Bench) -> None:
    latents = bench.latents(handed_over(bench, scheduler=scheduler, refine=Refine(switch_at=0.7)))
    assert (latents.generator_state is not None) == (scheduler is Scheduler.EULER_ANCESTRAL)


def test_finished_latents_have_no_switch_point(bench: Bench, one_process: OneProcess) -> None:
    for refine in (IMG2IMG, Refine(mode=RefineMode.NONE)):
        latents = bench.latents(handed_over(bench, refine=refine))
        assert latents.manifest.switch_at is None
        assert np.array_equal(latents.array, one_process.base_latents(PROMPT, seed=7, num_inference_steps=5))


@pytest.mark.parametrize(
    ("fact", "value", "sentence"),
    [
        ("num_inference_steps", 6, "num_inference_steps 6, but the job has 5"),
        ("switch_at", 0.7, "switch_at 0.7, but the job has 0.8"),
        ("switch_at", None, "switch_at None, but the job has 0.8"),
        ("scheduler", Scheduler.DDIM, "scheduler ddim, but the job has euler"),
        ("scheduler_class", "DDIMScheduler", "scheduler_class DDIMScheduler, but this refiner has EulerDiscrete"),
        ("scheduler_fingerprint", "0" * 64, "scheduler_fingerprint 0000"),
        ("scaling_factor", 0.18215, "scaling_factor 0.18215, but this refiner has 0.13025"),
        ("seed", 8, "seed 8, but the job has 7"),
        ("job_id", "other", "job_id other, but the job has job"),
        ("index", 1, "index 1, but the job has 0"),
    ],
)
def test_latents_made_otherwise_are_refused_in_a_sentence(
    fact: str, value: object, sentence: str, bench: Bench
) -> None:
    job = handed_over(bench)
    kept = bench.latents(job)
    made = kept.manifest.model_dump(exclude={"version", "dtype", "shape", "sha256", "width", "height"})
    replaced = replace_latents(bench, job, pack(kept.array, **made | {fact: value}))
    with pytest.raises(LatentsMismatch, match=sentence):
        bench.run_stage(replaced, StageName.SDXL_REFINER)


def test_latents_of_another_size_are_refused(bench: Bench) -> None:
    job = handed_over(bench, width=128, height=128)
    kept = bench.latents(job)
    made = kept.manifest.model_dump(exclude={"version", "dtype", "shape", "sha256", "width", "height"})
    replaced = replace_latents(bench, job, pack(kept.array[:, :, :8], **made))
    with pytest.raises(LatentsMismatch, match="height 64, but the job has 128"):
        bench.run_stage(replaced, StageName.SDXL_REFINER)


def test_latents_whose_bytes_are_not_those_of_the_manifest_are_refused(bench: Bench) -> None:
    job = handed_over(bench)
    data = bench.store.get(job.made(ArtifactKind.LATENTS)[0])
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    tensors = load(data)
    tampered = save({name: tensor + 1 for name, tensor in tensors.items()}, metadata=header["__metadata__"])
    with pytest.raises(LatentsMismatch, match="sha256"):
        bench.run_stage(replace_latents(bench, job, tampered), StageName.SDXL_REFINER)


def test_half_done_latents_of_a_noisy_scheduler_need_the_state_of_their_generator(bench: Bench) -> None:
    job = handed_over(bench, scheduler=Scheduler.EULER_ANCESTRAL)
    kept = bench.latents(job)
    made = kept.manifest.model_dump(exclude={"version", "dtype", "shape", "sha256", "width", "height"})
    with pytest.raises(LatentsMismatch, match="generator"):
        bench.run_stage(replace_latents(bench, job, pack(kept.array, **made)), StageName.SDXL_REFINER)


def test_a_job_whose_base_left_too_few_latents_is_refused(bench: Bench) -> None:
    job = handed_over(bench, num_images_per_prompt=2)
    short = job.model_copy(update={"artifacts": job.artifacts[:1]})
    with pytest.raises(LatentsMismatch, match="2 images, but 1"):
        bench.run_stage(short, StageName.SDXL_REFINER)


def replace_latents(bench: Bench, job: Job, data: bytes) -> Job:
    """The job as if its base had left `data`."""
    artifact = bench.put(data)
    old = job.made(ArtifactKind.LATENTS)[0]
    facts = artifact.model_dump(include={"key", "sha256", "bytes"})
    replaced: Artifact = old.model_copy(update=facts)
    return job.model_copy(update={"artifacts": (replaced,)})
