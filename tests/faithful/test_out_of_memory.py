"""A process without enough memory refuses what does not fit, and draws everything else as ever."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from latentrelay.contracts import StageName
from tests.faithful.running import Bench, Pipelines


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on a process's memory is Linux's")
def test_a_picture_too_large_for_the_memory_is_refused_and_the_next_one_is_drawn_byte_for_byte_as_ever(
    small_models: Path,
) -> None:
    command = [sys.executable, "-m", "tests.faithful.starved", str(small_models), "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    before, large, after = map(json.loads, done.stdout.splitlines())
    assert (large["error"], large["code"]) == ("DoesNotFit", "out_of_memory")
    assert large["detail"].startswith("512 x 512 does not fit into the memory of this device; tried with emptied")
    assert large["detail"].endswith("Up to 64 x 64 was drawn here so far. Half the pixels, like 360 x 360, may fit.")
    assert after == before
    assert before["images"]


def test_tiles_are_another_picture_and_are_off_again_afterwards(pipelines: Pipelines) -> None:
    pipeline = pipelines.base
    latents = np.random.default_rng(0).standard_normal((1, 4, 40, 40), np.float32)
    whole = pipeline.decode(latents)
    with pipeline.tiled():
        tiled = pipeline.decode(latents)
    assert tiled.shape == whole.shape == (1, 320, 320, 3)
    assert not np.array_equal(tiled, whole)
    assert np.array_equal(pipeline.decode(latents), whole)


@pytest.mark.parametrize("stage", StageName)
def test_every_stage_proves_its_device(stage: StageName, bench: Bench) -> None:
    bench.pipelines.stage(stage, bench.settings).probe()
