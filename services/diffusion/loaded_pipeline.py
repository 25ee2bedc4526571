"""What the pipelines of the stages have in common, around what was loaded."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from latentrelay.contracts import Phase
from latentrelay.errors import OutOfMemory
from latentrelay.stage import Memory
from services.diffusion.arrays import LatentArray, PixelArray
from services.diffusion.decoding import decode
from services.diffusion.device import empty_caches, finished, memory, peak_bytes, probe
from services.diffusion.latents_to_rgb import fit
from services.diffusion.loading import Loaded
from services.diffusion.previews import Previews
from services.diffusion.tiles import tiled
from services.diffusion.workbench import InPhase

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

    def memory(self) -> Memory:
        """What is held now of the device."""
        return memory(self._loaded.device)

    @contextmanager
    def prompts_timed(self, phase: InPhase) -> Iterator[None]:
        """Have the pipeline encode prompts in a phase of their own inside: diffusers does so in the midst of a call."""
        pipe, encode_prompt = self._loaded.pipe, self._loaded.pipe.encode_prompt

        def timed(*arguments: Any, **named: Any) -> Any:
            with phase(Phase.ENCODE_PROMPT):
                encoded = encode_prompt(*arguments, **named)
                finished(self._loaded.device)
                return encoded

        pipe.encode_prompt = timed
        try:
            yield
        finally:
            del pipe.encode_prompt

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
