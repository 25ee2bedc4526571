"""Draws with what was trained, through plain diffusers, as the services do: many pictures, one generator for each."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline, StableUnCLIPImg2ImgPipeline
from diffusers.utils import logging as diffusers_logging
from PIL import Image
from torch import Tensor
from transformers.utils import logging as transformers_logging

from infra.models.miniature import judge
from infra.models.miniature.clip import tokens
from infra.models.miniature.drawing import SIDE, Picture
from infra.models.miniature.scene import Scene
from infra.models.miniature.vae import pixels
from latentrelay.contracts import Refine, TextToImage, Variation

STEPS = 20
BATCH = 20
GUIDANCE = float(TextToImage.model_fields["guidance_scale"].default)
SWITCH = float(Refine.model_fields["switch_at"].default)
VARIED = 3.0  # guidance that small models bear
VARIED_REAL = float(Variation.model_fields["guidance_scale"].default)
GOOD = float(Refine.model_fields["aesthetic_score"].default)
BAD = float(Refine.model_fields["negative_aesthetic_score"].default)

T = TypeVar("T")


class Studio:
    """The trained pipelines and the judge of a folder. Keywords of its methods are diffusers' own.

    Args:
        folder: `sdxl_base`, `sdxl_refiner`, `unclip` and the judge.
        steps: of every picture.
    """

    def __init__(self, folder: Path, steps: int = STEPS) -> None:
        self._steps = steps
        diffusers_logging.disable_progress_bar()
        transformers_logging.disable_progress_bar()
        self._base = _loaded(StableDiffusionXLPipeline, folder / "sdxl_base")
        self._refiner = _loaded(StableDiffusionXLImg2ImgPipeline, folder / "sdxl_refiner")
        self._unclip = _loaded(StableUnCLIPImg2ImgPipeline, folder / "unclip")
        self._judge = judge.load(folder / judge.FILE)

    def based(self, prompts: Sequence[str], **asked: Any) -> list[Picture]:
        """Drawn by the base alone."""
        return _batched(lambda some, at: _bytes(self._base_call(some, at, "np", asked)), prompts)

    def handed(self, prompts: Sequence[str], **asked: Any) -> list[Tensor]:
        """Latents as the base hands them to the refiner."""
        asked = {"denoising_end": SWITCH, **asked}
        return _batched(lambda some, at: list(self._base_call(some, at, "latent", asked)), prompts)

    def refined(self, prompts: Sequence[str], latents: Sequence[Tensor], **asked: Any) -> list[Picture]:
        """What the refiner makes of latents."""
        asked = {"guidance_scale": GUIDANCE, "aesthetic_score": GOOD, "negative_aesthetic_score": BAD, **asked}

        def some_refined(some: list[tuple[str, Tensor]], at: int) -> list[Picture]:
            words, given = [word for word, _ in some], torch.stack([latent for _, latent in some])
            own = _part(asked, at, len(some))
            return _bytes(self._drawn(self._refiner, words, at, image=given, denoising_start=SWITCH, **own))

        return _batched(some_refined, list(zip(prompts, latents, strict=True)))

    def relayed(self, prompts: Sequence[str], **asked: Any) -> list[Picture]:
        """Drawn by base and refiner."""
        return self.refined(prompts, self.handed(prompts, **asked), **asked)

    def varied(self, pictures: Sequence[Picture], prompts: Sequence[str] | None = None, first_seed: int = 0,
               **asked: Any) -> list[Picture]:  # fmt: skip
        """Variations, one of each picture."""
        asked = {"guidance_scale": VARIED, "height": SIDE, "width": SIDE, **asked}

        def some_varied(some: list[tuple[Picture, str]], at: int) -> list[Picture]:
            words, given = [word for _, word in some], [Image.fromarray(picture) for picture, _ in some]
            return _bytes(self._drawn(self._unclip, words, first_seed + at, image=given, **asked))

        return _batched(some_varied, list(zip(pictures, prompts or [""] * len(pictures), strict=True)))

    def read(self, pictures: Sequence[Picture]) -> list[Scene]:
        """What the judge sees in each."""
        return _batched(lambda some, _: self._judge.read(some), pictures)

    @torch.no_grad()
    def restored(self, pictures: Sequence[Picture]) -> list[Picture]:
        """Encoded by the VAE and decoded again."""
        vae = self._base.vae

        def some_restored(some: list[Picture], _: int) -> list[Picture]:
            made = vae.decode(vae.encode(pixels(some)).latent_dist.mean).sample
            return _bytes(made.div(2).add(0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy())

        return _batched(some_restored, pictures)

    @torch.no_grad()
    def seen(self, pictures: Sequence[Picture]) -> Tensor:
        """Pictures as the vision tower embeds them, (n, EMBEDDING) of length 1."""
        eye = self._unclip.image_encoder
        rows = _batched(lambda some, _: list(eye(pixels(some)).image_embeds), pictures)
        return torch.nn.functional.normalize(torch.stack(rows), dim=1)

    @torch.no_grad()
    def meant(self, prompts: Sequence[str]) -> Tensor:
        """Prompts as the second text tower embeds them, (n, EMBEDDING) of length 1."""
        embedded = self._base.text_encoder_2(tokens(list(prompts), pad="!")).text_embeds
        return torch.nn.functional.normalize(embedded, dim=1)

    def _base_call(self, prompts: list[str], at: int, output: str, asked: dict[str, Any]) -> Any:
        asked = {"guidance_scale": GUIDANCE, "height": SIDE, "width": SIDE, **_part(asked, at, len(prompts))}
        return self._drawn(self._base, prompts, at, output_type=output, **asked)

    def _drawn(self, pipeline: Any, prompts: list[str], first_seed: int, **asked: Any) -> Any:
        generators = [torch.Generator("cpu").manual_seed(first_seed + at) for at in range(len(prompts))]
        asked = {"num_inference_steps": self._steps, "output_type": "np", **asked}
        return pipeline(prompt=prompts, generator=generators, **asked).images


def _part(asked: dict[str, Any], at: int, count: int) -> dict[str, Any]:
    """What one batch is asked: a list has a word for each picture."""
    return {name: value[at : at + count] if isinstance(value, list) else value for name, value in asked.items()}


def _loaded(kind: Any, folder: Path) -> Any:
    pipeline = kind.from_pretrained(folder, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _batched(make: Callable[[list[T], int], list[Any]], given: Sequence[T]) -> list[Any]:
    """All that `make` makes of `given`, and of where each part begins."""
    return [made for at in range(0, len(given), BATCH) for made in make(list(given[at : at + BATCH]), at)]


def _bytes(values: Any) -> list[Picture]:
    return list((np.asarray(values) * 255).round().astype(np.uint8))
