"""What the pipelines of the stages have in common, around what was loaded."""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager

from latentrelay.errors import OutOfMemory
from services.diffusion.arrays import LatentArray, PixelArray
from services.diffusion.decoding import decode
from services.diffusion.device import empty_caches, memory_bytes, peak_bytes, probe
from services.diffusion.latents_to_rgb import fit
from services.diffusion.loading import Loaded
from services.diffusion.previews import Previews
from services.diffusion.tiles import tiled

log = logging.getLogger(__name__)


class LoadedPipeline:
    """An `ImagePipeline`, but for its way of denoising."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._previews = self._fitted()

    def decode(self, latents: LatentArray) -> PixelArray:
        """The pictures that finished latents hold.

        Raises:
            OutOfMemory: the device has too little memory.
        """
        with self._loaded.call():
            return decode(self._loaded.pipe.vae, latents, self._loaded.device)

    def peak_bytes(self) -> int:
        """The most memory that was needed so far, on the device."""
        return peak_bytes(self._loaded.device)

    def memory_bytes(self) -> int:
        """The memory that is held now, on the device."""
        return memory_bytes(self._loaded.device)

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

    def _fitted(self) -> Previews:
        every = self._loaded.preview_steps
        try:
            with self._loaded.call():
                return Previews(every, fit(self._loaded.pipe.vae, self._loaded.device) if every else None)
        except OutOfMemory:  # a job may need less
            log.warning("no previews: out of memory")
            self.empty_caches()
            return Previews(every, None)
