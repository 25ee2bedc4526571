"""The VAE in tiles: less memory for a large picture, at the price of seams that are blended, not exact."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SMALL_TILE = 512
"""Pixels a side. SDXL's VAE takes tiles of 1024, which saves nothing up to that size."""

_STATE = ("use_tiling", "tile_sample_min_size", "tile_latent_min_size")


@contextmanager
def tiled(vae: Any) -> Iterator[None]:
    """Have `vae`, an AutoencoderKL, encode and decode in small tiles inside; afterwards as before."""
    before = {name: getattr(vae, name) for name in _STATE}
    pixels_of_a_latent = vae.tile_sample_min_size // vae.tile_latent_min_size
    vae.enable_tiling()
    vae.tile_sample_min_size = min(SMALL_TILE, vae.tile_sample_min_size)
    vae.tile_latent_min_size = vae.tile_sample_min_size // pixels_of_a_latent
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(vae, name, value)
