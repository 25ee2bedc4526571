"""Working in-memory stand-ins for what a stage sees, for our tests and those of our users."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from latentrelay.contracts import Artifact, ArtifactKind, Phase
from latentrelay.errors import ArtifactLost, Canceled, InputUndecodable, LatentsMismatch
from latentrelay.stage import Preview


class MemoryStore:
    """An `ArtifactStore` that keeps its objects in `objects`, by key."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put(self, artifact: Artifact, data: bytes) -> None:
        """Keep `data`."""
        self.objects[artifact.key] = data

    def get(self, artifact: Artifact) -> bytes:
        """The bytes of `artifact`, its SHA-256 checked.

        Raises:
            ArtifactLost: there is no such object.
            LatentsMismatch: the bytes of latents are not those that were stored.
            InputUndecodable: the bytes of an image are not those that were stored.
        """
        if artifact.key not in self.objects:
            raise ArtifactLost(f"There is no object {artifact.key}.")
        data = self.objects[artifact.key]
        if sha256(data).hexdigest() != artifact.sha256:
            damaged = LatentsMismatch if artifact.kind is ArtifactKind.LATENTS else InputUndecodable
            raise damaged(f"The bytes of {artifact.key} are not those that were stored.")
        return data

    def has(self, artifact: Artifact) -> bool:
        """Whether it is there."""
        return len(self.objects.get(artifact.key, b"")) == artifact.bytes


class MemoryReport:
    """A `Report` that remembers what it was told; with `cancel_at`, somebody cancels the job at that step."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.steps: list[tuple[int, int]] = []
        self.artifacts: list[Artifact] = []
        self.phases: Counter[Phase] = Counter()
        self.batches: list[int] = []
        self.shortages = 0
        self.previews: dict[int, bytes] = {}
        self._cancel_at = cancel_at

    def step(self, step: int, steps: int, preview: Preview | None = None) -> None:
        """Remember it, and its preview, by the step.

        Raises:
            Canceled: `cancel_at` is reached.
        """
        self.steps.append((step, steps))
        picture = preview() if preview else None
        if picture is not None:
            self.previews[step] = picture
        self.check()

    def check(self) -> None:
        """Raise as `step` does, telling nothing.

        Raises:
            Canceled: `cancel_at` is reached.
        """
        if self._cancel_at is not None and self.steps and self.steps[-1][0] >= self._cancel_at:
            raise Canceled

    def drawing(self, images: int) -> None:
        """Remember how many."""
        self.batches.append(images)

    def out_of_memory(self) -> None:
        """Count it."""
        self.shortages += 1

    def made(self, artifact: Artifact) -> None:
        """Remember it."""
        self.artifacts.append(artifact)

    @contextmanager
    def phase(self, phase: Phase) -> Iterator[None]:
        """Count it."""
        self.phases[phase] += 1
        yield
