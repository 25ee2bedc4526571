"""Stable unCLIP, small: pictures from the embedding of a picture."""

import torch
from diffusers import DDPMScheduler, PNDMScheduler, StableUnCLIPImg2ImgPipeline, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import StableUnCLIPImageNormalizer

from infra.models.autoencoder import autoencoder
from infra.models.encoders import feature_extractor, image_encoder, text_encoder
from infra.models.seeding import seeded
from infra.models.tokenizers import tokenizer

WIDTH = 32  # of the text encoder and of the picture's embedding (1024)


def scheduler() -> PNDMScheduler:
    """Stable unCLIP's noise scheduler."""
    return PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        skip_prk_steps=True,
        set_alpha_to_one=False,
        steps_offset=1,
        timestep_spacing="leading",
    )


def noising_scheduler() -> DDPMScheduler:
    """What `noise_level` adds to the picture's embedding."""
    return DDPMScheduler(beta_schedule="squaredcos_cap_v2")


def normalizer() -> StableUnCLIPImageNormalizer:
    """Mean and deviation of embeddings; not 0 and 1, so that leaving it out shows."""
    made = StableUnCLIPImageNormalizer(embedding_dim=WIDTH)
    with seeded("unclip/image_normalizer"), torch.no_grad():
        made.mean.normal_(0.0, 0.1)
        made.std.uniform_(0.5, 1.5)
    return made


def unet() -> UNet2DConditionModel:
    """A UNet conditioned on text and, as a class, on the noised embedding and its noise level."""
    with seeded("unclip/unet"):
        return UNet2DConditionModel(
            sample_size=16,
            layers_per_block=2,
            norm_num_groups=4,
            block_out_channels=(8, 16, 32, 32),
            attention_head_dim=(1, 2, 4, 4),
            cross_attention_dim=WIDTH,
            class_embed_type="projection",
            projection_class_embeddings_input_dim=2 * WIDTH,
            use_linear_projection=True,
            down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        ).eval()


def unclip() -> StableUnCLIPImg2ImgPipeline:
    """The small Stable unCLIP."""
    return StableUnCLIPImg2ImgPipeline(
        feature_extractor=feature_extractor(),
        image_encoder=image_encoder("unclip/image_encoder", WIDTH),
        image_normalizer=normalizer(),
        image_noising_scheduler=noising_scheduler(),
        tokenizer=tokenizer(pad_token="!"),  # noqa: S106  # no password
        text_encoder=text_encoder("unclip/text_encoder", WIDTH, layers=2, act="gelu"),
        unet=unet(),
        scheduler=scheduler(),
        vae=autoencoder("unclip/vae", scaling_factor=0.18215, force_upcast=False),
    )
