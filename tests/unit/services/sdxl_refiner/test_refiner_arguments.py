import pytest

from latentrelay.contracts import Continue, ImageSource, Refine, Refinement, RefineMode, Scheduler, TextToImage
from services.sdxl_refiner.arguments import refinement_plan, relay_plan


def test_a_relay_takes_the_bases_values_where_the_refiner_has_none() -> None:
    request = TextToImage(prompt="a fox", negative_prompt="blue", negative_prompt_2="grey", guidance_scale=3.0)
    arguments = relay_plan(request).arguments
    assert (arguments["negative_prompt"], arguments["negative_prompt_2"]) == ("blue", "grey")
    assert arguments["guidance_scale"] == 3.0
    assert (arguments["aesthetic_score"], arguments["negative_aesthetic_score"]) == (6.0, 2.5)


def test_a_refiners_own_empty_values_are_values() -> None:
    own = Refine(negative_prompt="", guidance_scale=0.0)
    request = TextToImage(prompt="a fox", negative_prompt="blue", negative_prompt_2="grey", refine=own)
    arguments = relay_plan(request).arguments
    assert (arguments["negative_prompt"], arguments["guidance_scale"]) == ("", 0.0)
    assert "negative_prompt_2" not in arguments


def test_an_ensemble_shares_steps_and_scheduler_with_the_base() -> None:
    request = TextToImage(
        prompt="a fox", num_inference_steps=40, scheduler=Scheduler.UNIPC, refine=Refine(switch_at=0.75)
    )
    plan = relay_plan(request)
    assert plan.scheduler is Scheduler.UNIPC
    assert (plan.arguments["num_inference_steps"], plan.arguments["denoising_start"]) == (40, 0.75)
    assert "strength" not in plan.arguments


def test_img2img_has_steps_of_its_own() -> None:
    refine = Refine(mode=RefineMode.IMG2IMG, strength=0.4, num_inference_steps=20)
    arguments = relay_plan(TextToImage(prompt="a fox", refine=refine)).arguments
    assert (arguments["num_inference_steps"], arguments["strength"]) == (20, 0.4)
    assert "denoising_start" not in arguments


@pytest.mark.parametrize(("own", "expected"), [(None, 5.0), (0.0, 0.0), (7.0, 7.0)])
def test_a_refinement_without_guidance_of_its_own_has_5(own: float | None, expected: float) -> None:
    source = ImageSource(upload_id="u")
    request = Refinement(image=source, prompt="a fox", refine=Continue(guidance_scale=own))
    plan = refinement_plan(request, None)
    assert plan.arguments["guidance_scale"] == expected
    assert plan.scheduler is Scheduler.EULER
