"""The recipe itself, quickly: every part of it runs, and what comes out loads as the real models do."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline, StableUnCLIPImg2ImgPipeline
from PIL import Image
from safetensors import safe_open

from infra.models.miniature import judge, shipping
from infra.models.miniature.scene import Scene

PAGE = "before\n<!-- measured -->\nold\n<!-- /measured -->\nafter\n"
ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # more only wait for one another at this size


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a quick run leaves."""
    folder = tmp_path_factory.mktemp("miniatures")
    command = [sys.executable, "-m", "infra.models.miniature", str(folder), "--quick"]
    subprocess.run(command, check=True, env=os.environ | ONE_THREAD, timeout=280)
    return folder


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_plain_diffusers_loads_the_text_models_and_they_relay(state: Path) -> None:
    base = StableDiffusionXLPipeline.from_pretrained(state / "trained/sdxl_base", torch_dtype=torch.float32)
    refiner = StableDiffusionXLImg2ImgPipeline.from_pretrained(
        state / "trained/sdxl_refiner", torch_dtype=torch.float32
    )
    asked = {"prompt": "a red star", "num_inference_steps": 4}
    latents = base(**asked, denoising_end=0.5, output_type="latent").images
    assert latents.shape == (1, 4, 8, 8)
    assert refiner(**asked, denoising_start=0.5, image=latents).images[0].size == (64, 64)


def test_the_base_is_taught_on_other_latents_than_the_refiner(state: Path) -> None:
    worn, clean = (np.load(next(state.glob(f"album-*-{name}.npy"))) for name in ("worn", "latents"))
    assert worn.shape == clean.shape
    assert not np.array_equal(worn, clean)


def test_plain_diffusers_loads_unclip(state: Path) -> None:
    unclip = StableUnCLIPImg2ImgPipeline.from_pretrained(state / "trained/unclip", torch_dtype=torch.float32)
    drawn = unclip(image=Image.new("RGB", (64, 64), "red"), num_inference_steps=3).images[0]
    assert drawn.size == (64, 64)


def test_weights_are_halves_in_safetensors_and_nothing_else(state: Path) -> None:
    files = [file for file in (state / "trained").rglob("*") if file.is_file()]
    assert {file.suffix for file in files} == {".safetensors", ".json", ".md"}
    for file in files:
        if file.suffix == ".safetensors":
            with safe_open(file, "pt") as weights:
                assert {weights.get_tensor(name).dtype for name in weights.keys()} == {torch.float16}  # noqa: SIM118  # no mapping


def test_base_and_refiner_share_vae_and_text_encoder_to_the_byte(state: Path) -> None:
    for part in ("vae/diffusion_pytorch_model.safetensors", "text_encoder_2/model.safetensors"):
        assert digest(state / "trained/sdxl_base" / part) == digest(state / "trained/sdxl_refiner" / part)


def test_each_folder_has_a_card_that_tells_how_long_it_was_taught(state: Path) -> None:
    for name in ("sdxl_base", "sdxl_refiner", "unclip"):
        assert "3 steps" in (state / "trained" / name / "README.md").read_text()


def test_the_judge_answers_in_words_of_the_world(state: Path) -> None:
    read = judge.load(state / "trained" / judge.FILE).read([np.zeros((64, 64, 3), np.uint8)])
    assert isinstance(read[0], Scene)


def test_what_was_made_is_put_where_it_is_found_and_the_page_tells_what_was_measured(
    state: Path, tmp_path: Path
) -> None:
    page = tmp_path / "models.md"
    page.write_text(PAGE)
    shipping.ship(state, tmp_path / "trained", page)
    assert digest(tmp_path / "trained/judge.safetensors") == digest(state / "trained/judge.safetensors")
    rows = json.loads((state / shipping.MEASURES).read_text())
    assert all(row["name"] in page.read_text() for row in rows)
    assert "old" not in page.read_text()


def test_two_runs_never_train_in_one_folder(state: Path) -> None:
    with (state / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [sys.executable, "-m", "infra.models.miniature", str(state), "--quick"]
        second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert second.returncode == 1
    assert "another run trains" in second.stderr
