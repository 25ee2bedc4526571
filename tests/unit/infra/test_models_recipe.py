"""The small models: true architectures that plain diffusers loads and runs, the same bytes each time."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline, StableUnCLIPImg2ImgPipeline
from transformers import AutoTokenizer, CLIPImageProcessorPil

from infra.models.receipt import is_complete, write
from infra.models.tokenizers import tokenizer

SMALL = {"num_inference_steps": 5, "height": 64, "width": 64}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """More threads only wait for one another at this size."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small"
    write(folder)
    return folder


def hashes(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def seed(number: int = 7) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


def test_the_same_bytes_come_out_each_time(out: Path, tmp_path: Path) -> None:
    write(tmp_path / "again")
    assert hashes(tmp_path / "again") == hashes(out)


def test_all_together_is_small(out: Path) -> None:
    assert sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) < 16_000_000


def test_complete_folders_are_left_alone_by_the_command(out: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*")}
    done = subprocess.run([sys.executable, "-m", "infra.models", str(out)], check=True, capture_output=True, text=True)
    assert str(out) in done.stdout
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*")} == before


def test_a_folder_that_lost_a_file_or_is_of_another_recipe_is_written_anew(tmp_path: Path) -> None:
    out = tmp_path / "small"
    assert not is_complete(out)
    write(out)
    assert is_complete(out)
    (out / "unclip" / "vae" / "config.json").unlink()
    assert not is_complete(out)
    write(out)
    assert is_complete(out)
    receipt = json.loads((out / "recipe.json").read_text())
    (out / "recipe.json").write_text(json.dumps(receipt | {"version": 0}))
    assert not is_complete(out)


def test_base_and_refiner_share_vae_and_second_text_encoder_to_the_byte(out: Path) -> None:
    for part in ("vae", "text_encoder_2", "tokenizer_2", "scheduler"):
        assert hashes(out / "sdxl_base" / part) == hashes(out / "sdxl_refiner" / part)


def test_the_refiner_continues_the_base_and_both_show(out: Path) -> None:
    base = StableDiffusionXLPipeline.from_pretrained(out / "sdxl_base", add_watermarker=False)
    refiner = StableDiffusionXLImg2ImgPipeline.from_pretrained(out / "sdxl_refiner", add_watermarker=False)
    assert refiner.config.requires_aesthetics_score
    assert not refiner.config.force_zeros_for_empty_prompt
    assert base.config.force_zeros_for_empty_prompt
    assert base.vae.config.force_upcast

    def draw(prompt: str, **end: object) -> np.ndarray | torch.Tensor:
        return base(prompt, generator=seed(), **SMALL, **end).images

    def refine(**how: object) -> np.ndarray:
        latents = draw("a fox", output_type="latent", denoising_end=0.8)
        return refiner(
            "a fox", image=latents, num_inference_steps=5, denoising_start=0.8, output_type="np", **how
        ).images

    drawn, refined = draw("a fox", output_type="np"), refine()
    assert drawn.shape == (1, 64, 64, 3)
    assert drawn.std() > 0.1
    assert difference(drawn, draw("a red car", output_type="np")) > 0.01
    assert difference(drawn, draw("a fox", output_type="np", original_size=(9, 99))) > 0.001
    assert difference(drawn, refined) > 0.005
    assert difference(refined, refine(aesthetic_score=1.0)) > 0.0001


def test_unclip_varies_with_picture_prompt_and_noise_level_on_pillow_alone(out: Path) -> None:
    unclip = StableUnCLIPImg2ImgPipeline.from_pretrained(out / "unclip")
    assert type(unclip.feature_extractor) is CLIPImageProcessorPil
    pictures = [torch.full((3, 64, 64), value) for value in (0.1, 0.9)]

    def vary(picture: torch.Tensor, prompt: str | None = None, noise_level: int = 0) -> np.ndarray:
        picture = unclip.image_processor.postprocess(picture[None] * 2 - 1)[0]
        made = unclip(picture, prompt, noise_level=noise_level, generator=seed(), output_type="np", **SMALL)
        return made.images

    varied = vary(pictures[0])
    assert varied.std() > 0.1
    assert difference(varied, vary(pictures[1])) > 0.01
    assert difference(varied, vary(pictures[0], "a fox")) > 0.01
    assert difference(varied, vary(pictures[0], noise_level=500)) > 0.01


@pytest.mark.parametrize(
    "prompt", ["the photo of an Astronaut", "狐狸 в снегу 🦊\n\x00", "ﬀ é ½ \u202e", "", "!" * 500]
)
def test_every_prompt_becomes_77_known_tokens(prompt: str, out: Path) -> None:
    loaded = AutoTokenizer.from_pretrained(out / "sdxl_base" / "tokenizer_2")
    ids = loaded(prompt, padding="max_length", max_length=77, truncation=True).input_ids
    assert len(ids) == loaded.model_max_length == 77
    assert ids[0] == loaded.bos_token_id
    assert ids.count(loaded.eos_token_id) == 1  # it also stands for the unknown


def test_merges_make_words_and_the_second_tokenizer_pads_with_id_0() -> None:
    made = tokenizer(pad_token="!")
    assert made.tokenize("the photo") == ["the</w>", "pho", "to</w>"]
    assert made.pad_token_id == 0
    assert made("the", padding="max_length", max_length=6).input_ids[-1] == 0
    assert made.eos_token_id == len(made) - 1
