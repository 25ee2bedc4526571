"""What the pipelines of the stages have in common, around what was loaded."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

from services.diffusion.arrays import LatentArray, PixelArray
from services.diffusion.decoding import decode
from services.diffusion.device import empty_caches, probe
from services.diffusion.loading import Loaded
from services.diffusion.tiles import tiled


class LoadedPipeline:
    """An `ImagePipeline`, but for its way of denoising."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded

    def decode(self, latents: LatentArray) -> PixelArray:
        """The pictures that finished latents hold.

        Raises:
            OutOfMemory: the device has too little memory.
        """
        with self._loaded.call():
            return decode(self._loaded.pipe.vae, latents, self._loaded.device)

    def describe(self) -> Mapping[str, str]:
        """Model, revision, dtype and device."""
        return self._loaded.describe()

    def empty_caches(self) -> None:
        """Give back the memory that nothing uses."""
        empty_caches(self._loaded.device)

    def tiled(self) -> AbstractContextManager[None]:
        """Have the VAE take images in small tiles inside, and as before afterwards."""
        return tiled(self._loaded.pipe.vae)

    def probe(self) -> None:
        """Compute something small on the device.

        Raises:
            DeviceBroken: it does not compute, or not right.
        """
        probe(self._loaded.device, self._loaded.dtype)
