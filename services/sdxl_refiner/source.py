"""What the refiner starts from: latents of the base, latents kept from an earlier job, or an image. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrelay.contracts import MAX_PIXELS
from latentrelay.errors import InputTooLarge, InvalidRequest
from latentrelay.latents import Latents
from services.diffusion.arrays import GeneratorState, PixelArray
from services.diffusion.fitting import Size

MIN_SIDE = 64


@dataclass(frozen=True)
class Source:
    """What the refiner starts from, and the seed that the result can be drawn again with."""

    image: npt.NDArray[Any]
    """Latents (1, 4, height / 8, width / 8), or pixels (1, height, width, 3) as uint8."""
    seed: int
    generator_state: GeneratorState | None = None
    """Where the base's generator stood, if the scheduler draws noise in its steps and goes on from there."""
    latents: Latents | None = None
    """The latents with their manifest; None for an image."""

    @property
    def size(self) -> Size:
        """Of the image it becomes."""
        if self.latents is not None:
            return Size(self.latents.manifest.width, self.latents.manifest.height)
        _, height, width, _ = self.image.shape
        return Size(width, height)


def together(sources: Sequence[Source]) -> npt.NDArray[Any]:
    """The images of several sources as one batch."""
    return np.concatenate([source.image for source in sources])


def fit(pixels: PixelArray) -> PixelArray:
    """The middle of a picture whose sides are multiples of 8, as the VAE needs; at most 7 rows and columns go.

    Args:
        pixels: (height, width, 3).

    Raises:
        InputTooLarge: it has more than 4 million pixels.
        InvalidRequest: a side is shorter than 64 pixels.
    """
    height, width, _ = pixels.shape
    if height * width > MAX_PIXELS:
        raise InputTooLarge(f"The image is {width} x {height}; the refiner takes at most {MAX_PIXELS} pixels.")
    if min(height, width) < MIN_SIDE:
        raise InvalidRequest.at("image", f"must be at least {MIN_SIDE} pixels on each side, got {width} x {height}")
    top, left = height % 8 // 2, width % 8 // 2
    return pixels[top : top + height // 8 * 8, left : left + width // 8 * 8]
