"""The three UNets: SDXL's base and refiner, and Stable unCLIP's; the last two begin as the base.

Stable unCLIP was itself tuned from Stable Diffusion 2.1; that the refiner begins as the base is our economy.
"""

from collections.abc import Mapping
from typing import Any

import torch
from diffusers import DDPMScheduler, EulerDiscreteScheduler, PNDMScheduler, UNet2DConditionModel
from torch import Tensor

from infra.models.miniature.clip import EMBEDDING, WIDTH, WIDTH_2
from infra.models.miniature.drawing import SIDE
from infra.models.miniature.vae import CELL
from infra.models.seeding import seeded

CHANNELS = (48, 96)
READS_NUMBERS = "add_embedding.linear_1.weight"
TIME = 32  # channels of each number of the micro-conditioning (256)
NOISE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


def _unet(context: int, **conditioning: Any) -> UNet2DConditionModel:
    with seeded("miniature/unet"):
        return UNet2DConditionModel(
            sample_size=SIDE // CELL,
            block_out_channels=CHANNELS,
            down_block_types=("CrossAttnDownBlock2D",) * 2,
            up_block_types=("CrossAttnUpBlock2D",) * 2,
            layers_per_block=1,
            norm_num_groups=8,
            attention_head_dim=(2, 4),
            transformer_layers_per_block=1,
            use_linear_projection=True,
            cross_attention_dim=context,
            **conditioning,
        )


def base_unet() -> UNet2DConditionModel:
    """Conditioned on both text towers, the pooled text and six numbers: sizes and crops."""
    return _unet(WIDTH + WIDTH_2, **_numbers(6))


def refiner_unet(base: UNet2DConditionModel | None = None) -> UNet2DConditionModel:
    """Conditioned on the second text tower, the pooled text and five numbers: sizes, crops, the aesthetic score."""
    return begun_as(base, _unet(WIDTH_2, **_numbers(5)))


def unclip_unet(base: UNet2DConditionModel | None = None) -> UNet2DConditionModel:
    """Conditioned on text and, as a class, on the noised embedding of a picture and how much noise it has."""
    made = _unet(WIDTH_2, class_embed_type="projection", projection_class_embeddings_input_dim=2 * EMBEDDING)
    return begun_as(base, made)


def _numbers(count: int) -> dict[str, Any]:
    return {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": TIME,
        "projection_class_embeddings_input_dim": EMBEDDING + count * TIME,
    }


def begun_as(base: UNet2DConditionModel | None, made: UNet2DConditionModel) -> UNet2DConditionModel:
    """`made` with the weights of `base` where it has the same parts, and the same text tower."""
    if base is None:
        return made
    known = base.state_dict()
    made.load_state_dict({name: _fitted(known, name, own) for name, own in made.state_dict().items()})
    return made


def _fitted(known: Mapping[str, Tensor], name: str, own: Tensor) -> Tensor:
    """The base's weights where they are as large, or those of the columns that both have; else its own."""
    if name not in known or known[name].shape == own.shape:
        return known.get(name, own)
    if name == READS_NUMBERS:  # pooled text, sizes and crops; of the score nothing is known, so nothing is added
        both = EMBEDDING + 4 * TIME
        return torch.cat([known[name][:, :both], torch.zeros_like(own[:, both:])], dim=1)
    return known[name][:, -WIDTH_2:] if own.shape[1:] == (WIDTH_2,) else own


def sdxl_scheduler() -> EulerDiscreteScheduler:
    """SDXL's."""
    return EulerDiscreteScheduler(**NOISE, timestep_spacing="leading", prediction_type="epsilon")


def unclip_scheduler() -> PNDMScheduler:
    """Stable unCLIP's."""
    return PNDMScheduler(
        **NOISE, timestep_spacing="leading", prediction_type="v_prediction", skip_prk_steps=True, set_alpha_to_one=False
    )


def noising_scheduler() -> DDPMScheduler:
    """What `noise_level` adds to the embedding of a picture."""
    return DDPMScheduler(beta_schedule="squaredcos_cap_v2")


def kept(scheduler: Any) -> Tensor:
    """How much of the signal's power is left at each of the 1,000 steps."""
    return torch.as_tensor(scheduler.alphas_cumprod, dtype=torch.float32)
