"""In 16 bits too, the handoff through stored bytes draws what one process draws in 16 bits."""

from pathlib import Path

import numpy as np
import pytest
import torch

from latentrelay.contracts import Continue, ImageSource, Refine, Refinement, RefineMode, RelayOutput, Role
from latentrelay.settings import Dtype, Settings
from services.diffusion.folder import ModelFolder
from services.sdxl_base.pipeline import SdxlBasePipeline
from services.sdxl_refiner.pipeline import SdxlRefinerPipeline
from tests.faithful.one_process import OneProcess
from tests.faithful.running import PROMPT, Bench, Pipelines, photo, text_to_image

DTYPES = {Dtype.FLOAT16: ("F16", torch.float16), Dtype.BFLOAT16: ("F32", torch.bfloat16)}


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_relay_in_16_bits_draws_what_one_process_draws(
    dtype: Dtype, pipelines: Pipelines, small_models: Path
) -> None:
    on_the_wire, torch_dtype = DTYPES[dtype]
    settings = Settings(device="cpu", dtype=dtype, torch_threads=1)
    base = ModelFolder(path=small_models / "sdxl_base", model="base", revision="test")
    refiner = ModelFolder(path=small_models / "sdxl_refiner", model="refiner", revision="test")
    loaded = SdxlBasePipeline.load(base, settings), SdxlRefinerPipeline.load(refiner, settings)
    bench, one_process = Bench(Pipelines(*loaded, pipelines.unclip)), OneProcess(small_models, torch_dtype)

    job = bench.run(text_to_image(output=RelayOutput(keep_base=True)))
    assert bench.latents(job).manifest.dtype == on_the_wire
    expected = one_process.base_image(PROMPT, seed=7, num_inference_steps=5)
    assert np.array_equal(bench.picture(job, role=Role.BASE), expected)
    assert np.array_equal(bench.picture(job), one_process.ensemble(PROMPT, seed=7, steps=5, switch_at=0.8))

    again = {"strength": 0.7, "num_inference_steps": 6}
    job = bench.run(text_to_image(refine=Refine(mode=RefineMode.IMG2IMG, **again)))
    expected = one_process.img2img(PROMPT, seed=7, base={"num_inference_steps": 5}, refiner=again)
    assert np.array_equal(bench.picture(job), expected)

    request = Refinement(image=ImageSource(upload_id="u"), prompt=PROMPT, seed=3, refine=Continue(**again))
    job = bench.run(request, bench.upload(photo()))
    assert np.array_equal(bench.picture(job), one_process.refined(PROMPT, photo(), seed=3, **again))
