"""What was learned, as diffusers' pipelines in folders that `from_pretrained` loads: float16, safetensors."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
    StableUnCLIPImg2ImgPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import StableUnCLIPImageNormalizer
from numpy.typing import NDArray
from safetensors.torch import save_file
from transformers import CLIPTextModel

from infra.models.miniature.clip import EMBEDDING, Clip, feature_extractor
from infra.models.miniature.diffusion import statistics
from infra.models.miniature.judge import FILE, Judge
from infra.models.miniature.tokens import tokenizer
from infra.models.miniature.unets import noising_scheduler, sdxl_scheduler, unclip_scheduler


@dataclass(frozen=True)
class Family:
    """All that was taught."""

    vae: AutoencoderKL
    clip: Clip
    judge: Judge
    base: UNet2DConditionModel
    refiner: UNet2DConditionModel
    unclip: UNet2DConditionModel
    images: Any
    """Embedded pictures of the album, whose mean and deviation the image normalizer holds."""


def write(family: Family, out: Path) -> None:
    """Write `sdxl_base`, `sdxl_refiner`, `unclip` and the judge into `out`, and nothing else."""
    shutil.rmtree(out, ignore_errors=True)
    for name, made in (("sdxl_base", base(family)), ("sdxl_refiner", refiner(family)), ("unclip", unclip(family))):
        made.to(dtype=torch.float16)
        made.save_pretrained(out / name)
        made.to(dtype=torch.float32)
    halves = {name: weight.half().contiguous() for name, weight in family.judge.state_dict().items()}
    save_file(halves, out / FILE)


def base(family: Family) -> StableDiffusionXLPipeline:
    """SDXL's base in small."""
    return StableDiffusionXLPipeline(
        vae=family.vae,
        text_encoder=family.clip.text,
        text_encoder_2=family.clip.text_2,
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer("!"),
        unet=family.base,
        scheduler=sdxl_scheduler(),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )


def refiner(family: Family) -> StableDiffusionXLImg2ImgPipeline:
    """SDXL's refiner in small."""
    return StableDiffusionXLImg2ImgPipeline(
        vae=family.vae,
        text_encoder=None,
        text_encoder_2=family.clip.text_2,
        tokenizer=None,
        tokenizer_2=tokenizer("!"),
        unet=family.refiner,
        scheduler=sdxl_scheduler(),
        requires_aesthetics_score=True,
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )


def unclip(family: Family) -> StableUnCLIPImg2ImgPipeline:
    """Stable unCLIP in small; its text encoder is the second text tower without the projection."""
    return StableUnCLIPImg2ImgPipeline(
        feature_extractor=feature_extractor(),
        image_encoder=family.clip.vision,
        image_normalizer=normalizer(family.images),
        image_noising_scheduler=noising_scheduler(),
        tokenizer=tokenizer("!"),
        text_encoder=unprojected(family.clip),
        unet=family.unclip,
        scheduler=unclip_scheduler(),
        vae=family.vae,
    )


def unprojected(clip: Clip) -> CLIPTextModel:
    """The second text tower as Stable unCLIP holds its own."""
    made = CLIPTextModel(clip.text_2.config)
    known = clip.text_2.state_dict()
    made.load_state_dict({name: known.get(name, known.get(f"text_model.{name}")) for name in made.state_dict()})
    return made.eval()


def normalizer(images: NDArray[Any]) -> StableUnCLIPImageNormalizer:
    """Mean and deviation of what the vision tower makes of drawings."""
    made = StableUnCLIPImageNormalizer(embedding_dim=EMBEDDING)
    mean, deviation = statistics(images)
    made.mean.data.copy_(mean)
    made.std.data.copy_(deviation)
    return made
