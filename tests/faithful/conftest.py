"""Loaded once per session: the stages' pipelines, and plain diffusers beside them."""

from pathlib import Path

import pytest

from latentrelay.settings import Dtype, Settings
from services.diffusion.folder import ModelFolder
from services.sdxl_base.pipeline import SdxlBasePipeline
from services.sdxl_refiner.pipeline import SdxlRefinerPipeline
from services.unclip_variation.pipeline import UnclipVariationPipeline
from tests.faithful.one_process import OneProcess
from tests.faithful.running import Bench, Pipelines


@pytest.fixture(scope="session")
def pipelines(small_models: Path) -> Pipelines:
    # One thread: the models are so small that threads would only wait for each other. A preview of every step: whatever
    # is compared here is drawn beside as many of them as there can be.
    settings = Settings(device="cpu", dtype=Dtype.FLOAT32, torch_threads=1, preview_steps=1)

    def folder(name: str) -> ModelFolder:
        return ModelFolder(path=small_models / name, model=f"small/{name}", revision="test")

    return Pipelines(
        SdxlBasePipeline.load(folder("sdxl_base"), settings),
        SdxlRefinerPipeline.load(folder("sdxl_refiner"), settings),
        UnclipVariationPipeline.load(folder("unclip"), settings),
    )


@pytest.fixture(scope="session")
def one_process(small_models: Path) -> OneProcess:
    return OneProcess(small_models)


@pytest.fixture
def bench(pipelines: Pipelines) -> Bench:
    return Bench(pipelines)
