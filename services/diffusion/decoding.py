"""Latents to pixels, bit for bit as the diffusers pipelines do it, without their change of the VAE's dtype."""

from typing import Any

import torch

from services.diffusion.arrays import LatentArray, PixelArray
from services.diffusion.tensors import refuse_overflow


@torch.no_grad()
def decode(vae: Any, latents: LatentArray, device: torch.device) -> PixelArray:
    """The pictures that `latents` hold.

    Args:
        vae: an AutoencoderKL, in the dtype it shall decode in.
        latents: (images, 4, height / 8, width / 8), scaled as the pipelines hand them over.
        device: where the VAE runs.

    Raises:
        PermanentError: the VAE overflowed.
    """
    tensor = torch.from_numpy(latents).to(device, vae.dtype)
    return to_pixels(vae.decode(unscaled(tensor, vae.config), return_dict=False)[0])


def to_pixels(images: torch.Tensor) -> PixelArray:
    """Images of -1..1 as uint8, rounded as diffusers' image processor does, on the device."""
    refuse_overflow(images)
    unit = (images * 0.5 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float()
    pixels: PixelArray = (unit * 255).round().to(torch.uint8).cpu().contiguous().numpy()
    return pixels


def unscaled(latents: torch.Tensor, config: Any) -> torch.Tensor:
    """Latents, as the pipelines hand them over, as a VAE of that configuration decodes them."""
    mean, std = (_channels(config.get(name), latents) for name in ("latents_mean", "latents_std"))
    factor: float = config.scaling_factor
    if mean is None or std is None:
        return latents / factor
    return latents * std / factor + mean


def scaled(latents: torch.Tensor, config: Any) -> torch.Tensor:
    """Latents of a VAE of that configuration, as the pipelines hand them over."""
    mean, std = (_channels(config.get(name), latents) for name in ("latents_mean", "latents_std"))
    factor: float = config.scaling_factor
    if mean is None or std is None:
        return latents * factor
    return (latents - mean) * factor / std


def _channels(values: list[float] | None, latents: torch.Tensor) -> torch.Tensor | None:
    return None if values is None else torch.tensor(values).view(1, -1, 1, 1).to(latents.device, latents.dtype)
