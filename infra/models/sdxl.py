"""SDXL base and refiner, small. They share the VAE and the second text encoder, as the real ones do."""

from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextModelWithProjection, CLIPTokenizer

from infra.models.autoencoder import autoencoder
from infra.models.encoders import LOUD, projecting_text_encoder, text_encoder
from infra.models.seeding import seeded
from infra.models.tokenizers import tokenizer

WIDTH, WIDTH_2 = 32, 64  # of the two text encoders (768 and 1280)
TIME = 8  # channels of each number of the micro-conditioning (256)
SAMPLE = 16  # latents a side: pictures of 128 x 128 by default (128, so 1024 x 1024)


@dataclass(frozen=True)
class Shared:
    """What base and refiner have in common, to the byte."""

    vae: AutoencoderKL = field(
        default_factory=lambda: autoencoder("sdxl/vae", scaling_factor=0.13025, force_upcast=True)
    )
    text_encoder_2: CLIPTextModelWithProjection = field(
        default_factory=lambda: projecting_text_encoder("sdxl/text_encoder_2", WIDTH_2)
    )
    tokenizer_2: CLIPTokenizer = field(default_factory=lambda: tokenizer(pad_token="!"))  # noqa: S106  # no password


def scheduler() -> EulerDiscreteScheduler:
    """SDXL's noise scheduler."""
    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        timestep_spacing="leading",
        steps_offset=1,
        prediction_type="epsilon",
    )


def unet(name: str, *, numbers: int, gain: float, **architecture: Any) -> UNet2DConditionModel:
    """A UNet conditioned on text, pooled text and `numbers` numbers (sizes, crops, score).

    `gain` scales the noise it predicts, and the conditioning is made loud: random weights would be too quiet to show.
    """
    with seeded(name):
        made = UNet2DConditionModel(
            sample_size=SAMPLE,
            layers_per_block=2,
            norm_num_groups=4,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=TIME,
            projection_class_embeddings_input_dim=numbers * TIME + WIDTH_2,
            **architecture,
        ).eval()
    with torch.no_grad():
        made.conv_out.weight.mul_(gain)
        made.add_embedding.linear_2.weight.mul_(LOUD)
    return made


def base_unet() -> UNet2DConditionModel:
    """The base's: three levels, the first without attention, the last the deepest."""
    return unet(
        "sdxl_base/unet",
        numbers=6,
        gain=2.0,
        block_out_channels=(8, 16, 32),
        attention_head_dim=(1, 2, 4),
        transformer_layers_per_block=(1, 1, 2),
        cross_attention_dim=WIDTH + WIDTH_2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    )


def refiner_unet() -> UNet2DConditionModel:
    """The refiner's: four levels, attention in the middle two, the second text encoder only."""
    return unet(
        "sdxl_refiner/unet",
        numbers=5,
        gain=16.0,  # what few steps at little noise change must show
        block_out_channels=(8, 16, 32, 32),
        attention_head_dim=(1, 2, 4, 4),
        transformer_layers_per_block=1,
        cross_attention_dim=WIDTH_2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    )


def base(shared: Shared) -> StableDiffusionXLPipeline:
    """The small SDXL base."""
    return StableDiffusionXLPipeline(
        vae=shared.vae,
        text_encoder=text_encoder("sdxl_base/text_encoder", WIDTH),
        text_encoder_2=shared.text_encoder_2,
        tokenizer=tokenizer(),
        tokenizer_2=shared.tokenizer_2,
        unet=base_unet(),
        scheduler=scheduler(),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )


def refiner(shared: Shared) -> StableDiffusionXLImg2ImgPipeline:
    """The small SDXL refiner: the second text encoder only, conditioned on an aesthetic score."""
    return StableDiffusionXLImg2ImgPipeline(
        vae=shared.vae,
        text_encoder=None,
        text_encoder_2=shared.text_encoder_2,
        tokenizer=None,
        tokenizer_2=shared.tokenizer_2,
        unet=refiner_unet(),
        scheduler=scheduler(),
        requires_aesthetics_score=True,
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )
