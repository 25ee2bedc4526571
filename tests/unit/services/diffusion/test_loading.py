import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from latentrelay.contracts import Scheduler
from latentrelay.errors import ModelUnavailable
from latentrelay.settings import Dtype, Settings
from services.diffusion.folder import ModelFolder
from services.diffusion.loading import choose_device, choose_dtype
from services.diffusion.workbench import OnStep
from services.sdxl_base.pipeline import SdxlBasePipeline
from services.sdxl_refiner.pipeline import SdxlRefinerPipeline
from services.unclip_variation.pipeline import UnclipVariationPipeline

CPU = Settings(device="cpu", torch_threads=1)
CALL = {"prompt": "a fox", "num_inference_steps": 4, "width": 64, "height": 64}


def folder(path: Path) -> ModelFolder:
    return ModelFolder(path=path, model=path.name, revision="test")


def draw(base: SdxlBasePipeline, prompt: str = "a fox") -> np.ndarray:
    drawn = base.denoise(
        CALL | {"prompt": prompt},
        scheduler=Scheduler.EULER,
        seeds=[1],
        on_step=lambda *_: None,
        switch_after=None,
    )
    return drawn.latents


@pytest.mark.parametrize("wanted", ["cuda:99", "tpu", "cuda:x", ""])
def test_a_device_that_is_not_there_is_named(wanted: str) -> None:
    with pytest.raises(ModelUnavailable, match="There is no device"):
        choose_device(wanted)


def test_float16_is_chosen_for_cuda_alone() -> None:
    assert choose_dtype(Dtype.AUTO, torch.device("cuda")) is torch.float16
    assert choose_dtype(Dtype.AUTO, torch.device("cpu")) is torch.float32
    assert choose_dtype(Dtype.BFLOAT16, torch.device("cuda")) is torch.bfloat16


def test_a_pipeline_describes_what_it_serves(small_models: Path) -> None:
    base = SdxlBasePipeline.load(folder(small_models / "sdxl_base"), CPU)
    facts = {"model": "sdxl_base", "revision": "test", "dtype": "float32", "device": "cpu"}
    assert base.describe() == facts | {"size": "128x128"}
    assert base.default_size == 128


def test_a_pipeline_tells_the_size_that_it_draws_unasked(small_models: Path) -> None:
    unclip = UnclipVariationPipeline.load(folder(small_models / "unclip"), CPU)
    assert unclip.describe()["size"] == f"{unclip.default_size}x{unclip.default_size}"
    refiner = SdxlRefinerPipeline.load(folder(small_models / "sdxl_refiner"), CPU)
    assert "size" not in refiner.describe()


def test_a_folder_that_cannot_be_loaded_is_model_unavailable(small_models: Path, tmp_path: Path) -> None:
    broken = tmp_path / "sdxl_base"
    shutil.copytree(small_models / "sdxl_base", broken)
    weights = next((broken / "unet").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelUnavailable, match="sdxl_base cannot be loaded"):
        SdxlBasePipeline.load(folder(broken), CPU)


def test_a_missing_image_processor_is_model_unavailable(small_models: Path, tmp_path: Path) -> None:
    broken = tmp_path / "unclip"
    shutil.copytree(small_models / "unclip", broken)
    shutil.rmtree(broken / "feature_extractor")
    with pytest.raises(ModelUnavailable, match="unclip cannot be loaded"):
        UnclipVariationPipeline.load(folder(broken), CPU)


def test_vae_slicing_and_tiling_and_offload_leave_a_small_picture_as_it_is(small_models: Path) -> None:
    plain = SdxlBasePipeline.load(folder(small_models / "sdxl_base"), CPU)
    thrifty = CPU.model_copy(update={"vae_tiling": True, "vae_slicing": True, "cpu_offload": "model"})
    saving = SdxlBasePipeline.load(folder(small_models / "sdxl_base"), thrifty)
    assert np.array_equal(saving.decode(draw(saving)), plain.decode(draw(plain)))


@pytest.mark.parametrize("dtype", [Dtype.FLOAT16, Dtype.BFLOAT16])
def test_refining_a_picture_in_16_bits_leaves_the_vae_as_it_was_even_when_canceled(
    dtype: Dtype, small_models: Path
) -> None:
    settings = CPU.model_copy(update={"dtype": dtype})
    fresh, used = (SdxlRefinerPipeline.load(folder(small_models / "sdxl_refiner"), settings) for _ in range(2))
    image = np.full((1, 64, 64, 3), 90, np.uint8)
    image[:, 16:48, 16:48] = (200, 40, 120)

    def refine(on_step: OnStep) -> np.ndarray:
        return used.denoise(
            {"prompt": "a fox", "num_inference_steps": 4, "strength": 0.5},
            image=image,
            scheduler=Scheduler.EULER,
            seeds=[1],
            generator_states=None,
            on_step=on_step,
        )

    def cancel(*_: object) -> None:
        raise InterruptedError

    latents = refine(lambda *_: None)
    expected = fresh.decode(latents)
    assert np.array_equal(used.decode(latents), expected)
    with pytest.raises(InterruptedError):
        refine(cancel)
    assert np.array_equal(used.decode(latents), expected)
    assert np.array_equal(refine(lambda *_: None), latents)


def test_no_part_of_a_long_prompt_reaches_the_log(small_models: Path) -> None:
    base = SdxlBasePipeline.load(folder(small_models / "sdxl_base"), CPU)
    told: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]  # a handler of one line
    loggers = [logging.getLogger(name) for name in (None, "diffusers", "transformers")]
    for logger in loggers:
        logger.addHandler(listener)
    try:
        draw(base, prompt="a fox " * 90 + "secret")
    finally:
        for logger in loggers:
            logger.removeHandler(listener)
    assert not [message for message in told if "fox" in message or "secret" in message]
