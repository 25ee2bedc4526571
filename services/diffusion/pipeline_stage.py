"""What the stages have in common: a pipeline that is loaded once, and jobs drawn with it. No torch."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from latentrelay.contracts import Job, Phase
from latentrelay.settings import Settings
from latentrelay.stage import ArtifactStore, Report
from services.diffusion.arrays import LatentArray, PixelArray
from services.diffusion.fitting import Fitting, Size, Thrifty
from services.diffusion.workbench import Workbench


class ImagePipeline(Thrifty, Protocol):
    """A pipeline, loaded. Its arguments have the names that diffusers gives them."""

    def decode(self, latents: LatentArray) -> PixelArray:
        """Finished latents as (images, height, width, 3).

        Raises:
            OutOfMemory: the device has too little memory.
        """

    def describe(self) -> Mapping[str, str]:
        """Model, revision, dtype and device."""

    def peak_bytes(self) -> int:
        """The most memory that was needed so far, on the device."""

    def memory_bytes(self) -> int:
        """The memory that is held now, on the device."""

    def probe(self) -> None:
        """Compute something small on the device.

        Raises:
            DeviceBroken: it does not compute, or not right.
        """


Pipeline = TypeVar("Pipeline", bound=ImagePipeline)


class PipelineStage(ABC, Generic[Pipeline]):
    """A stage around one pipeline; `load` makes it, in the process that draws."""

    def __init__(self, load: Callable[[], Pipeline], settings: Settings) -> None:
        self._load = load
        self._settings = settings
        self._largest: Size | None = None  # drawn by this process

    def setup(self) -> None:
        """Load the model, once per process."""
        self._pipeline = self._load()

    def run(self, job: Job, store: ArtifactStore, report: Report) -> None:
        """Draw those images of `job` that no earlier attempt of this stage has made.

        Raises:
            DoesNotFit: the device has too little memory for one of them; the sentence says what may fit.
            OutOfMemory: it had too little for what it once had enough for.
        """
        bench = Workbench(job, store, report)
        if bench.unmade:
            self.draw(bench)

    @abstractmethod
    def draw(self, bench: Workbench) -> None:
        """Make what `bench.unmade` says."""

    def probe(self) -> None:
        """Compute something small on the device.

        Raises:
            DeviceBroken: it does not compute, or not right.
        """
        self._pipeline.probe()

    def describe(self) -> Mapping[str, str]:
        """Model, revision, dtype and device."""
        return self._pipeline.describe()

    def peak_bytes(self) -> int:
        """The most memory that was needed so far, on the device."""
        return self._pipeline.peak_bytes()

    def memory_bytes(self) -> int:
        """The memory that is held now, on the device."""
        return self._pipeline.memory_bytes()

    @contextmanager
    def fitting(self, size: Size) -> Iterator[Fitting]:
        """Draw a job's images of `size` inside, a few at a time, with less at once where they do not fit."""
        batch = self._settings.max_batch_size
        with Fitting(self._pipeline, size, batch=batch, largest=self._largest) as fitting:
            yield fitting
        self._largest = max(self._largest or size, size, key=lambda drawn: drawn.pixels)

    def decode(self, latents: LatentArray, fitting: Fitting, bench: Workbench) -> PixelArray:
        """The finished latents of one image as (height, width, 3)."""

        def decoded() -> PixelArray:
            with bench.phase(Phase.DECODE):
                pixels: PixelArray = self._pipeline.decode(latents)[0]
                return pixels

        return fitting.one(decoded)
