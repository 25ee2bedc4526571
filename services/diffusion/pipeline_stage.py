"""What the stages have in common: a pipeline that is loaded once and then decodes and describes itself. No torch."""

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from latentrelay.settings import Settings
from services.diffusion.arrays import LatentArray, PixelArray


class ImagePipeline(Protocol):
    """A pipeline, loaded. Its arguments have the names that diffusers gives them."""

    def decode(self, latents: LatentArray) -> PixelArray:
        """Finished latents as (images, height, width, 3)."""

    def describe(self) -> Mapping[str, str]:
        """Model, revision, dtype and device."""


Pipeline = TypeVar("Pipeline", bound=ImagePipeline)


class PipelineStage(Generic[Pipeline]):
    """A stage around one pipeline; `load` makes it, in the process that draws."""

    def __init__(self, load: Callable[[], Pipeline], settings: Settings) -> None:
        self._load = load
        self._settings = settings

    def setup(self) -> None:
        """Load the model, once per process."""
        self._pipeline = self._load()

    def describe(self) -> Mapping[str, str]:
        """Model, revision, dtype and device."""
        return self._pipeline.describe()
