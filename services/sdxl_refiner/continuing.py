"""Whether given latents can be continued faithfully. Pure.

A refiner that only seems to fit them would draw a wrong picture in silence.
"""

from collections.abc import Mapping
from typing import Any

from latentrelay.contracts import Refinement, RefineMode, TextToImage
from latentrelay.errors import InvalidRequest, LatentsMismatch
from latentrelay.latents import Latents, Manifest
from services.diffusion.schedule import Schedule


def check_relay(manifest: Manifest, request: TextToImage, job_id: str, index: int) -> None:
    """Refuse latents that are not those of this job.

    Raises:
        LatentsMismatch: it says what differs.
    """
    ensemble = request.refine.mode is RefineMode.ENSEMBLE
    asked = {
        "job_id": job_id,
        "index": index,
        "seed": request.seed_of(index),
        "scheduler": request.scheduler,
        "num_inference_steps": request.num_inference_steps,
        "switch_at": request.refine.switch_at if ensemble else None,
    }
    sizes = {"width": request.width, "height": request.height}
    _compare(manifest, {**asked, **_given(sizes)}, "the job")


def check_refinement(manifest: Manifest, request: Refinement) -> None:
    """Refuse what contradicts the kept latents of an earlier job, or has no effect on them.

    Raises:
        LatentsMismatch: it says what differs.
        InvalidRequest: a field of img2img was set for latents that stop at a switch point.
    """
    refine = request.refine
    ensemble = manifest.switch_at is not None
    fitting = RefineMode.ENSEMBLE if ensemble else RefineMode.IMG2IMG
    if refine.mode not in (None, fitting):
        raise LatentsMismatch(f"These latents {_state(manifest)}; refine.mode must be {fitting}, not {refine.mode}.")
    _compare(manifest, _given({"switch_at": refine.switch_at}), "refine")
    if ensemble:
        _compare(manifest, _given({"scheduler": request.scheduler}), "the request")
        _refuse_unread(request, manifest)


def check_pipeline(latents: Latents, schedule: Schedule, *, scaling_factor: float) -> None:
    """Refuse latents that this refiner would read or continue otherwise than the base meant them.

    Raises:
        LatentsMismatch: it says what differs.
    """
    manifest = latents.manifest
    _compare(manifest, {"scaling_factor": scaling_factor}, "this refiner")
    if manifest.switch_at is None:
        return
    told = {name: getattr(schedule, name) for name in ("scheduler_class", "scheduler_fingerprint")}
    _compare(manifest, told, "this refiner")
    if schedule.draws_noise != (latents.generator_state is not None):
        has = "lack" if schedule.draws_noise else "have"
        raise LatentsMismatch(f"These latents {has} the state of a generator; {manifest.scheduler} says otherwise.")


def _compare(manifest: Manifest, wanted: Mapping[str, Any], who: str) -> None:
    for name, value in wanted.items():
        had = getattr(manifest, name)
        if had != value:
            raise LatentsMismatch(f"These latents were made with {name} {had}, but {who} has {value}.")


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _state(manifest: Manifest) -> str:
    return "are finished" if manifest.switch_at is None else f"stop at the switch point {manifest.switch_at}"


def _refuse_unread(request: Refinement, manifest: Manifest) -> None:
    for name in ("strength", "num_inference_steps"):
        if getattr(request.refine, name) != type(request.refine).model_fields[name].default:
            raise InvalidRequest.at(f"refine.{name}", f"has no effect: these latents {_state(manifest)}")
