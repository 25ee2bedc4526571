"""Who measures a worker: told of all that it does, by those who do it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from latentrelay.contracts import Artifact, Kind, Phase, StageName, WorkerState
from latentrelay.errors import ErrorCode
from latentrelay.jobs import Claim
from latentrelay.metrics.worker import Ending, Operation
from latentrelay.stage import Memory


class Meter(Protocol):
    """Takes what is told, at once and without a fault: it must never keep a job waiting, or fail one."""

    def became(self, state: WorkerState) -> None:
        """The worker is in another state, or still in this one."""

    def loaded(self, seconds: float, memory: Callable[[], Memory]) -> None:
        """The model is loaded, which took so long; `memory` tells what its device holds, whenever it is asked."""

    def holding(self, claim: Claim) -> AbstractContextManager[None]:
        """Inside, the worker holds a job."""

    def drawing(self, images: int) -> None:
        """So many images are denoised together."""

    def stepped(self, images: int) -> None:
        """A denoising step of so many images is done."""

    def spent(self, phase: Phase, seconds: float) -> None:
        """A phase is over, and took so long itself."""

    def made(self, artifact: Artifact) -> None:
        """An artifact is stored."""

    def out_of_memory(self) -> None:
        """The device had too little memory for what was tried."""

    def asked_store(self, operation: Operation, seconds: float, *, failed: bool) -> None:
        """The store was asked for something once, and did it or `failed`."""

    def ended(self, reason: Ending | ErrorCode) -> None:
        """An attempt has ended."""

    def succeeded(self, kind: Kind, seconds: float) -> None:
        """A job has succeeded here, so long after it was submitted."""

    def lost(self, stage: StageName) -> None:
        """An attempt of any worker was found lost."""


class NoMeter:
    """Nobody measures."""

    def became(self, state: WorkerState) -> None:
        """Forget it."""

    def loaded(self, seconds: float, memory: Callable[[], Memory]) -> None:
        """Forget it."""

    def holding(self, claim: Claim) -> AbstractContextManager[None]:  # noqa: ARG002  # as the protocol has it
        """Forget it."""
        return nullcontext()

    def drawing(self, images: int) -> None:
        """Forget it."""

    def stepped(self, images: int) -> None:
        """Forget it."""

    def spent(self, phase: Phase, seconds: float) -> None:
        """Forget it."""

    def made(self, artifact: Artifact) -> None:
        """Forget it."""

    def out_of_memory(self) -> None:
        """Forget it."""

    def asked_store(self, operation: Operation, seconds: float, *, failed: bool) -> None:
        """Forget it."""

    def ended(self, reason: Ending | ErrorCode) -> None:
        """Forget it."""

    def succeeded(self, kind: Kind, seconds: float) -> None:
        """Forget it."""

    def lost(self, stage: StageName) -> None:
        """Forget it."""
