"""Switch points and strengths at which diffusers would draw nonsense in silence are refused by name."""

import numpy as np
import pytest

from latentrelay.contracts import (
    Continue,
    ImageSource,
    Refine,
    Refinement,
    RefineMode,
    RelayOutput,
    Scheduler,
)
from latentrelay.errors import InvalidRequest
from tests.faithful.one_process import OneProcess
from tests.faithful.running import PROMPT, Bench, photo, text_to_image


@pytest.mark.parametrize("keep_base", [False, True])
@pytest.mark.parametrize(
    ("scheduler", "steps", "switch_at", "idle"),
    [
        (Scheduler.EULER, 1, 0.8, "base"),
        (Scheduler.EULER, 4, 0.2, "base"),
        (Scheduler.EULER_ANCESTRAL, 4, 0.05, "base"),
        (Scheduler.DDIM, 2, 0.4, "base"),
        (Scheduler.HEUN, 3, 0.3, "base"),
        (Scheduler.PNDM, 4, 0.2, "base"),
        (Scheduler.DPMPP_2M, 1, 0.8, "refiner"),
        (Scheduler.DPMPP_2M, 3, 0.8, "refiner"),
        (Scheduler.DPMPP_2M_KARRAS, 1, 0.5, "refiner"),
        (Scheduler.UNIPC, 5, 0.95, "refiner"),
    ],
)
def test_a_switch_point_that_leaves_a_model_no_step_is_refused_before_anything_is_drawn(
    scheduler: Scheduler, steps: int, switch_at: float, idle: str, *, keep_base: bool, bench: Bench
) -> None:
    request = text_to_image(
        scheduler=scheduler,
        num_inference_steps=steps,
        refine=Refine(switch_at=switch_at),
        output=RelayOutput(keep_base=keep_base),
    )
    with pytest.raises(InvalidRequest, match=rf"refine\.switch_at: leaves no step to the {idle}"):
        bench.run(request)
    assert bench.report.steps == []
    assert bench.store.objects == {}


@pytest.mark.parametrize(("steps", "switch_at"), [(2, 0.8), (3, 0.5), (6, 0.6), (10, 0.75)])
def test_a_switch_point_that_would_confuse_pndm_is_refused(steps: int, switch_at: float, bench: Bench) -> None:
    request = text_to_image(scheduler=Scheduler.PNDM, num_inference_steps=steps, refine=Refine(switch_at=switch_at))
    with pytest.raises(InvalidRequest, match=r"refine\.switch_at: cuts pndm's schedule"):
        bench.run(request)


@pytest.mark.parametrize(("steps", "strength"), [(6, 0.4), (10, 0.2), (50, 0.99)])
def test_a_strength_that_would_confuse_pndm_is_refused(steps: int, strength: float, bench: Bench) -> None:
    refine = Continue(strength=strength, num_inference_steps=steps)
    source = ImageSource(upload_id="u")
    request = Refinement(image=source, prompt=PROMPT, scheduler=Scheduler.PNDM, refine=refine)
    with pytest.raises(InvalidRequest, match=r"refine\.strength: cuts pndm's schedule"):
        bench.run(request, bench.upload(photo()))


@pytest.mark.parametrize("scheduler", Scheduler)
def test_few_steps_are_served_where_both_models_have_one(
    scheduler: Scheduler, bench: Bench, one_process: OneProcess
) -> None:
    steps, switch_at = 4, 0.5
    job = bench.run(text_to_image(scheduler=scheduler, num_inference_steps=steps, refine=Refine(switch_at=switch_at)))
    expected = one_process.ensemble(PROMPT, seed=7, steps=steps, switch_at=switch_at, scheduler=scheduler)
    assert np.array_equal(bench.picture(job), expected)


def test_a_full_strength_is_served(bench: Bench, one_process: OneProcess) -> None:
    refine = Refine(mode=RefineMode.IMG2IMG, strength=1.0, num_inference_steps=4)
    job = bench.run(text_to_image(refine=refine))
    again = {"strength": 1.0, "num_inference_steps": 4}
    expected = one_process.img2img(PROMPT, seed=7, base={"num_inference_steps": 5}, refiner=again)
    assert np.array_equal(bench.picture(job), expected)
