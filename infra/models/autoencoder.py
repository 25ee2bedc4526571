"""The VAE: four levels, so that a latent is 8 x 8 pixels as in the real one."""

import torch
from diffusers import AutoencoderKL

from infra.models.seeding import seeded

CONTRAST = 2.0  # random weights decode to greys; this stretches them over the range of a picture


def autoencoder(name: str, *, scaling_factor: float, force_upcast: bool) -> AutoencoderKL:
    """A VAE with 4 latent channels."""
    with seeded(name):
        vae = AutoencoderKL(
            in_channels=3,
            out_channels=3,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(8, 16, 32, 32),
            layers_per_block=2,
            latent_channels=4,
            norm_num_groups=8,
            sample_size=128,
            scaling_factor=scaling_factor,
            force_upcast=force_upcast,
        ).eval()
    with torch.no_grad():
        vae.decoder.conv_out.weight.mul_(CONTRAST)
    return vae
