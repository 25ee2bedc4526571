"""What a stage sees: its job, a store for artifacts, and somebody to report to. Nothing of Celery, Redis or S3."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from latentrelay.contracts import Artifact, Job, Phase, StageName

Preview = Callable[[], bytes | None]
"""Encodes a small JPEG of the latents at one step; None while the device is still at them, or where they show nothing.

It never waits. It is called beside the drawing, again after None, while it is the newest; what it raises is no matter.
"""


class ArtifactStore(Protocol):
    """Where bytes lie."""

    def put(self, artifact: Artifact, data: bytes) -> None:
        """Store `data` as `artifact` says.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """

    def get(self, artifact: Artifact) -> bytes:
        """The bytes of `artifact`, its SHA-256 checked.

        Raises:
            ArtifactLost: there is no such object.
            LatentsMismatch: the bytes are not those that were stored.
            StorageUnavailable: the store does not answer as it should.
        """

    def has(self, artifact: Artifact) -> bool:
        """Whether the object is there, with as many bytes as `artifact` says.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """


class Report(Protocol):
    """Tells how far the stage has come, and learns that it need not go on."""

    def step(self, step: int, steps: int, preview: Preview | None = None) -> None:
        """Tell that `step` of `steps` denoising steps, over all images, are done; `preview` shows what is drawn.

        Raises:
            Canceled: somebody canceled the job.
            LeaseLost: another attempt holds it.
            HandedBack: this worker must end.
            DeadlineExceeded: its deadline has passed.
        """

    def check(self) -> None:
        """Raise as `step` does, telling nothing."""

    def made(self, artifact: Artifact) -> None:
        """Tell that an artifact is stored."""

    def phase(self, phase: Phase) -> AbstractContextManager[None]:
        """Time what happens inside."""


class Stage(Protocol):
    """One step by one model."""

    name: StageName

    def setup(self) -> None:
        """Load the model, once per process.

        Raises:
            ModelUnavailable: it cannot be served.
        """

    def run(self, job: Job, store: ArtifactStore, report: Report) -> None:
        """Do this stage's part of `job`: read its artifacts, store what is made, report each.

        An earlier attempt may have made some of it: only the images of `flow.unmade(job)` are asked for.

        Raises:
            PermanentError: the job can never succeed.
            RetryableError: another attempt may succeed.
        """

    def probe(self) -> None:
        """Compute something small on the device.

        Raises:
            DeviceBroken: it does not compute, or not right.
        """

    def describe(self) -> Mapping[str, str]:
        """The model served, its revision, dtype and device, for those who list workers.

        Where the model decides how large an image is, `size` tells what it draws unasked: WIDTHxHEIGHT in pixels.
        """

    def peak_bytes(self) -> int:
        """The most memory that it has needed so far, on its device."""

    def memory_bytes(self) -> int:
        """The memory that it holds now, on its device. Asked by another thread, while it draws, too."""
